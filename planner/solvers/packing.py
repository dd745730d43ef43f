"""Packing: whole replicas and whole lots for given stocks, period by period and block by block.

With what is owned and signed fixed, periods have nothing in common but the rows that add them up (a budget of opex:
each period leaves the rest to the later ones), and the blocks of a period nothing but what batch work ties together.
Such rows are priced at the duals of the period's relaxation while its blocks are packed one by one; then the period is
packed again with the interactive replicas as they are. Demand that finds no room is left over and told: stocks that
the relaxation thought enough can have no packing. A period that asks the same as an earlier one is packed alike.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.frozen import dataclass
from planner.milp import Milp
from planner.milp.parts import part
from planner.solvers import scaling
from planner.solvers.answer import Answer, Options
from planner.solvers.clock import Clock
from planner.solvers.packer import Packer, Piece
from planner.solvers.threads import side_by_side

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Demand left over costs this many times the whole plan for all of a workload's in one period or block.
SHORT = 10.0
ENGINE = "scip"
# Nodes for a block or a period, and for a block in which some demand found no room.
NODES, HARD_NODES = 200, 2000
# And how much closer to its best that comes.
HARDER = 0.2
# A shortage of no more than that and an engine's tolerance is none: whether it is, the polish of the plan decides.
NOTICEABLE = 5e-6
# Wider than any count of lots or replicas: a column without a use of its own needs some bound once rows are priced.
WIDEST = 1e6
# Two periods ask the same where their coefficients differ by no more than this share, as do their costs but for a
# factor that all have in common.
SAME = 1e-9


@dataclass(frozen=True)
class Packing:
    """A vector with whole replicas and lots (columns,), and the demand (rows,) for which there was no room."""

    x: Floats
    short: Floats

    @property
    def complete(self) -> bool:
        """Whether all demand found room."""
        return not np.any(self.short > NOTICEABLE)


@dataclass(frozen=True)
class _Effort:
    """What demand left over costs, how far a period may be off its best (USD), and how long it is searched for."""

    short_usd: float
    allowed_usd: float
    options: Options
    clock: Clock
    harder: bool

    @property
    def asked(self) -> Options:
        """For the next search."""
        return self.clock.rest(replace(self.options, nodes=NODES))


def pack(
    ready: Packer,
    stocks: Floats,
    near_usd: float,
    fine: float,
    options: Options,
    clock: Clock,
    *,
    harder: bool = False,
) -> Packing:
    """The least cost found of whole replicas and lots at ``stocks`` (columns,; flows are not looked at).

    ``near_usd`` is about what the whole plan costs; ``fine`` the share of it that all periods together may be off their
    best. With ``harder``, a block in which some demand found no room is searched for longer. Where ``clock`` runs out
    the periods that are left are broken off at once.
    """
    x, fixed = ready.filled(stocks)
    short = np.zeros(ready.milp.rows)
    effort = _effort(ready, near_usd, fine, options, clock, harder)

    def packed(chain: range) -> None:
        # Chains have no column and no row in common, so each writes what no other reads.
        taken = fixed.copy()
        for group in chain:
            piece = ready.period(group)
            if not len(piece.rows):
                continue
            x[piece.columns], left = _period(ready, piece, taken, effort)
            short[piece.rows] += left
            # What rows over several periods have left for the later ones.
            mine = piece.entries
            taken += np.bincount(mine.row, weights=mine.value * x[mine.column], minlength=ready.milp.rows)

    chains = _chains(ready)
    alike = _alike(ready, chains, fixed)
    side_by_side(packed, [chain for chain in chains if chain.start not in alike])
    for group, earlier in alike.items():
        mine, other = ready.period(group), ready.period(earlier)
        x[mine.columns], short[mine.rows] = x[other.columns], short[other.rows]
    return Packing(x, short)


def probe(
    ready: Packer,
    stocks: Floats,
    tight: Bools,
    near_usd: float,
    fine: float,
    options: Options,
    clock: Clock,
    *,
    harder: bool = False,
    together: bool = False,
) -> Floats:
    """The demand (rows,) for which ``pack`` will find no room in the blocks in which some row is ``tight`` (rows,).

    With ``together``, what a block leaves over is told of all its demand, so that other work makes room for it.
    """
    _, fixed = ready.filled(stocks)
    short = np.zeros(ready.milp.rows)
    effort = _effort(ready, near_usd, fine, options, clock, harder)

    def probed(chain: range) -> None:
        piece = ready.period(chain.start)
        if not tight[piece.rows].any():
            return
        cost = _priced(ready, piece, fixed, _whole(ready, piece, fixed, effort), effort)
        if cost is None:
            return
        blocks = ready.blocks(piece)
        for block in blocks:
            if tight[block.rows].any():
                found = _block(ready, block, cost, fixed, effort, len(blocks))
                demand = block.rows[ready.demand[block.rows]]
                left = np.zeros(len(demand)) if found.x is None else found.x[len(block.columns) :]
                short[demand] = left.max(initial=0.0) if together else left

    chains = _chains(ready)
    alike = _alike(ready, chains, fixed)
    side_by_side(probed, [chain for chain in chains if len(chain) == 1 and chain.start not in alike])
    for group, earlier in alike.items():
        short[ready.period(group).rows] = short[ready.period(earlier).rows]
    return short


def _effort(ready: Packer, near_usd: float, fine: float, options: Options, clock: Clock, harder: bool) -> _Effort:
    return _Effort(SHORT * near_usd, fine * near_usd / max(1, ready.periods), options, clock, harder)


def _alike(ready: Packer, chains: list[range], fixed: Floats) -> dict[int, int]:
    """Periods that ask the same as an earlier one, and that one: both with no row in common with any other."""
    found: dict[int, int] = {}
    seen: dict[tuple[int, ...], list[tuple[int, Milp]]] = {}
    for chain in chains:
        piece = ready.period(chain.start)
        if len(chain) > 1 or not len(piece.rows):
            continue
        no_slack = np.full(len(piece.rows), np.inf)
        mine = part(ready.milp, piece.entries, piece.columns, piece.rows, ready.milp.cost, fixed, no_slack)
        others = seen.setdefault((mine.columns, mine.rows, len(mine.data)), [])
        earlier = next((group for group, other in others if _same(mine, other)), None)
        if earlier is None:
            others.append((chain.start, mine))
        else:
            found[chain.start] = earlier
    return found


def _same(milp: Milp, other: Milp) -> bool:
    """Whether the same vectors are possible, and at costs in the same proportion."""
    at = np.argmax(np.abs(other.cost))
    factor = milp.cost[at] / other.cost[at] if other.cost[at] else 1.0
    return (
        factor > 0
        and np.array_equal(milp.indptr, other.indptr)
        and np.array_equal(milp.indices, other.indices)
        and np.array_equal(milp.integer, other.integer)
        and all(
            np.allclose(mine, its, rtol=SAME, atol=0.0)
            for mine, its in (
                (milp.data, other.data),
                (milp.row_lower, other.row_lower),
                (milp.row_upper, other.row_upper),
                (milp.lower, other.lower),
                (milp.upper, other.upper),
                (milp.cost, other.cost * factor),
            )
        )
    )


def _chains(ready: Packer) -> list[range]:
    """Runs of periods that rows tie to each other; no row is in two of them."""
    group = np.repeat(np.arange(ready.periods), np.diff(ready.starts))
    row = ready.entries.row[ready.starts[0] : ready.starts[-1]]
    first, last = np.full(ready.milp.rows, len(ready.starts)), np.full(ready.milp.rows, -1)
    np.minimum.at(first, row, group)
    np.maximum.at(last, row, group)
    # A period goes on with the one before where some row is in both that one or an earlier and itself or a later.
    tied = np.zeros(len(ready.starts) + 1, dtype=np.int64)
    np.add.at(tied, first[last > first] + 1, 1)
    np.add.at(tied, last[last > first] + 1, -1)
    begins = np.flatnonzero(np.cumsum(tied)[: ready.periods] == 0)
    ends = [*begins[1:], ready.periods]
    return [range(begin, end) for begin, end in zip(begins, ends, strict=True)]


def _period(ready: Packer, piece: Piece, taken: Floats, effort: _Effort) -> tuple[Floats, Floats]:
    """One period packed: its columns' values and what is left over of its rows."""
    columns, rows = piece.columns, piece.rows
    whole = _whole(ready, piece, taken, effort)
    by_block = _block_by_block(ready, piece, taken, whole, effort)
    tries = []
    if by_block is not None:
        slacks = np.zeros(len(whole.cost) - len(columns))
        fixed = np.concatenate([ready.interactive[columns], slacks]).astype(bool)
        packed = np.concatenate([by_block, slacks])
        low, high = np.where(fixed, packed, whole.lower), np.where(fixed, packed, whole.upper)
        tries.append(_solved(ready, replace(whole, lower=low, upper=high), effort.allowed_usd / 2, effort.asked))
    if ready.by_period or not any(_complete(found, len(columns)) for found in tries):
        tries.append(_solved(ready, whole, effort.allowed_usd, effort.asked))
    served = [found for found in tries if _complete(found, len(columns))]
    if not served and all(found.x is not None for found in tries):
        every = _solved(ready, _all_served(whole, len(columns)), effort.allowed_usd, effort.asked)
        served = [every] if every.x is not None else []
    x = min((found.x for found in served or tries if found.x is not None), key=whole.objective, default=None)
    left = np.zeros(len(rows))
    if x is None:
        left[ready.demand[rows]] = 1.0
        return np.zeros(len(columns)), left
    x = np.where(whole.integer, np.round(x), x)
    left[ready.demand[rows]] = x[len(columns) :]
    return x[: len(columns)], left


def _whole(ready: Packer, piece: Piece, taken: Floats, effort: _Effort) -> Milp:
    """A period as a matrix of its own, where demand may be left over at its price."""
    price = np.where(ready.demand[piece.rows], effort.short_usd, np.inf)
    return part(ready.milp, piece.entries, piece.columns, piece.rows, ready.milp.cost, taken, price)


def _complete(found: Answer, columns: int) -> bool:
    """Whether an answer leaves no demand over."""
    return found.x is not None and not np.any(found.x[columns:] > NOTICEABLE)


def _block_by_block(ready: Packer, piece: Piece, taken: Floats, whole: Milp, effort: _Effort) -> Floats | None:
    """The period's columns packed one block at a time."""
    cost = _priced(ready, piece, taken, whole, effort)
    if cost is None:
        return None
    x = np.zeros(ready.milp.columns)
    blocks = ready.blocks(piece)
    for block in blocks:
        answer = _block(ready, block, cost, taken, effort, len(blocks))
        if answer.x is None:
            return None
        found = answer.x[: len(block.columns)]
        x[block.columns] = np.where(ready.milp.integer[block.columns], np.round(found), found)
    return np.asarray(x[piece.columns])


def _priced(ready: Packer, piece: Piece, taken: Floats, whole: Milp, effort: _Effort) -> Floats | None:
    """What columns cost in their blocks, (columns,): rows that several share priced at the period's duals."""
    scale = _scale(whole)
    relaxed = solvers.run(whole.scaled(scale).relaxed(), "glop", effort.asked)
    if relaxed.duals is None:
        return None
    price = np.where(ready.shared(piece), relaxed.duals / scale, 0.0)
    mine = piece.entries
    paid = mine.value * price[np.searchsorted(piece.rows, mine.row)]
    return np.asarray(ready.milp.cost - np.bincount(mine.column, weights=paid, minlength=ready.milp.columns))


def _block(ready: Packer, block: Piece, cost: Floats, taken: Floats, effort: _Effort, among: int) -> Answer:
    """One block packed, at what its columns ``cost`` (columns,); demand left over stands behind them."""
    short = np.where(ready.demand[block.rows], effort.short_usd, np.inf)
    alone = part(ready.milp, block.entries, block.columns, block.rows, cost, taken, short)
    alone = replace(alone, upper=np.minimum(alone.upper, WIDEST))
    allowed = effort.allowed_usd / among
    answer = _solved(ready, alone, allowed, effort.asked)
    if _complete(answer, len(block.columns)):
        return answer
    # A sliver of demand may be cheaper to leave over than one more replica is: once without that way out.
    served = _solved(ready, _all_served(alone, len(block.columns)), allowed, effort.asked)
    if served.x is not None:
        return served
    if effort.harder:
        return _solved(ready, alone, allowed * HARDER, replace(effort.asked, nodes=HARD_NODES))
    return answer


def _all_served(milp: Milp, columns: int) -> Milp:
    """``milp`` with nothing left over, which the columns behind the first ``columns`` count."""
    upper = milp.upper.copy()
    upper[columns:] = 0.0
    return replace(milp, upper=upper)


def _scale(milp: Milp) -> float:
    """The scale that brings the costs that are not of shortages near one."""
    return scaling.from_costs(milp.cost[milp.cost != milp.cost.max(initial=0.0)])


def _solved(ready: Packer, milp: Milp, allowed_usd: float, options: Options) -> Answer:
    """``milp`` solved to within about ``allowed_usd``, as before where it was solved before."""
    key = _key(milp, allowed_usd, options.nodes)
    if (known := ready.packed.get(key)) is not None:
        return known
    answer = _anew(milp, allowed_usd, options)
    if not answer.wall_clock_stop:
        ready.packed[key] = answer
    return answer


def _key(milp: Milp, allowed_usd: float, nodes: int | None) -> bytes:
    """What tells a block or a period from others, and how it is searched."""
    sides = (milp.lower, milp.upper, milp.row_lower, milp.row_upper)
    arrays = (milp.cost, milp.integer, *sides, milp.indptr, milp.indices, milp.data)
    asked = repr((allowed_usd, nodes, milp.columns, milp.rows)).encode()
    return hashlib.sha256(b"".join([asked, *(each.tobytes() for each in arrays)])).digest()


def _anew(milp: Milp, allowed_usd: float, options: Options) -> Answer:
    """Scaled so that its optimum is near 10³."""
    guess = _scale(milp)
    lp = solvers.run(milp.scaled(guess).relaxed(), "glop", options)
    size = abs(lp.objective) if lp.x is not None else 0.0
    gap = min(max(allowed_usd * guess / max(size, scaling.ZERO), 1e-5), 0.3)
    return solvers.run(milp.scaled(guess * scaling.from_optimum(size)), ENGINE, replace(options, gap=gap))
