"""Rows of the simplex tableau: what each row of a matrix counts for in them.

The basis of a plan's LP is nearly a triangle, so most of it is solved one level after another, and what is left over by
elimination. SciPy's factors would take a fifth of a second to load, and their last bits depend on the processor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A larger square than this is left alone: to eliminate in it takes a tenth of a second.
KERNEL = 400
# A pivot below this, of the largest of its column, makes no tableau that could be used.
SINGULAR = 1e-9


@dataclass(frozen=True)
class Square:
    """A square matrix by its coefficients, three columns of equal length, of ``size`` rows and columns."""

    row: Ints
    column: Ints
    value: Floats
    size: int


# The columns of a level, the row of each in which it is solved, and the coefficient there.
Level = tuple[Ints, Ints, Floats]


def multipliers(square: Square, columns: Ints) -> Floats | None:
    """y (rows, columns) for which the rows times y are 1 in one column each, and 0 in all others; None if singular."""
    peeled = _peeled(square)
    if peeled is None:
        return None
    before, kernel, after = peeled
    wanted = np.zeros((square.size, len(columns)))
    wanted[columns, np.arange(len(columns))] = 1.0
    found = np.zeros((square.size, len(columns)))
    order = np.argsort(square.column, kind="stable")
    row, value = square.row[order], square.value[order]
    start = np.searchsorted(square.column[order], np.arange(square.size + 1))

    def left(at: Ints) -> Floats:
        """What the rows known so far leave to do in columns ``at``."""
        count = start[at + 1] - start[at]
        first = np.cumsum(count) - count
        entry = np.repeat(start[at] - first, count) + np.arange(count.sum())
        return np.asarray(wanted[at] - np.add.reduceat(value[entry, None] * found[row[entry]], first, axis=0))

    for at, rows, pivots in before:
        found[rows] = left(at) / pivots[:, None]
    at, rows = kernel
    if len(at):
        solved = _eliminated(_dense(square, at, rows), left(at))
        if solved is None:
            return None
        found[rows] = solved
    for at, rows, pivots in reversed(after):
        found[rows] = left(at) / pivots[:, None]
    return found


def _peeled(square: Square) -> tuple[list[Level], tuple[Ints, Ints], list[Level]] | None:
    """Columns with one row left, level by level; the square that remains; and rows with one column left, likewise."""
    alive = np.ones(len(square.row), dtype=bool)
    by_column: list[Level] = []
    by_row: list[Level] = []
    rows, columns = np.ones(square.size, dtype=bool), np.ones(square.size, dtype=bool)
    while True:
        levels, alone = by_column, _alone(square.column, alive, square.size)
        if not alone.any():
            levels, alone = by_row, _alone(square.row, alive, square.size)
        if not alone.any():
            break
        at, row = square.column[alone], square.row[alone]
        if len(np.unique(at)) < len(at) or len(np.unique(row)) < len(row):
            return None
        levels.append((at, row, square.value[alone]))
        columns[at] = rows[row] = False
        alive &= columns[square.column] & rows[square.row]
    kernel = np.flatnonzero(columns), np.flatnonzero(rows)
    return None if len(kernel[0]) > KERNEL else (by_column, kernel, by_row)


def _alone(place: Ints, alive: Bools, size: int) -> Bools:
    """Coefficients that are the last one alive at their ``place``."""
    return np.asarray(alive & (np.bincount(place[alive], minlength=size) == 1)[place])


def _dense(square: Square, columns: Ints, rows: Ints) -> Floats:
    """The coefficients of ``rows`` in ``columns``, (columns, rows)."""
    place = np.full((2, square.size), -1)
    place[0, columns], place[1, rows] = np.arange(len(columns)), np.arange(len(rows))
    at, row = place[0, square.column], place[1, square.row]
    inside = (at >= 0) & (row >= 0)
    found = np.zeros((len(columns), len(rows)))
    found[at[inside], row[inside]] = square.value[inside]
    return found


def _eliminated(matrix: Floats, right: Floats) -> Floats | None:
    """x of matrix·x = right, by elimination in an order that is always the same; None where there is none."""
    work, size = np.hstack([matrix, right]), len(matrix)
    scale = np.maximum(np.abs(matrix).max(axis=0), SINGULAR)
    for at in range(size):
        pivot = at + int(np.abs(work[at:, at]).argmax())
        if abs(work[pivot, at]) < SINGULAR * scale[at]:
            return None
        if pivot != at:
            work[[at, pivot]] = work[[pivot, at]]
        below = at + 1 + np.flatnonzero(work[at + 1 :, at])
        if len(below):
            work[below, at:] -= (work[below, at] / work[at, at])[:, None] * work[at, at:]
    for at in range(size - 1, -1, -1):
        work[at, size:] /= work[at, at]
        above = np.flatnonzero(work[:at, at])
        if len(above):
            work[above, size:] -= work[above, at, None] * work[at, size:]
    return work[:, size:]
