"""The LP relaxation of a large matrix, solved on fewer columns and rows, and proved on all of them.

What seldom matters is left out at first: rows that add up nearly everything (budgets), and contracts, which tie periods
to each other. Rows that the answer breaks come back, and so does each contract that would pay at its prices.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.errors import SolverFailure
from planner.milp.matrix import Milp
from planner.milp.parts import Entries, entries_of, part
from planner.solvers.answer import Answer, Floats, Options

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Below so many columns the LP takes a fraction of a second as it is.
LARGE = 10_000
# Measured: on what is left of fleets HiGHS takes half the time of GLOP.
ENGINE, OTHER = "highs", "glop"
# A row is left out at first where it has more coefficients than this, and than so many times the mean.
DENSE, DENSER = 1000, 20.0
PRICED = ("sign", "held", "signed")
ROUNDS = 8
# Of a row's size, and of the objective: what an LP leaves within its tolerances breaks no row and pays for nothing.
BROKEN, PAYS = 1e-7, 1e-7


def relaxation(milp: Milp, options: Options) -> Answer:
    """The LP relaxation of ``milp``, with duals of all its rows."""
    whole = milp.relaxed()
    if milp.columns < LARGE:
        return solvers.run(whole, OTHER, options)
    entries = entries_of(whole)
    rows, columns = ~_dense(whole), ~_priced(whole)
    for _ in range(ROUNDS):
        try:
            answer = _on(whole, entries, rows, columns, options)
        except SolverFailure:
            # HiGHS breaks down on a few ordinary matrices.
            break
        if answer.x is None or answer.duals is None:
            break
        activity = whole.activity(answer.x)
        size = np.maximum(1.0, np.abs(activity))
        broken = ~rows & ((activity > whole.row_upper + BROKEN * size) | (activity < whole.row_lower - BROKEN * size))
        found = _priced_out(whole, entries, columns, answer, options)
        if found is None:
            break
        duals, paying = found
        if not broken.any() and not paying.any():
            return replace(answer, duals=duals)
        rows = rows | broken
        columns = columns | paying
    return solvers.run(whole, OTHER, options)


def _dense(milp: Milp) -> Bools:
    count = np.diff(milp.indptr)
    return np.asarray(count > max(DENSE, DENSER * count.mean()))


def _priced(milp: Milp) -> Bools:
    found = np.zeros(milp.columns, dtype=bool)
    for block in milp.column_blocks:
        if block.name in PRICED:
            found[block.span] = True
    return found


def _on(milp: Milp, entries: Entries, rows: Bools, columns: Bools, options: Options) -> Answer:
    """The LP on some rows and columns, its answer on all: other columns at 0, other rows without a price."""
    answer = solvers.run(_subset(milp, entries, rows, columns, milp.cost), ENGINE, options)
    if answer.x is None or answer.duals is None:
        return answer
    x, duals = np.zeros(milp.columns), np.zeros(milp.rows)
    x[columns], duals[rows] = answer.x, answer.duals
    return replace(answer, x=x, duals=duals, objective=milp.objective(x))


def _subset(milp: Milp, entries: Entries, rows: Bools, columns: Bools, cost: Floats) -> Milp:
    """Some rows and columns of ``milp`` at a ``cost`` (columns of ``milp``,), with ``entries`` its coefficients."""
    chosen = entries[rows[entries.row] & columns[entries.column]]
    nothing, no_slack = np.zeros(milp.rows), np.full(int(rows.sum()), np.inf)
    return part(milp, chosen, np.flatnonzero(columns), np.flatnonzero(rows), cost, nothing, no_slack)


def _priced_out(
    milp: Milp, entries: Entries, columns: Bools, answer: Answer, options: Options
) -> tuple[Floats, Bools] | None:
    """Duals that hold for the columns left out too, and which of those would pay at them."""
    assert answer.duals is not None
    none = np.zeros(milp.columns, dtype=bool)
    if columns.all():
        return answer.duals, none
    inside = np.bincount(entries.row, weights=columns[entries.column], minlength=milp.rows) == 0
    inside &= np.diff(milp.indptr) > 0
    price = milp.cost - milp.transposed_times(answer.duals)
    found = solvers.run(_subset(milp, entries, inside, ~columns, price), OTHER, options)
    if found.x is None or found.duals is None:
        return None
    duals = answer.duals.copy()
    duals[inside] = found.duals
    paying = none.copy()
    if found.objective < -PAYS * max(1.0, abs(answer.objective)):
        taken = np.flatnonzero(~columns)[found.x > 0]
        paying[_together(entries, inside, ~columns, taken, milp.columns)] = True
    return duals, paying


def _together(entries: Entries, rows: Bools, columns: Bools, taken: Ints, size: int) -> Ints:
    """The columns that rows of their own tie to any of ``taken``."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    at = entries[rows[entries.row] & columns[entries.column]]
    graph = coo_array((np.ones(len(at.row)), (at.row, at.column + len(rows))), shape=(len(rows) + size,) * 2)
    _, label = connected_components(graph, directed=False)
    mine = label[len(rows) :]
    return np.flatnonzero(columns & np.isin(mine, mine[taken]))
