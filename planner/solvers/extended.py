"""One LP to which rows are added, each time solved from the basis where the last one ended, and what that basis is."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
)
from ortools.math_opt.core.python import solver
from pybind11_abseil.status import StatusNotOk

from planner.errors import SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.milp.matrix import Milp
from planner.solvers.answer import BASIC, Basis, Floats, Options
from planner.solvers.clock import Clock
from planner.solvers.ortools import ENGINES, basis_of, by_id, parameters_of, to_proto


@dataclass(frozen=True)
class Optimum:
    """An optimum of the LP: ``x`` (columns,), ``duals`` (rows,), basis; rows that bind on neither side are in that."""

    objective: float
    x: Floats
    duals: Floats
    basis: Basis


class Extended:
    """The relaxation of ``milp``, kept by GLOP. All solves together have the time of ``options``."""

    def __init__(self, milp: Milp, options: Options) -> None:
        self._milp = milp
        initial = parameters_pb2.SolverInitializerProto()
        try:
            self._solver = solver.new(ENGINES["glop"], to_proto(milp.relaxed()), initial)
        except (RuntimeError, ValueError, StatusNotOk) as error:
            raise SolverFailure(f"glop refused the model: {error}") from error
        self._clock, self._options = Clock(options.time_limit_s), options
        # Another row leaves the last basis dual feasible, so the dual method goes on from it.
        self._parameters = parameters_of("glop", replace(options, presolve=False))

    def extend(self, milp: Milp) -> None:
        """From here on the LP is that of ``milp``, whose first rows are those of the last one."""
        update, old = model_update_pb2.ModelUpdateProto(), self._milp.rows
        new = update.new_linear_constraints
        new.ids.extend(range(old, milp.rows))
        new.lower_bounds.extend(milp.row_lower[old:].tolist())
        new.upper_bounds.extend(milp.row_upper[old:].tolist())
        added = slice(milp.indptr[old], None)
        coefficients = update.linear_constraint_matrix_updates
        coefficients.row_ids.extend(milp.row_of[added].tolist())
        coefficients.column_ids.extend(milp.indices[added].tolist())
        coefficients.coefficients.extend(milp.data[added].tolist())
        try:
            taken = self._solver.update(update)
        except (RuntimeError, ValueError, StatusNotOk) as error:
            raise SolverFailure(f"glop refused the rows: {error}") from error
        if not taken:
            raise SolverFailure("glop does not take other rows")
        self._milp = milp

    def solve(self) -> Optimum | None:
        """The optimum; None where there is none, or GLOP gives no basis with it."""
        self._parameters.time_limit.FromTimedelta(dt.timedelta(seconds=self._clock.rest(self._options).time_limit_s))
        asked, nobody = model_parameters_pb2.ModelSolveParametersProto(), callback_pb2.CallbackRegistrationProto()
        try:
            result = self._solver.solve(self._parameters, asked, None, nobody, None, None)
        except (RuntimeError, ValueError, StatusNotOk) as error:
            raise SolverFailure(f"glop gave up: {error}") from error
        late = self._clock.seconds > self._options.time_limit_s
        if late or result.termination.limit == result_pb2.LIMIT_TIME:
            raise StoppedByClock("the clock stopped the cuts")
        if result.termination.reason != result_pb2.TERMINATION_REASON_OPTIMAL:
            return None
        found, milp = result.solutions[0], self._milp
        basis = basis_of(milp, found)
        if basis is None or (basis.columns == BASIC).sum() + (basis.rows == BASIC).sum() != milp.rows:
            return None
        x = by_id(found.primal_solution.variable_values, milp.columns)
        return Optimum(milp.objective(x), x, by_id(found.dual_solution.dual_values, milp.rows), basis)
