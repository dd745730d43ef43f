"""Many plans: questions to solve, and replies in the order they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np

from planner import solvers
from planner.catalog import Catalog
from planner.errors import InfeasiblePlan, InputError, SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.milp import build_model
from planner.pipeline import solve
from planner.plan import Plan
from planner.problem import build_problem
from planner.render.hints import SCENARIO, hint
from planner.scenario import Scenario
from planner.solvers import Options
from planner.studies.command import Progress
from planner.studies.pool import each

Range = tuple[float, float]

NOT_EXPLAINED = "the limits leave none"


@dataclass(frozen=True)
class Question:
    """A scenario to plan for: ``gap`` relative, ``time_limit_s`` in seconds of wall clock.

    ``explained``: where there is no plan, what would have to be relaxed is looked for, which takes longer than a plan.
    ``warm_start`` is a plan that the search starts from.
    """

    name: str
    scenario: Scenario
    catalog: Catalog
    gap: float
    time_limit_s: float
    solver: str = "auto"
    explained: bool = True
    warm_start: Plan | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Reply:
    """A plan, or ``reason``, why there is none. ``range_usd``: the least cost (NPV) is in it, infinite without a plan.

    The range is as wide as the gap: its upper end is the plan's audited cost, its lower end what no plan is below.
    ``stopped`` where the clock ended the search.
    """

    name: str
    plan: Plan | None
    range_usd: Range
    reason: str = ""
    stopped: bool = False


def answer(question: Question) -> Reply:
    """``question`` solved here and now."""
    if not question.explained and _hopeless(question):
        return Reply(question.name, None, (np.inf, np.inf), NOT_EXPLAINED)
    try:
        plan = solve(
            question.scenario,
            question.catalog,
            solver=question.solver,
            gap=question.gap,
            time_limit_s=question.time_limit_s,
            warm_start=question.warm_start,
        )
    except InfeasiblePlan as error:
        reason = "; ".join(relaxation.sentence for relaxation in error.relaxations)
        return Reply(question.name, None, (np.inf, np.inf), reason, error.stopped)
    except SolverFailure as error:
        stopped = isinstance(error, StoppedByClock)
        return Reply(question.name, None, (-np.inf, np.inf), f"not known: {error}", stopped)
    bound = plan.proof.best_bound_usd
    cost = plan.proof.objective_usd
    return Reply(
        question.name, plan, (min(bound, cost) if bound is not None else -np.inf, cost), "", not plan.proof.reproducible
    )


def plan_itself(reply: Reply, scenario: Scenario, catalog: Catalog) -> Plan:
    """The plan of ``scenario`` itself, which a study starts from.

    Raises InfeasiblePlan with what to relax where there is none, SolverFailure where that is not known.
    """
    if reply.plan is None:
        if np.isposinf(reply.range_usd[0]):
            solve(scenario, catalog)  # raises InfeasiblePlan with what to relax
        raise refused(reply)
    return reply.plan


def refused(reply: Reply) -> SolverFailure:
    """What to raise for a reply of which it is not even known whether there is a plan."""
    return (StoppedByClock if reply.stopped else SolverFailure)(reply.reason)


def _hopeless(question: Question) -> bool:
    """Whether not even the LP relaxation in parts of replicas has a plan."""
    model = build_model(build_problem(question.scenario, question.catalog, whole=False))
    options = Options(question.gap, question.time_limit_s, question.scenario.solve.seed)
    return solvers.run(model.milp.relaxed(), "glop", options).status == "infeasible"


def answers(questions: Sequence[Question], *, workers: int = 1, progress: Progress = lambda words: None) -> list[Reply]:
    """A reply to each question, in their order; ``progress`` hears how many are done."""
    return each(answer, questions, workers=workers, progress=progress)


def check_least_cost(scenario: Scenario, command: str) -> None:
    """Raises InputError unless ``scenario`` asks for the least cost, which is what plans are compared by."""
    if scenario.objective != "cost":
        raise InputError(
            f"plan {command} compares plans by their cost, and this scenario's objective is {scenario.objective}; "
            f"{hint(*command.split(), SCENARIO, '--set', 'objective=cost')} asks for that"
        )


def difference(more: Range, less: Range, *, least: float = -np.inf) -> Range:
    """The range of the difference of two costs that lie in ``more`` and ``less``; ``least`` is known beforehand."""
    if not np.isfinite(more[1]):
        return (np.inf, np.inf) if np.isinf(more[0]) and more[0] > 0 else (least, np.inf)
    return max(more[0] - less[1], least), max(more[1] - less[0], least)


def most_usd(cost: Range, gap: float) -> float:
    """The most that a plan within ``gap`` of the bound can cost, of a solve that proved ``cost``; or what was found."""
    bound, found = cost
    if not np.isfinite(bound):
        return found
    return max(found, bound / (1 - gap) if bound > 0 else bound / (1 + gap))
