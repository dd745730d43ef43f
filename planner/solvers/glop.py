"""An LP that GLOP keeps: changed, and solved again from the basis where the last solve ended."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
    solution_pb2,
)
from ortools.math_opt.core.python import solver
from pybind11_abseil.status import StatusNotOk

from planner.errors import SolverFailure, StoppedByClock
from planner.milp.matrix import Milp
from planner.solvers.answer import Options
from planner.solvers.clock import Clock
from planner.solvers.ortools import ENGINES, parameters_of, to_proto

REFUSALS = (RuntimeError, ValueError, StatusNotOk)


class Glop:
    """The relaxation of ``milp``, kept. Other bounds and other rows leave its basis dual feasible: the dual goes on.

    What it answers depends on what it was asked before, and on nothing else. All solves together have the time of
    ``options``; then StoppedByClock is raised, which says that the clock stopped ``what``.
    """

    def __init__(self, milp: Milp, options: Options, what: str) -> None:
        self._clock, self._options, self._what = Clock(options.time_limit_s), options, what
        try:
            initial = parameters_pb2.SolverInitializerProto()
            self._solver = solver.new(ENGINES["glop"], to_proto(milp.relaxed()), initial)
        except REFUSALS as error:
            raise SolverFailure(f"glop refused the model: {error}") from error
        self._parameters = parameters_of("glop", replace(options, presolve=False))

    def change(self, update: model_update_pb2.ModelUpdateProto, to: str) -> None:
        """From here on the LP is the one with ``update``, which makes it one of other ``to``: bounds or rows."""
        try:
            taken = self._solver.update(update)
        except REFUSALS as error:
            raise SolverFailure(f"glop refused the {to}: {error}") from error
        if not taken:
            raise SolverFailure(f"glop does not take other {to}")

    def solve(self, asked: model_parameters_pb2.ModelSolveParametersProto) -> solution_pb2.SolutionProto | None:
        """What is ``asked`` of the optimum; None where there is none."""
        self._parameters.time_limit.FromTimedelta(dt.timedelta(seconds=self._clock.rest(self._options).time_limit_s))
        nobody = callback_pb2.CallbackRegistrationProto()
        try:
            result = self._solver.solve(self._parameters, asked, None, nobody, None, None)
        except REFUSALS as error:
            raise SolverFailure(f"glop gave up: {error}") from error
        late = self._clock.seconds > self._options.time_limit_s
        if late or result.termination.limit == result_pb2.LIMIT_TIME:
            raise StoppedByClock(f"the clock stopped {self._what}")
        return result.solutions[0] if result.termination.reason == result_pb2.TERMINATION_REASON_OPTIMAL else None
