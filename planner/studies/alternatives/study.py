"""``plan alternatives``: plans that cost little more than the best and differ most, and what they have in common.

Modelling to generate alternatives: a row holds the cost within a stated share of the best plan's, and another
objective takes its place. Then, with whole numbers and its value held, the cheapest such plan. How far an objective
could be taken at most is bounded by the LP relaxation; counts are brought down one by one and carry no bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner import bits, solvers
from planner.catalog import Catalog
from planner.errors import InfeasiblePlan, InputError, SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.milp import Milp, Model, build_model
from planner.milp.vector import tidy
from planner.milp.widened import with_rows
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.plan.audited import audited, tabled
from planner.problem import build_problem
from planner.render.figures import count, percent
from planner.scenario import Scenario, scenario_digest
from planner.schedule import add_months
from planner.solvers import Options
from planner.solvers.answer import Answer
from planner.solvers.clock import no_plan
from planner.solvers.objectives import Outcome, minimise
from planner.solvers.optimise import POLISH_S, optimise
from planner.solvers.relay import between
from planner.studies.alternatives.objectives import COUNTS, OBJECTIVES, USED, counted, objective_vector, value
from planner.studies.command import Progress
from planner.studies.orders import ordered
from planner.studies.pool import each
from planner.studies.result import Study, compared, limit_of, told
from planner.studies.solves import check_least_cost

Floats = NDArray[np.float64]

WITHIN = (0.01, 0.02, 0.05)
# An objective is met to this gap; it is the difference between plans that counts, not its last percent.
OBJECTIVE_GAP = 0.02
# Of plans without a vendor or a system type the cheapest is found to this gap.
COUNT_GAP = 0.005
# Where a search is not done by then, its best plan is taken: those of the shipped scenarios take up to twenty.
NODES = 1000
# Measured on these objectives: twice as fast as HiGHS.
ENGINE = "scip"
# Rows are in shares of the best plan's cost, and engines let rows be missed by about 1e-6.
SLACK = 1e-6

COLUMNS = ["aim", "within", "cost_usd", "over", "value", "bound", "value_of_best", "unit", "stopped"]


@dataclass(frozen=True)
class Alternatives(Study):
    """``alternatives`` (one row each) and ``decisions``.

    ``decisions`` is what is ordered in the first year, in the least and the most of them and in the best plan.
    """

    command = "alternatives"

    best_usd: float
    best_bound_usd: float | None
    alternatives: pd.DataFrame
    decisions: pd.DataFrame


@dataclass(frozen=True)
class Target:
    """``objective`` at a cost of at most 1 + each share of ``within`` (ascending) × ``best_usd``; ``x`` is the best."""

    scenario: Scenario
    catalog: Catalog
    objective: str
    within: tuple[float, ...]
    best_usd: float
    x: Floats
    time_limit_s: float


@dataclass(frozen=True)
class Alternative:
    """A plan that has passed its audit, its ``value`` in the objective's unit; none that cheap is below ``bound``.

    ``stopped`` where the clock ended the search: another run may find a better one.
    """

    objective: str
    within: float
    plan: Plan
    value: float
    bound: float
    stopped: bool = False


def alternatives(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    within: Sequence[float] = WITHIN,
    gap: float | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> Alternatives:
    """Plans within each share of the best plan's cost, one for each of ``OBJECTIVES``.

    Every plan is audited, and its distance is by the audit's own cost.
    """
    check_least_cost(scenario, "alternatives")
    original, scenario = scenario, compared(scenario)
    in_parts = scenario is not original
    for share in within:
        if not 0 < share < 1:
            raise InputError(f"--within {100 * share:g}: must be above 0 and below 100 percent, such as 1,2,5")
    catalog = catalog_of(scenario) if catalog is None else catalog
    limit = limit_of(scenario, time_limit_s)
    options = Options(gap if gap is not None else scenario.solve.gap, limit, scenario.solve.seed)
    progress(f"{scenario.name}: the plan itself")
    model = build_model(build_problem(scenario, catalog))
    best, x = _best(scenario, catalog, model, options)
    shares = tuple(sorted(set(within)))
    # Counts are the quickest, so they come last: no worker is left with a long search when the others are done.
    names = sorted(OBJECTIVES, key=lambda name: name in COUNTS)
    asked = [Target(scenario, catalog, name, shares, best.proof.objective_usd, x, limit) for name in names]
    listed = each(alternative, asked, workers=workers, progress=lambda words: progress(f"{scenario.name}: {words}"))
    order = list(OBJECTIVES)
    found = sorted(
        (item for items in listed for item in items), key=lambda item: (item.within, order.index(item.objective))
    )
    table = pd.DataFrame([_row(model, item, best, x) for item in found], columns=COLUMNS)
    plans = [item.plan for item in found]
    decided = decisions(scenario, best, plans)
    late = [f"{row.aim} within {percent(row.within, 1)}" for row in table[table["stopped"]].itertuples()]
    itself = ("the plan itself",) * (not best.proof.reproducible)
    stopped = (*itself, *late)
    return Alternatives(
        scenario.name,
        scenario_digest(original),
        told(_said(scenario, decided, max(within), len(plans)), stopped, scenario, in_parts=in_parts),
        stopped=stopped,
        in_parts=in_parts,
        best_usd=best.proof.objective_usd,
        best_bound_usd=best.proof.best_bound_usd,
        alternatives=table,
        decisions=decided,
    )


def alternative(target: Target) -> list[Alternative]:
    """For each share the plan that goes furthest towards the objective, and of those that go as far the cheapest."""
    model = build_model(build_problem(target.scenario, target.catalog))
    return _fewer(model, target) if target.objective in COUNTS else _less(model, target)


def _less(model: Model, target: Target) -> list[Alternative]:
    """The LP relaxation for a bound, then the whole numbers between it and the best plan, which is one of them."""
    found = []
    vector = objective_vector(model, target.objective)
    # Of two plans that go as far the cheaper: an objective of nothing leaves the best plan where it is.
    best, stopped = target.x, False
    options = Options(OBJECTIVE_GAP, target.time_limit_s, target.scenario.solve.seed, nodes=NODES)
    for share in target.within:
        # Nothing is below nothing; more is only known of what was searched.
        bound = 0.0 if stopped else float(bits.dot(vector, best))
        if bound > 0:
            held = with_rows(
                replace(model.milp, cost=vector, constant=0.0), [_cost_row(model, target, share)], "within"
            )
            # The gap is asked of the best plan's value, also where little is left of it.
            held = replace(held, cost=held.cost * (1e3 / bound), constant=1e3)
            lp = solvers.run(held.relaxed(), "glop", options)
            bound = (lp.bound - 1e3) * bound / 1e3 if lp.x is not None else 0.0
            answer = lp
            if not lp.wall_clock_stop:
                answer = solvers.run(between(held, best, best if lp.x is None else lp.x), ENGINE, options, best)
            stopped = answer.wall_clock_stop
            x = _cheapest(model, held, answer.x, options) if answer.x is not None else None
            inside = x is not None and model.milp.objective(x) <= _limit(target, share)
            if x is not None and inside and float(bits.dot(vector, x)) < float(bits.dot(vector, best)):
                best = x
        found.append(_found(model, target, share, best, min(bound, float(bits.dot(vector, best))), stopped))
    return found


def _fewer(model: Model, target: Target) -> list[Alternative]:
    """By leaving out one after the other, the least used first, as long as the widest share allows it."""
    things = counted(model, target.objective)
    options = Options(COUNT_GAP, target.time_limit_s, target.scenario.solve.seed, nodes=NODES)
    upper, x = model.milp.upper.copy(), target.x
    for name, columns in things.items():
        if not (x[columns] > USED).any():
            upper[things[name]] = np.minimum(upper[columns], model.milp.lower[columns])
    chain, stopped = [x], False
    waiting = sorted(
        (name for name, columns in things.items() if (x[columns] > USED).any()),
        key=lambda name: (float(x[things[name]].sum()), name),
    )
    for name in waiting:
        less = upper.copy()
        less[things[name]] = model.milp.lower[things[name]]
        fewer, stopped = _within(model, target, replace(model.milp, upper=less), options)
        if fewer is not None:
            upper = less
            chain.append(fewer)
        if stopped:
            break
    found = []
    for share in target.within:
        inside = [x for x in chain if model.milp.objective(x) <= _limit(target, share)]
        best = min(inside, key=lambda x: (value(model, target.objective, x), model.milp.objective(x)), default=target.x)
        found.append(_found(model, target, share, best, np.nan, stopped))
    return found


def _within(model: Model, target: Target, milp: Milp, options: Options) -> tuple[Floats | None, bool]:
    """The cheapest plan if it is within the widest share, and whether the clock ended the search for it."""
    most = _limit(target, target.within[-1])
    # Where not even parts of systems do, whole ones need not be tried.
    lp = solvers.run(replace(milp, cost=milp.cost * (1e3 / max(abs(target.best_usd), 1e-9))).relaxed(), "glop", options)
    if lp.x is None or milp.objective(lp.x) > most:
        return None, lp.wall_clock_stop
    try:
        answer = optimise(model, milp, "relay", options)
    except SolverFailure as error:
        return None, isinstance(error, StoppedByClock)
    inside = answer.x is not None and model.milp.objective(answer.x) <= most
    return answer.x if inside else None, answer.wall_clock_stop


def _found(model: Model, target: Target, share: float, x: Floats, bound: float, stopped: bool = False) -> Alternative:
    """A vector as an audited plan."""
    cost = model.milp.objective(x)
    nothing = Answer("feasible", ENGINE, "", x, cost, -np.inf, 0.0)
    outcome = Outcome("cost", "USD NPV", x, cost, -np.inf, -np.inf, nothing, (), 0.0)
    plan = tabled(audited(target.scenario, target.catalog, model, outcome, ENGINE, Options(), 0.0))
    return Alternative(target.objective, share, plan, value(model, target.objective, x), bound, stopped)


def _limit(target: Target, share: float) -> float:
    return target.best_usd + share * abs(target.best_usd)


def _cost_row(model: Model, target: Target, share: float) -> tuple[NDArray[np.int64], Floats, float, float]:
    columns = np.flatnonzero(model.milp.cost)
    scale = abs(target.best_usd) or 1.0
    room = _limit(target, share) - model.milp.constant
    # Engines' own tolerance is kept out of the distance that is promised.
    return columns, model.milp.cost[columns] / scale, -np.inf, room / scale - SLACK


def _cheapest(model: Model, held: Milp, x: Floats, options: Options) -> Floats | None:
    """The least cost with the whole numbers of ``x`` and no more of the objective than in it."""
    whole = np.clip(np.round(x), held.lower, held.upper)
    columns = np.flatnonzero(held.cost)
    size = max(float(np.abs(held.cost[columns]).max(initial=0.0)), 1e-300)
    reached = float(bits.dot(held.cost, x)) / size
    row = (columns, held.cost[columns] / size, -np.inf, reached + SLACK * max(1.0, abs(reached)))
    scale = 1e3 / max(abs(model.milp.objective(x)), 1e-9)
    lp = replace(
        with_rows(held, [row], "aim"),
        lower=np.where(held.integer, whole, held.lower),
        upper=np.where(held.integer, whole, held.upper),
        cost=model.milp.cost * scale,
    ).relaxed()
    answer = solvers.run(lp, "glop", replace(options, time_limit_s=POLISH_S))
    return None if answer.x is None else tidy(model, np.where(held.integer, whole, answer.x))


def decisions(scenario: Scenario, best: Plan, plans: Sequence[Plan]) -> pd.DataFrame:
    """What is ordered or signed within a year of the decision: columns decision, best, least, most, verdict.

    ``least`` and ``most`` are over the best plan and all others. ``now`` is in every one of them, ``open`` in some.
    """
    until = add_months(scenario.horizon.decided_on, 12)
    counted = [ordered(plan, until) for plan in (best, *plans)]
    rows = []
    for decision in sorted({name for orders in counted for name in orders}):
        numbers = [orders.get(decision, 0.0) for orders in counted]
        verdict = "now" if min(numbers) > 0 else "open"
        rows.append((decision, numbers[0], min(numbers), max(numbers), verdict))
    rows.sort(key=lambda row: (row[4], -row[2], -row[3], row[0]))
    return pd.DataFrame(rows, columns=["decision", "best", "least", "most", "verdict"])


def _best(scenario: Scenario, catalog: Catalog, model: Model, options: Options) -> tuple[Plan, Floats]:
    outcome = minimise(model, "cost", scenario.solve.solver, options)
    if outcome.x is None:
        if outcome.answer.status == "infeasible":
            solve(scenario, catalog)  # raises InfeasiblePlan with what to relax
            raise InfeasiblePlan((), proven=False)
        raise no_plan(options.time_limit_s) if outcome.stopped else SolverFailure("no plan found")
    plan = tabled(audited(scenario, catalog, model, outcome, scenario.solve.solver, options, outcome.seconds))
    return plan, outcome.x


def _row(model: Model, item: Alternative, best: Plan, x: Floats) -> tuple[object, ...]:
    cost = item.plan.proof.objective_usd
    over = cost / best.proof.objective_usd - 1
    of_best = value(model, item.objective, x)
    unit = OBJECTIVES[item.objective]
    return item.objective, item.within, cost, over, item.value, item.bound, of_best, unit, item.stopped


def _said(scenario: Scenario, decided: pd.DataFrame, most: float, plans: int) -> tuple[str, ...]:
    """What to do now and what to leave open, a sentence each."""
    now, later = decided[decided["verdict"] == "now"], decided[decided["verdict"] == "open"]
    until = add_months(scenario.horizon.decided_on, 12)
    sentences = []
    if len(now):
        listed = "; ".join(f"{row.decision}: at least {count(row.least)}" for row in now.itertuples())
        sentences.append(
            f"Decide now, by {until} it is in every one of {plans + 1} plans within {percent(most, 1)}: {listed}."
        )
    else:
        sentences.append(f"Nothing ordered by {until} is in every one of {plans + 1} plans: all of it is open.")
    if len(later):
        listed = "; ".join(f"{row.decision} (0 to {count(row.most)})" for row in later.itertuples())
        sentences.append(f"Keep open: {listed}.")
    return tuple(sentences)
