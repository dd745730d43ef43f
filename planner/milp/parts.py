"""Parts of a matrix: some of its columns and rows as a matrix of their own, the rest fixed or priced."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.milp.matrix import Milp

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Entries:
    """Coefficients as three columns of equal length."""

    row: Ints
    column: Ints
    value: Floats

    def __getitem__(self, at: Ints | Bools) -> Entries:
        return Entries(self.row[at], self.column[at], self.value[at])


def entries_of(milp: Milp) -> Entries:
    """All coefficients, row by row."""
    return Entries(milp.row_of, milp.indices, milp.data)


def with_entries(milp: Milp, entries: Entries) -> Milp:
    """The same columns and rows with other coefficients; those of one place are added up."""
    flat = entries.row * max(1, milp.columns) + entries.column
    places, at = np.unique(flat, return_inverse=True)
    row, column = np.divmod(places, max(1, milp.columns))
    data = np.bincount(at, weights=entries.value, minlength=len(places))
    kept = data != 0
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=milp.rows))]).astype(np.int64)
    return replace(milp, indptr=indptr, indices=column[kept], data=data[kept])


def part(
    milp: Milp, entries: Entries, columns: Ints, rows: Ints, cost: Floats, taken: Floats, slack_usd: Floats
) -> Milp:
    """``columns`` and ``rows`` (both ascending) as a matrix of their own, ``entries`` being those of both.

    ``taken`` (rows of ``milp``,) is what all other columns already fill. Rows with a finite ``slack_usd`` (rows of the
    part,) may miss their lower side at that cost per unit, by columns behind the others.
    """
    short = np.flatnonzero(np.isfinite(slack_usd))
    size, slacks = len(columns), len(short)
    inner = Entries(
        np.concatenate([np.searchsorted(rows, entries.row), short]),
        np.concatenate([np.searchsorted(columns, entries.column), size + np.arange(slacks)]),
        np.concatenate([entries.value, np.ones(slacks)]),
    )

    def widened(values: NDArray[np.generic], fill: float) -> Floats:
        return np.concatenate([values[columns].astype(float), np.full(slacks, fill)])

    found = replace(
        milp,
        cost=np.concatenate([cost[columns], slack_usd[short]]),
        constant=0.0,
        lower=widened(milp.lower, 0.0),
        upper=widened(milp.upper, np.inf),
        integer=widened(milp.integer, 0.0).astype(bool),
        guided=widened(milp.guided, 0.0).astype(bool),
        row_lower=milp.row_lower[rows] - taken[rows],
        row_upper=milp.row_upper[rows] - taken[rows],
        column_blocks=(),
        row_blocks=(),
        limits=(),
    )
    return with_entries(found, inner)
