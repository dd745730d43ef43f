"""Of all plans that the gap leaves open, the one whose first orders are nearest to today's, and what none can keep.

A solver that stops at a gap may return any plan within it, and of two vendors at the same price either. So a plan that
orders something else does not show that something else has to be ordered. What shows it is a second solve: among all
plans that cost no more than such a solver's could, the least that is ordered otherwise. Where a bound says that this
is more than nothing, orders must change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.errors import SolverFailure
from planner.frozen import dataclass
from planner.milp import Milp, Model
from planner.milp.distance import Total, with_distance
from planner.plan import Plan
from planner.solvers import Options, scaling
from planner.solvers.answer import Answer
from planner.solvers.optimise import polished
from planner.solvers.relay import between, prove
from planner.studies.orders import gpus_each, order_columns, ordered

Floats = NDArray[np.float64]

# Measured on these objectives: faster than HiGHS.
ENGINE = "scip"
# On the shipped scenarios a hundred prove the nearest plan, and ten what must change by itself.
NODES, ALONE = 100, 10
NEAR_ENOUGH = 0.02
# Engines let a row be missed by about a millionth, and the row of the cost is in shares of the limit.
ROUNDING = 1e-6
# Orders are whole: less than half of one amiss is none.
HALF = 0.5
SAME, MAY, MUST = "same", "may change", "must change"


@dataclass(frozen=True)
class Order:
    """Systems or lots ordered under one name: by today's plan, by the plan found and by the nearest one.

    Every plan within the limit is proven to order at least ``least`` more or fewer than today.
    """

    name: str
    today: float
    found: float
    nearest: float
    least: float = 0.0

    @property
    def verdict(self) -> str:
        """``must change`` where every plan within the limit orders another number, else ``may change``."""
        return MUST if self.least > HALF else MAY


@dataclass(frozen=True)
class Nearest:
    """The orders that differ from today's in the plan found or in the nearest one, and by how many GPUs.

    The nearest plan costs no more than ``limit_usd`` and orders ``gpus`` more or fewer than today, all names added up;
    ``least_gpus`` is a bound of that. ``x`` is its vector. ``stopped`` where the clock ended the search.
    """

    orders: tuple[Order, ...]
    gpus: float
    least_gpus: float
    limit_usd: float
    x: Floats
    stopped: bool = False

    @property
    def verdict(self) -> str:
        """``must change`` where some order must, whichever; ``may change`` where the plan found or the nearest does."""
        if not self.orders:
            return SAME
        return MUST if self.least_gpus > 0 else MAY


@dataclass(frozen=True)
class _Search:
    """The least found by which totals are amiss, where, and what it is not below."""

    x: Floats
    amiss: float
    bound: float
    stopped: bool = False


def nearest(
    model: Model, today: Plan, plans: Sequence[Floats], limit_usd: float, until: dt.date, options: Options
) -> Nearest:
    """The plan of ``model`` nearest to the orders of ``today`` until a day, of those that cost at most ``limit_usd``.

    ``plans`` are such plans that are known, the one found first. Each order that the nearest changes is proven to
    have to, or not, by a search of its own: the least change of it alone.
    """
    wanted, each = ordered(today, until), gpus_each(today, until)
    columns = order_columns(model, until)
    nothing = np.zeros(0, dtype=np.int64)
    totals = {
        name: Total(columns[name].columns, wanted.get(name, 0.0), columns[name].gpus)
        if name in columns
        else Total(nothing, wanted[name], each[name])
        for name in dict.fromkeys((*wanted, *columns))
    }
    first = _least(model, list(totals.values()), plans, limit_usd, options)
    known, least, stopped = [*plans, first.x], {}, first.stopped
    for name, total in totals.items():
        if all(total.amiss(x) > HALF for x in known):
            alone = _least(model, [replace(total, weight=1.0)], known, limit_usd, options)
            known.append(alone.x)
            least[name] = float(np.floor(min(alone.bound, alone.amiss) + HALF))
            stopped = stopped or alone.stopped
    changed = tuple(
        Order(name, total.wanted, _count(total, plans[0]), _count(total, first.x), least.get(name, 0.0))
        for name, total in totals.items()
        if total.amiss(plans[0]) > HALF or total.amiss(first.x) > HALF
    )
    apart = sum(total.weight * bound for total, bound in ((totals[name], least[name]) for name in least))
    smallest = min((total.weight for total in totals.values()), default=0.0)
    bound = max(first.bound, apart)
    return Nearest(changed, first.amiss, bound if bound > HALF * smallest else 0.0, limit_usd, first.x, stopped)


def _count(total: Total, x: Floats) -> float:
    return float(np.round(x[total.columns].sum()))


def _amiss(totals: Sequence[Total], x: Floats) -> float:
    """By how much totals are amiss, by weight."""
    return sum(total.weight * abs(_count(total, x) - total.wanted) for total in totals)


def _least(
    model: Model, totals: Sequence[Total], plans: Sequence[Floats], limit_usd: float, options: Options
) -> _Search:
    """The least by which ``totals`` are amiss: the relaxation, whole numbers between it and a plan, then all of them.

    The search ends where the bound says that there is nothing less.
    """
    start = min(plans, key=lambda x: _amiss(totals, x))
    best = _Search(start, _amiss(totals, start), 0.0)
    if best.amiss < HALF:
        return best
    held = with_distance(model.milp, totals, limit_usd)
    lp = solvers.run(held.relaxed(), "glop", options)
    if lp.x is None or lp.duals is None:
        return replace(best, stopped=lp.wall_clock_stop)
    best = replace(best, bound=max(prove(held, lp.x, lp.duals).bound, 0.0))
    for everything in (False, True):
        if best.stopped or _settled(totals, best):
            break
        hint = np.append(best.x, [total.amiss(best.x) for total in totals])
        matrix = held if everything else between(held, hint, lp.x)
        answer = _run(matrix, replace(options, gap=NEAR_ENOUGH, nodes=ALONE if len(totals) == 1 else NODES), hint)
        if answer is None:
            continue
        bound = max(best.bound, answer.bound) if everything and answer.status != "infeasible" else best.bound
        x = planned(model, answer.x, limit_usd, options)
        better = x is not None and _amiss(totals, x) < best.amiss - HALF
        if x is not None and better:
            best = replace(best, x=x, amiss=_amiss(totals, x))
        best = replace(best, bound=min(bound, best.amiss), stopped=answer.wall_clock_stop)
    return best


def _settled(totals: Sequence[Total], best: _Search) -> bool:
    """Whether nothing less can be found; of one total alone, whether it is known to be amiss at all."""
    if len(totals) == 1 and best.bound > HALF * totals[0].weight:
        return True
    return best.amiss <= best.bound + ROUNDING


def _run(milp: Milp, options: Options, hint: Floats) -> Answer | None:
    try:
        return solvers.run(milp, ENGINE, options, hint)
    except SolverFailure:
        return None


def planned(model: Model, x: Floats | None, limit_usd: float, options: Options) -> Floats | None:
    """The cheapest plan with the whole numbers of ``x``; None where it costs more than the limit."""
    if x is None:
        return None
    milp = model.milp
    found = polished(model, milp.scaled(scaling.from_costs(milp.cost)), x[: milp.columns], options)
    inside = found is not None and milp.objective(found[0]) <= limit_usd + ROUNDING * abs(limit_usd)
    return found[0] if found is not None and inside else None
