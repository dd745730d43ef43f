"""Limits raised alike: how many times what they are, as one further column of the matrix.

Every row of the kinds that are raised gets room in proportion to its limit. So all of them grow together, and none
takes what another could not give.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from planner.kinds.limits import LimitKind
from planner.milp.matrix import Milp
from planner.milp.widened import with_added_entries, with_columns


def with_factor(milp: Milp, raised: Collection[LimitKind], most: float, lifted: Collection[LimitKind] = ()) -> Milp:
    """``milp`` with its limits of the kinds ``raised`` times a factor from 1 to ``most``, which is what it minimises.

    The last column is the factor less 1. Limits of the kinds ``lifted`` hold no more. Floors are not raised.
    """
    row_upper, rows, room = milp.row_upper.copy(), [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for block in milp.limits:
        assert not (block.kind.floor and block.kind in raised)
        if block.kind in lifted:
            row_upper[block.rows] = np.inf
        elif block.kind in raised:
            rows.append(block.rows)
            room.append(block.limit / block.per_row_unit)
    last, places = milp.columns, np.concatenate(rows)
    without = replace(milp, cost=np.zeros(last), constant=1.0, row_upper=row_upper)
    widened = with_columns(without, np.ones(1), "factor", most - 1.0)
    return with_added_entries(widened, places, np.full(len(places), last), -np.concatenate(room))


def at_factor(factored: Milp, factor: float) -> Milp:
    """A matrix of ``with_factor`` at a factor of at most ``factor``, without an objective: is there a plan?"""
    upper = factored.upper.copy()
    upper[-1] = factor - 1.0
    return replace(factored, upper=upper, cost=np.zeros(factored.columns), constant=0.0)
