"""The LP relaxation of a large matrix, solved on fewer columns and rows, and proved on all of them.

What seldom matters is left out at first: rows that add up nearly everything (budgets), and contracts, which tie periods
to each other; of a huge matrix all that one coarser in time has no use for. Rows that the answer breaks come back, and
so does each item that would pay at its prices.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.errors import SolverFailure
from planner.milp.coarser import coarser
from planner.milp.items import SERVING, items, named, of_items
from planner.milp.matrix import Milp
from planner.milp.parts import Entries, entries_of, part
from planner.solvers.answer import AT_LOWER, BASIC, Answer, Basis, Floats, Method, Options
from planner.solvers.clock import Clock

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Below so many columns the LP takes a fraction of a second as it is.
LARGE = 10_000
# Measured: on what is left of fleets HiGHS takes half the time of GLOP.
ENGINE, OTHER = "highs", "glop"
# A row is left out at first where it has more coefficients than this, and than so many times the mean.
DENSE, DENSER = 1000, 20.0
PRICED = ("sign", "held", "signed")
# From so many columns on only items are in that matter in a matrix of so many periods together.
HUGE, TOGETHER = 50_000, 6
LEFT_OUT = (*PRICED, "buy", "own", *SERVING)
# Measured: from so many columns on interior points and a crossover take less than the simplex method.
INTERIOR = 60_000
ROUNDS = 8
# Of a row's size, and of the objective: what an LP leaves within its tolerances breaks no row and pays for nothing.
BROKEN, PAYS = 1e-7, 1e-7


def relaxation(milp: Milp, options: Options) -> Answer:
    """The LP relaxation of ``milp``, with duals of all its rows."""
    whole = milp.relaxed()
    if milp.columns < LARGE:
        return solvers.run(whole, OTHER, options)
    clock = Clock(options.time_limit_s)
    entries, item = entries_of(whole), items(whole)
    rows, everything = ~_dense(whole), ~named(whole, PRICED)
    columns = _mattering(whole, item, options)
    basis = None
    for _ in range(ROUNDS):
        try:
            answer = _on(whole, entries, rows, columns, basis, clock.rest(options))
        except SolverFailure:
            # HiGHS breaks down on a few ordinary matrices.
            break
        if basis is not None and answer.x is None:
            basis = None
            continue
        if answer.status == "infeasible" and not columns[everything].all():
            columns = columns | everything
            continue
        if answer.x is None or answer.duals is None:
            break
        activity = whole.activity(answer.x)
        size = np.maximum(1.0, np.abs(activity))
        broken = ~rows & ((activity > whole.row_upper + BROKEN * size) | (activity < whole.row_lower - BROKEN * size))
        found = _priced_out(whole, entries, columns, answer, clock.rest(options))
        if found is None:
            break
        duals, paying = found
        if not broken.any() and not paying.any():
            return replace(answer, duals=duals, seconds=clock.seconds)
        rows = rows | broken
        columns, basis = columns | of_items(paying, item), answer.basis
    return solvers.run(whole, OTHER, clock.rest(options))


def _mattering(milp: Milp, item: Ints, options: Options) -> Bools:
    """The columns that matter in a matrix coarser in time, of a huge one; all of any other."""
    coarse = coarser(milp, TOGETHER) if milp.columns >= HUGE else None
    answer = None if coarse is None else relaxation(coarse.milp, options)
    if coarse is None or answer is None or answer.x is None:
        return ~named(milp, PRICED)
    return ~named(milp, LEFT_OUT) | of_items(answer.x[coarse.of] > 0, item)


def _dense(milp: Milp) -> Bools:
    count = np.diff(milp.indptr)
    return np.asarray(count > max(DENSE, DENSER * count.mean()))


def _on(milp: Milp, entries: Entries, rows: Bools, columns: Bools, basis: Basis | None, options: Options) -> Answer:
    """The LP on some rows and columns, its answer on all: other columns at 0, other rows without a price.

    It goes on from a ``basis`` of all of them, where there is one.
    """
    idle = np.bincount(entries.row, weights=columns[entries.column], minlength=milp.rows) == 0
    rows = rows & ~(idle & (milp.row_lower <= 0) & (milp.row_upper >= 0))
    some = _subset(milp, entries, rows, columns, milp.cost)
    if basis is None:
        method: Method = "interior" if some.columns >= INTERIOR else "dual"
        answer = solvers.run(some, ENGINE, replace(options, method=method))
    else:
        last = Basis(basis.columns[columns], basis.rows[rows])
        answer = solvers.run(some, OTHER, replace(options, method="primal", presolve=False), last)
    if answer.x is None or answer.duals is None:
        return answer
    x, duals = np.zeros(milp.columns), np.zeros(milp.rows)
    x[columns], duals[rows] = answer.x, answer.duals
    if answer.basis is not None:
        basis = Basis(np.full(milp.columns, AT_LOWER), np.full(milp.rows, BASIC))
        basis.columns[columns], basis.rows[rows] = answer.basis.columns, answer.basis.rows
    return replace(answer, x=x, duals=duals, objective=milp.objective(x), basis=basis)


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
    found = solvers.run(_subset(milp, entries, inside, ~columns, price), OTHER, replace(options, method="primal"))
    if found.x is None or found.duals is None:
        return None
    duals = answer.duals.copy()
    duals[inside] = found.duals
    paying = none.copy()
    if found.objective < -PAYS * max(1.0, abs(answer.objective)):
        paying[np.flatnonzero(~columns)[found.x > 0]] = True
    return duals, paying
