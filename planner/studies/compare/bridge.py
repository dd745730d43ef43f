"""Renting by the hour until what an option buys or signs is delivered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.milp import Milp, build_model
from planner.problem import build_problem
from planner.report.ways import THROUGHOUT
from planner.rules.dates import first_period
from planner.scenario import Scenario
from planner.studies.changes import with_hours_until
from planner.studies.compare.options import EVERYTHING, option
from planner.timeline import scenario_timeline

# What has a lead time, and what does not.
LATE = {"buy", "reserve"}
HOURLY = {"on_demand", "spot"}


@dataclass(frozen=True)
class Bridge:
    """An option with rent by the hour until the period ``until``: '' for none, THROUGHOUT for all of the horizon."""

    scenario: Scenario
    catalog: Catalog
    until: str = ""

    @cached_property
    def milp(self) -> Milp:
        """The matrix of its problem."""
        return build_model(build_problem(self.scenario, self.catalog)).milp


def bridges(scenario: Scenario, catalog: Catalog, name: str) -> Iterator[Bridge]:
    """The option ``name`` of ``scenario``, bridged until its first delivery, and then for one period more at a time.

    An option that rents by the hour anyway, or has nothing to wait for, is as it is; so is any where the scenario
    rules out renting by the hour.
    """
    alone, words = option(scenario, catalog, name), set(name.split("+"))
    can_rent = HOURLY & set(scenario.procurement.rent)
    first = first_delivery(alone, catalog) if words & LATE and not words & {"rent", *EVERYTHING} and can_rent else None
    if not first:
        yield Bridge(alone, catalog)
    if first is None:
        return
    rented = option(scenario, catalog, f"{name}+rent")
    timeline = scenario_timeline(scenario, catalog)
    for period in range(max(first, 1), timeline.periods):
        yield Bridge(rented, with_hours_until(catalog, timeline.starts[period]), timeline.names[period])
    yield Bridge(rented, catalog, THROUGHOUT)


def first_delivery(scenario: Scenario, catalog: Catalog) -> int | None:
    """The first period in which something bought or signed can serve each workload that any can; None where none can.

    Of each workload it is the first delivery of what serves it, and of all workloads the last of those.
    """
    problem = build_problem(scenario, catalog)
    supply, pools = problem.supply, problem.pools
    delivered = [
        (pool, first_period(item.exists)) for pool, item in zip(pools.purchases, supply.purchases, strict=True)
    ]
    delivered += [
        (pool, first_period(item.exists)) for pool, item in zip(pools.reservations, supply.reservations, strict=True)
    ]
    first: dict[int, int] = {}
    for workload, served_by in zip(problem.assignments.workload, problem.assignments.pool, strict=True):
        for pool, period in delivered:
            if pool == served_by:
                first[int(workload)] = min(period, first.get(int(workload), period))
    return max(first.values(), default=None)
