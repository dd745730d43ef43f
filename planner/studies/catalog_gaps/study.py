"""``plan catalog gaps``: the rows that nobody measured, by how much of a plan's cost their uncertainty moves."""

from __future__ import annotations

import math

import pandas as pd

from planner.catalog import Catalog
from planner.errors import SolverFailure
from planner.frozen import dataclass
from planner.pipeline import catalog_of, explain
from planner.render.figures import count, money
from planner.rules.predictions import Measurements
from planner.scenario import Scenario, scenario_digest
from planner.solvers import Options
from planner.solvers.clock import no_plan
from planner.solvers.optimise import scale_of
from planner.studies.catalog_gaps.benchmark import benchmark, importing
from planner.studies.catalog_gaps.rows import Row, rows_of
from planner.studies.catalog_gaps.worlds import Measured, as_planned, least_usd, no_import, relaxation
from planner.studies.command import Progress
from planner.studies.pool import each
from planner.studies.result import Study, limit_of, told
from planner.studies.solves import check_least_cost

# Of the least cost: what moves less moves nothing.
LEAST_MOVED = 1e-6
# Fewer solves than this are done before other processes have begun.
FEWEST_SHARED = 8

COLUMNS = [
    "row", "model", "system", "workload", "evidence", "derived", "gpus", "low_output_tok_s_per_gpu",
    "counted_output_tok_s_per_gpu", "high_output_tok_s_per_gpu", "interval", "possible_at_low", "at_low_usd",
    "at_high_usd", "beats", "no_import", "benchmark", "import",
]  # fmt: skip


@dataclass(frozen=True)
class Gaps(Study):
    """``rows``, ``COLUMNS``: each row with its interval and what the least cost is more once it is measured there.

    Amounts are USD NPV by the LP relaxation, negative where the plan becomes cheaper; the row that moves most is first.
    ``gpus`` are the most that the relaxation runs it on, 0 where its high alone brings it in; ``beats`` the measured
    row that a prediction beats by more than twice. ``relaxed_npv_usd`` is the least cost as the rows are.
    """

    command = "catalog gaps"

    relaxed_npv_usd: float
    rows: pd.DataFrame


def gaps(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    time_limit_s: float | None = None,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> Gaps:
    """What to measure next for ``scenario``. Raises InputError unless it asks for the least cost."""
    check_least_cost(scenario, "catalog gaps")
    catalog = catalog_of(scenario, catalog)
    options = Options(scenario.solve.gap, limit_of(scenario, time_limit_s), scenario.solve.seed)
    progress(f"{scenario.name}: solving")
    model = relaxation(scenario, catalog)
    scale, today = scale_of(model.milp, options)
    if today.wall_clock_stop:
        raise no_plan(options.time_limit_s)
    if today.x is None:
        if today.status == "infeasible":
            raise explain(scenario, catalog, options)
        raise SolverFailure(f"the relaxation is {today.status}")
    least = model.milp.objective(today.x)
    rows, left_out = rows_of(scenario, catalog, model, today.x)
    asked = [
        Measured(scenario, catalog, row, requests, scale, options) for row in rows for requests in (row.low, row.high)
    ]
    costs = each(
        least_usd,
        asked,
        workers=workers if len(asked) >= FEWEST_SHARED else 1,
        progress=lambda words: progress(f"{scenario.name}: {words}"),
        done="rows at an end of their interval solved",
    )
    moved = [(row, low - least, high - least) for row, low, high in zip(rows, costs[::2], costs[1::2], strict=True)]
    noticed = [one for one in moved if _moves(*one[1:]) > LEAST_MOVED * abs(least)]
    noticed.sort(key=lambda one: (-_moves(*one[1:]), one[0].key))
    table = _table(noticed, catalog)
    sentences = _said(scenario, least, noticed, len(rows), left_out)
    return Gaps(scenario.name, scenario_digest(scenario), told(sentences, (), scenario), least, table)


def _moves(at_low: float, at_high: float) -> float:
    """How far a row's uncertainty moves the cost; infinite where there may be no plan."""
    return max(at_low, at_high, 0.0) - min(at_low, at_high, 0.0)


def _table(moved: list[tuple[Row, float, float]], catalog: Catalog) -> pd.DataFrame:
    measured = Measurements(catalog.serving.values())
    found = []
    for row, at_low, at_high in moved:
        point, rival = row.point, measured.beaten_by(row.point)
        found.append(
            (
                point.name, point.model, point.system, row.workload.name, point.evidence, point.derivation, row.gpus,
                *(row.tokens(rate) for rate in (row.low, row.counted, row.high)), row.why, math.isfinite(at_low),
                at_low, at_high, rival.name if rival else "", no_import(row), benchmark(row), importing(row),
            )
        )  # fmt: skip
    return pd.DataFrame(found, columns=COLUMNS)


def _said(
    scenario: Scenario, least: float, moved: list[tuple[Row, float, float]], tried: int, left_out: int
) -> list[str]:
    cost = f"{scenario.name} costs {money(least)} by the LP relaxation"
    if not moved:
        return [f"{cost}; no row that nobody measured moves that, of {count(tried)} tried."]
    _, at_low, at_high = moved[0]
    sentences = [
        f"{cost}. Measure row 1 first: {words(at_low)} at its low, {words(at_high)} at its high.",
        f"{count(tried)} rows were tried that nobody measured, in use or near to it"
        + (f"; {count(left_out)} more were not, for want of time" if left_out else "")
        + f". {count(len(moved))} move the cost.",
        "Cost: how much more the least cost is once the row is measured so, at the load and the latencies that it "
        "states, and imported. A measurement between the two ends changes the cost by something between the two; a "
        "whole plan is off by its gap.",
    ]
    if any(as_planned(scenario, row) is not scenario for row, _, _ in moved):
        sentences.append(
            "Where lengths are measured on one system, those of others are no longer extrapolated: plan with "
            "extrapolate: always on the workload until they are measured too, as the amounts here do."
        )
    return sentences


def words(usd: float) -> str:
    """``$1.2 M more``, ``no plan``, ``the same``."""
    if not math.isfinite(usd):
        return "no plan"
    if money(abs(usd)) == money(0.0):
        return "the same"
    return f"{money(abs(usd))} {'more' if usd > 0 else 'less'}"
