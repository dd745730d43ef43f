"""What another way of getting GPUs costs at the least: a sentence from bounds, where no other plan was looked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from planner.frozen import dataclass
from planner.plan import Plan
from planner.render.figures import money, percent
from planner.report.ways import ALONE, BESIDE

# Ways, and what is left with only some of them; of those the plan leaves out, the first ones are told.
WAYS = {
    ("rent",): ALONE["rent"],
    ("buy", "rent"): BESIDE["buy"],
    ("reserve", "rent"): "signing and renting by the hour, without buying,",
    ("buy",): ALONE["buy"],
    ("reserve",): ALONE["reserve"],
    ("api",): ALONE["api"],
}
MOST_TOLD = 2
# Of the plan's cost: what is less is no difference to tell.
SAME = 1e-4


@dataclass(frozen=True)
class Bound:
    """What only some ``ways`` cost ``at_least_usd``, NPV, as is proven; infinite where nothing so keeps every limit.

    ``relaxed_more_usd`` is that less the least cost of the relaxation with every way open: like beside like.
    """

    ways: tuple[str, ...]
    at_least_usd: float
    relaxed_more_usd: float


def others(plan: Plan, allowed: Sequence[str]) -> list[tuple[str, ...]]:
    """Which ways to hold a plan against: those that leave out some of its own, the first that a reader asks for."""
    tables = {"buy": "purchases", "reserve": "contracts", "rent": "on_demand", "api": "token_api"}
    own = {way for way, name in tables.items() if len(plan.table(name))}
    return [ways for ways in WAYS if set(ways) <= set(allowed) and not own <= set(ways)][:MOST_TOLD]


def bounded(bounds: Sequence[Bound], cost_usd: float) -> str:
    """The sentence; ``cost_usd`` is what the plan costs, what is not served at its value."""
    if not bounds:
        return "There is no other way of getting its GPUs to hold it against."
    none = [WAYS[one.ways] for one in bounds if math.isinf(one.at_least_usd)]
    told = [_costs(one, cost_usd) for one in bounds if math.isfinite(one.at_least_usd)]
    if len(none) > 1:
        told.append(f"neither {none[0]} nor {none[1]} keeps every limit given")
    elif none:
        told.append(f"{none[0]} is not possible within the limits given")
    return f"Instead of this plan, {'; '.join(told)}."


def _costs(one: Bound, cost_usd: float) -> str:
    more = one.at_least_usd - cost_usd
    least, how = "at least ", ""
    if more <= 0:
        more, least, how = one.relaxed_more_usd, "", " by the LP relaxation, in parts of systems"
    if more <= SAME * abs(cost_usd):
        return f"{WAYS[one.ways]} costs the same{how}"
    share = f" ({percent(more / cost_usd)})" if cost_usd > 0 else ""
    return f"{WAYS[one.ways]} costs {least}{money(more)} more{share}{how}"
