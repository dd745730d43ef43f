"""What a scenario is compared under where no options are named, and in what."""

from __future__ import annotations

from collections.abc import Iterator

from planner.catalog import Catalog
from planner.milp import build_model
from planner.problem import build_problem
from planner.problem.demand import build_api_assignments
from planner.problem.problem import build_supply
from planner.problem.supply import Supply
from planner.rules.latency import SLACK
from planner.scenario import Scenario
from planner.solvers import executable
from planner.studies.result import compared
from planner.timeline import Timeline, scenario_timeline


def as_compared(scenario: Scenario, catalog: Catalog) -> Scenario:
    """``scenario`` itself where its matrix of whole replicas is small; else in parts of them, as other studies do.

    Whole racks and replicas are what decides between buying and renting a few, and of a few they take no time.
    """
    parts = compared(scenario)
    if parts is scenario or executable.outright(build_model(build_problem(scenario, catalog)).milp):
        return scenario
    return parts


def default_options(scenario: Scenario, catalog: Catalog) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The plan, and each way alone that the scenario leaves open; a sentence for each that it does not."""
    timeline = scenario_timeline(scenario, catalog)
    shut = dict(_shut(scenario, catalog, timeline, build_supply(scenario, catalog, timeline, whole=False)))
    names = tuple(name for name in ("plan", "buy", "rent", "reserve", "api") if name not in shut)
    return names, tuple(f"{name} has no column: {reason}." for name, reason in shut.items())


def _shut(scenario: Scenario, catalog: Catalog, timeline: Timeline, supply: Supply) -> Iterator[tuple[str, str]]:
    """Ways that a scenario leaves nothing of, each with the reason."""
    rules = scenario.procurement
    if not supply.purchases:
        yield "buy", "procurement.buy is false" if not rules.buy else "no system can be bought for a site in time"
    if not supply.hourly:
        allowed = {"on_demand", "spot"} & set(rules.rent)
        yield "rent", "no offer by the hour is allowed" if allowed else "procurement.rent allows nothing by the hour"
    if not supply.reservations:
        allowed = {"reserved"} & set(rules.rent)
        yield "reserve", "no contract can be signed in time" if allowed else "procurement.rent allows no reserved"
    reason = _no_api(scenario, catalog, timeline)
    if reason:
        yield "api", reason


def _no_api(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> str:
    """Why token APIs cannot serve every workload, '' where they may."""
    if not scenario.procurement.token_api:
        return "procurement.token_api is false"
    api = build_api_assignments(scenario, catalog, timeline)
    listed = {int(index) for index in api.workload}
    fitting = {int(index) for index, excess in zip(api.workload, api.sla_excess, strict=True) if excess <= SLACK}
    names = [item.name for item in scenario.workloads]
    unlisted = [name for index, name in enumerate(names) if index not in listed]
    if unlisted:
        return f"no token API serves {_and(unlisted)}"
    late = [name for index, name in enumerate(names) if index not in fitting]
    if late:
        return (
            f"no token API is known to meet the latency targets of {_and(late)}; "
            "one of token_quotes that states its latency may"
        )
    return ""


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
