"""The closest plan of an option: as the limits are where they allow one, else with the least that has to give.

What gives is, in this order: quotas and hourly depth, all of them by one factor, since no provider gives all alone;
budgets, all by one; both, quotas and depth least. Latency, power and what is served never give. Where that is not
enough for what is bought or signed alone, rent by the hour goes on beside it, as short as there is a plan.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from planner import solvers
from planner.catalog import Catalog
from planner.errors import StoppedByClock
from planner.frozen import dataclass
from planner.kinds.limits import BUDGET, HOURLY_DEPTH, QUOTA, SITE_LIMITS, LimitKind
from planner.milp import Milp, build_model
from planner.milp.factor import with_factor
from planner.problem import build_problem
from planner.scenario import Scenario
from planner.solvers import Options
from planner.studies.changes import with_budget_factor, with_supply_factor
from planner.studies.compare.bridge import Bridge, bridges
from planner.studies.compare.least import MOST, Least, least_factor

SUPPLY = (QUOTA, HOURLY_DEPTH)
BUDGETS = (BUDGET,)


@dataclass(frozen=True)
class Needs:
    """What an option's plan needs: ``supply`` times ``supply_of``, ``budget`` times the budgets.

    1 is what the limits allow. ``proven`` where one step less is known to have no plan. It rents by the hour until the
    period ``rents_until``, '' where it does not wait for anything; ``prolonged`` where that is beyond its first
    delivery, and then ``site`` is how many times their power, cooling and positions the sites would need, at least, to
    do without; None where not even that would do.
    """

    supply: float = 1.0
    budget: float = 1.0
    supply_of: str = ""
    proven: bool = True
    rents_until: str = ""
    prolonged: bool = False
    site: float | None = None

    @property
    def more(self) -> bool:
        """Whether a limit has to give."""
        return self.supply > 1 or self.budget > 1


@dataclass(frozen=True)
class Closest:
    """A scenario that has a plan, with its catalog, and what it ``needs`` beyond what was asked for."""

    scenario: Scenario
    catalog: Catalog
    needs: Needs


def closest(scenario: Scenario, catalog: Catalog, name: str, options: Options) -> Closest | None:
    """The option ``name`` of ``scenario`` with the least that has to give; None where nothing that may give helps.

    Raises StoppedByClock where the clock ended a search.
    """
    ways = list(bridges(scenario, catalog, name))
    # The relaxation settles most of them at once: a longer bridge never costs a plan.
    first = bisect_left(range(len(ways)), True, key=lambda index: _may_have_plan(ways[index], options))
    for index, way in enumerate(ways[first:], start=first):
        found = _least_needs(way, options)
        if found is not None:
            supply, budget = found
            needs = Needs(
                supply=supply.factor,
                budget=budget.factor,
                supply_of=_supply_of(way.milp) if supply.factor > 1 else "",
                proven=supply.proven and budget.proven,
                rents_until=way.until,
                prolonged=index > 0,
                site=_site_factor(ways[0], options) if index > 0 else None,
            )
            return Closest(_given(way, supply.factor, budget.factor), way.catalog, needs)
    return None


def _given(way: Bridge, supply: float, budget: float) -> Scenario:
    """The scenario of a bridge with what has to give; limits that need not are left as they are written."""
    scenario = way.scenario if supply == 1 else with_supply_factor(way.scenario, way.catalog, supply)
    return scenario if budget == 1 else with_budget_factor(scenario, budget)


def _least_needs(way: Bridge, options: Options) -> tuple[Least, Least] | None:
    """The least factors on supply and on budgets with a plan; None where there is none at any."""
    nothing, milp = Least(1.0, proven=True), way.milp
    alone = least_factor(with_factor(milp, SUPPLY, MOST), options)
    if alone is not None:
        return alone, nothing
    if not _has(milp, BUDGETS):
        return None
    alone = least_factor(with_factor(milp, BUDGETS, MOST), options)
    if alone is not None:
        return nothing, alone
    supply = least_factor(with_factor(milp, SUPPLY, MOST, lifted=BUDGETS), options)
    if supply is None:
        return None
    given = replace(way, scenario=_given(way, supply.factor, 1.0))
    budget = least_factor(with_factor(given.milp, BUDGETS, MOST), options)
    return None if budget is None else (supply, budget)


def _may_have_plan(way: Bridge, options: Options) -> bool:
    return _relaxed(with_factor(way.milp, (), MOST, (*SUPPLY, *BUDGETS)), options) is not None


def _site_factor(way: Bridge, options: Options) -> float | None:
    """How many times what they are the sites' limits would have to be, at least, whatever the other limits."""
    # Elastic, what is bought is bounded by what is needed, not by what a site can feed.
    problem = replace(build_problem(way.scenario, way.catalog), elastic=True)
    return _relaxed(with_factor(build_model(problem).milp, SITE_LIMITS, MOST, (*SUPPLY, *BUDGETS)), options)


def _relaxed(milp: Milp, options: Options) -> float | None:
    answer = solvers.run(milp.relaxed(), "glop", options)
    if answer.wall_clock_stop:
        raise StoppedByClock(f"the clock stopped the search for the closest plan ({options.time_limit_s:g} s)")
    return None if answer.x is None else answer.objective


def _supply_of(milp: Milp) -> str:
    """What limits supply in a matrix, in words."""
    words = [words for kind, words in ((QUOTA, "quotas"), (HOURLY_DEPTH, "hourly depth")) if _has(milp, (kind,))]
    return f"the {' and '.join(words)}"


def _has(milp: Milp, kinds: Sequence[LimitKind]) -> bool:
    return any(block.kind in kinds and len(block) for block in milp.limits)
