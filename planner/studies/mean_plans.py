"""Of all plans that suit the mean future equally well, the one that suits every future best.

The mean future's plan is not one plan: of two vendors at the same price either will do, and a solver that stops at a
gap may return any plan within it. What such a plan costs in every future depends on which of them it is, so the least
of that is looked for too: both models side by side, with the same purchases and contracts until the future is
revealed, and the cost of the mean future's plan held to the dearest that the gap leaves open.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.errors import SolverFailure, StoppedByClock
from planner.milp import ABSENT, Milp, Model
from planner.milp.distance import cost_row
from planner.milp.joint import side_by_side
from planner.milp.matrix import with_rows
from planner.milp.vector import tidy
from planner.solvers import Options, relay
from planner.solvers.optimise import POLISH_S, scale_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def decided_early(model: Model, mean: Model) -> tuple[Ints, Ints]:
    """Columns of purchases and contracts decided before the future is revealed, of all futures and of the mean one."""
    supply, periods = model.problem.supply, np.arange(model.problem.timeline.periods)
    found: list[tuple[Ints, Ints]] = []
    for ids, theirs, items in (
        (model.variables.buy, mean.variables.buy, supply.purchases),
        (model.variables.sign, mean.variables.sign, supply.reservations),
    ):
        until = np.array([item.here_and_now_until for item in items], dtype=np.int64)
        early = (periods < until[:, None]) & (ids[:, 0] != ABSENT)
        found.append((ids[:, 0][early], theirs[:, 0][early]))
    ours, others = (np.concatenate(side) for side in zip(*found, strict=True))
    return ours, others


def least_expected(
    model: Model, mean: Model, most_usd: float, start: tuple[Floats, Floats] | None, options: Options
) -> tuple[float, bool]:
    """What the expected cost of no plan is below that costs at most ``most_usd`` in the mean future.

    ``start`` is a plan of all futures with a mean future's plan that has the same early decisions. Infinite where no
    such plan serves every future, -infinite where nothing is known. Also whether the clock struck.
    """
    held = _joint(model, mean, most_usd)
    try:
        scale, lp = scale_of(held, options)
        if lp.status == "infeasible":
            return np.inf, False
        scaled = held.scaled(scale)

        def polish(x: Floats) -> tuple[Floats, float] | None:
            return _polished(model, mean, scaled, x, options)

        begin = None if start is None else polish(np.concatenate(start))
        answer = relay.solve(scaled, solvers.run, polish, lp, options, begin)
    except SolverFailure as error:
        return -np.inf, isinstance(error, StoppedByClock)
    if answer.status == "infeasible":
        return np.inf, False
    return min(answer.bound, answer.objective) / scale, answer.wall_clock_stop


def _joint(model: Model, mean: Model, most_usd: float) -> Milp:
    """Both models, their early decisions the same, the mean future's cost at most ``most_usd``."""
    size = model.milp.columns
    columns, values, low, high = cost_row(mean.milp, most_usd)
    rows = [(size + columns, values, low, high)]
    for ours, theirs in zip(*decided_early(model, mean), strict=True):
        pair = [ours] if theirs == ABSENT else [ours, size + theirs]
        rows.append((np.array(pair), np.array([1.0, -1.0][: len(pair)]), 0.0, 0.0))
    return with_rows(side_by_side(model.milp, mean.milp), rows, "mean plan")


def _polished(model: Model, mean: Model, milp: Milp, x: Floats, options: Options) -> tuple[Floats, float] | None:
    """``x`` with whole numbers, the rest anew around them, and its cost; None where that is infeasible."""
    whole = np.clip(np.round(x), milp.lower, milp.upper)
    fixed = replace(
        milp,
        lower=np.where(milp.integer, whole, milp.lower),
        upper=np.where(milp.integer, whole, milp.upper),
    ).relaxed()
    lp = solvers.run(fixed, "glop", replace(options, time_limit_s=POLISH_S))
    if lp.x is None:
        return None
    ours, theirs = np.split(np.where(milp.integer, whole, lp.x), [model.milp.columns])
    clean = np.concatenate([tidy(model, ours), tidy(mean, theirs)])
    return clean, milp.objective(clean)
