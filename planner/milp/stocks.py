"""Stocks of a matrix: what is in service is all that came, less what came a life earlier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.milp.items import named
from planner.milp.matrix import ABSENT, Milp
from planner.milp.parts import entries_of

Ints = NDArray[np.int64]

STOCKS, INFLOWS = ("fleet", "contracts"), ("buy", "sign")


def gone_since(milp: Milp) -> Ints:
    """For each level of a stock the level of the period in which the latest came that has gone by then, (columns,).

    ABSENT where none has, and for all other columns. So a level is what came in all, less what had come at the other.
    """
    stock = np.zeros(milp.rows, dtype=bool)
    for block in milp.row_blocks:
        stock[block.span] |= block.name in STOCKS
    entries = entries_of(milp)
    entries = entries[stock[entries.row]]
    inflow, added = named(milp, INFLOWS)[entries.column], entries.value > 0
    level, came = (np.full(size, ABSENT, dtype=np.int64) for size in (milp.rows, milp.columns))
    before, since = (np.full(milp.columns, ABSENT, dtype=np.int64) for _ in range(2))
    here, last, new, gone = (entries[at] for at in (~inflow & added, ~inflow & ~added, inflow & ~added, inflow & added))
    level[here.row] = here.column
    before[level[last.row]] = last.column
    came[new.column] = level[new.row]
    since[level[gone.row]] = came[gone.column]
    # Where nothing could come a life earlier, what is gone is what was gone before.
    while True:
        at = np.flatnonzero((since == ABSENT) & (before != ABSENT))
        at = at[since[before[at]] != ABSENT]
        if not len(at):
            return since
        since[at] = since[before[at]]
