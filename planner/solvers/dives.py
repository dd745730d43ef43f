"""Plans of a large matrix by dives: the levels of one item after another are rounded, and the LP is solved again.

An item is a system at a site, a group or an offer; its levels, what is in service of it in each period, are rounded and
fixed together, the largest items first, so that those still free make up for it. Rounded as all the others are, an item
may leave no plan; then it is rounded down. After the dives each item is freed once more and rounded anew around all the
others. The LP goes on from its last basis, so a step takes a fraction of a solve.
"""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.frozen import dataclass
from planner.milp.items import SERVING, item_of, items, named, of_items
from planner.milp.matrix import ABSENT, Milp
from planner.milp.parts import entries_of, part
from planner.milp.stocks import gone_since
from planner.solvers.answer import Basis, Floats, Options

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A level this close to a whole number is whole.
WHOLE = 1e-6
# A level is rounded up from one less this on. Where all the levels of an item so rounded leave no plan, they are
# rounded up from less and less on.
ROUNDED = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
RETREATS = (0.25, WHOLE)
# Of a smaller matrix two dives are enough: cuts close what they leave open in the time of a third.
ROUNDED_FEW = (0.35, 0.55)
# Of more levels than this parts are tried before they are rounded one by one.
MANY = 60
# Rounded one by one, an item may take so many solves for each of its levels, what was rounded wrong among them.
TRIES = 4
# The best so many plans are rounded again: the second or third is often the one that gains the most.
BEST = 3
AGAIN = (0.2, 0.35, 0.5, 0.65, 0.8)
# Inflows of a stock are whole where its levels are.
FOLLOWING = ("buy", "sign")
# Rows that tell how large an item is: GPUs of a unit.
CAPACITY = "capacity"
# What is there already is retired last.
GIVEN = "keep"
# Of the optimum: a column without a part in the relaxation comes in where a unit of it costs no more than this.
# Measured on fleets: at 1e-5 plans are 0.1 % dearer or there are none, and no column is left out above 1e-2.
DEAR = 1e-3
# Of the optimum: what is gained by freeing an item, at the least, for its levels to be rounded again.
WORTH = 1e-6


class Lp(Protocol):
    """An LP whose levels are fixed and freed."""

    def between(self, at: Ints, lower: Floats, upper: Floats) -> None:
        """From here on the levels ``at`` are within these bounds."""

    def solve(self) -> tuple[float, Floats] | None:
        """The optimum and the levels at it; None where there is none."""

    def everything(self) -> Floats | None:
        """All columns, at the optimum."""


Point = tuple[float, Floats]


@dataclass(frozen=True)
class Dive:
    """An LP, its levels by item in the order in which they are rounded, and its optimum.

    What had come by level ``since`` (levels,) is gone by a level; ABSENT where nothing is.
    """

    lp: Lp
    lower: Floats
    upper: Floats
    items: tuple[Ints, ...]
    start: Point
    since: Ints

    def fix(self, item: Ints, levels: Floats) -> Point | None:
        """The optimum with these levels of ``item``."""
        self.lp.between(item, levels, levels)
        return self.lp.solve()

    def free(self, item: Ints) -> None:
        """Whatever levels of ``item``."""
        self.lp.between(item, self.lower[item], self.upper[item])

    def down(self, rounded: float) -> Point | None:
        """A point of whole levels, those of an item rounded up where at least 1 − ``rounded`` is left over."""
        for item in self.items:
            self.free(item)
        point = self.start
        for item in self.items:
            levels, found = point[1][item], None
            for share in (rounded, *RETREATS):
                found = self.fix(item, self.rounded(item, levels, share))
                if found is not None:
                    break
            if found is None and len(item) > MANY:
                found = self._in_parts(item, point, rounded)
            if found is None:
                found = self._one_by_one(item, point, rounded)
            if found is None:
                return None
            point = found
        return point

    def _in_parts(self, item: Ints, point: Point, rounded: float) -> Point | None:
        """A point of whole levels of ``item``, so many rounded at once as leave one, and the LP makes up for them.

        None where one alone can be rounded neither way.
        """
        lower, upper = self.lower[item].copy(), self.upper[item].copy()
        done, size = 0, len(item) // 2
        while done < len(item):
            end = min(done + size, len(item))
            whole = self.rounded(item, point[1][item], rounded)[done:end]
            other = whole + np.where(whole > point[1][item][done:end], -1, 1)
            for levels in (whole, other)[: 2 if size == 1 else 1]:
                lower[done:end] = upper[done:end] = levels
                self.lp.between(item, lower, upper)
                found = self.lp.solve()
                if found is not None:
                    break
            if found is not None:
                done, point, size = end, found, 2 * size
                continue
            if size == 1:
                return None
            lower[done:end], upper[done:end] = self.lower[item][done:end], self.upper[item][done:end]
            size //= 2
        return point

    def _one_by_one(self, item: Ints, start: Point, rounded: float) -> Point | None:
        """A point of whole levels of ``item``, each rounded after the LP has made up for those before it.

        Where a level can be rounded neither way, one before it was rounded wrong: they are rounded the other way one
        at a time, the latest first.
        """
        lower, upper = self.lower[item].copy(), self.upper[item].copy()
        points, choices = [start], [_choices(start[1][item][0], rounded)]
        furthest, turned = -1, 0
        for _ in range(TRIES * len(item)):
            at = len(points) - 1
            if not choices[at]:
                if at > furthest:
                    furthest = turned = at
                if not turned:
                    return None
                turned -= 1
                del points[turned + 1 :], choices[turned + 1 :]
                continue
            lower[at] = upper[at] = np.clip(choices[at].pop(), self.lower[item][at], self.upper[item][at])
            lower[at + 1 :], upper[at + 1 :] = self.lower[item][at + 1 :], self.upper[item][at + 1 :]
            self.lp.between(item, lower, upper)
            found = self.lp.solve()
            if found is None:
                continue
            if at + 1 == len(item):
                return found
            points.append(found)
            choices.append(_choices(found[1][item][at + 1], rounded))
        return None

    def again(self, best: Point) -> Point:
        """``best``, or a cheaper point found by rounding one item after another anew, all the others as they are."""
        self._at(best)
        for item in self.items:
            self.free(item)
            freed = self.lp.solve()
            if freed is not None and freed[0] < best[0] - WORTH * abs(best[0]):
                for share in AGAIN:
                    found = self.fix(item, self.rounded(item, freed[1][item], share))
                    if found is not None and found[0] < best[0]:
                        best = found
            self.lp.between(item, np.round(best[1][item]), np.round(best[1][item]))
        return best

    def vector(self, point: Point) -> Floats | None:
        """All columns of the LP at a point of whole levels."""
        self._at(point)
        return self.lp.everything()

    def _at(self, point: Point) -> None:
        for item in self.items:
            self.lp.between(item, np.round(point[1][item]), np.round(point[1][item]))

    def rounded(self, item: Ints, levels: Floats, share: float) -> Floats:
        """``levels`` of ``item`` rounded up where at least 1 − ``share`` of all that has come is left over.

        Rounded each by itself they could fall by more than has reached its life, which no plan can follow.
        """
        gone = self.since[item] != ABSENT
        other = np.where(gone, self.since[item] - item[0], 0)
        came, before = levels, None
        while before is None or not np.array_equal(came, before):
            came, before = levels + np.where(gone, came[other], 0.0), came
        whole = np.floor(came + share)
        levels = whole - np.where(gone, whole[other], 0.0)
        return np.asarray(np.clip(levels, self.lower[item], self.upper[item]))


def _choices(level: float, rounded: float) -> list[float]:
    """What a level may be rounded to, the last first."""
    first = float(np.floor(level + rounded))
    return [first - 1 if first > level else first + 1, first]


def plan(
    milp: Milp,
    x: Floats,
    reduced_costs: Floats,
    options: Options,
    enough: float,
    *,
    few: bool = False,
    basis: Basis | None = None,
) -> Floats | None:
    """A vector with whole integers near ``x``, the optimum of the relaxation of ``milp``; None where dives find none.

    A better one is looked for until it costs no more than ``enough``, with ``few`` by two dives at most. Where the
    ``basis`` of that optimum is known, the LP starts there.
    """
    cheap = reduced_costs <= DEAR * abs(milp.objective(x))
    there = np.where(few | ~named(milp, SERVING), cheap | (x > WHOLE), of_items(x > WHOLE, items(milp)))
    made = _dive(milp, x, there | (milp.lower > 0), options, basis)
    if made is None:
        return None
    dive, columns = made
    best = _best(dive, enough, ROUNDED_FEW if few else ROUNDED, 0 if few else BEST)
    values = None if best is None else dive.vector(best)
    if values is None:
        return None
    vector = milp.lower.copy()
    vector[columns] = values
    return vector


def _best(dive: Dive, enough: float, roundings: tuple[float, ...], again: int) -> Point | None:
    """The cheapest point of all dives and of as many looked at ``again``, or the first that costs ``enough`` or less.

    Where the first dive finds none the others hardly ever do.
    """
    points: list[Point] = []
    for rounded in roundings:
        found = dive.down(rounded)
        if found is None and not points:
            return None
        if found is not None:
            points.append(found)
            if found[0] <= enough:
                return found
    points.sort(key=itemgetter(0))
    for point in points[:again]:
        points.append(dive.again(point))
        if points[-1][0] <= enough:
            break
    return min(points, key=itemgetter(0), default=None)


def _dive(milp: Milp, x: Floats, matter: Bools, options: Options, basis: Basis | None) -> tuple[Dive, Ints] | None:
    """The LP on the columns that ``matter``, solved, and which columns they are; None where it has no levels.

    Whole ones matter where ``x`` uses their item.
    """
    there = np.where(milp.integer, _used(milp, x), matter)
    ordered = [item for item in (each[there[each]] for each in _items(milp, x)) if len(item)]
    if not ordered or not solvers.has_ortools():
        return None
    from planner.solvers.rebounded import Rebounded

    entries = entries_of(milp)
    chosen = entries[there[entries.column]]
    columns, rows = np.flatnonzero(there), np.flatnonzero(np.bincount(chosen.row, minlength=milp.rows))
    nothing, no_slack = np.zeros(milp.rows), np.full(len(rows), np.inf)
    smaller = replace(part(milp, chosen, columns, rows, milp.cost, nothing, no_slack), constant=milp.constant)
    levels = np.concatenate(ordered)
    near = None if basis is None else basis.of(columns, rows)
    lp = Rebounded(smaller, np.searchsorted(columns, levels), options, near)
    start = lp.solve()
    if start is None:
        return None
    ends = np.cumsum([len(item) for item in ordered])
    places = tuple(np.split(np.arange(len(levels)), ends[:-1]))
    place = np.full(milp.columns + 1, ABSENT, dtype=np.int64)
    place[levels] = np.arange(len(levels))
    return Dive(lp, milp.lower[levels], milp.upper[levels], places, start, place[gone_since(milp)[levels]]), columns


def _used(milp: Milp, x: Floats) -> Bools:
    """Whole columns of what ``x`` has some of in any period, and those that are about nothing with a level."""
    found = milp.integer.copy()
    used: dict[tuple[str, ...], Bools] = {}
    for block in milp.column_blocks:
        if milp.guided[block.span].any():
            there = np.bincount(item_of(block), weights=x[block.span] > WHOLE, minlength=len(block.axes[0])) > 0
            used[tuple(block.axes[0])] = used.get(tuple(block.axes[0]), False) | there
    for block in milp.column_blocks:
        if block.axes and tuple(block.axes[0]) in used:
            found[block.span] &= used[tuple(block.axes[0])][item_of(block)] | (milp.lower[block.span] > 0)
    return found


def _items(milp: Milp, x: Floats) -> list[Ints]:
    """Whole columns to be rounded together, in order: levels, those of the largest units first, and then the rest."""
    most = np.zeros(milp.columns)
    for block in milp.row_blocks:
        if block.name == CAPACITY:
            at = slice(milp.indptr[block.span.start], milp.indptr[block.span.stop])
            np.maximum.at(most, milp.indices[at], np.abs(milp.data[at]))
    found: list[tuple[tuple[float, ...], int, Ints]] = []
    for block in milp.column_blocks:
        if block.name in FOLLOWING or not milp.integer[block.span].any():
            continue
        item = item_of(block)
        for each in np.unique(item):
            columns = block.first + np.flatnonzero(item == each)
            key = (not milp.guided[columns].any(), block.name == GIVEN, -most[columns].max(), -x[columns].sum())
            found.append((key, len(found), columns))
    return [columns for _, _, columns in sorted(found, key=itemgetter(0, 1))]
