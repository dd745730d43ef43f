"""What other ways of getting GPUs cost at the least: LP relaxations beside a plan, each with only some ways left."""

from __future__ import annotations

from planner.plan import Plan
from planner.report.instead import Bound, others
from planner.studies.compare.options import option
from planner.studies.stands.relaxed import Relaxations, World


def bounds(relaxations: Relaxations, plan: Plan) -> tuple[Bound, ...]:
    """Of each other way that today's scenario allows the least cost of its relaxation, below which no plan of it is.

    Within the limits as they are given; ``plan compare`` says how far they would have to give. Raises StoppedByClock
    where the clock ended that.
    """
    scenario, catalog = relaxations.world.scenario, relaxations.world.catalog
    rules = scenario.procurement
    open_to = {
        "buy": rules.buy,
        "reserve": "reserved" in rules.rent,
        "rent": bool({"on_demand", "spot"} & set(rules.rent)),
        "api": rules.token_api,
    }
    ways = others(plan, [way for way, allowed in open_to.items() if allowed])
    worlds = [World(option(scenario, catalog, "+".join(way)), catalog) for way in ways]
    today = relaxations.today.npv_usd
    # Where ways are closed there mostly is no plan, which presolve finds out sooner.
    least = relaxations.least_of(worlds, anew=True)
    return tuple(Bound(way, usd, usd - today) for way, usd in zip(ways, least, strict=True))
