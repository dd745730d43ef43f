"""Plans in whole replicas and whole lots: planned in parts, packed, and corrected where packing finds no room.

1. The relaxation in parts of replicas, its pools merged: stocks, and a bound that holds for whole ones too. Not too
   finely at first; where that is what keeps the gap open, 1 to 3 once more.
2. Packing at those stocks: whole replicas and lots in every block.
3. Where some demand found no room, the relaxation again with that demand raised; its bound does not count.
4. Where the gap is still wide, other stocks for the points and pools that the plan uses.
5. Where the gap asked for is still open, the whole matrix with that plan as hint, until its nodes are spent.

What is small is given to the engines outright.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.milp import ABSENT, Milp, Model
from planner.milp.vector import values
from planner.problem import Problem
from planner.solvers import room, scaling
from planner.solvers.answer import Answer, Leg, Options, relative_gap
from planner.solvers.clock import Clock
from planner.solvers.packer import DEMAND, STOCKS, Packer, packer
from planner.solvers.packing import NOTICEABLE, pack, probe
from planner.solvers.relay import ROOT, Incumbent, Polish, cheapest, just_inside, steady, whole_numbers

Floats = NDArray[np.float64]
# The relaxation of a model, solved: matrix, options, and a plan to start from.
Relaxed = Callable[[Milp, Options, Floats | None], Answer]

# Up to so many whole numbers the engines take the matrix as it is: they prove such in a fraction of a second.
OUTRIGHT = 400
# The relaxation is solved to this share of the gap: what it leaves open adds to what whole numbers cost.
OF_GAP = 0.3
OF_GAP_RAISED = 0.15
# It need only find stocks: what its root does not find takes minutes on large matrices.
RAISED_NODES = ROOT
# However small the gap asked for, the first one is solved to its share of this: what packing adds is mostly more.
SKETCH = 0.01
# A period may be off its best packing by so much of the whole cost, times the gap asked for.
FINE = 0.03
ROUNDS = 5
# From this round on all demand of such a block: its own alone may be met where whole replicas do not fit.
TOGETHER = 2
# Demand that found no room is asked for once more, and by how much more at each round.
RAISE = 1.5
# A sliver that found no room finds it sooner where more than it is asked for.
RAISE_LEAST = 0.003
# Beyond so many times the gap asked for, but for one that whole replicas do not reach, the stocks are not those of a
# good plan.
FAR = 3.0
# Measured: HiGHS finds better stocks where SCIP finds none.
NEAR_ENGINE = "highs"
NEAR_NODES = 200
# Its own optimum is above that of the whole matrix, whose bound is still to come: it may not use up the gap asked for.
NEAR_OF_GAP = 0.75
# The last leg is there for the cuts at its root, which lift the bound.
LAST_ENGINE = "scip"
LAST_NODES = ROOT
# Measured: with twice as many whole numbers the root alone takes minutes.
LAST_WHOLE = 20_000
# Without a plan to start from it is given more.
FIRST_NODES = 1000
# Where limits are too tight for a little more demand even in parts of replicas, as many whole numbers are not searched
# for a plan that packing did not find: it takes minutes, and there is hardly ever one.
TIGHT_WHOLE = 10_000


@dataclass
class _Search:
    """What is known so far: the best plan, the bound, what parts of replicas cost, and the legs run.

    ``short`` (rows,) is the demand for which the latest packing had no room; ``tight`` whether as much more could not
    be served in parts of replicas either.
    """

    best: Incumbent | None
    bound: float = -np.inf
    in_parts: float = np.inf
    legs: list[Leg] = field(default_factory=list)
    infeasible: bool = False
    stopped: bool = False
    short: Floats | None = None
    tight: bool = False

    @property
    def gap(self) -> float:
        """What is open between the best plan and the bound."""
        return np.inf if self.best is None else relative_gap(self.best[1], self.bound)

    @property
    def left_by_relaxation(self) -> float:
        """What is open between the plan in parts and the bound."""
        return relative_gap(self.in_parts, self.bound)

    def needed(self, gap: float) -> float:
        """The bound that would close ``gap``."""
        assert self.best is not None
        return self.best[1] - gap * abs(self.best[1])

    def in_reach(self, gap: float) -> bool:
        """Whether proving the relaxation further would close ``gap``.

        Its best plan is somewhere between the bound and the plan in parts, and no bound is above that: what has to lie
        in the upper half is most often not there, and to find that out takes longest.
        """
        return self.best is not None and self.needed(gap) < (self.bound + self.in_parts) / 2


@dataclass(frozen=True)
class _Task:
    """What is searched: the matrix, its relaxation, how the latter is solved and made whole, and for how long."""

    model: Model
    inner: Model
    milp: Milp
    relaxed: Milp
    relax: Relaxed
    polish: Polish
    ready: Packer
    clock: Clock
    options: Options


def outright(milp: Milp) -> bool:
    """Whether the matrix is small enough for the engines as it is."""
    return whole_numbers(milp) <= OUTRIGHT


def solve(
    model: Model, milp: Milp, relaxed: Milp, relax: Relaxed, polish: Polish, options: Options, start: Incumbent | None
) -> Answer:
    """``milp``, ``model``'s matrix with any objective, from ``relaxed``, that of its relaxation with the same one.

    ``relax`` solves the latter, ``polish`` turns a vector of the former into a feasible plan with its cost.
    """
    inner = model.relaxation
    assert inner is not None
    clock = Clock(options.time_limit_s)
    search = _Search(best=start)
    task = _Task(model, inner, milp, relaxed, relax, polish, packer(model, milp), clock, options)
    first = _relaxed_and_packed(search, task, max(options.gap, SKETCH))
    if first.x is None:
        return replace(first, solver="packing")
    if options.gap < SKETCH and not search.stopped and search.left_by_relaxation > OF_GAP * search.gap:
        _relaxed_and_packed(search, task, options.gap)
    if not search.stopped and search.best is not None and search.gap > FAR * max(options.gap, SKETCH):
        search.stopped = _around(search, model, milp, polish, clock.rest(options))
    if not search.stopped and options.gap < search.gap and search.in_reach(options.gap):
        search.stopped = _bounded(search, task, first)
    most = LAST_WHOLE if search.best is not None else TIGHT_WHOLE if search.tight else np.inf
    if not search.stopped and search.gap > options.gap and whole_numbers(milp) <= most:
        search.stopped = _last_leg(search, milp, polish, clock.rest(options))
    return _answer(search, first, clock.seconds, options)


def _relaxed_and_packed(search: _Search, task: _Task, gap: float) -> Answer:
    """The relaxation to its share of ``gap``, and packed until all demand found room; its answer."""
    options, clock, relaxed = replace(task.options, gap=gap), task.clock, task.relaxed
    first = task.relax(relaxed, clock.rest(replace(options, gap=gap * OF_GAP)), None)
    search.legs += first.legs
    search.stopped |= first.wall_clock_stop
    if first.x is None:
        return first
    search.bound, search.in_parts = max(search.bound, first.bound), min(search.in_parts, first.objective)
    near_usd = max(abs(first.objective - relaxed.constant), float(np.abs(task.milp.cost).max(initial=0.0)))
    answer, raised = first, np.ones(relaxed.rows)
    for turn in range(ROUNDS):
        assert answer.x is not None
        began, harder = clock.seconds, turn > 0
        stocks = carried(task.inner, task.model, answer.x)
        tight, asked = room.tight(task.ready, stocks, options, clock), (near_usd, FINE * gap, options, clock)
        short = probe(task.ready, stocks, tight, *asked, harder=harder, together=turn >= TOGETHER)
        plan = None
        if not np.any(short > NOTICEABLE):
            packing = pack(task.ready, stocks, *asked, harder=harder)
            short, plan = packing.short, task.polish(packing.x) if packing.complete else None
        search.stopped |= clock.seconds >= clock.limit_s
        search.best = cheapest(search.best, plan)
        search.legs.append(_leg("packing", plan, clock.seconds - began))
        # A shortage too small to be noticed may be one all the same: then there is no plan around the packed replicas.
        complete = not np.any(short > NOTICEABLE)
        noticed = 0.0 if complete else NOTICEABLE
        left_over = _in_relaxation(task.model, task.inner, short)
        if plan is not None or search.stopped or not np.any(left_over > noticed):
            break
        if not complete and turn < TOGETHER:
            search.short = short
        raised += np.where(left_over > noticed, np.maximum(RAISE * left_over, RAISE_LEAST), 0.0)
        answer = _raised(search, task, raised, gap)
        if answer.x is None:
            search.tight = answer.status == "infeasible"
            break
    return first


def _raised(search: _Search, task: _Task, raised: Floats, gap: float) -> Answer:
    """The relaxation with its demand times ``raised`` (rows,), as far as its root; further where that finds no plan."""
    matrix = _asking_more(task.inner, task.relaxed, raised)
    # Where dives found no plan at first, they find none of more demand.
    in_vain = any(leg.name == "dives" and leg.objective is None for leg in search.legs)
    options = replace(task.options, gap=gap * OF_GAP_RAISED, dives=not in_vain)
    answer = task.relax(matrix, task.clock.rest(replace(options, nodes=RAISED_NODES)), None)
    if answer.x is None and answer.status != "infeasible" and not answer.wall_clock_stop:
        answer = task.relax(matrix, task.clock.rest(options), None)
    search.legs += [replace(leg, bound=None) for leg in answer.legs]
    search.stopped |= answer.wall_clock_stop
    return answer


def _bounded(search: _Search, task: _Task, first: Answer) -> bool:
    """A better bound from the relaxation, if its plan leaves room for it. Whether the clock struck."""
    gap = relative_gap(search.in_parts, search.needed(task.options.gap))
    options = task.clock.rest(replace(task.options, gap=gap))
    answer = task.relax(task.relaxed, replace(options, from_start=True), first.x)
    search.legs += [replace(leg, objective=None) for leg in answer.legs if leg.name == "whole"]
    search.bound = max(search.bound, answer.bound)
    return answer.wall_clock_stop


def _around(search: _Search, model: Model, milp: Milp, polish: Polish, options: Options) -> bool:
    """Other stocks for the points and pools that the plan uses in each period. Whether the clock struck.

    Packing keeps the stocks that parts of replicas ask for: where lots and replicas are large beside the demand, dear.
    """
    assert search.best is not None
    upper, x = milp.upper.copy(), search.best[0]
    variables = model.variables
    running = (values(x, variables.replicas) + values(x, variables.gpus)).sum(axis=3, keepdims=True) > 0
    for ids in (variables.replicas, variables.gpus):
        left_out = ids[~np.broadcast_to(running, ids.shape)]
        upper[left_out[left_out != ABSENT]] = 0.0
    scale = _scale(milp, search.best[1])
    near = replace(milp, upper=upper).scaled(scale)
    nodes = NEAR_NODES if options.nodes is None else min(NEAR_NODES, options.nodes)
    found = steady(solvers.run)(near, NEAR_ENGINE, replace(options, gap=options.gap * NEAR_OF_GAP, nodes=nodes), x)
    better = polish(found.x) if found.x is not None and found.objective / scale < search.best[1] else None
    search.best = cheapest(search.best, better)
    search.legs.append(
        replace(found.leg("neighbourhood"), objective=search.best[1] if search.best else None, bound=None)
    )
    return found.wall_clock_stop


def _last_leg(search: _Search, milp: Milp, polish: Polish, options: Options) -> bool:
    """The whole matrix from the best plan: its bound, and a better plan if there is one. Whether the clock struck.

    Where packing found no plan at all, it is given more nodes to find one.
    """
    cost = search.in_parts if search.best is None else search.best[1]
    scale = _scale(milp, cost)
    most = FIRST_NODES if search.best is None else LAST_NODES
    nodes = most if options.nodes is None else min(most, options.nodes)
    hint = None if search.best is None else search.best[0]
    last = solvers.run(milp.scaled(scale), LAST_ENGINE, replace(just_inside(options), nodes=nodes), hint)
    leg = replace(last.leg("whole"), objective=None if last.x is None else last.objective / scale)
    search.legs.append(replace(leg, bound=last.bound / scale if np.isfinite(last.bound) else None))
    if last.x is not None and (search.best is None or last.objective / scale < search.best[1]):
        search.best = cheapest(search.best, polish(last.x))
    search.bound = max(search.bound, last.bound / scale)
    if last.status == "infeasible" and search.best is None:
        search.infeasible = True
    return last.wall_clock_stop


def _scale(milp: Milp, cost: float) -> float:
    """The scale at which a plan at ``cost`` costs about 10³."""
    guess = scaling.from_costs(milp.cost)
    return guess * scaling.from_optimum(cost * guess)


def _answer(search: _Search, first: Answer, seconds: float, options: Options) -> Answer:
    best = search.best
    closed = search.gap <= options.gap
    return replace(
        first,
        status="infeasible" if search.infeasible else "optimal" if closed else "feasible" if best else "unknown",
        solver="packing",
        x=None if best is None else best[0],
        objective=np.inf if best is None else best[1],
        bound=search.bound if best is None else min(search.bound, best[1]),
        in_parts=search.in_parts,
        seconds=seconds,
        duals=None,
        legs=tuple(search.legs),
        wall_clock_stop=search.stopped,
        short=None if best is not None else search.short,
    )


def _leg(name: str, plan: Incumbent | None, seconds: float) -> Leg:
    found = plan is not None
    return Leg(name, "scip", "feasible" if found else "unknown", plan[1] if plan is not None else None, None, seconds)


def missed(model: Model, short: Floats) -> tuple[str, float] | None:
    """Where the largest share of demand (rows,) found no room, and that share rounded up to a percent."""
    rows = [
        (float(short[block.span].max(initial=0.0)), block) for block in model.milp.row_blocks if block.name in DEMAND
    ]
    most, block = max(rows, key=lambda pair: pair[0])
    share = math.ceil(most * 100 + 1e-9) / 100
    if not 0 < share < 1:
        return None
    at = np.unravel_index(block.cells[int(short[block.span].argmax())], [len(axis) for axis in block.axes])
    workload, *when = [str(axis[index]) for axis, index in zip(block.axes, at, strict=True)]
    several = len(model.problem.futures) > 1
    return f"up to {100 * share:g} % of the demand of {workload} in {' '.join(when[0 if several else 1 :])}", share


def carried(source: Model, target: Model, x: Floats) -> Floats:
    """The stocks of a vector of ``source`` in the columns of ``target``, (columns,); other columns are 0."""
    found = np.zeros(target.milp.columns)
    for name in STOCKS:
        ids, others = getattr(source.variables, name), getattr(target.variables, name)
        place = {key: index for index, key in enumerate(_keys(source.problem, name))}
        pairs = [(place[key], index) for index, key in enumerate(_keys(target.problem, name)) if key in place]
        if not pairs:
            continue
        at, to = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
        both = (ids[at] != ABSENT) & (others[to] != ABSENT)
        found[others[to][both]] = np.round(x[ids[at][both]])
    return found


def _keys(problem: Problem, name: str) -> list[str]:
    """What tells the items of a kind of stock apart."""
    supply = problem.supply
    if name in ("buy", "own"):
        return [item.asset.supply for item in supply.purchases]
    if name == "keep":
        return [group.asset.supply for group in supply.groups]
    if name == "convert":
        return [site.name for site in problem.limits.sites]
    return [item.offer.name for item in supply.reservations]


def _in_relaxation(model: Model, inner: Model, share: Floats) -> Floats:
    """A share of each row of demand, (rows,), by the rows of the relaxation."""
    found = np.zeros(inner.milp.rows)
    for name in DEMAND:
        for mine, other in zip(_rows(model.milp, name), _rows(inner.milp, name), strict=True):
            found[other] = share[mine]
    return found


def _rows(milp: Milp, name: str) -> list[slice]:
    return [block.span for block in milp.row_blocks if block.name == name]


def _asking_more(inner: Model, relaxed: Milp, raised: Floats) -> Milp:
    """The relaxation with its demand times ``raised`` (rows,), and columns wide enough to serve it."""
    upper = relaxed.upper.copy()
    for name in ("gpus", "api"):
        ids = getattr(inner.variables, name)
        upper[ids[ids != ABSENT]] *= raised.max()
    finite = np.isfinite(relaxed.row_upper)
    return replace(
        relaxed,
        upper=upper,
        row_lower=np.where(raised > 1, relaxed.row_lower * raised, relaxed.row_lower),
        row_upper=np.where(finite & (raised > 1), relaxed.row_upper * raised, relaxed.row_upper),
    )
