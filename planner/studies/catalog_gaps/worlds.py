"""A scenario in which one row has been measured: the same that importing the benchmark makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner import solvers
from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, ServingPoint
from planner.catalog.precedence import in_force
from planner.errors import ScenarioError, SolverFailure
from planner.frozen import dataclass
from planner.milp import Model, build_model
from planner.problem import build_problem
from planner.rules import derive_points
from planner.rules.predictions import requests_per_s
from planner.scenario import Scenario
from planner.solvers import Options
from planner.solvers.clock import no_plan
from planner.studies import changes
from planner.studies.catalog_gaps.rows import Row

# What a benchmark of random prompts shows at work: each is sent once, so that no cache is found again.
SHOWN = frozenset({"mtp", "disagg"})
RATES = ("input_tok_s_per_gpu", "output_tok_s_per_gpu")
OWN = "measured-"
# How often what a benchmark makes without hits is corrected by what it then makes with them.
ROUNDS = 4


@dataclass(frozen=True)
class Measured:
    """A row measured at so many ``requests`` a second of a GPU; ``scale`` is that of the objective to solve with."""

    scenario: Scenario
    catalog: Catalog
    row: Row
    requests: float
    scale: float
    options: Options


def least_usd(measured: Measured) -> float:
    """The least cost of its world by the LP relaxation, USD NPV; infinite where there is no plan."""
    model = relaxation(*world(measured.scenario, measured.catalog, measured.row, measured.requests))
    answer = solvers.run(model.milp.scaled(measured.scale).relaxed(), "glop", measured.options)
    if answer.wall_clock_stop:
        raise no_plan(measured.options.time_limit_s)
    if answer.x is None:
        if answer.status != "infeasible":
            raise SolverFailure(f"the relaxation is {answer.status}")
        return np.inf
    return model.milp.objective(answer.x)


def relaxation(scenario: Scenario, catalog: Catalog) -> Model:
    """The matrix in parts of replicas and lots."""
    try:
        return build_model(build_problem(scenario, catalog, whole=False))
    except ScenarioError as error:
        raise SolverFailure(f"a rate that was tried leaves no problem: {error}") from error


def no_import(row: Row) -> str:
    """Why no benchmark of a row can be imported, '' where one can."""
    if row.point.replicas_per_gpu > 1:
        return "no importer reads replicas that share a GPU"
    if not SHOWN.issuperset(row.point.requires):
        return f"random prompts, each sent once, show nothing of {', '.join(sorted({*row.point.requires} - SHOWN))}"
    hits = row.workload.prefix_cache_hit_share and row.point.derivation
    if hits and (row.credited or row.point.derivation != "extrapolated"):
        return "importers keep out runs with prefix-cache hits, which a plan would count twice"
    return ""


def series_of(point: ServingPoint) -> str:
    """The series to import a measurement of a point under: a row's own, so that it stands for the row."""
    return f"{OWN}{point.series}" if point.derivation else point.series


def world(scenario: Scenario, catalog: Catalog, row: Row, requests: float) -> tuple[Scenario, Catalog]:
    """``scenario`` and ``catalog`` once ``row`` has been measured at ``requests`` a second of a GPU.

    Where no importer reads such a run, the row itself is made so fast.
    """
    if no_import(row):
        faster = _times(row.point, requests / row.trusted)
        return scenario, replace(catalog, serving={**catalog.serving, faster.key: faster})
    asked = as_planned(scenario, row)
    fresh = requests
    found = imported(asked, catalog, measured_point(scenario, row, fresh))
    for _ in range(ROUNDS if row.workload.prefix_cache_hit_share and row.point.derivation else 0):
        # A benchmark has no hits; that it has to make as much with those of the workload settles what it makes.
        fresh *= requests / _with_hits(found, row)
        found = imported(asked, catalog, measured_point(scenario, row, fresh))
    return asked, found


def imported(scenario: Scenario, catalog: Catalog, point: ServingPoint) -> Catalog:
    """``catalog`` with a measured row, and with the points that are then derived."""
    own = {key: one for key, one in catalog.serving.items() if not one.derivation}
    held, _ = in_force({**own, point.key: point})
    return derive_points(scenario, replace(catalog, serving=held))


def _with_hits(catalog: Catalog, row: Row) -> float:
    """Requests/s of a GPU that the measurement of ``row`` makes with the hits of its workload."""
    name = _named(row)
    made = [one for one in catalog.serving.values() if isinstance(one, DerivedPoint) and one.parents == (name,)]
    of_workload = [one for one in made if one.serves(row.workload.name)]
    found: list[ServingPoint] = [*of_workload] or [one for one in catalog.serving.values() if one.name == name]
    return requests_per_s(found[0])


def as_planned(scenario: Scenario, row: Row) -> Scenario:
    """``scenario`` where the other extrapolated points of a workload stay there beside the measured one."""
    if row.point.derivation != "extrapolated" or row.workload.extrapolate != "needed":
        return scenario
    return changes.workloads(
        scenario, lambda workload: workload.model_copy(update={"extrapolate": "always"}), row.workload.name
    )


def measured_point(scenario: Scenario, row: Row, requests: float) -> ServingPoint:
    """The row that an import makes of a benchmark at the lengths of its workload, at the row's own latencies."""
    tokens = row.workload.tokens
    assert tokens is not None
    given = {name: getattr(row.point, name) for name in ServingPoint.model_fields}
    return ServingPoint.model_validate(
        given
        | {
            "series": series_of(row.point),
            "concurrency": load_of(row.point),
            "input_tokens_mean": tokens.input,
            "output_tokens_mean": tokens.output,
            "input_tok_s_per_gpu": requests * tokens.input,
            "output_tok_s_per_gpu": requests * tokens.output,
            "evidence": "measured",
            "as_of": scenario.horizon.decided_on,
            "note": "",
        }
    )


def load_of(point: ServingPoint) -> int:
    """Requests in flight of its benchmark: a whole number."""
    return max(1, round(point.concurrency))


def _named(row: Row) -> str:
    """The name of its measurement."""
    return row.point.model_copy(update={"series": series_of(row.point), "concurrency": float(load_of(row.point))}).name


def _times(point: ServingPoint, factor: float) -> ServingPoint:
    return point.model_copy(update={name: getattr(point, name) * factor for name in RATES})
