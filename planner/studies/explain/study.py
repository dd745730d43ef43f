"""``plan explain``: what limits cost, why something is not in the plan, or why there is no plan at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from planner._moved import renamed
from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.pipeline import catalog_of
from planner.render.figures import gap_percent, money, money_range, step
from planner.scenario import Scenario, scenario_digest
from planner.studies.command import Progress
from planner.studies.explain.conflict import Limits, cheapest, conflicts
from planner.studies.explain.marginal import worth
from planner.studies.explain.why_not import check, why_not
from planner.studies.result import Study, compared, limit_of, told
from planner.studies.solves import Question, answer, check_least_cost, refused

# A tenth of a percent of a plan is more than a megawatt is worth for a while, so these solves go further. SCIP closes
# such a gap in a third of the relay's time.
GAP = 5e-4
SOLVER = "scip"


class Explanation(Study):
    """What limits cost (table ``limits``), what they keep out (``why_not``), or why they leave no plan.

    Where they leave none, ``feasible`` is False and the tables are ``conflicts`` and ``relaxations``.
    """

    command = "explain"

    feasible: bool


@dataclass(frozen=True)
class Worth(Explanation):
    """What each limit is worth: ``limits``. The least cost (NPV, USD) is in between."""

    cost_low_usd: float
    cost_high_usd: float
    feasible: bool
    limits: pd.DataFrame


@dataclass(frozen=True)
class LeftOut(Explanation):
    """Why things are not in the plan: ``why_not``. The least cost (NPV, USD) is in between."""

    cost_low_usd: float
    cost_high_usd: float
    feasible: bool
    why_not: pd.DataFrame


@dataclass(frozen=True)
class NoPlan(Explanation):
    """``conflicts``: limits that no plan keeps together (``complete``: all such sets); ``relaxations``: ways out."""

    feasible: bool
    complete: bool
    conflicts: pd.DataFrame
    relaxations: pd.DataFrame


@renamed(tell="progress")
def explain(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    rejected: Sequence[str] = (),
    gap: float | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> Explanation:
    """What the limits of ``scenario`` are worth, or why what ``rejected`` names is not in its plan.

    Where there is no plan, why there is none. Raises InputError for a name that is nothing, SolverFailure where no plan
    is found in time.
    """
    check_least_cost(scenario, "explain")
    original, scenario = scenario, compared(scenario)
    in_parts = scenario is not original
    about = (scenario.name, scenario_digest(original))
    catalog = catalog_of(scenario) if catalog is None else catalog
    check(scenario, catalog, rejected)
    gap = gap if gap is not None else GAP
    time_limit_s = limit_of(scenario, time_limit_s)
    solver = SOLVER if scenario.solve.solver == "auto" else scenario.solve.solver
    progress(f"{scenario.name}: the plan itself")
    base = answer(Question(scenario.name, scenario, catalog, gap, time_limit_s, solver))
    if base.plan is None:
        if np.isposinf(base.range_usd[0]):
            return _infeasible(about, Limits(scenario, catalog, time_limit_s), progress, in_parts=in_parts)
        raise refused(base)

    def heard(words: str) -> None:
        progress(f"{scenario.name}: {words}")

    itself = ("the plan itself",) * base.stopped
    if rejected:
        table = why_not(
            scenario, catalog, base, rejected,
            gap=gap, time_limit_s=time_limit_s, solver=solver, workers=workers, progress=heard,
        )  # fmt: skip
        stopped = (*itself, *table.loc[table["stopped"], "name"].drop_duplicates())
        sentences = told(table["sentence"], stopped, scenario, in_parts=in_parts)
        return LeftOut(
            *about, sentences, *base.range_usd, feasible=True, why_not=table, stopped=stopped, in_parts=in_parts
        )
    limits = worth(
        scenario, catalog, base, gap=gap, time_limit_s=time_limit_s, solver=solver, workers=workers, progress=heard
    )
    stopped = (*itself, *(_step(row) for _, row in limits[limits["stopped"]].iterrows()))
    sentences = told(_said(limits, base.range_usd, gap), stopped, scenario, in_parts=in_parts)
    return Worth(*about, sentences, *base.range_usd, feasible=True, limits=limits, stopped=stopped, in_parts=in_parts)


def _said(limits: pd.DataFrame, cost: tuple[float, float], gap: float) -> tuple[str, ...]:
    sentences = [f"The least cost is {money_range(*cost)} NPV."]
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
    return f"{step(row['change'], row['unit'])} of {row['limit'].replace('_', ' ')} ({row['where']})"


def _infeasible(about: tuple[str, str], limits: Limits, progress: Progress, *, in_parts: bool) -> NoPlan:
    """Sets of limits that conflict and ways out, where there is no plan. ``about``: name and digest of the scenario."""
    name, _ = about
    progress(f"{name}: which limits conflict")
    found, complete = conflicts(limits)
    progress(f"{name}: what to relax")
    relaxations = cheapest(limits)
    rows = [
        (number, group.kind.key, group.subject, conflict.minimal)
        for number, conflict in enumerate(found, start=1)
        for group in conflict.groups
    ]
    sentences = ["No plan keeps every limit."]
    sentences += [
        f"Together impossible: {conflict.sentence(limits.model.problem)}"
        + ("" if conflict.minimal else " (perhaps with one to spare)")
        + "."
        for conflict in found
    ]
    if not complete:
        sentences.append(f"The search ended after {len(found)} sets; there may be more.")
    return NoPlan(
        *about,
        told(sentences, limits.struck, in_parts=in_parts),
        stopped=limits.struck,
        in_parts=in_parts,
        feasible=False,
        complete=complete,
        conflicts=pd.DataFrame(rows, columns=["set", "kind", "where", "minimal"]),
        relaxations=relaxations,
    )
