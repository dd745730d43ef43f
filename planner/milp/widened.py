"""A matrix with more in it: further coefficients, columns or rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.milp.matrix import Block, Bools, Floats, Ints, Milp


def with_added_entries(milp: Milp, rows: Ints, columns: Ints, values: Floats) -> Milp:
    """The same matrix with further coefficients in existing rows."""
    row_of = np.concatenate([milp.row_of, rows])
    order = np.argsort(row_of, kind="stable")
    counts = np.bincount(row_of, minlength=milp.rows)
    return replace(
        milp,
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        indices=np.concatenate([milp.indices, columns])[order],
        data=np.concatenate([milp.data, values])[order],
    )


def with_columns(
    milp: Milp, cost: Floats, name: str, upper: Floats | float = np.inf, integer: Bools | bool = False
) -> Milp:
    """The same matrix with further columns of a ``cost`` each, from 0 to ``upper``, that stand in no row yet."""
    number = len(cost)
    return replace(
        milp,
        cost=np.append(milp.cost, cost),
        lower=np.append(milp.lower, np.zeros(number)),
        upper=np.append(milp.upper, np.broadcast_to(upper, number)),
        integer=np.append(milp.integer, np.broadcast_to(integer, number)),
        guided=np.append(milp.guided, np.zeros(number, dtype=bool)),
        column_blocks=(*milp.column_blocks, Block(name, (), np.arange(number), milp.columns)),
    )


def with_rows(milp: Milp, rows: list[tuple[Ints, Floats, float, float]], name: str) -> Milp:
    """The same matrix with further rows (columns, values, lower, upper)."""
    if not rows:
        return milp
    ordered = [(np.argsort(columns, kind="stable"), columns, values) for columns, values, _, _ in rows]
    lengths = np.array([len(columns) for columns, _, _, _ in rows])
    return replace(
        milp,
        row_lower=np.append(milp.row_lower, [low for _, _, low, _ in rows]),
        row_upper=np.append(milp.row_upper, [high for _, _, _, high in rows]),
        indptr=np.append(milp.indptr, milp.indptr[-1] + np.cumsum(lengths)).astype(np.int64),
        indices=np.concatenate([milp.indices, *[columns[order] for order, columns, _ in ordered]]),
        data=np.concatenate([milp.data, *[values[order] for order, _, values in ordered]]),
        row_blocks=(*milp.row_blocks, Block(name, (), np.arange(len(rows)), milp.rows)),
    )
