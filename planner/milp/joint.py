"""Two matrices side by side as one: each keeps its columns and rows, and rows between them tie what is decided once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.milp.matrix import Block, Milp


def side_by_side(first: Milp, second: Milp) -> Milp:
    """The columns and rows of ``first``, then those of ``second``, which costs nothing here."""
    columns, rows = first.columns, first.rows
    return replace(
        first,
        cost=np.append(first.cost, np.zeros(second.columns)),
        lower=np.append(first.lower, second.lower),
        upper=np.append(first.upper, second.upper),
        integer=np.append(first.integer, second.integer),
        guided=np.append(first.guided, second.guided),
        row_lower=np.append(first.row_lower, second.row_lower),
        row_upper=np.append(first.row_upper, second.row_upper),
        indptr=np.append(first.indptr, first.indptr[-1] + second.indptr[1:]),
        indices=np.append(first.indices, columns + second.indices),
        data=np.append(first.data, second.data),
        column_blocks=(*first.column_blocks, Block("second", (), np.arange(second.columns), columns)),
        row_blocks=(*first.row_blocks, Block("second", (), np.arange(second.rows), rows)),
    )
