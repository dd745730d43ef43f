"""One LP to which rows are added, each time solved from the basis where the last one ended, and what that basis is."""

from __future__ import annotations

from ortools.math_opt import model_parameters_pb2, model_update_pb2

from planner.frozen import dataclass
from planner.milp.matrix import Milp
from planner.solvers.answer import BASIC, Basis, Floats, Options
from planner.solvers.glop import Glop
from planner.solvers.ortools import basis_of, by_id


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
        self._milp, self._lp = milp, Glop(milp, options, "the cuts")

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
        self._lp.change(update, "rows")
        self._milp = milp

    def solve(self) -> Optimum | None:
        """The optimum; None where there is none, or GLOP gives no basis with it."""
        found, milp = self._lp.solve(model_parameters_pb2.ModelSolveParametersProto()), self._milp
        if found is None:
            return None
        basis = basis_of(milp, found)
        if basis is None or (basis.columns == BASIC).sum() + (basis.rows == BASIC).sum() != milp.rows:
            return None
        x = by_id(found.primal_solution.variable_values, milp.columns)
        return Optimum(milp.objective(x), x, by_id(found.dual_solution.dual_values, milp.rows), basis)
