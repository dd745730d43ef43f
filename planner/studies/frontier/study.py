"""The optimum along one or two fields of a scenario: cost against power, budget, latency, demand, …"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

import pandas as pd

from planner._moved import renamed
from planner._version import __version__
from planner.catalog import Catalog
from planner.errors import InfeasiblePlan, InputError, SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.pipeline import catalog_of, solve
from planner.plan.plan import _plain
from planner.rules import check_references
from planner.scenario import Scenario, scenario_digest
from planner.studies.frontier.axes import Axis, changed, parse_axis
from planner.studies.mix import MEAN_GPUS, mix
from planner.studies.pool import as_done_with, unhurt
from planner.studies.result import (
    COUNTS_FOR_NOTHING,
    IN_PARTS,
    Result,
    compared,
    compared_in_parts,
    counts_for_nothing,
    limit_of,
)

MOST_AXES = 2
MOST_CELLS = 2000
# A cell is proven to this gap unless another is asked for: what counts is the line.
GAP = 5e-3
FIGURES = (
    "npv_usd", "levelised_usd_per_mtok_output", "levelised_usd_per_mtok_total", "capex_usd", "opex_usd",
    "peak_provisioned_utility_mw", "served_share",
)  # fmt: skip
Cell = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """How every cell is solved; None is what its scenario says, for the time limit what is usual in studies."""

    gap: float | None
    time_limit_s: float | None


@dataclass(frozen=True)
class Frontier(Result):
    """A plan's figures at every combination of the axes' values, the first axis slowest.

    ``cells`` are plain records: ``at`` (a value per axis), ``status``, ``reason`` where there is no plan, ``bound_usd``
    (no plan costs less) and key figures, and ``mean_gpus`` by source over the reported periods. A frontier that is not
    ``complete`` has only the cells solved so far. ``in_parts`` where the plans are in parts of replicas and of hourly
    lots, though the scenario's own is in whole ones.
    """

    scenario: str
    scenario_digest: str
    catalog_digest: str
    axes: tuple[Axis, ...]
    settings: Settings
    cells: tuple[Cell, ...]
    complete: bool = field(default=True)
    in_parts: bool = field(default=False)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What holds of every cell."""
        return (IN_PARTS,) if self.in_parts else ()

    @property
    def stopped(self) -> tuple[str, ...]:
        """The cells that the clock stopped, by their axes' values."""
        late = [cell for cell in self.cells if not cell.get("reproducible", True)]
        return tuple(
            ", ".join(f"{a.path} {'× ' * a.scaled}{value:g}" for a, value in zip(self.axes, cell["at"], strict=True))
            for cell in late
        )

    @property
    def table(self) -> pd.DataFrame:
        """A row per cell: the axes' values, status, reason and figures, money in USD; missing figures are NaN."""
        columns = [axis.name for axis in self.axes]
        rows = [
            dict(zip(columns, cell["at"], strict=True)) | {name: cell.get(name) for name in ("status", "reason")}
            | {name: cell.get(name) for name in ("bound_usd", *FIGURES)}
            for cell in self.cells
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=[*columns, "status", "reason", "bound_usd", *FIGURES])
        return table.astype(dict.fromkeys(("bound_usd", *FIGURES), float))

    @property
    def mix(self) -> pd.DataFrame:
        """A row per cell with a plan: the axes' values, then the mean GPUs of each source over the reported periods."""
        columns = [axis.name for axis in self.axes]
        rows = [
            dict(zip(columns, cell["at"], strict=True)) | cell[MEAN_GPUS] for cell in self.cells if MEAN_GPUS in cell
        ]
        sources = sorted({source for cell in self.cells for source in cell.get(MEAN_GPUS, {})})
        return pd.DataFrame(rows, columns=[*columns, *sources]).fillna(0.0)

    @property
    def size(self) -> int:
        """How many cells it has once it is complete."""
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """``frontier`` and ``mix``."""
        return {"frontier": self.table, "mix": self.mix}

    def to_dict(self) -> dict[str, Any]:
        """As plain values; nothing of it depends on the clock or on who solved which cell."""
        return {
            "version": 1,
            "planner": __version__,
            "scenario": self.scenario,
            "scenario_digest": self.scenario_digest,
            "catalog_digest": self.catalog_digest,
            "gap_asked": self.settings.gap,
            "time_limit_s": self.settings.time_limit_s,
            "axes": [{"path": axis.path, "scaled": axis.scaled, "values": list(axis.values)} for axis in self.axes],
            "complete": self.complete,
            **compared_in_parts(self.in_parts),
            **({"sentences": list(self.sentences)} if self.sentences else {}),
            "cells": list(self.cells),
        }


@renamed(after="progress")
def frontier(
    scenario: Scenario,
    over: Sequence[str | Axis] | str,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    jobs: int = 1,
    known: Mapping[str, Cell] | None = None,
    progress: Callable[[Frontier], None] = lambda so_far: None,
) -> Frontier:
    """The optimum of ``scenario`` at every combination of the values of one or two axes (``path=from:to:step``).

    ``jobs`` cells are solved at once, each in a process of its own.
    ``known`` are cells of an earlier run by digest, which are not solved again; ``progress`` gets the frontier so far,
    the known cells in it, before the first solve and after each. Without a ``gap`` each is proven to the scenario's
    own, but no further than to ``GAP``. Raises InputError for axes that cannot be.
    """
    axes = checked([parse_axis(axis) if isinstance(axis, str) else axis for axis in _listed(over)])
    catalog = catalog_of(scenario)
    settings = Settings(gap if gap is not None else max(scenario.solve.gap, GAP), time_limit_s)
    points = list(itertools.product(*(axis.values for axis in axes)))
    at = [_at(scenario, catalog, axes, point) for point in points]
    in_parts = compared(scenario) is not scenario
    if in_parts:
        _check_parts(scenario, axes)
    work = [
        _Work(compared(one) if in_parts else one, catalog.digest, settings, point)
        for one, point in zip(at, points, strict=True)
    ]
    found = {index: dict(known[piece.digest]) for index, piece in enumerate(work) if known and piece.digest in known}
    for index, cell in found.items():
        cell["at"] = _plain(list(work[index].point))
    digests = (scenario_digest(scenario), catalog.digest)

    def so_far() -> Frontier:
        cells = tuple(found[index] for index in range(len(work)) if index in found)
        complete = len(found) == len(work)
        return Frontier(scenario.name, *digests, axes, settings, cells, complete=complete, in_parts=in_parts)

    progress(so_far())
    missing = [index for index in range(len(work)) if index not in found]
    for done, cell in unhurt(as_done_with(_solved, catalog, [work[index] for index in missing], jobs)):
        found[missing[done]] = cell
        progress(so_far())
    return so_far()


def known_cells(result: Any) -> dict[str, Cell]:
    """The cells of an earlier result by digest, without those that were stopped before they had a plan.

    Raises ValueError where it is no frontier.
    """
    if not isinstance(result, dict) or "axes" not in result or not isinstance(result.get("cells"), list):
        raise ValueError("this is not the JSON of a frontier")
    return {cell["digest"]: cell for cell in result["cells"] if cell["status"] != "unknown"}


def checked(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """The axes. Raises InputError where there are none, more than two, one twice, or too many cells."""
    if not 1 <= len(axes) <= MOST_AXES:
        raise InputError(f"--over: give one axis or two, not {len(axes)}")
    if len({axis.path for axis in axes}) < len(axes):
        raise InputError(f"--over {axes[0].path}: this is given twice")
    cells = 1
    for axis in axes:
        cells *= len(axis.values)
    if cells > MOST_CELLS:
        raise InputError(f"--over: these are {cells:,} plans, at most {MOST_CELLS:,}")
    return tuple(axes)


def _check_parts(scenario: Scenario, axes: Sequence[Axis]) -> None:
    """Raises InputError for an axis that counts for nothing in parts of replicas."""
    for axis in axes:
        if counts_for_nothing([changed(scenario, axis, value) for value in axis.values]):
            raise InputError(f"--over {axis.path}: {COUNTS_FOR_NOTHING}")


def _listed(over: Sequence[str | Axis] | str) -> Sequence[str | Axis]:
    return [over] if isinstance(over, str) else over


def _at(scenario: Scenario, catalog: Catalog, axes: Sequence[Axis], point: Sequence[float]) -> Scenario:
    for axis, value in zip(axes, point, strict=True):
        scenario = changed(scenario, axis, value)
    check_references(scenario, catalog)
    return scenario


@dataclass(frozen=True)
class _Work:
    scenario: Scenario
    catalog: str
    settings: Settings
    point: tuple[float, ...]

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits of all that a cell depends on."""
        settings = (self.settings.gap, self.settings.time_limit_s)
        said = [__version__, scenario_digest(self.scenario), self.catalog, *settings]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _solved(catalog: Catalog, work: _Work) -> Cell:
    """A cell: the plan's figures, or why there is none."""
    cell: Cell = {"digest": work.digest, "at": list(work.point), "scenario_digest": scenario_digest(work.scenario)}
    settings = work.settings
    limit = limit_of(work.scenario, settings.time_limit_s)
    try:
        plan = solve(work.scenario, catalog, gap=settings.gap, time_limit_s=limit)
    except InfeasiblePlan as error:
        cell |= {"status": "infeasible", "reason": "; ".join(found.sentence for found in error.relaxations)}
        cell |= {"reproducible": False} if error.stopped else {}
        return _cell(cell)
    except SolverFailure as error:
        late = isinstance(error, StoppedByClock)
        return _cell(cell | {"status": "unknown", "reason": str(error), "reproducible": not late})
    cell |= {
        "status": plan.status,
        "bound_usd": plan.proof.best_bound_usd,
        "gap": plan.proof.gap,
        "reproducible": plan.proof.reproducible,
        **{name: plan.kpis[name] for name in FIGURES},
        MEAN_GPUS: mix(plan, work.scenario, catalog),
    }
    return _cell(cell)


def _cell(cell: Cell) -> Cell:
    made = _plain(cell)
    assert isinstance(made, dict)
    return made
