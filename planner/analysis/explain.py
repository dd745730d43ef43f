"""``plan explain``: what limits cost, why something is not in the plan, or why there is no plan at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from planner.analysis.conflict import Limits, cheapest, conflicts
from planner.analysis.marginal import worth
from planner.analysis.solves import Question, Tell, answer, check_least_cost, refused
from planner.analysis.study import Study, limit_of, study
from planner.analysis.why_not import check, why_not
from planner.catalog import Catalog
from planner.pipeline import catalog_of
from planner.report.figures import gap_percent, money
from planner.scenario import Scenario

# A tenth of a percent of a plan is more than a megawatt is worth for a while, so these solves go further. SCIP closes
# such a gap in a third of the relay's time.
GAP = 5e-4
SOLVER = "scip"


def explain(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    rejected: Sequence[str] = (),
    gap: float | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    tell: Tell = lambda words: None,
) -> Study:
    """What the limits of ``scenario`` are worth, and why what ``rejected`` names is not in its plan.

    Tables: ``limits`` and ``why_not``; for a scenario without a plan ``conflicts`` and ``relaxations``. With names only
    those are answered. Raises InputError for a name that is nothing, SolverFailure where no plan is found in time.
    """
    check_least_cost(scenario, "explain")
    catalog = catalog_of(scenario) if catalog is None else catalog
    check(scenario, catalog, rejected)
    gap = gap if gap is not None else GAP
    time_limit_s = limit_of(scenario, time_limit_s)
    solver = SOLVER if scenario.solve.solver == "auto" else scenario.solve.solver
    tell(f"{scenario.name}: the plan itself")
    base = answer(Question(scenario.name, scenario, catalog, gap, time_limit_s, solver))
    if base.plan is None:
        if np.isposinf(base.range_usd[0]):
            return _infeasible(scenario, catalog, time_limit_s, tell)
        raise refused(base)

    def heard(words: str) -> None:
        tell(f"{scenario.name}: {words}")

    itself = ["the plan itself"] * base.stopped
    if rejected:
        table = why_not(
            scenario, catalog, base, rejected,
            gap=gap, time_limit_s=time_limit_s, solver=solver, workers=workers, tell=heard,
        )  # fmt: skip
        return study(
            "explain", scenario, {"why_not": table},
            tuple(table["sentence"]), stopped=itself + table.loc[table["stopped"], "name"].drop_duplicates().tolist(),
            cost_low_usd=base.range_usd[0], cost_high_usd=base.range_usd[1], feasible=True,
        )  # fmt: skip
    limits = worth(
        scenario, catalog, base, gap=gap, time_limit_s=time_limit_s, solver=solver, workers=workers, tell=heard
    )
    return study(
        "explain", scenario, {"limits": limits}, _said(limits, base.range_usd, gap),
        stopped=itself + [_step(row) for _, row in limits[limits["stopped"]].iterrows()],
        cost_low_usd=base.range_usd[0], cost_high_usd=base.range_usd[1], feasible=True,
    )  # fmt: skip


def _said(limits: pd.DataFrame, cost: tuple[float, float], gap: float) -> tuple[str, ...]:
    sentences = [f"The least cost is between {money(cost[0])} and {money(cost[1])} NPV."]
    saving = limits[(limits["state"] == "resolved") & (limits["cost_high_usd"] < 0) & (limits["limit"] != "demand")]
    if len(saving):
        best = saving.loc[saving["cost_high_usd"].idxmin()]
        sentences.append(
            f"Of the steps that loosen a limit, {_step(best)} surely saves most: at least {money(-best.cost_high_usd)}."
        )
    else:
        sentences.append("No step that loosens a limit surely saves anything.")
    left = int((limits["state"] == "unresolved").sum())
    if left:
        solves = "solves" if left > 1 else "solve"
        sentences.append(
            f"{left} {solves} stopped too far from the optimum to tell ({gap_percent(gap)} asked); --gap {gap / 10:g} "
            "tells more."
        )
    return tuple(sentences)


def _step(row: pd.Series) -> str:
    return f"{row['change']:+g} {row['unit']} of {row['limit']} ({row['where']})"


def _infeasible(scenario: Scenario, catalog: Catalog, time_limit_s: float, tell: Tell) -> Study:
    """Sets of limits that conflict and ways out, where there is no plan."""
    limits = Limits(scenario, catalog, time_limit_s)
    tell(f"{scenario.name}: which limits conflict")
    found, complete = conflicts(limits)
    tell(f"{scenario.name}: what to relax")
    ways = cheapest(limits)
    rows = [
        (number, group.kind, group.subject, conflict.minimal)
        for number, conflict in enumerate(found, start=1)
        for group in conflict.groups
    ]
    sentences = ["No plan keeps every limit."]
    sentences += [
        f"Together impossible: {conflict.sentence}" + ("" if conflict.minimal else " (perhaps with one to spare)") + "."
        for conflict in found
    ]
    if not complete:
        sentences.append(f"The search ended after {len(found)} sets; there may be more.")
    return study(
        "explain",
        scenario,
        {"conflicts": pd.DataFrame(rows, columns=["set", "kind", "where", "minimal"]), "relaxations": ways},
        tuple(sentences),
        stopped=limits.struck,
        feasible=False,
        complete=complete,
    )
