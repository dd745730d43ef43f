"""Where an assumption would change the orders due: a grid outwards from today's value, then halving."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from planner.studies.stands.assumption import Assumption, Way
from planner.studies.stands.relaxed import Change, Relaxations, Relaxed


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
    """Where the orders due would change, on each way from today's value on which they do.

    They need not go one way, so the values of the way are tried one by one until they change, and then what lies
    between the last two is halved down to the assumption's step.
    """
    solved = _solver(assumption, relaxations)
    found = (_nearest(assumption, way, relaxations, solved) for way in assumption.ways)
    return tuple(switch for switch in found if switch is not None)


def _solver(assumption: Assumption, relaxations: Relaxations) -> Callable[[Way, float], Relaxed]:
    if assumption.priced:
        way = assumption.ways[0]
        at = relaxations.priced(assumption.at(way, 0.0), assumption.at(way, 1.0))
        return lambda _, value: at(value)
    return lambda way, value: relaxations.at(assumption.at(way, value))


def _nearest(
    assumption: Assumption, way: Way, relaxations: Relaxations, solved: Callable[[Way, float], Relaxed]
) -> Switch | None:
    def tried(same: float, value: float) -> Switch | None:
        found = solved(way, value)
        changes = relaxations.changes(found)
        return Switch(way, same, value, found.feasible, changes) if changes or not found.feasible else None

    same = assumption.today
    for value in way.values:
        switch = tried(same, value)
        if switch is None:
            same = value
            continue
        while math.isfinite(same) and abs(switch.value - same) > assumption.step * (1 + 1e-9):
            middle = round(round((same + switch.value) / 2 / assumption.step) * assumption.step, 10)
            if middle in (same, switch.value):
                break
            nearer = tried(same, middle)
            same = middle if nearer is None else same
            switch = replace(switch, same=middle) if nearer is None else nearer
        return switch
    return None
