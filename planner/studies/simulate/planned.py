"""A scenario's plan, or one that is there already, put through requests: ``planner.simulate``."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.errors import InputError
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.scenario import Scenario
from planner.scenario.traffic import MOST_SEED
from planner.simulation.pools import Row
from planner.simulation.requests import Traffic, traffic_of_all
from planner.studies.command import Progress
from planner.studies.result import limit_of
from planner.studies.simulate.study import Ask, Simulation, of_serving

LEAST_REQUESTS = 100
MOST_REQUESTS = 10_000_000


def simulate(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    plan: Plan | None = None,
    workload: str | None = None,
    period: str | None = None,
    block: str | None = None,
    requests: int = Traffic.requests,
    seed: int | None = None,
    fewest: bool = True,
    headroom: bool = False,
    gap: float | None = None,
    time_limit_s: float | None = None,
    progress: Progress = lambda words: None,
) -> Simulation:
    """Requests through the replicas of `plan`, one of `scenario`, which is solved where none is given.

    They come as the scenario's `traffic` says, Poisson where it says nothing; `requests` of each workload at least, and
    with another `seed` others. Each interactive workload is simulated in its busiest block, of those of `workload`,
    `period` and `block` where they are given. `fewest` and `headroom` look for the fewest replicas, and the least
    headroom, with which the targets hold. To simulate saved runs, other traces or failures, there is `plan simulate`.

    Raises InputError where nothing is served there, a number is out of bounds, or a trace is another one by now.
    """
    if not LEAST_REQUESTS <= requests <= MOST_REQUESTS:
        raise InputError(f"requests={requests}: must be a number from {LEAST_REQUESTS} to {MOST_REQUESTS:,}")
    if seed is not None and not 0 <= seed <= MOST_SEED:
        raise InputError(f"seed={seed}: must be a number from 0 to {MOST_SEED:,}")
    catalog = catalog_of(scenario, catalog)
    traffic = traffic_of_all(scenario, requests, seed)
    if plan is None:
        progress(f"{scenario.name}: solving")
        plan = solve(scenario, catalog, gap=gap, time_limit_s=limit_of(scenario, time_limit_s))
    settled, serving, stopped = served(scenario, plan)
    ask = Ask(workload, period, block, fewest=fewest, headroom=headroom)
    return of_serving(settled, catalog, serving, traffic, ask, stopped=stopped, progress=progress)


def served(scenario: Scenario, plan: Plan) -> tuple[Scenario, list[Row], tuple[str, ...]]:
    """The scenario as its plan settled it, what serves it by row, and whether the clock stopped the plan."""
    rows: list[Row] = list(plan.to_dict()["serving"])
    return plan.settled(scenario), rows, () if plan.proof.reproducible else ("the plan",)
