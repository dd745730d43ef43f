"""What a solver is asked and what it answers, whichever engine it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass

if TYPE_CHECKING:
    from planner.solvers.vertex import Vertex

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Method = Literal["dual", "primal", "interior"]
Status = Literal["optimal", "feasible", "infeasible", "unknown"]


@dataclass(frozen=True)
class Options:
    """How to solve: to a relative ``gap``, or until ``nodes`` of branch and bound are spent, whichever comes first.

    ``nodes`` None is as many as the gap takes. CP-SAT counts none: a thousand are one of its deterministic seconds;
    PuLP's solvers go on to the gap. ``time_limit_s``, seconds of wall clock, only breaks a search off. Without
    ``presolve`` the engine starts at once. ``by_rounding``: HiGHS first looks for plans by rounding, which takes
    less than the smaller searches that it otherwise begins with; without ``searches`` it begins none. ``quick``: SCIP
    with fewer of its separators, presolvers and heuristics, for what is nearly solved. ``method``: how GLOP (dual or
    primal) or HiGHS (dual or interior, with a crossover) solves an LP. ``from_start``: the relay looks for no other
    plan to start from than the one it is given. Without ``dives`` it makes none, of a large matrix either.
    """

    gap: float = 0.001
    time_limit_s: float = 60.0
    seed: int = 1
    presolve: bool = True
    by_rounding: bool = False
    searches: bool = True
    quick: bool = False
    method: Method = "dual"
    nodes: int | None = None
    from_start: bool = False
    dives: bool = True


@dataclass(frozen=True)
class Leg:
    """One solve of a relay: what ran, what it proved, how long it took."""

    name: str
    solver: str
    status: Status
    objective: float | None
    bound: float | None
    seconds: float


# As MathOpt numbers the statuses of a basis.
AT_LOWER, BASIC = 2, 5


@dataclass(frozen=True, eq=False)
class Basis:
    """Where an LP ended: the status of each column (columns,) and row (rows,), as MathOpt numbers them."""

    columns: Ints
    rows: Ints

    def of(self, columns: Ints, rows: Ints) -> Basis:
        """That of some columns and rows, with as many in it as there are rows."""
        some = Basis(self.columns[columns], self.rows[rows])
        missing = len(rows) - int((some.columns == BASIC).sum()) - int((some.rows == BASIC).sum())
        if missing > 0:
            some.rows[np.flatnonzero(some.rows != BASIC)[:missing]] = BASIC
        elif missing < 0:
            some.columns[np.flatnonzero(some.columns == BASIC)[missing:]] = AT_LOWER
        return some


@dataclass(frozen=True)
class Answer:
    """A vector, a bound and a status.

    ``status`` is ``optimal`` only where the engine proved it within the gap asked for; a stop at a limit is
    ``feasible`` with a vector and ``unknown`` without. ``wall_clock_stop`` where that limit was the clock, on which no
    other answer depends. ``bound`` is a proven lower bound on the optimum (-inf where the engine gives none). ``duals``
    (rows,) and ``basis`` come from LPs only. ``in_parts`` is what a plan in parts of replicas costs, where the plan was
    packed from one. ``short`` (rows,) is the share of demand that found no room, where no whole plan was found.
    ``vertex`` is where a search's own relaxation ended.
    """

    status: Status
    solver: str
    version: str
    x: Floats | None
    objective: float
    bound: float
    seconds: float
    duals: Floats | None = None
    legs: tuple[Leg, ...] = ()
    wall_clock_stop: bool = False
    in_parts: float | None = None
    short: Floats | None = None
    basis: Basis | None = None
    vertex: Vertex | None = None

    def leg(self, name: str) -> Leg:
        """This answer as one leg of a longer solve."""
        objective = self.objective if self.x is not None else None
        bound = self.bound if np.isfinite(self.bound) else None
        return Leg(name, self.solver, self.status, objective, bound, self.seconds)


def relative_gap(upper: float, lower: float) -> float:
    """(U − L) ÷ |U|, at least 0; 0 where both are 0."""
    if upper <= lower:
        return 0.0
    return float("inf") if upper == 0 or not np.isfinite(lower) else (upper - lower) / abs(upper)
