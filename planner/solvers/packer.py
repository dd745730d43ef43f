"""A matrix of whole replicas made ready for packing: which columns are stocks, and those of each period and block."""

from __future__ import annotations

from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.milp import ABSENT, Milp, Model
from planner.milp.capacity import by_job
from planner.milp.parts import Entries, entries_of, with_entries
from planner.solvers.answer import Answer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STOCKS = ("buy", "own", "keep", "convert", "sign", "signed", "under_contract")
FLOWS = ("rent", "at_once", "gpus", "replicas", "api", "unserved")
DEMAND = ("demand", "demand_of_period")
# Packed demand is a little more than what is asked for: what an engine leaves within its tolerance is not served.
TIGHTER = 2e-6


@dataclass(frozen=True)
class Piece:
    """Coefficients, and the columns and rows that they stand in, both ascending."""

    entries: Entries
    columns: Ints
    rows: Ints


@dataclass(frozen=True)
class Packer:
    """A matrix made ready for packing with any stocks.

    ``milp`` is in cover form. ``group`` (columns,) is the period that a column belongs to, ``block`` its block; -1 for
    stocks. ``by_period``: work of any GPU fills what others leave, which packing block by block does not see.
    ``entries`` are sorted by ``group``, those of group g from ``starts[g]`` on. ``packed`` are blocks and
    periods that have been packed: one that is asked for again has the same answer.
    """

    milp: Milp
    stocks: Ints
    group: Ints
    block: Ints
    demand: Bools
    interactive: Bools
    by_period: bool
    entries: Entries
    starts: Ints
    packed: dict[bytes, Answer] = field(default_factory=dict)

    @property
    def periods(self) -> int:
        """How many there are, those of all futures together."""
        return len(self.starts) - 1

    def period(self, group: int) -> Piece:
        """The flows of a period that can be."""
        mine = self.entries[np.arange(self.starts[group], self.starts[group + 1])]
        return _piece(mine[self.milp.upper[mine.column] > 0])

    def blocks(self, piece: Piece) -> list[Piece]:
        """A period's blocks, each without the rows that it shares with others."""
        alone = ~self.shared(piece)[np.searchsorted(piece.rows, piece.entries.row)]
        block = self.block[piece.entries.column]
        columns = self.block[piece.columns]
        return [
            replace(_piece(piece.entries[(block == index) & alone]), columns=piece.columns[columns == index])
            for index in np.unique(block[block >= 0])
        ]

    def shared(self, piece: Piece) -> Bools:
        """Rows of a period (its rows,) that several of its blocks have coefficients in."""
        place, block = np.searchsorted(piece.rows, piece.entries.row), self.block[piece.entries.column]
        first, last = np.full(len(piece.rows), np.iinfo(np.int64).max), np.full(len(piece.rows), -1)
        np.minimum.at(first, place, block)
        np.maximum.at(last, place, block)
        return np.asarray(first != last)

    def filled(self, stocks: Floats) -> tuple[Floats, Floats]:
        """``stocks`` (columns,) without flows, and what they fill of the rows, (rows,)."""
        x = np.zeros(self.milp.columns)
        x[self.stocks] = stocks[self.stocks]
        return x, self.milp.activity(x)


def _piece(entries: Entries) -> Piece:
    return Piece(entries, np.unique(entries.column), np.unique(entries.row))


def packer(model: Model, milp: Milp) -> Packer:
    """``milp``, ``model``'s matrix with any objective, ready for packing."""
    futures, periods, blocks = model.problem.shape
    group = np.full(milp.columns, -1)
    block = np.full(milp.columns, -1)
    when = np.arange(futures)[:, None] * periods + np.arange(periods)
    for name in FLOWS:
        ids = getattr(model.variables, name)
        there = ids != ABSENT
        group[ids[there]] = np.broadcast_to(when[None, :, :, None], ids.shape)[there]
        block[ids[there]] = np.broadcast_to(np.arange(blocks), ids.shape)[there]
    for columns in milp.column_blocks:
        if columns.name.startswith("in_service"):
            group[columns.span] = columns.cells
            at = columns.name.partition(" at ")[2]
            block[columns.span] = model.problem.timeline.blocks.index(at) if at else -1
        elif columns.name in ("used", "lost"):
            group[columns.span], block[columns.span] = np.divmod(columns.cells % (futures * periods * blocks), blocks)
    demand = np.zeros(milp.rows, dtype=bool)
    for rows in milp.row_blocks:
        if rows.name in DEMAND:
            demand[rows.span] = True
    covering = _cover_form(model, milp, demand)
    every = entries_of(covering)
    order = np.argsort(group[every.column], kind="stable")
    every = every[order]
    starts = np.searchsorted(group[every.column], np.arange(futures * periods + 1))
    stocks = np.unique(np.concatenate([getattr(model.variables, name).ravel() for name in STOCKS]))
    return Packer(
        milp=covering,
        stocks=stocks[stocks != ABSENT],
        group=group,
        block=block,
        demand=demand,
        interactive=_interactive(model, milp),
        by_period=any(candidate.name == candidate.system for candidate in model.problem.assignments.candidates),
        entries=every,
        starts=starts,
    )


def _standing(model: Model) -> Bools:
    """Assignments of whole replicas to GPUs that are there for a whole block, (L, F, T, B)."""
    variables = model.variables
    there = (variables.gpus != ABSENT) & (variables.replicas != ABSENT)
    return np.asarray(there & ~by_job(model.problem)[:, None, None, None])


def _cover_form(model: Model, milp: Milp, demand: Bools) -> Milp:
    """The matrix with G·replicas in the place of gpus, so that demand is covered and not met exactly.

    Every plan of it is one of ``milp`` where what serves idles a little; energy counts as if none did.
    """
    at = _standing(model)
    size = np.broadcast_to(model.problem.assignments.gpus_per_replica[:, None, None, None], at.shape)[at]
    gpus, replicas = model.variables.gpus[at], model.variables.replicas[at]
    into = np.arange(milp.columns)
    into[gpus] = replicas
    factor = np.ones(milp.columns)
    factor[gpus] = size
    every = entries_of(milp)
    moved = Entries(every.row, into[every.column], every.value * factor[every.column])
    upper, row_lower, row_upper = milp.upper.copy(), milp.row_lower.copy(), milp.row_upper.copy()
    upper[gpus] = 0.0
    row_upper[demand] = np.inf
    row_lower[demand] *= 1 + TIGHTER
    cost = np.asarray(np.bincount(into, weights=milp.cost * factor, minlength=milp.columns), dtype=float)
    return with_entries(replace(milp, cost=cost, upper=upper, row_lower=row_lower, row_upper=row_upper), moved)


def _interactive(model: Model, milp: Milp) -> Bools:
    """Replicas of interactive workloads, (columns,)."""
    ids, problem = model.variables.replicas, model.problem
    mine = ~problem.demand.fungible[problem.assignments.workload][:, None, None, None] & (ids != ABSENT)
    found = np.zeros(milp.columns, dtype=bool)
    found[ids[mine]] = True
    return found
