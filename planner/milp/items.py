"""Items of a matrix: a system at a site, a group, an offer, who serves what where; its columns are a period each."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from planner.milp.matrix import Block, Milp

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Most columns of a large matrix: of their items a plan uses few. What is left is there in any plan, or a way out.
SERVING = ("rent", "at_once", "gpus", "replicas", "carried")


def item_of(block: Block) -> Ints:
    """The place on the first axis of each column of ``block``."""
    return block.cells // int(np.prod([len(axis) for axis in block.axes[1:]]))


def items(milp: Milp) -> Ints:
    """Which item each column is of, (columns,)."""
    found, first = np.zeros(milp.columns, dtype=np.int64), 0
    for block in milp.column_blocks:
        found[block.span] = first + (item_of(block) if block.axes else 0)
        first += len(block.axes[0]) if block.axes else 1
    return found


def of_items(some: Bools, item: Ints) -> Bools:
    """All columns of the items of ``some``, where ``item`` (columns,) says which item each is of."""
    return np.asarray((np.bincount(item, weights=some) > 0)[item])


def named(milp: Milp, names: Collection[str]) -> Bools:
    """The columns of blocks so named, (columns,)."""
    found = np.zeros(milp.columns, dtype=bool)
    for block in milp.column_blocks:
        if block.name in names:
            found[block.span] = True
    return found
