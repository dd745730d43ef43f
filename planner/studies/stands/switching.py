"""Where an assumption would change the orders due: a grid outwards from today's value, then halving."""

from __future__ import annotations

import math
from collections.abc import Callable

from planner.frozen import dataclass
from planner.studies.stands.assumption import Assumption, Way
from planner.studies.stands.relaxed import Change, Relaxations, Relaxed


@dataclass(frozen=True)
class Outcome:
    """What a value makes of the orders due: ``changes``, or no plan at all where it is not ``possible``."""

    possible: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Switch:
    """The nearest value found on a way at which the orders due are others, and which are; or there is no plan.

    ``same`` is the value before it at which they are not.
    """

    way: Way
    same: float
    value: float
    possible: bool
    changes: tuple[Change, ...]


def switches(assumption: Assumption, relaxations: Relaxations) -> tuple[Switch, ...]:
    """Where the orders due would change, on each way from today's value on which they do."""
    solved = _solver(assumption, relaxations)
    found = []
    for way in assumption.ways:

        def tried(value: float, way: Way = way) -> Outcome | None:
            there = solved(way, value)
            changes = relaxations.changes(there)
            return Outcome(there.feasible, changes) if changes or not there.feasible else None

        nearest = _nearest(assumption, way, tried)
        if nearest is not None:
            same, value, outcome = nearest
            found.append(Switch(way, same, value, outcome.possible, outcome.changes))
    return tuple(found)


def last_possible(assumption: Assumption, way: Way, relaxations: Relaxations) -> float | None:
    """The last value of a way, within the assumption's step, at which there is a plan; None where there always is."""

    def tried(value: float) -> Outcome | None:
        possible = math.isfinite(relaxations.least_usd(assumption.at(way, value)))
        return None if possible else Outcome(False, ())

    nearest = _nearest(assumption, way, tried)
    return None if nearest is None else nearest[0]


def _solver(assumption: Assumption, relaxations: Relaxations) -> Callable[[Way, float], Relaxed]:
    if assumption.priced:
        way = assumption.ways[0]
        at = relaxations.priced(assumption.at(way, 0.0), assumption.at(way, 1.0))
        if at is not None:
            return lambda _, value: at(value)
    return lambda way, value: relaxations.at(assumption.at(way, value))


def _nearest(
    assumption: Assumption, way: Way, tried: Callable[[float], Outcome | None]
) -> tuple[float, float, Outcome] | None:
    """The last value of a way of which nothing is told, the nearest of which something is, and what that is.

    Values need not go one way, so those of the way are tried one by one, and then what lies between the last two is
    halved down to the assumption's step.
    """
    same = assumption.today
    for value in way.values:
        outcome = tried(value)
        if outcome is None:
            same = value
            continue
        while math.isfinite(same) and abs(value - same) > assumption.step * (1 + 1e-9):
            middle = round(round((same + value) / 2 / assumption.step) * assumption.step, 10)
            if middle in (same, value):
                break
            nearer = tried(middle)
            if nearer is None:
                same = middle
            else:
                value, outcome = middle, nearer
        return same, value, outcome
    return None
