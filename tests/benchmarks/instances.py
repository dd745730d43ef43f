"""Sixty instances to measure by, made from fixed seeds: sites, fleets, budgets that bind or not, futures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

import planner
from planner.milp import Model, build_model
from planner.pipeline import catalog_of
from planner.problem import build_problem
from tests.benchmarks.fleet import fleet

SEED = 20_261_128
# Of each field of a shipped scenario: between so much less and so much more.
WIDTH = 0.1
VARIED = {
    "10mw": ("demand", "sites.dallas.power_mw", "budget.capex_usd.2027", "budget.capex_usd.2028"),
    "rent-only": ("demand",),
    "existing-fleet": ("demand",),
    "three-futures": ("demand",),
}
VARIANTS = {"10mw": 20, "rent-only": 6, "existing-fleet": 6, "three-futures": 2}
# Months, sites, provider regions, workloads.
FLEETS = (
    *((months, sites, 3, 2) for months in (12, 24, 36) for sites in (1, 3)),
    *((months, sites, 6, 4) for months in (12, 24, 36) for sites in (1, 4)),
    *((months, sites, 12, 6) for months in (12, 24, 36, 48) for sites in (2, 4)),
    *((months, 6, 24, 8) for months in (12, 24, 36, 48, 60)),
    (60, 12, 24, 8),
)


@dataclass(frozen=True)
class Instance:
    """A model in parts of replicas, built when it is asked for."""

    name: str
    build: Callable[[], Model]


def instances() -> Iterator[Instance]:
    """All sixty, the same each time."""
    draw = np.random.Generator(np.random.PCG64(SEED))
    for name, count in VARIANTS.items():
        for number in range(count):
            factors = 1 + WIDTH * (2 * draw.random(len(VARIED[name])) - 1)
            changes = tuple(
                f"{path}=x{factor:.4f}" for path, factor in zip(VARIED[name], factors.tolist(), strict=True)
            )
            yield Instance(f"{name} {number + 1}", lambda name=name, changes=changes: _shipped(name, changes))  # type: ignore[misc]
    for size in FLEETS:
        yield Instance(f"fleet {' × '.join(map(str, size))}", lambda size=size: _fleet(*size))  # type: ignore[misc]


def _shipped(name: str, changes: tuple[str, ...]) -> Model:
    scenario = planner.load(f"scenarios/{name}.yaml", changes)
    return build_model(build_problem(scenario, catalog_of(scenario), whole=False))


def _fleet(months: int, sites: int, regions: int, workloads: int) -> Model:
    return build_model(build_problem(*fleet(months, sites, regions, workloads), whole=False))
