"""One objective over one matrix, by any engine: scaled, solved, polished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.errors import SolverFailure
from planner.milp import Model
from planner.milp.matrix import Milp
from planner.milp.merged import merge
from planner.milp.vector import tidy
from planner.solvers import executable, relay, scaling, sifted
from planner.solvers.answer import Answer, Options
from planner.solvers.clock import Clock, no_plan, stopped
from planner.solvers.vertex import Vertex, vertex_of

Floats = NDArray[np.float64]

# However late it is: this takes a fraction of any search, and without it what was found is no plan.
POLISH_S = 3600.0


def scale_of(milp: Milp, options: Options, near: Vertex | None = None) -> tuple[float, Answer]:
    """The power of two that brings the LP optimum near 10³, and the LP's answer at that scale.

    A small LP begins ``near`` its optimum, where that of another one is known.
    """
    if near is not None and milp.columns < sifted.LARGE:
        guess = near.scale
        lp = near.solve(milp.scaled(guess), options)
    else:
        guess = scaling.from_costs(milp.cost)
        lp = sifted.relaxation(milp.scaled(guess), options)
    step = scaling.from_optimum(lp.objective) if lp.x is not None else 1.0
    return guess * step, _rescaled(lp, step)


def vertex_at(milp: Milp, options: Options) -> Vertex:
    """The relaxation of ``milp``, solved, for others like it to start from.

    Raises StoppedByClock where the clock ended that, SolverFailure where it has no optimum.
    """
    scale, lp = scale_of(milp, options)
    if lp.x is not None and lp.basis is None:
        # HiGHS, which a large one begins with, need not tell any.
        lp = solvers.run(milp.scaled(scale).relaxed(), "glop", options)
    if lp.wall_clock_stop:
        raise stopped(options.time_limit_s)
    found = vertex_of(milp, scale, lp)
    if found is None:
        raise SolverFailure(f"the relaxation is {lp.status}")
    return found


def _rescaled(answer: Answer, factor: float) -> Answer:
    """``answer`` with objective, bound and duals times ``factor``."""
    return replace(
        answer,
        objective=answer.objective * factor,
        bound=answer.bound * factor,
        duals=None if answer.duals is None else answer.duals * factor,
        legs=tuple(
            replace(
                leg,
                objective=None if leg.objective is None else leg.objective * factor,
                bound=None if leg.bound is None else leg.bound * factor,
            )
            for leg in answer.legs
        ),
    )


def optimise(
    model: Model,
    milp: Milp,
    solver: str,
    options: Options,
    warm_start: Floats | None = None,
    relaxed: Milp | None = None,
    near: Vertex | None = None,
) -> Answer:
    """``milp`` (``model``'s matrix with any objective) solved; x is tidy and feasible, objective its own.

    ``relaxed`` is the matrix of ``model.relaxation`` with the same objective, from which a large plan of whole replicas
    is packed.

    ``warm_start`` (columns,) is a plan of a matrix like this one: where it is one of this one too, the search starts
    there. ``near`` is the optimum of the relaxation of such a matrix. The answer carries the LP's duals, whichever
    engine ran.
    """
    clock = Clock(options.time_limit_s)
    if relaxed is not None and solver in ("auto", "relay") and not executable.outright(milp):
        return _packed(model, milp, options, warm_start, relaxed)
    merged = merge(model, milp) if milp.columns >= sifted.LARGE else None
    if merged is None:
        return _whole(model, milp, solver, options, warm_start, near=near)
    start = None if warm_start is None or warm_start.shape != milp.cost.shape else merged.merged(warm_start)
    answer = _whole(model, merged.milp, solver, options, start, merged.whole, merged.merged)
    if answer.x is None:
        return answer
    x = tidy(model, merged.whole(answer.x))
    return replace(answer, x=x, objective=milp.objective(x), seconds=clock.seconds)


def _as_it_is(x: Floats) -> Floats:
    return x


def _whole(
    model: Model,
    milp: Milp,
    solver: str,
    options: Options,
    warm_start: Floats | None,
    whole: Callable[[Floats], Floats] = _as_it_is,
    back: Callable[[Floats], Floats] = _as_it_is,
    near: Vertex | None = None,
) -> Answer:
    """``milp`` solved as it is; ``whole`` and ``back`` lead from its columns to those of the model's and back."""
    clock = Clock(options.time_limit_s)
    scale, lp = scale_of(milp, options, near)
    if lp.status == "infeasible":
        return replace(lp, solver=solver)
    if lp.wall_clock_stop:
        raise no_plan(options.time_limit_s)
    scaled = milp.scaled(scale)

    def polish(x: Floats) -> tuple[Floats, float] | None:
        return polished(model, scaled, x, options, whole, back)

    start = polish(warm_start) if warm_start is not None and warm_start.shape == milp.cost.shape else None
    if solver in ("auto", "relay"):
        answer = relay.solve(scaled, solvers.run, polish, lp, clock.rest(options), start)
        if answer.x is not None or answer.status == "infeasible":
            return replace(_rescaled(answer, 1 / scale), vertex=vertex_of(milp, scale, lp))
        raise _no_plan(answer, options)
    answer = solvers.run(scaled, solver, clock.rest(options), None if start is None else start[0])
    if answer.status == "infeasible":
        return answer
    found = polish(answer.x) if answer.x is not None else None
    best = relay.cheapest(found, start)
    if best is None:
        raise _no_plan(answer, options)
    relaxation = relay.prove(scaled, lp.x, lp.duals) if lp.x is not None and lp.duals is not None else None
    # An engine without a bound of its own inherits the LP's.
    bounds = [answer.bound] + ([relaxation.bound] if relaxation else [])
    bound = min(max(bounds), best[1])
    answer = replace(
        answer,
        x=best[0],
        objective=best[1],
        bound=bound,
        status="optimal" if answer.status == "optimal" and np.isfinite(answer.bound) else answer.status,
        duals=relaxation.duals if relaxation else None,
        seconds=clock.seconds,
        legs=(lp.leg("relaxation"), answer.leg("whole")),
    )
    return _rescaled(answer, 1 / scale)


def _packed(model: Model, milp: Milp, options: Options, warm_start: Floats | None, relaxed: Milp) -> Answer:
    """A large plan of whole replicas and lots, from its relaxation."""

    vertex: list[Vertex | None] = []

    def relax(matrix: Milp, options: Options, start: Floats | None) -> Answer:
        assert model.relaxation is not None
        found = optimise(model.relaxation, matrix, "auto", options, start)
        vertex.append(found.vertex)
        return found

    scale = scaling.from_costs(milp.cost)

    def polish(x: Floats) -> tuple[Floats, float] | None:
        found = polished(model, milp.scaled(scale), x, options)
        return None if found is None else (found[0], milp.objective(found[0]))

    start = polish(warm_start) if warm_start is not None and warm_start.shape == milp.cost.shape else None
    answer = executable.solve(model, milp, relaxed, relax, polish, options, start)
    if answer.x is None and answer.status != "infeasible":
        raise (
            no_plan(options.time_limit_s)
            if answer.wall_clock_stop
            else SolverFailure(_only_in_parts(model, answer.short))
        )
    return replace(answer, vertex=vertex[0] if vertex else None)


def _only_in_parts(model: Model, short: Floats | None) -> str:
    """What to do where only a plan in parts is known, and how much demand (rows,) found no room in whole replicas."""
    demand = model.problem.demand
    first, *others = [name for name, whole in zip(demand.names, demand.whole_replicas, strict=True) if whole]
    lots = " --set procurement.whole_on_demand_lots=false" if model.problem.whole_on_demand_lots else ""
    missed = None if short is None else executable.missed(model, short)
    room = "" if missed is None else f": for {missed[0]} there was no room"
    unserved = "" if missed is None else f", let it go unserved with --set service.min_served={1 - missed[1]:g}"
    return (
        f"there is a plan in parts of replicas, and none in whole ones was found{room}; raise quotas or other limits "
        f"that are tight{unserved}, or plan in parts with{lots} --set workloads.{first}.whole_replicas=false"
        + (f", likewise for {', '.join(others)}" if others else "")
    )


def _no_plan(answer: Answer, options: Options) -> SolverFailure:
    if answer.wall_clock_stop:
        return no_plan(options.time_limit_s)
    return SolverFailure("no plan found; try a wider gap (--gap) or another engine (--solver highs)")


def polished(
    model: Model,
    milp: Milp,
    x: Floats,
    options: Options,
    whole: Callable[[Floats], Floats] = _as_it_is,
    back: Callable[[Floats], Floats] = _as_it_is,
) -> tuple[Floats, float] | None:
    """``x`` with whole integers, the rest solved anew around them, and its cost; None where that is infeasible.

    ``whole`` and ``back`` lead from the columns of ``milp`` to those of the model's matrix and back.
    """
    rounded = np.clip(np.round(x), milp.lower, milp.upper)
    fixed = replace(
        milp,
        lower=np.where(milp.integer, rounded, milp.lower),
        upper=np.where(milp.integer, rounded, milp.upper),
    ).relaxed()
    lp = solvers.run(fixed, "glop", replace(options, time_limit_s=POLISH_S))
    if lp.wall_clock_stop:
        raise no_plan(POLISH_S)
    if lp.x is None:
        return None
    clean = back(tidy(model, whole(np.where(milp.integer, rounded, lp.x))))
    return clean, milp.objective(clean)
