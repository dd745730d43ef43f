"""What each workload costs more: the plan's cost less that of the plan without it, by the LP relaxation of both.

Hours alone bill a night's batch for GPUs that the day's peak has bought: without the batch they would be there all the
same. So beside the dollars that add up stands what dropping the workload would save. By the relaxation, since the gap
of two whole plans may be larger than what is asked for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog import Catalog
from planner.errors import SolverFailure
from planner.milp import Model, build_model, demand_total, unserved_weights
from planner.plan import Plan
from planner.plan.workload_cost import ratio
from planner.problem import Problem, build_problem
from planner.scenario import Scenario
from planner.solvers import Options
from planner.solvers.clock import Clock, stopped
from planner.solvers.optimise import vertex_at
from planner.solvers.threads import WIDE, each
from planner.solvers.vertex import Vertex, difference
from planner.units import mtok_from_tokens

Floats = NDArray[np.float64]


def with_increments(
    plan: Plan,
    scenario: Scenario,
    catalog: Catalog,
    options: Options,
    model: Model | None = None,
    vertex: Vertex | None = None,
) -> Plan:
    """``plan`` with the incremental cost of each workload in its table of cost by workload.

    ``model`` is the scenario's in parts of replicas and ``vertex`` its optimum, where they are made already.
    The plan itself where cost is not the objective: a workload then is not served at the least cost. Raises
    StoppedByClock where the clock ended one of the searches, SolverFailure where one has no answer.
    """
    if scenario.objective != "cost":
        return plan
    model = model or build_model(build_problem(scenario, catalog, whole=False))
    usd, output, total = increments(model, options, vertex)
    table = plan.table("workload_cost").with_columns(
        incremental_npv_usd=usd,
        incremental_usd_per_mtok_output=ratio(usd, output),
        incremental_usd_per_mtok_total=ratio(usd, total),
    )
    return plan.with_tables(workload_cost=table)


def increments(model: Model, options: Options, vertex: Vertex | None = None) -> tuple[Floats, Floats, Floats]:
    """By workload, (W,): USD NPV of what is served of it, and the Mtok output and total of that, discounted.

    What is not served of the workload itself counts for nothing on either side, that of others at its value. ``model``
    is in parts of replicas, ``vertex`` where its relaxation ended, if it was solved before.
    """
    clock = Clock(options.time_limit_s)
    problem = model.problem
    names = problem.demand.names

    today = vertex or vertex_at(model.milp, options)
    everything, x = today.least, today.x

    def least_usd(left_out: int) -> float:
        milp = build_model(without(problem, left_out)).milp
        answer = today.solve(milp.scaled(today.scale), clock.rest(options))
        if answer.wall_clock_stop:
            raise stopped(options.time_limit_s)
        if answer.x is None:
            raise SolverFailure(f"the relaxation is {answer.status}")
        return answer.objective / today.scale

    left = each(least_usd, range(len(names)), at_once=model.milp.columns >= WIDE)
    usd, output, total = (np.zeros(len(names)) for _ in range(3))
    periods = np.ones(problem.timeline.periods)
    for index in range(len(names)):
        mine = (np.arange(len(names)) == index)[:, None]
        lost = unserved_weights(model, problem.demand.unserved_usd * mine, discounted=True)
        saved = difference(everything - float(bits.dot(lost, x)), left[index])
        # No plan is dearer without a workload; what is below zero is the engine's rounding.
        usd[index] = max(saved, 0.0)
        for found, tokens in ((output, problem.demand.output_tokens), (total, problem.demand.total_tokens)):
            mtok = mtok_from_tokens(tokens[:, None] * mine * periods)
            unserved = float(bits.dot(unserved_weights(model, mtok, discounted=True), x))
            found[index] = demand_total(problem, mtok, discounted=True) - unserved
    return usd, output, total


def without(problem: Problem, workload: int) -> Problem:
    """``problem`` in which nothing is asked of a workload."""
    demand = problem.demand
    kept = np.arange(len(demand.names)) != workload
    asked = demand.requests_per_s * kept[:, None, None, None]
    return replace(problem, demand=replace(demand, requests_per_s=asked, min_replicas=demand.min_replicas * kept))
