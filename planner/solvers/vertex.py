"""LPs much like one that is solved already, each from the vertex where that one ended.

Which vertex that is depends on nothing but the one LP, so an answer depends on no other that was asked for before, and
on no core. It is an optimum like one found from nothing, of the same cost; where there are several it may be another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.frozen import dataclass
from planner.milp.matrix import Axis, Block, Milp
from planner.solvers.answer import AT_LOWER, BASIC, Answer, Basis, Floats, Method, Options

Ints = NDArray[np.int64]

# Within what engines leave of a row, a vertex is one of another LP too.
KEPT = 1e-7
# Of an optimum: two that differ by less are the same, found in two ways.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Vertex:
    """The optimum ``x`` (columns,) of the relaxation of ``of``, its objective times ``scale``, and its basis."""

    of: Milp
    scale: float
    x: Floats
    basis: Basis

    @property
    def least(self) -> float:
        """The optimum, in the unit of ``of``."""
        return self.of.objective(self.x)

    def solve(self, milp: Milp, options: Options) -> Answer:
        """The relaxation of ``milp``, whose objective is scaled as this one's, from here.

        Columns and rows are the same where their labels are. It costs the least that there is, whatever it starts from.
        """
        widened, basis, x = self.carried(milp)
        # Where every limit is kept only the costs are not the least any more. Measured: the primal method also makes up
        # sooner for columns that are gone.
        method: Method = "primal" if widened.columns > milp.columns or _keeps(widened, x) else "dual"
        found = solvers.run(widened.relaxed(), "glop", replace(options, presolve=False, method=method), basis)
        if found.x is None and found.status != "infeasible" and not found.wall_clock_stop:
            return solvers.run(milp.relaxed(), "glop", options)
        if found.x is None:
            return found
        x, duals = found.x[: milp.columns], None if found.duals is None else found.duals[: milp.rows]
        return replace(found, x=x, duals=duals, objective=milp.objective(x))

    def basis_of(self, milp: Milp) -> Basis | None:
        """The basis in ``milp``; None where that lacks any column or row of it."""
        widened, basis, _ = self.carried(milp)
        return basis if widened is milp else None

    def carried(self, milp: Milp) -> tuple[Milp, Basis, Floats]:
        """``milp`` with this vertex in it: a basis and values of its columns.

        What only this one has stands behind its own, columns at zero and rows without a limit: they change nothing, and
        without them the basis would not be square.
        """
        columns, rows = _places(self.of.column_blocks, milp.column_blocks), _places(self.of.row_blocks, milp.row_blocks)
        gone, freed = _others(columns, self.of.columns), _others(rows, self.of.rows)
        widened = milp
        if len(gone) or len(freed):
            widened = _widened(self.of, self.scale, milp, (columns, gone), (rows, freed))
        known = columns >= 0
        at = np.append(np.where(known, self.basis.columns[columns], AT_LOWER), self.basis.columns[gone])
        of_rows = np.append(np.where(rows >= 0, self.basis.rows[rows], BASIC), self.basis.rows[freed])
        x = np.append(np.where(known, self.x[columns], milp.lower), self.x[gone])
        return widened, Basis(at, of_rows), x


def vertex_of(milp: Milp, scale: float, answer: Answer) -> Vertex | None:
    """Where ``answer`` of the relaxation of ``milp`` ended; None where no basis is known."""
    if answer.status != "optimal" or answer.x is None or answer.basis is None:
        return None
    return Vertex(milp, scale, answer.x, answer.basis)


def difference(optimum: float, other: float) -> float:
    """One optimum less another, 0 where that is an engine's rounding."""
    found = optimum - other
    return 0.0 if abs(found) <= ROUNDING * abs(other) else found


def _keeps(milp: Milp, x: Floats) -> bool:
    """Whether ``x`` keeps every bound and row."""
    activity = milp.activity(x)
    room = KEPT * np.maximum(1.0, np.abs(activity))
    return bool(
        np.all((x >= milp.lower - KEPT) & (x <= milp.upper + KEPT))
        and np.all((activity >= milp.row_lower - room) & (activity <= milp.row_upper + room))
    )


def _widened(old: Milp, scale: float, new: Milp, columns: tuple[Ints, Ints], rows: tuple[Ints, Ints]) -> Milp:
    """``new`` with the columns and rows that only ``old`` has behind it: places in ``old``, and what is left over."""
    column_at, row_at = _union(*columns, old.columns), _union(*rows, old.rows)
    entry_row, entry_column = row_at[old.row_of], column_at[old.indices]
    behind = (entry_row >= new.rows) | (entry_column >= new.columns)
    row_of, column_of = np.append(new.row_of, entry_row[behind]), np.append(new.indices, entry_column[behind])
    order = np.lexsort((column_of, row_of))
    gone, freed = columns[1], rows[1]
    nothing, unlimited = np.zeros(len(gone)), np.full(len(freed), np.inf)
    counts = np.bincount(row_of, minlength=new.rows + len(freed))
    return replace(
        new,
        # At their cost the prices at the vertex are those of the other LP.
        cost=np.append(new.cost, old.cost[gone] * scale),
        lower=np.append(new.lower, nothing),
        upper=np.append(new.upper, nothing),
        integer=np.append(new.integer, nothing.astype(bool)),
        guided=np.append(new.guided, nothing.astype(bool)),
        row_lower=np.append(new.row_lower, -unlimited),
        row_upper=np.append(new.row_upper, unlimited),
        indptr=np.append(0, np.cumsum(counts)).astype(np.int64),
        indices=column_of[order],
        data=np.append(new.data, old.data[behind])[order],
        column_blocks=(),
        row_blocks=(),
        limits=(),
    )


def _union(places: Ints, others: Ints, size: int) -> Ints:
    """Where each of ``size`` old columns (or rows) stands: at its place among the new ones, or behind them."""
    found = np.empty(size, dtype=np.int64)
    known = np.flatnonzero(places >= 0)
    found[places[known]] = known
    found[others] = len(places) + np.arange(len(others))
    return found


def _others(places: Ints, size: int) -> Ints:
    there = np.zeros(size, dtype=bool)
    there[places[places >= 0]] = True
    return np.flatnonzero(~there)


def _places(old: Sequence[Block], new: Sequence[Block]) -> Ints:
    """For each column (or row) of ``new`` blocks its place among those of ``old`` ones, -1 where they have none."""
    known = {(block.name, len(block.axes)): block for block in old}
    found = [_place(known.get((block.name, len(block.axes))), block) for block in new if len(block.cells)]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _place(old: Block | None, new: Block) -> Ints:
    if old is None or not len(old.cells):
        return np.full(len(new.cells), -1)
    # The last one is for what the old axes do not have.
    known = np.full(int(np.prod([len(axis) for axis in old.axes])) + 1, -1)
    known[old.cells] = old.first + np.arange(len(old.cells))
    if old.axes == new.axes:
        return known[new.cells]
    cell, there = np.zeros(len(new.cells), dtype=np.int64), np.ones(len(new.cells), dtype=bool)
    at = np.unravel_index(new.cells, [len(axis) for axis in new.axes])
    for mine, its, place in zip(old.axes, new.axes, at, strict=True):
        along = _along(mine, its)[place]
        there &= along >= 0
        cell = cell * len(mine) + along
    return known[np.where(there, cell, -1)]


def _along(old: Axis, new: Axis) -> Ints:
    """For each label of ``new`` its place in ``old``, -1 where it is not there; equal ones are told apart by order."""
    places = {label: place for place, label in enumerate(_counted(old))}
    return np.array([places.get(label, -1) for label in _counted(new)], dtype=np.int64)


def _counted(axis: Axis) -> list[tuple[str, int]]:
    """Labels, each with how often it came before."""
    seen: dict[str, int] = {}
    found = []
    for label in axis:
        found.append((label, seen.get(label, 0)))
        seen[label] = found[-1][1] + 1
    return found
