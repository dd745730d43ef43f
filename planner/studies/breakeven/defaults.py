"""What break-even prices are asked of where nobody names a workload or a system."""

from __future__ import annotations

import numpy as np

from planner import bits
from planner.catalog import Catalog
from planner.errors import InputError
from planner.pipeline import solve
from planner.problem.demand import build_demand
from planner.problem.problem import build_supply
from planner.problem.serving import candidates
from planner.render.figures import percent
from planner.rules.latency import SLACK
from planner.scenario import Scenario
from planner.studies.mix import mix
from planner.studies.result import limit_of
from planner.timeline import scenario_timeline

# A system with a smaller share of the plan's GPUs is not what the plan turns on.
LEAST_SHARE = 0.05


def largest_workload(scenario: Scenario, catalog: Catalog) -> str:
    """The workload with the most tokens of the headline's basis over the reported periods, expected."""
    timeline = scenario_timeline(scenario, catalog)
    demand = build_demand(scenario, catalog, timeline, whole=False)
    futures = np.array([future.probability for future in scenario.futures] or [1.0])
    weight = demand.output_tokens if scenario.finance.token_basis == "output" else demand.total_tokens
    reported = timeline.block_hours * ~timeline.lookahead[:, None]
    by_future = (demand.requests_per_s * reported).sum(axis=(2, 3))
    tokens = bits.dot(by_future, futures) * weight
    if not tokens.max(initial=0.0) > 0:
        raise InputError("no workload makes tokens, so there is nothing to screen; name a --workload that does")
    return demand.names[int(np.argmax(tokens))]


def systems_that_fit(scenario: Scenario, catalog: Catalog, workload: str) -> tuple[str, ...]:
    """Systems that can be had and meet the workload's targets, by name.

    Raises InputError where there is none.
    """
    timeline = scenario_timeline(scenario, catalog)
    supply = build_supply(scenario, catalog, timeline, whole=False)
    names = [item.name for item in scenario.workloads]
    fitting = {
        item.system
        for item in candidates(scenario, catalog, timeline, supply.systems)
        if names[item.workload] == workload and item.sla_excess <= SLACK
    }
    if not fitting:
        raise InputError(f"no system that the scenario leaves open meets the latency targets of {workload}")
    return tuple(sorted(fitting))


def systems_of_the_plan(
    scenario: Scenario, catalog: Catalog, workload: str, gap: float, time_limit_s: float | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Systems of the plan that meet the workload's targets, most GPUs first, and what was taken in a sentence.

    Raises what ``solve`` raises.
    """
    plan = solve(scenario, catalog, gap=gap, time_limit_s=limit_of(scenario, time_limit_s))
    fitting = systems_that_fit(scenario, catalog, workload)
    gpus = dict.fromkeys(fitting, 0.0)
    for source, mean in mix(plan, scenario, catalog).items():
        _, _, name = source.partition(" ")
        if name in gpus:
            gpus[name] += mean
    whole = sum(gpus.values())
    ranked = sorted(gpus, key=lambda name: (-gpus[name], name))
    taken = tuple(name for name in ranked if gpus[name] > 0 and gpus[name] >= LEAST_SHARE * whole) or ranked[:1]
    few = [name for name in ranked if name not in taken and gpus[name] > 0]
    remark = f"For {workload}, on the systems of the plan that meet its targets"
    left = f"; {', '.join(few)} left out, each under {percent(LEAST_SHARE)} of their GPUs" if few else ""
    return tuple(taken), (f"{remark}: {', '.join(taken)}{left}.",)
