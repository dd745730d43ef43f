"""Cuts: rows that every whole plan keeps and the relaxation breaks, so that its bound comes nearer to the best plan.

They are Gomory's mixed-integer cuts. A row of the simplex tableau is a sum of rows of the matrix, each times a number;
whatever these numbers are, the sum holds for every plan, and rounding it by what is whole makes the cut. So a cut is
right however inexact the tableau is, but for the rounding of the sum itself, and by that much and more it is loosened.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from planner import bits, solvers
from planner.errors import SolverFailure
from planner.frozen import dataclass
from planner.milp.matrix import Milp
from planner.milp.widened import with_rows
from planner.solvers.answer import BASIC, Floats, Options
from planner.solvers.tableau import Square, multipliers

if TYPE_CHECKING:
    from planner.solvers.extended import Optimum

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Measured on variants of sites and fleets: few cuts bind in the end, and from the tenth round on little comes of more.
ROUNDS = 20
# Of the optimum: a round that lifts it by less, with a gap of so much asked for, is the last.
STALLED_OF_GAP = 0.1
# Rows of the tableau looked at in a round, the most fractional first, and cuts taken, the deepest first.
CANDIDATES, CHOSEN = 100, 40
# A whole number this far from one makes a cut, and a right side this far from a whole number.
FRACTIONAL, SPLIT = 0.01, 0.02
# How deep a cut goes at the least, how many columns it may have, and how much alike two may be.
DEEP, DENSE, ALIKE = 1e-4, 0.5, 0.9
# Smaller coefficients than this, of a cut's largest, are none to an engine.
SMALL = 1e-6
# What a cut is loosened by, absolutely and of what was summed up for it: a thousand times what rounding could do.
LOOSE, LOOSE_OF_SUM = 1e-9, 1e-12
BINDS = 1e-9


@dataclass(frozen=True)
class Tighter:
    """``milp`` with cuts as rows behind its own, and the optimum of its relaxation with the duals of all rows."""

    milp: Milp
    x: Floats
    duals: Floats


def tightened(milp: Milp, options: Options, enough: float) -> Tighter | None:
    """``milp`` with the cuts that bind in its relaxation, whose optimum is ``enough`` or as much as there is to gain.

    None where there are none. Raises StoppedByClock.
    """
    if not solvers.has_ortools():
        return None
    from planner.solvers.extended import Extended

    try:
        lp = Extended(milp, options)
        vertex = lp.solve()
    except SolverFailure:
        return None
    longer = milp
    for _ in range(ROUNDS):
        rows = None if vertex is None else separated(longer, vertex)
        if vertex is None or rows is None:
            break
        try:
            lp.extend(_with_rows(longer, *rows))
            found = lp.solve()
        except SolverFailure:
            break
        if found is None:
            break
        gained = found.objective - vertex.objective
        longer, vertex = _with_rows(longer, *rows), found
        if vertex.objective >= enough or gained < STALLED_OF_GAP * options.gap * abs(vertex.objective):
            break
    return None if vertex is None or longer is milp else _binding(milp, longer, vertex)


def separated(milp: Milp, vertex: Optimum) -> tuple[Floats, Floats] | None:
    """Cuts (cuts, columns) and their least values (cuts,) that every whole plan keeps and ``vertex`` breaks."""
    sums = _sums_of_rows(milp, vertex)
    if sums is None:
        return None
    binding, a = sums
    activity = milp.activity(vertex.x)
    lower, upper = np.append(milp.lower, milp.row_lower[binding]), np.append(milp.upper, milp.row_upper[binding])
    value = np.append(vertex.x, activity[binding])
    # Everything is counted from the nearer of its bounds: Σ a·z = 0 is Σ ±a·y = −Σ a·bound, with all y ≥ 0.
    above = np.abs(upper - value) < np.abs(value - lower)
    bound, sign = np.where(above, upper, lower), np.where(above, -1.0, 1.0)
    bounded = np.isfinite(bound)
    bound = np.where(bounded, bound, 0.0)
    right = -bits.dot(a, bound)
    share = (right - np.floor(right))[:, None]
    fits = (share[:, 0] > SPLIT) & (share[:, 0] < 1 - SPLIT) & ~(a[:, ~bounded] != 0).any(axis=1)
    a, share = a[fits], share[fits]
    if not len(a):
        return None
    whole = np.append(milp.integer, _whole_rows(milp)[binding]) & (bound == np.round(bound))
    factor = _rounded(a * sign, share, whole) * sign
    least = 1 + bits.dot(factor, bound) - LOOSE - LOOSE_OF_SUM * bits.dot(np.abs(a), np.abs(bound))
    cuts = factor[:, : milp.columns] + _times(milp, binding, factor[:, milp.columns :])
    return _deepest(milp, vertex.x, cuts, least)


def _rounded(a: Floats, share: Floats, whole: Bools) -> Floats:
    """Gomory's coefficients g for Σ a·y = right, ``share`` being what ``right`` is above a whole number: Σ g·y ≥ 1."""
    part = a - np.floor(a)
    by_whole = np.where(part <= share, part / share, (1 - part) / (1 - share))
    return np.where(whole, by_whole, np.where(a > 0, a / share, -a / (1 - share)))


def _sums_of_rows(milp: Milp, vertex: Optimum) -> tuple[Ints, Floats] | None:
    """Rows that bind, and rows of the tableau as sums of these: (sums, columns + binding), each of which is 0.

    The last columns are the activities of the rows that bind.
    """
    basic, binding = np.flatnonzero(vertex.basis.columns == BASIC), np.flatnonzero(vertex.basis.rows != BASIC)
    away = np.abs(vertex.x[basic] - np.round(vertex.x[basic]))
    candidates = np.flatnonzero(milp.integer[basic] & (away > FRACTIONAL))
    candidates = candidates[np.argsort(-away[candidates], kind="stable")][:CANDIDATES]
    if not len(candidates):
        return None
    place = np.full((2, max(milp.columns, milp.rows)), -1)
    place[0, basic], place[1, binding] = np.arange(len(basic)), np.arange(len(binding))
    column, row = place[0, milp.indices], place[1, milp.row_of]
    inside = (column >= 0) & (row >= 0)
    found = multipliers(Square(row[inside], column[inside], milp.data[inside], len(basic)), candidates)
    if found is None or not np.isfinite(found).all():
        return None
    weights = np.ascontiguousarray(found.T)
    return binding, np.hstack([_times(milp, binding, weights), -weights])


def _times(milp: Milp, rows: Ints, weights: Floats) -> Floats:
    """Sums of ``rows``, each times its weight: (sums, columns) from (sums, rows)."""
    place = np.full(milp.rows, -1)
    place[rows] = np.arange(len(rows))
    at = place[milp.row_of]
    entry = np.flatnonzero(at >= 0)
    entry = entry[np.argsort(milp.indices[entry], kind="stable")]
    column = milp.indices[entry]
    first = np.flatnonzero(np.append(True, column[1:] != column[:-1])) if len(column) else column
    found = np.zeros((len(weights), milp.columns))
    if len(first):
        terms = milp.data[entry, None] * weights.T[at[entry]]
        found[:, column[first]] = np.add.reduceat(terms, first, axis=0).T
    return found


def _whole_rows(milp: Milp) -> Bools:
    """Rows whose activity is whole in every plan: whole numbers of whole things."""
    whole = milp.integer[milp.indices] & (milp.data == np.round(milp.data))
    return np.asarray(np.bincount(milp.row_of, weights=~whole, minlength=milp.rows) == 0)


def _deepest(milp: Milp, x: Floats, cuts: Floats, least: Floats) -> tuple[Floats, Floats] | None:
    """The cuts that ``x`` breaks most, scaled to length 1, without small coefficients and without those much alike."""
    small = (np.abs(cuts) < SMALL * np.abs(cuts).max(axis=1, keepdims=True)) & (cuts != 0)
    # A small coefficient is left out at the bound at which it would help most.
    most = np.where(small, cuts * np.where(cuts > 0, milp.upper, milp.lower), 0.0).sum(axis=1)
    cuts, least = np.where(small, 0.0, cuts), least - most
    length = np.sqrt(bits.dot(cuts, cuts))
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = (least - bits.dot(cuts, x)) / length
    good = np.isfinite(depth) & (depth > DEEP) & ((cuts != 0).mean(axis=1) < DENSE)
    cuts, least, depth = cuts[good] / length[good, None], least[good] / length[good], depth[good]
    left = np.argsort(-depth, kind="stable")
    taken: list[int] = []
    while len(left) and len(taken) < CHOSEN:
        first, left = left[0], left[1:]
        taken.append(int(first))
        there = np.flatnonzero(cuts[first])
        left = left[np.abs(bits.dot(cuts[left][:, there], cuts[first, there])) < ALIKE]
    return (cuts[taken], least[taken]) if taken else None


def _with_rows(milp: Milp, rows: Floats, least: Floats) -> Milp:
    """``milp`` with more rows (rows, columns) behind its own, each at ``least`` or more."""
    there = [np.flatnonzero(row) for row in rows]
    longer = [(at, row[at], float(low), np.inf) for at, row, low in zip(there, rows, least, strict=True)]
    return with_rows(milp, longer, "cuts")


def _binding(milp: Milp, longer: Milp, vertex: Optimum) -> Tighter | None:
    """``longer``, without the rows behind those of ``milp`` that have no price at ``vertex``."""
    kept = np.append(np.ones(milp.rows, dtype=bool), np.abs(vertex.duals[milp.rows :]) > BINDS)
    if not kept[milp.rows :].any():
        return None
    entry = kept[longer.row_of]
    found = replace(
        longer,
        indptr=np.append(0, np.cumsum(np.diff(longer.indptr)[kept])),
        indices=longer.indices[entry],
        data=longer.data[entry],
        row_lower=longer.row_lower[kept],
        row_upper=longer.row_upper[kept],
        row_blocks=milp.row_blocks,
    )
    return Tighter(found, vertex.x, vertex.duals[kept])
