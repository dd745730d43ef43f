"""A matrix in which pools that serve alike share their serving columns: smaller, and exactly the same question.

Where all of a pool's work could as well stand on another's, GPU for GPU, at no less cost and within no tighter limit,
the other's columns count it too, and one column a block says how much of it the pool itself carries::

    gpus[l on q] for each l  →  gpus[k on r] more for each k, and carried[q]
    carried[q]                  frees GPUs of r, fills GPUs of q, and costs what busy GPUs of q cost more

Rows stay as they are, and so do duals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.milp.build import Model
from planner.milp.matrix import ABSENT, Block, Milp
from planner.milp.parts import Entries, entries_of, with_entries

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Merged:
    """``milp`` with fewer columns: ``kept`` (of the whole matrix, ascending), and behind them one for each carrying.

    ``moved`` columns of the whole matrix count in ``into`` of this one and are carried by ``carrying``, (M,) each;
    ``sharing`` (C,) says which carryings share serving columns.
    """

    milp: Milp
    columns: int
    kept: Ints
    moved: Ints
    into: Ints
    carrying: Ints
    sharing: Ints

    def merged(self, x: Floats) -> Floats:
        """A vector of the whole matrix as one of this."""
        size = self.milp.columns
        found = np.zeros(size)
        found[: len(self.kept)] = x[self.kept]
        for at in (self.into, self.carrying):
            found += np.bincount(at, weights=x[self.moved], minlength=size)
        return found

    def whole(self, x: Floats) -> Floats:
        """A vector of this matrix as one of the whole: what is carried is so much of each that shares the columns."""
        full = np.zeros(self.columns)
        full[self.kept] = x[: len(self.kept)]
        first = len(self.kept)
        carried = np.maximum(x[first:], 0.0)
        groups = int(self.sharing.max(initial=-1)) + 1
        # Every carrying of a group moves the same columns, so those of its first one are the work of all.
        leader = np.full(groups, -1, dtype=np.int64)
        leader[self.sharing[::-1]] = np.arange(len(self.sharing))[::-1]
        leading = leader[self.sharing[self.carrying - first]] == self.carrying - first
        work = np.bincount(
            self.sharing[self.carrying[leading] - first], weights=x[self.into[leading]], minlength=groups
        )
        together = np.bincount(self.sharing, weights=carried, minlength=groups)
        # More than all the work is carried where that is free: as much as there is.
        of_work = np.maximum(work, together)[self.sharing]
        share = np.divide(carried, of_work, out=np.zeros_like(carried), where=of_work > 0)
        own = share[self.carrying - first] * x[self.into]
        full[self.moved] = own
        np.subtract.at(full, self.kept[self.into], own)
        return full


def merge(model: Model, milp: Milp) -> Merged | None:
    """``milp`` (``model``'s matrix with any objective) with serving columns shared; None where none can be."""
    pairs = list(_pairs(model))
    if not pairs:
        return None
    mine, other, count, cells, sharing = (np.concatenate(columns) for columns in zip(*pairs, strict=True))
    carrying = np.repeat(np.arange(len(count)), count)
    differing, alike = _differences(milp, mine, other, carrying, len(count))
    dearer = _common(milp.cost[mine] - milp.cost[other], carrying, len(count))
    alike &= np.isfinite(dearer) & (dearer >= 0)
    if not alike.any():
        return None
    number = np.cumsum(alike) - 1
    chosen = alike[carrying]
    kept_there = np.ones(milp.columns, dtype=bool)
    kept_there[mine[chosen]] = False
    kept = np.flatnonzero(kept_there)
    place = np.full(milp.columns, ABSENT, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    _, shared = np.unique(sharing[alike], return_inverse=True)
    moved, into, by = mine[chosen], place[other[chosen]], len(kept) + number[carrying[chosen]]
    extra = Entries(differing.row, len(kept) + number[differing.column], differing.value)[alike[differing.column]]
    upper = np.concatenate([milp.upper[kept], np.zeros(len(shared))])
    for at in (into, by):
        np.add.at(upper, at, milp.upper[moved])
    axes = ([str(pair) for pair in range(len(pairs))], *_axes(model))
    block = Block("carried", axes, cells[alike], len(kept))
    smaller = _smaller(milp, kept, place, dearer[alike], upper, extra, block)
    return Merged(smaller, milp.columns, kept, moved, into, by, shared)


def _smaller(
    milp: Milp, kept: Ints, place: Ints, dearer: Floats, upper: Floats, extra: Entries, carried: Block
) -> Milp:
    """The columns that are kept, at their ``place``, and those ``carried``, at ``dearer`` and with ``extra``."""
    every = entries_of(milp)
    every = every[place[every.column] != ABSENT]
    inner = Entries(
        np.concatenate([every.row, extra.row]),
        np.concatenate([place[every.column], extra.column]),
        np.concatenate([every.value, extra.value]),
    )
    size = len(dearer)
    continuous = np.zeros(size, dtype=bool)
    smaller = replace(
        milp,
        cost=np.concatenate([milp.cost[kept], dearer]),
        lower=np.concatenate([milp.lower[kept], np.zeros(size)]),
        upper=upper,
        integer=np.concatenate([milp.integer[kept], continuous]),
        guided=np.concatenate([milp.guided[kept], continuous]),
        column_blocks=(*_kept_blocks(milp, kept), carried),
    )
    return with_entries(smaller, inner)


def _kept_blocks(milp: Milp, kept: Ints) -> Iterator[Block]:
    """The blocks of columns without those that went."""
    for block in milp.column_blocks:
        first, last = np.searchsorted(kept, (block.span.start, block.span.stop))
        yield replace(block, cells=block.cells[kept[first:last] - block.first], first=int(first))


def _axes(model: Model) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    timeline = model.problem.timeline
    return model.problem.futures, timeline.names, timeline.blocks


def _pairs(model: Model) -> Iterator[tuple[Ints, Ints, Ints, Ints, Ints]]:
    """Columns of a pool and those of another with the same work, by future, period and block.

    Then how many there are in each of these, its cell, those of one pair of pools after those of another, and a number
    that those have in common whose columns are shared.
    """
    assignments, gpus = model.problem.assignments, model.variables.gpus
    by_pool: dict[int, list[int]] = defaultdict(list)
    for index, pool in enumerate(assignments.pool):
        by_pool[int(pool)].append(index)
    alike: dict[tuple[object, ...], list[list[int]]] = defaultdict(list)
    for members in by_pool.values():
        ordered = sorted(members, key=lambda at: (int(assignments.workload[at]), assignments.candidates[at].name))
        alike[tuple(_work(model, at) for at in ordered)].append(ordered)
    busy = np.array([pool.busy_usd_per_gpu_hour.sum() for pool in model.problem.pools.pools])
    share, pair = 0, 0
    for group in alike.values():
        # The cheapest to be busy in stands for the others; of equals the one that is there the longest.
        group.sort(key=lambda ids: (busy[assignments.pool[ids[0]]], -int((gpus[ids] != ABSENT).sum())))
        for_all = gpus[group[0]]
        for ids in group[1:]:
            here = gpus[ids]
            there = here != ABSENT
            same = np.all(there == (for_all != ABSENT), axis=0) & np.any(there, axis=0)
            # All of one future, period and block stand together.
            present = there[:, same].T
            yield (
                here[:, same].T[present],
                for_all[:, same].T[present],
                present.sum(axis=1),
                pair * for_all[0].size + np.flatnonzero(same),
                share + np.flatnonzero(same),
            )
            pair += 1
        share += for_all[0].size


def _work(model: Model, at: int) -> tuple[object, ...]:
    assignments = model.problem.assignments
    return (
        int(assignments.workload[at]),
        assignments.candidates[at].name,
        assignments.rate[at].tobytes(),
        assignments.up[at].tobytes(),
    )


def _differences(milp: Milp, mine: Ints, other: Ints, carrying: Ints, size: int) -> tuple[Entries, NDArray[np.bool_]]:
    """What columns have that their others have not, by carrying (in the place of columns), where all of one agree.

    The second says of which carryings they do, and of which nothing is eased but one row: the others' GPUs.
    """
    every = entries_of(milp)
    order = np.argsort(every.column, kind="stable")
    starts = np.searchsorted(every.column[order], np.arange(milp.columns + 1))
    parts = [_of_columns(every, order, starts, columns, sign) for columns, sign in ((mine, 1.0), (other, -1.0))]
    pair, row, value = (np.concatenate([part[at] for part in parts]) for at in range(3))
    places, at = np.unique(pair * milp.rows + row, return_inverse=True)
    value = np.asarray(np.bincount(at, weights=value, minlength=len(places)), dtype=float)
    pair, row = np.divmod(places, milp.rows)
    # What differs by the last bits of a sum differs by nothing.
    there = np.abs(value) > 1e-12
    pair, row, value = pair[there], row[there], value[there]
    cells, at = np.unique(carrying[pair] * milp.rows + row, return_inverse=True)
    each, row = np.divmod(cells, milp.rows)
    low, high = _range(value, at, len(cells))
    pairs = np.bincount(carrying, minlength=size)
    agrees = (np.bincount(at, minlength=len(cells)) == pairs[each]) & (high - low <= 1e-12 * np.abs(high))
    capacity = np.zeros(milp.rows, dtype=bool)
    for block in milp.row_blocks:
        capacity[block.span] |= block.name == "capacity"
    limited = ~np.isfinite(milp.row_lower)[row]
    fine = agrees & limited & ((high > 0) | (capacity[row] & (high == -1.0)))
    alike = np.bincount(each, weights=fine, minlength=size) == np.bincount(each, minlength=size)
    return Entries(row, each, high), alike


def _of_columns(every: Entries, order: Ints, starts: Ints, columns: Ints, sign: float) -> tuple[Ints, Ints, Floats]:
    """Entries of columns, each with the place of its column among them."""
    count = starts[columns + 1] - starts[columns]
    pair = np.repeat(np.arange(len(columns)), count)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    at = order[np.repeat(starts[columns], count) + offset]
    return pair, every.row[at], sign * every.value[at]


def _range(values: Floats, group: Ints, size: int) -> tuple[Floats, Floats]:
    """The least and the largest value of each group, (size,)."""
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, group, values)
    np.maximum.at(high, group, values)
    return low, high


def _common(values: Floats, group: Ints, size: int) -> Floats:
    """The value that all of a group have, (size,); NaN where they differ."""
    low, high = _range(values, group, size)
    return np.where(high - low <= 1e-9 * np.maximum(np.abs(high), 1e-12), high, np.nan)
