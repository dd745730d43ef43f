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
from planner.milp.widened import with_rows
from planner.solvers import Options
from planner.solvers.answer import relative_gap
from planner.solvers.optimise import scale_of
from planner.solvers.relay import just_inside, prove

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Measured on three futures of a hall: twice as fast as HiGHS to the same bound.
ENGINE = "scip"
# Only a bound is wanted, and behind the first nodes it hardly rises.
NODES = 10


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

    ``start`` is a plan of all futures with a mean future's plan that has the same early decisions: within the gap of it
    nothing less is looked for. Infinite where no such plan serves every future, -infinite where nothing is known. Also
    whether the clock struck.
    """
    held = _joint(model, mean, most_usd)
    begin = None if start is None else np.concatenate(start)
    # Where a plan is known, an engine that finds none has gone by its tolerances.
    none = np.inf if start is None else -np.inf
    try:
        scale, lp = scale_of(held, options)
        if lp.x is None or lp.duals is None:
            return (none if lp.status == "infeasible" else -np.inf), lp.wall_clock_stop
        scaled = held.scaled(scale)
        bound = prove(scaled, lp.x, lp.duals).bound
        if begin is not None and relative_gap(scaled.objective(begin), bound) <= options.gap:
            return bound / scale, False
        answer = solvers.run(scaled, ENGINE, just_inside(replace(options, nodes=NODES)), begin)
    except SolverFailure as error:
        return -np.inf, isinstance(error, StoppedByClock)
    if answer.status == "infeasible":
        return max(none, bound / scale), False
    return max(bound, answer.bound) / scale, answer.wall_clock_stop


def _joint(model: Model, mean: Model, most_usd: float) -> Milp:
    """Both models, their early decisions the same, the mean future's cost at most ``most_usd``."""
    size = model.milp.columns
    columns, values, low, high = cost_row(mean.milp, most_usd)
    rows = [(size + columns, values, low, high)]
    for ours, theirs in zip(*decided_early(model, mean), strict=True):
        pair = [ours] if theirs == ABSENT else [ours, size + theirs]
        rows.append((np.array(pair), np.array([1.0, -1.0][: len(pair)]), 0.0, 0.0))
    return with_rows(side_by_side(model.milp, mean.milp), rows, "mean plan")
