"""What the processes that work for the server do: bounds, plans, the parts of the page, reports, runs.

Each task takes plain or pickled values and ``say``, which tells the server something before it is done.
"""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from planner import solvers
from planner.errors import InfeasiblePlan, SolverFailure
from planner.milp import Model, build_model, demand_total
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.problem import build_problem
from planner.render.sheet import Sheet, left
from planner.scenario import Scenario
from planner.schema.result import infeasible
from planner.serve.values import Bound, Question, Shown, Solved
from planner.serve.ways import WAYS, with_ways
from planner.solvers import Options
from planner.solvers.objectives import serves_all
from planner.solvers.optimise import scale_of
from planner.units import mtok_from_tokens

Say = Callable[[Any], None]
# A first plan that starts from the scenario's own is looked for no nearer than this: it is there to be seen early.
FIRST_GAP = 0.05
FIRST_LIMIT_S = 60.0


# What the scenario's matrix is scaled by, found with its first bound.
_SCALE: list[float] = []


def bound(scenario: Scenario, say: Say) -> Bound:
    """The least cost of the LP relaxation, in parts of servers."""
    model = build_model(build_problem(scenario, catalog_of(scenario), whole=False))
    if scenario.objective != "cost" and not serves_all(model):
        return Bound(None)
    usd = _least_usd(model, _options(scenario))
    problem = model.problem
    weights = np.repeat(problem.token_weight[:, None], problem.timeline.periods, axis=1)
    mtok = mtok_from_tokens(demand_total(problem, weights, discounted=True))
    return Bound(usd, usd / mtok if mtok > 0 else None)


def ways(scenario: Scenario, say: Say) -> dict[str, Bound]:
    """The same where GPUs are only bought, or only rented."""
    return {name: bound(with_ways(scenario, name), say) for name in WAYS}


def _least_usd(model: Model, options: Options) -> float:
    if _SCALE:
        scale = _SCALE[0]
        answer = solvers.run(model.milp.scaled(scale).relaxed(), "glop", options)
    else:
        scale, answer = scale_of(model.milp, options)
    if answer.x is None:
        if answer.status == "infeasible":
            return math.inf
        raise SolverFailure(f"the relaxation is {answer.status}")
    _SCALE[:] = [scale]
    return answer.objective / scale


def _options(scenario: Scenario) -> Options:
    return Options(gap=scenario.solve.gap, time_limit_s=scenario.solve.time_limit_s, seed=scenario.solve.seed)


def plan(scenario: Scenario, start: bytes, say: Say) -> Solved:
    """The plan as ``plan SCENARIO`` finds it, from nothing but the scenario; before it, says one from ``start``.

    A search that starts from another plan may find another one within the gap. So that a file saved here has the same
    figures from the shell, what is proven here starts from nothing; the plan that starts from the scenario's own is
    there to be seen while that is waited for.
    """
    begun = time.perf_counter()
    catalog = catalog_of(scenario)
    if start:
        with suppress(SolverFailure, InfeasiblePlan):
            first = solve(
                scenario, catalog, gap=max(FIRST_GAP, scenario.solve.gap), time_limit_s=FIRST_LIMIT_S,
                warm_start=pickle.loads(start),
            )  # fmt: skip
            say({"kpis": first.to_dict()["kpis"], "gap": first.proof.gap})
    try:
        found = solve(scenario, catalog)
    except InfeasiblePlan as error:
        return Solved(infeasible(scenario, error), b"", time.perf_counter() - begun, str(error))
    return Solved(found.to_dict(), pickle.dumps(found), time.perf_counter() - begun)


def report(scenario: Scenario, solved: Solved, say: Say) -> str:
    """The plan's own page, to be kept."""
    from planner.report.html.page import html_report
    from planner.report.html.parts import Beside
    from planner.studies.speeds import cost_at_speed

    catalog, made = catalog_of(scenario), _plan(solved)
    beside = Beside(
        speeds=cost_at_speed(made, scenario, catalog),
        uncompared="Nothing was compared; plan report compares what plan serve did not.",
    )
    return html_report(made, scenario, catalog, beside)


def run(scenario: Scenario, overrides: tuple[str, ...], solved: Solved, store: str, say: Say) -> int:
    """Keep a solved question in the store of runs; the number it has there."""
    from planner.history.run import run_of
    from planner.history.store import prepare, save, store_path
    from planner.report.terminal import sheets

    path = store_path(Path(store) if store else None)
    prepare(path, own=bool(store))
    catalog = catalog_of(scenario)
    made = _plan(solved) if solved.planned else None
    if made is None:
        first, *rest = solved.words.splitlines()
        view = [Sheet(first, (left(),), tuple((line,) for line in rest))]
    else:
        view = list(sheets(made, scenario, catalog))
    return save(path, run_of(scenario, catalog, made, solved.result, view, overrides)).id


def page(question: Question, say: Say) -> Shown:
    """The parts of the page on a solved question, and the figures of its plots."""
    from planner.serve.answer import answer

    return answer(question)


def curves(question: Question, systems: tuple[str, ...], precisions: tuple[str, ...], say: Say) -> dict[str, Any]:
    """Cost against speed of some systems and precisions: the figures by name."""
    from planner.serve.answer import filtered

    return filtered(question, systems, precisions)


def _plan(solved: Solved) -> Plan:
    found = pickle.loads(solved.plan)
    assert isinstance(found, Plan)
    return found


TASKS: dict[str, Callable[..., Any]] = {
    "bound": bound,
    "ways": ways,
    "plan": plan,
    "report": report,
    "run": run,
    "page": page,
    "curves": curves,
}
