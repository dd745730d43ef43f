"""A matrix coarser in time: the columns and rows of several periods added up, everything else as it is.

A column stands for what is the same in all its periods, a row for what they ask together. Its optimum proves nothing of
the matrix it was made of; it tells which items matter there, in a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.milp.matrix import Block, Milp
from planner.milp.parts import Entries, entries_of, with_entries

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A block whose axes are those of all that is decided by period.
BY_PERIOD = "own"


@dataclass(frozen=True)
class Coarser:
    """``milp``, and which column of it each column of the finer matrix counts in, (columns,)."""

    milp: Milp
    of: Ints


def coarser(milp: Milp, together: int) -> Coarser | None:
    """The relaxation of ``milp`` with so many periods ``together``; None where it has no periods, or too few."""
    periods = next((tuple(block.axes[2]) for block in milp.column_blocks if block.name == BY_PERIOD), ())
    if len(periods) < 2 * together:
        return None
    columns, column_blocks = _grouped(milp.column_blocks, periods, together)
    rows, row_blocks = _grouped(milp.row_blocks, periods, together)
    size, height = sum(len(block.cells) for block in column_blocks), sum(len(block.cells) for block in row_blocks)
    every = entries_of(milp)
    found = replace(
        milp,
        cost=_sum(milp.cost, columns, size),
        lower=_mean(milp.lower, columns, size),
        upper=_mean(milp.upper, columns, size),
        integer=np.zeros(size, dtype=bool),
        guided=np.zeros(size, dtype=bool),
        row_lower=_sum(milp.row_lower, rows, height),
        row_upper=_sum(milp.row_upper, rows, height),
        column_blocks=column_blocks,
        row_blocks=row_blocks,
        limits=(),
    )
    return Coarser(with_entries(found, Entries(rows[every.row], columns[every.column], every.value)), columns)


def _grouped(blocks: Sequence[Block], periods: tuple[str, ...], together: int) -> tuple[Ints, tuple[Block, ...]]:
    """The group of each column or row, and the blocks of groups."""
    groups: list[Ints] = [np.zeros(0, dtype=np.int64)]
    found: list[Block] = []
    first = 0
    for block in blocks:
        axes = tuple(axis[::together] if tuple(axis) == periods else axis for axis in block.axes)
        place = list(np.unravel_index(block.cells, [len(axis) for axis in block.axes])) if axes else []
        for at, axis in enumerate(block.axes):
            if tuple(axis) == periods:
                place[at] = place[at] // together
        flat = np.ravel_multi_index(place, [len(axis) for axis in axes]) if axes else np.arange(len(block.cells))
        cells, inverse = np.unique(flat, return_inverse=True)
        groups.append(first + inverse)
        found.append(Block(block.name, axes, cells if axes else block.cells, first))
        first += len(cells)
    return np.concatenate(groups), tuple(found)


def _sum(values: Floats, group: Ints, size: int) -> Floats:
    return np.asarray(np.bincount(group, weights=values, minlength=size), dtype=float)


def _mean(values: Floats, group: Ints, size: int) -> Floats:
    return _sum(values, group, size) / np.maximum(np.bincount(group, minlength=size), 1)
