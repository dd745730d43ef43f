"""What a plan stands on: the assumptions with the largest amounts, and what of them is looked for."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from planner.frozen import dataclass
from planner.plan import Plan
from planner.solvers.vertex import difference
from planner.studies.result import plain
from planner.studies.stands.assumption import Assumption, Rests, Way
from planner.studies.stands.assumptions import assumptions
from planner.studies.stands.relaxed import Relaxations
from planner.studies.stands.switching import Switch, last_possible, switches

MOST_TOLD = 5
# Of the least cost: an assumption that carries less carries nothing.
LEAST_CARRIED = 1e-5
# What is priced alone costs next to nothing to search, so it stands beside every plan.
CHEAP = ("resale",)


@dataclass(frozen=True)
class Amount:
    """What the least cost is more, USD NPV, at the end of a way; infinite where there is no plan.

    ``last`` is the last value of the way with a plan then, None where nobody looked for it.
    """

    way: Way
    usd: float
    last: float | None = None

    @property
    def possible(self) -> bool:
        """Whether there is a plan."""
        return math.isfinite(self.usd)


@dataclass(frozen=True)
class Carried:
    """An assumption with what rests on it; ``switches`` is None where nobody looked for them."""

    assumption: Assumption
    rests: Rests
    amounts: tuple[Amount, ...]
    switches: tuple[Switch, ...] | None

    @property
    def size_usd(self) -> float:
        """The largest amount, whichever way."""
        return max((abs(amount.usd) for amount in self.amounts), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, null for infinity."""
        own = self.assumption
        found = plain(
            {
                "assumption": own.key,
                "field": own.field,
                "unit": own.unit,
                "today": own.today,
                "share": self.rests.share,
                "amounts": [
                    {
                        "way": amount.way.name,
                        "value": amount.way.values[-1],
                        "possible": amount.possible,
                        "usd": amount.usd,
                        **({} if amount.last is None else {"last_possible": amount.last}),
                    }
                    for amount in self.amounts
                ],
            }
        )
        if self.switches is not None:
            found["switches"] = [
                plain(
                    {
                        "way": switch.way.name,
                        "value": switch.value,
                        "possible": switch.possible,
                        "changes": [vars(change) for change in switch.changes],
                    }
                )
                for switch in self.switches
            ]
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Carrying:
    """What a plan stands on, the largest amount first; ``npv_usd`` is the least cost by the LP relaxation."""

    due_by: dt.date
    npv_usd: float
    carried: tuple[Carried, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "due_by": self.due_by.isoformat(),
            "relaxed_npv_usd": self.npv_usd,
            "assumptions": [one.to_dict() for one in self.carried],
        }


def carrying(relaxations: Relaxations, plan: Plan, searched: Collection[str] | None = CHEAP) -> Carrying:
    """What ``plan`` stands on: the assumptions with the largest amounts, five at most, nothing where cost is no aim.

    An amount is the least cost by the LP relaxation with the assumption taken away, less that with it. Where the orders
    due change is looked for of those in ``searched``, None for all. Raises StoppedByClock where the clock ended that.
    """
    least = relaxations.today.npv_usd
    made = [(one, [way for way in one.ways if way.away]) for one in assumptions(relaxations.world)]
    ends = [one.at(way, way.values[-1]) for one, away in made for way in away]
    costs = iter(relaxations.least_of(ends))
    carried = [
        Carried(one, one.rests(plan), tuple(Amount(way, difference(next(costs), least)) for way in away), None)
        for one, away in made
    ]
    ranked = sorted(carried, key=lambda one: -one.size_usd)
    kept = [one for one in ranked if one.size_usd > LEAST_CARRIED * abs(least)][:MOST_TOLD]
    return Carrying(relaxations.due_by, least, tuple(_searched(one, relaxations, searched) for one in kept))


def _searched(one: Carried, relaxations: Relaxations, searched: Collection[str] | None) -> Carried:
    if searched is not None and one.assumption.key not in searched:
        return one
    amounts = tuple(
        amount if amount.possible else replace(amount, last=last_possible(one.assumption, amount.way, relaxations))
        for amount in one.amounts
    )
    return replace(one, amounts=amounts, switches=switches(one.assumption, relaxations))
