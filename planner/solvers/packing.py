"""Packing: whole replicas and whole lots for given stocks, period by period and block by block.

With what is owned and signed fixed, periods have nothing in common but the rows that add them up (a budget of opex:
each period leaves the rest to the later ones), and the blocks of a period nothing but what batch work ties together.
Such rows are priced at the duals of the period's relaxation while its blocks are packed one by one; then the period is
packed again with the interactive replicas as they are. Demand that finds no room is left over and told: stocks that
the relaxation thought enough can have no packing.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.milp import ABSENT, Milp, Model
from planner.milp.capacity import by_job
from planner.milp.parts import Entries, entries_of, part, with_entries
from planner.solvers import scaling
from planner.solvers.answer import Answer, Options
from planner.solvers.clock import Clock
from planner.solvers.threads import most_threads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STOCKS = ("buy", "own", "keep", "convert", "sign", "signed", "under_contract")
FLOWS = ("rent", "at_once", "gpus", "replicas", "api", "unserved")
DEMAND = ("demand", "demand_of_period")
# Demand left over costs this many times the whole plan for all of a workload's in one period or block.
SHORT = 10.0
ENGINE = "scip"
# Nodes for a block or a period, and for those in which some demand found no room.
NODES, HARD_NODES = 200, 2000
# And how much closer to their best those come.
HARDER = 0.2
# Packed demand is a little more than what is asked for: what an engine leaves within its tolerance is not served.
TIGHTER = 2e-6
# A shortage of no more than that and an engine's tolerance is none: whether it is, the polish of the plan decides.
NOTICEABLE = 5e-6
# Wider than any count of lots or replicas: a column without a use of its own needs some bound once rows are priced.
WIDEST = 1e6


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
class Packer:
    """A matrix made ready for packing with any stocks.

    ``milp`` is in cover form. ``group`` (columns,) is the period that a column belongs to, ``block`` its block; -1 for
    stocks. ``by_period``: work of any GPU fills what others leave, which packing block by block does not see.
    ``entries`` are sorted by ``group``, those of group g from ``starts[g]`` on.
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
    best. With ``harder``, a period in which some demand found no room is searched for longer. Where ``clock`` runs out
    the periods that are left are broken off at once.
    """
    milp = ready.milp
    x = np.zeros(milp.columns)
    x[ready.stocks] = stocks[ready.stocks]
    fixed = milp.activity(x)
    short = np.zeros(milp.rows)
    allowed = fine * near_usd / max(1, len(ready.starts) - 1)

    def packed(chain: range) -> None:
        # Chains have no column and no row in common, so each writes what no other reads.
        taken = fixed.copy()
        for group in chain:
            mine = ready.entries[np.arange(ready.starts[group], ready.starts[group + 1])]
            mine = mine[milp.upper[mine.column] > 0]
            if not len(mine.row):
                continue
            columns, rows = np.unique(mine.column), np.unique(mine.row)
            asked = clock.rest(replace(options, nodes=NODES))
            found, left = _period(ready, mine, columns, rows, taken, SHORT * near_usd, allowed, asked)
            if harder and np.any(left > NOTICEABLE):
                longer = replace(asked, nodes=HARD_NODES)
                found, left = _period(ready, mine, columns, rows, taken, SHORT * near_usd, allowed * HARDER, longer)
            x[columns] = found
            short[rows] += left
            # What rows over several periods have left for the later ones.
            taken += np.bincount(mine.row, weights=mine.value * x[mine.column], minlength=milp.rows)

    with ThreadPoolExecutor(most_threads()) as pool:
        list(pool.map(packed, _chains(ready)))
    return Packing(x, short)


def _chains(ready: Packer) -> list[range]:
    """Runs of periods that rows tie to each other; no row is in two of them."""
    group = np.repeat(np.arange(len(ready.starts) - 1), np.diff(ready.starts))
    row = ready.entries.row[ready.starts[0] : ready.starts[-1]]
    first, last = np.full(ready.milp.rows, len(ready.starts)), np.full(ready.milp.rows, -1)
    np.minimum.at(first, row, group)
    np.maximum.at(last, row, group)
    # A period goes on with the one before where some row is in both that one or an earlier and itself or a later.
    tied = np.zeros(len(ready.starts) + 1, dtype=np.int64)
    np.add.at(tied, first[last > first] + 1, 1)
    np.add.at(tied, last[last > first] + 1, -1)
    begins = np.flatnonzero(np.cumsum(tied)[: len(ready.starts) - 1] == 0)
    ends = [*begins[1:], len(ready.starts) - 1]
    return [range(begin, end) for begin, end in zip(begins, ends, strict=True)]


def _period(
    ready: Packer, mine: Entries, columns: Ints, rows: Ints, taken: Floats, short_usd: float, allowed: float,
    options: Options,
) -> tuple[Floats, Floats]:  # fmt: skip
    """One period packed: its columns' values and what is left over of its rows."""
    milp = ready.milp
    price = np.where(ready.demand[rows], short_usd, np.inf)
    whole = part(milp, mine, columns, rows, milp.cost, taken, price)
    by_block = _block_by_block(ready, mine, columns, rows, taken, whole, short_usd, allowed, options)
    tries = []
    if by_block is not None:
        slacks = np.zeros(len(whole.cost) - len(columns))
        fixed = np.concatenate([ready.interactive[columns], slacks]).astype(bool)
        packed = np.concatenate([by_block, slacks])
        low, high = np.where(fixed, packed, whole.lower), np.where(fixed, packed, whole.upper)
        tries.append(_solved(replace(whole, lower=low, upper=high), allowed / 2, options))
    if ready.by_period or not _complete(tries, len(columns)):
        tries.append(_solved(whole, allowed, options))
    x = min((answer.x for answer in tries if answer.x is not None), key=whole.objective, default=None)
    left = np.zeros(len(rows))
    if x is None:
        left[ready.demand[rows]] = 1.0
        return np.zeros(len(columns)), left
    x = np.where(whole.integer, np.round(x), x)
    left[ready.demand[rows]] = x[len(columns) :]
    return x[: len(columns)], left


def _complete(tries: list[Answer], columns: int) -> bool:
    """Whether any of the answers leaves no demand over."""
    return any(answer.x is not None and not np.any(answer.x[columns:] > NOTICEABLE) for answer in tries)


def _block_by_block(
    ready: Packer, mine: Entries, columns: Ints, rows: Ints, taken: Floats, whole: Milp, short_usd: float,
    allowed: float, options: Options,
) -> Floats | None:  # fmt: skip
    """The period's columns packed one block at a time, rows that several share priced at the relaxation's duals."""
    milp = ready.milp
    relaxed = solvers.run(whole.scaled(_scale(whole)).relaxed(), "glop", options)
    if relaxed.duals is None:
        return None
    duals = relaxed.duals / _scale(whole)
    place = np.searchsorted(rows, mine.row)
    block = ready.block[mine.column]
    first, last = np.full(len(rows), np.iinfo(np.int64).max), np.full(len(rows), -1)
    np.minimum.at(first, place, block)
    np.maximum.at(last, place, block)
    shared = first != last
    price = np.where(shared, duals, 0.0)
    cost = milp.cost - np.bincount(mine.column, weights=mine.value * price[place], minlength=milp.columns)
    x = np.zeros(milp.columns)
    blocks = np.unique(block[block >= 0])
    for index in blocks:
        chosen = mine[(block == index) & ~shared[place]]
        inside = columns[ready.block[columns] == index]
        held = np.unique(chosen.row)
        short = np.where(ready.demand[held], short_usd, np.inf)
        alone = part(milp, chosen, inside, held, cost, taken, short)
        alone = replace(alone, upper=np.minimum(alone.upper, WIDEST))
        answer = _solved(alone, allowed / len(blocks), options)
        if answer.x is None:
            return None
        x[inside] = np.where(alone.integer, np.round(answer.x), answer.x)[: len(inside)]
    return np.asarray(x[columns])


def _scale(milp: Milp) -> float:
    """The scale that brings the costs that are not of shortages near one."""
    return scaling.from_costs(milp.cost[milp.cost != milp.cost.max(initial=0.0)])


def _solved(milp: Milp, allowed_usd: float, options: Options) -> Answer:
    """``milp`` solved to within about ``allowed_usd``, scaled so that its optimum is near 10³."""
    guess = _scale(milp)
    lp = solvers.run(milp.scaled(guess).relaxed(), "glop", options)
    size = abs(lp.objective) if lp.x is not None else 0.0
    gap = min(max(allowed_usd * guess / max(size, scaling.ZERO), 1e-5), 0.3)
    return solvers.run(milp.scaled(guess * scaling.from_optimum(size)), ENGINE, replace(options, gap=gap))
