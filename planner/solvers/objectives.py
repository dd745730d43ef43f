"""The four objectives over one matrix, each with its proof."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.errors import InputError, SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.milp import Model, demand_total, unserved_weights
from planner.milp.matrix import Milp
from planner.milp.widened import with_rows
from planner.solvers.answer import Answer, Leg, Options, relative_gap
from planner.solvers.clock import Clock
from planner.solvers.optimise import optimise
from planner.solvers.vertex import Vertex
from planner.units import mtok_from_tokens

Floats = NDArray[np.float64]
Kind = Literal["cost", "cost_per_token", "tokens", "profit"]

DINKELBACH_ROUNDS = 12
# How far below its proven best the first of two objectives may fall while the second is minimised.
KEPT = 1e-9
# The proof divides by what has to be served, and an engine keeps that to a millionth of everything.
LEAST_SERVED = 1e-4


@dataclass(frozen=True)
class Outcome:
    """A tidy vector (None where infeasible) and what was proven of the objective.

    ``value`` and ``bound`` are USD NPV for `cost` and `profit`, USD per Mtok for `cost_per_token`, Mtok for `tokens`;
    the bound is a lower one for costs and an upper one where more is better. ``cost_bound_usd`` bounds the cost itself
    (-inf where the objective says nothing of it). ``answer`` is the last solve; ``stopped`` where the clock broke any
    solve off.
    """

    objective: Kind
    unit: str
    x: Floats | None
    value: float
    bound: float
    cost_bound_usd: float
    answer: Answer
    legs: tuple[Leg, ...]
    seconds: float
    stopped: bool = False

    @property
    def gap(self) -> float:
        """Relative distance of value and bound."""
        if self.objective in ("tokens", "profit"):
            return relative_gap(-self.value, -self.bound)
        return relative_gap(self.value, self.bound)


def matrix_of(model: Model, kind: Kind) -> Milp:
    """The matrix whose least value answers ``kind``: USD NPV of cost, or minus the Mtok served or the profit.

    Least cost among the plans that serve or earn the most is a second solve, which this leaves out. Raises InputError
    for `cost_per_token`, a ratio, which takes several.
    """
    fixed_tokens = serves_all(model)
    if kind == "cost" or (fixed_tokens and kind != "profit"):
        return model.milp
    if kind == "cost_per_token":
        raise InputError(
            "objective cost_per_token is a ratio, which no linear model states; "
            "write the model with --set objective=cost and a min_served"
        )
    per_request = _per_request(model, kind)
    lost, most = _lost(model, kind, per_request)
    return _with_objective(model.milp, lost, (model.milp.constant if kind == "profit" else 0.0) - most)


def minimise(
    model: Model,
    kind: Kind,
    solver: str,
    options: Options,
    warm_start: Floats | None = None,
    near: Vertex | None = None,
) -> Outcome:
    """``model`` solved for the objective ``kind``; where nothing may go unserved, one of tokens alone is `cost`.

    ``warm_start`` (columns,) is a plan of a matrix like this one, for `cost` to start from, and ``near`` the optimum of
    the relaxation of such a matrix.
    """
    fixed_tokens = serves_all(model)
    if kind == "cost":
        return _cost(model, solver, options, warm_start, near)
    if kind == "cost_per_token":
        return _cost_per_token(model, solver, options)
    per_request = _per_request(model, kind)
    if fixed_tokens:
        return _from_cost(model, kind, per_request, _cost(model, solver, options))
    return (
        _tokens(model, per_request, solver, options)
        if kind == "tokens"
        else _profit(model, per_request, solver, options)
    )


def serves_all(model: Model) -> bool:
    """Whether nothing may go unserved, so that tokens and revenue are constants."""
    return not model.problem.elastic and bool(np.all(model.problem.demand.min_served >= 1))


def _per_request(model: Model, kind: Kind) -> Floats:
    """What a request adds to `tokens` (tokens on the headline basis) or `profit` (USD of revenue), (W, T)."""
    return _tokens_per_request(model) if kind == "tokens" else model.problem.demand.revenue_usd


def _tokens_per_request(model: Model) -> Floats:
    """Tokens of one request on the headline basis, (W, T)."""
    periods = model.problem.timeline.periods
    return np.repeat(model.problem.token_weight[:, None], periods, axis=1)


def _optimum(
    model: Model,
    asked: Callable[[Model], Milp],
    solver: str,
    options: Options,
    warm_start: Floats | None = None,
    near: Vertex | None = None,
) -> Answer:
    """The matrix that is ``asked`` of a model, solved; of its relaxation the same is asked."""
    inner = model.relaxation
    return optimise(model, asked(model), solver, options, warm_start, None if inner is None else asked(inner), near)


def _cost(
    model: Model, solver: str, options: Options, warm_start: Floats | None = None, near: Vertex | None = None
) -> Outcome:
    answer = _optimum(model, lambda any_model: any_model.milp, solver, options, warm_start, near)
    return Outcome(
        "cost", "USD NPV", answer.x, answer.objective, answer.bound, answer.bound, answer, answer.legs, answer.seconds,
        answer.wall_clock_stop,
    )  # fmt: skip


def _from_cost(model: Model, kind: Kind, per_request: Floats, cost: Outcome) -> Outcome:
    """The same plan under an objective whose token or revenue term is a constant."""
    if kind == "tokens":
        total = mtok_from_tokens(demand_total(model.problem, per_request, discounted=False))
        return replace(cost, objective=kind, unit="Mtok", value=total, bound=total)
    total = demand_total(model.problem, per_request, discounted=True)
    return replace(cost, objective=kind, unit="USD NPV", value=total - cost.value, bound=total - cost.bound)


def _cost_per_token(model: Model, solver: str, options: Options) -> Outcome:
    """C ÷ N least, by Dinkelbach's method: min C + θ·(discounted unserved tokens) until θ no longer falls.

    An inexact round may be worse than the one before, so the best plan seen is kept. Proof: θ* ≥ θ_k + min(b_k, 0) ÷
    N_min with b_k = inner bound − θ_k·N_max.
    """
    clock = Clock(options.time_limit_s)
    milp, problem = model.milp, model.problem
    per_request = mtok_from_tokens(_tokens_per_request(model))
    lost = unserved_weights(model, per_request, discounted=True)
    most = demand_total(problem, per_request, discounted=True)
    share = problem.demand.min_served[:, None] * np.ones(problem.timeline.periods)
    least = demand_total(problem, per_request * share, discounted=True)
    if least <= 0:
        what = "no workload makes tokens" if most <= 0 else "with a min_served of 0 serving nothing would be cheapest"
        raise InputError(f"objective cost_per_token has no answer: {what}; give every workload a min_served above 0")

    if least < LEAST_SERVED * most:
        raise InputError(
            f"objective cost_per_token has no answer that can be proven where a min_served of {least / most:.2g} is "
            f"all that has to be served; give every workload at least {LEAST_SERVED:g}"
        )

    def priced(theta: float) -> Callable[[Model], Milp]:
        def asked(of: Model) -> Milp:
            return replace(of.milp, cost=of.milp.cost + theta * unserved_weights(of, per_request, discounted=True))

        return asked

    inner = replace(options, gap=options.gap * least / most / 2)
    answer = _optimum(model, priced(0.0), solver, replace(inner, gap=options.gap))
    best: tuple[Floats, float] | None = None
    bound, legs, stopped = -np.inf, list(answer.legs), answer.wall_clock_stop
    if answer.x is not None:
        # Costs are never negative, and no plan serves more than everything.
        bound = answer.bound / most
    for _ in range(DINKELBACH_ROUNDS):
        if answer.x is None:
            break
        served = most - float(bits.dot(lost, answer.x))
        if served <= 0:
            raise SolverFailure("the engine served nothing, less than the floors; try another one (--solver highs)")
        ratio = milp.objective(answer.x) / served
        if best is None or ratio < best[1]:
            best = (answer.x, ratio)
        if stopped or relative_gap(best[1], bound) <= options.gap:
            break
        theta = best[1]
        try:
            answer = _optimum(model, priced(theta), solver, clock.rest(inner))
        except StoppedByClock:
            stopped = True
            break
        stopped = answer.wall_clock_stop
        legs += answer.legs
        bound = max(bound, theta + min(answer.bound - theta * most, 0.0) / least)
    x, value = best if best is not None else (None, np.inf)
    return Outcome(
        "cost_per_token", "USD/Mtok", x, value, min(bound, value), -np.inf, answer, tuple(legs), clock.seconds, stopped
    )


def _tokens(model: Model, per_request: Floats, solver: str, options: Options) -> Outcome:
    """Most tokens first, then least cost at what was achieved."""
    return _then_cost(model, "tokens", "Mtok", per_request, 0.0, solver, options)


def _profit(model: Model, per_request: Floats, solver: str, options: Options) -> Outcome:
    """Most revenue less cost first, then least cost at what was achieved."""
    return _then_cost(model, "profit", "USD NPV", per_request, model.milp.constant, solver, options)


def _lost(model: Model, kind: Kind, per_request: Floats) -> tuple[Floats, float]:
    """What each column takes from `tokens` (Mtok) or `profit` (USD NPV), and what there would be without."""
    if kind == "tokens":
        lost = unserved_weights(model, mtok_from_tokens(per_request), discounted=False)
        return lost, mtok_from_tokens(demand_total(model.problem, per_request, discounted=False))
    lost = unserved_weights(model, per_request, discounted=True) + model.milp.cost
    return lost, demand_total(model.problem, per_request, discounted=True)


def _then_cost(
    model: Model, kind: Kind, unit: str, per_request: Floats, constant: float, solver: str, options: Options
) -> Outcome:
    """Least of what is lost (columns,), then least cost with no more lost than that."""
    clock = Clock(options.time_limit_s)
    lost, most = _lost(model, kind, per_request)

    def least_lost(of: Model) -> Milp:
        return _with_objective(of.milp, _lost(of, kind, per_request)[0], constant - most)

    # The gap is asked of the value, most − lost, which the engine does not see: its own must be finer.
    first = _optimum(model, least_lost, solver, options)
    if first.x is None:
        return Outcome(kind, unit, None, -np.inf, -first.bound, -np.inf, first, first.legs, first.seconds)
    achieved = float(bits.dot(lost, first.x))
    room = achieved + KEPT * max(1.0, abs(achieved), most)

    def held(of: Model) -> Milp:
        mine = _lost(of, kind, per_request)[0]
        present = np.flatnonzero(mine)
        size = max(float(np.abs(mine[present]).max(initial=0.0)), 1e-300)
        # Where nothing that counts may go unserved, there is nothing to hold.
        return with_rows(of.milp, [(present, mine[present] / size, -np.inf, room / size)] if len(present) else [], kind)

    second = None
    if not first.wall_clock_stop:
        with suppress(StoppedByClock):
            second = _optimum(model, held, solver, clock.rest(options))
    answer = second if second is not None and second.x is not None else first
    assert answer.x is not None
    value = most - constant - float(bits.dot(lost, answer.x))
    return Outcome(
        kind,
        unit,
        answer.x,
        value,
        max(-first.bound, value),
        -np.inf,
        answer,
        (*first.legs, *(second.legs if second is not None else ())),
        clock.seconds,
        second is None or second.wall_clock_stop,
    )


def _with_objective(milp: Milp, cost: Floats, constant: float) -> Milp:
    return replace(milp, cost=cost, constant=constant)
