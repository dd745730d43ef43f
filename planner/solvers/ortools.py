"""OR-Tools through MathOpt: SCIP, HiGHS, CP-SAT and GLOP on the arrays of a ``Milp``.

The arrays go to MathOpt's solvers as the messages that its Python classes would make of them, without these classes:
they would keep the model a second time, give a dictionary for each vector of the answer, and load absl besides.

OR-Tools and highspy each carry a HiGHS library, and whichever loads second fails. Where a host program has loaded
highspy first, this module cannot be imported; ``planner.solvers`` then solves in a fresh process.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import numpy as np
import ortools
from numpy.typing import NDArray
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
    solution_pb2,
    sparse_containers_pb2,
)
from ortools.math_opt.solvers.gscip import gscip_pb2

from planner.errors import SolverFailure
from planner.milp.matrix import Milp, spread
from planner.solvers.answer import Answer, Basis, Floats, Options, Status
from planner.solvers.loading import bound_late

# A sixth of the time that this takes went into binding what no plan calls.
with bound_late():
    from ortools.math_opt.core.python import solver
    from pybind11_abseil.status import StatusNotOk

Ints = NDArray[np.int64]
ENGINES = {
    "scip": parameters_pb2.SOLVER_TYPE_GSCIP,
    "highs": parameters_pb2.SOLVER_TYPE_HIGHS,
    "cpsat": parameters_pb2.SOLVER_TYPE_CP_SAT,
    "glop": parameters_pb2.SOLVER_TYPE_GLOP,
}
# A column this wide is no bound to an engine, and CP-SAT refuses it.
_WIDEST = 1e15
ALGORITHMS = {
    "dual": parameters_pb2.LP_ALGORITHM_DUAL_SIMPLEX,
    "primal": parameters_pb2.LP_ALGORITHM_PRIMAL_SIMPLEX,
}
NODES_PER_DETERMINISTIC_SECOND = 1e3
SEARCHES = ("mip_heuristic_run_rins", "mip_heuristic_run_rens", "mip_heuristic_run_root_reduced_cost")
BY_ROUNDING = {
    "mip_heuristic_run_zi_round": True,
    "mip_heuristic_run_shifting": True,
    "mip_heuristic_run_root_reduced_cost": False,
}


def solve(milp: Milp, engine: str, options: Options, hint: Floats | Basis | None = None) -> Answer:
    """``milp`` solved by ``engine`` (scip, highs, cpsat; glop for LPs), from ``hint`` (columns,) where given.

    GLOP takes a basis instead. Raises SolverFailure where the engine refuses the model.
    """
    started = time.perf_counter()
    asked = model_parameters_pb2.ModelSolveParametersProto()
    if isinstance(hint, Basis):
        fill_basis(asked.initial_basis, hint)
    elif hint is not None and engine != "glop":
        values = asked.solution_hints.add().variable_values
        values.ids.extend(range(milp.columns))
        values.values.extend(hint.tolist())
    parameters, initial = parameters_of(engine, options), parameters_pb2.SolverInitializerProto()
    nobody = callback_pb2.CallbackRegistrationProto()
    try:
        result = solver.solve(to_proto(milp), ENGINES[engine], initial, parameters, asked, None, nobody, None, None)
    except (StatusNotOk, RuntimeError, ValueError) as error:
        raise _refused(milp, engine, error) from error
    return _answer(milp, engine, result, time.perf_counter() - started, options.time_limit_s)


def fill_basis(message: solution_pb2.BasisProto, basis: Basis) -> None:
    """``basis`` as a message of MathOpt."""
    for statuses, sparse in ((basis.columns, message.variable_status), (basis.rows, message.constraint_status)):
        sparse.ids.extend(range(len(statuses)))
        sparse.values.extend(statuses.tolist())


def parameters_of(engine: str, options: Options) -> parameters_pb2.SolveParametersProto:
    """What MathOpt is told beside the model."""
    parameters = parameters_pb2.SolveParametersProto(random_seed=options.seed)
    parameters.time_limit.FromTimedelta(dt.timedelta(seconds=max(options.time_limit_s, 0.01)))
    # HiGHS under MathOpt refuses a thread count, GLOP a gap.
    if engine != "highs":
        parameters.threads = 1
    else:
        for name, used in (BY_ROUNDING if options.by_rounding else {}).items():
            parameters.highs.bool_options[name] = used
        for name in () if options.searches else SEARCHES:
            parameters.highs.bool_options[name] = False
    if engine == "highs" and options.method == "interior":
        parameters.highs.string_options["solver"] = "ipm"
    if engine == "scip" and options.quick:
        parameters.gscip.emphasis = gscip_pb2.GScipParameters.EASY_CIP
    if not options.presolve:
        parameters.presolve = parameters_pb2.EMPHASIS_OFF
    if engine == "glop":
        # Twice as fast as its default on fleets, and no slower on a site's plan.
        parameters.lp_algorithm = ALGORITHMS[options.method]
    if engine != "glop":
        parameters.relative_gap_tolerance = options.gap
        parameters.absolute_gap_tolerance = 0.0
    if options.nodes is not None and engine == "cpsat":
        parameters.cp_sat.max_deterministic_time = options.nodes / NODES_PER_DETERMINISTIC_SECOND
    elif options.nodes is not None and engine != "glop":
        parameters.node_limit = options.nodes
    return parameters


def _refused(milp: Milp, engine: str, error: Exception) -> SolverFailure:
    """What to do about a model that an engine gave up on."""
    said = str(error)
    if engine == "cpsat" and "MODEL_INVALID" in said:
        said = "it counts in whole steps, and rounded to them a row is left that nothing meets"
        return SolverFailure(f"{engine} refused the model: {said}")
    others = " or ".join(name for name in ("scip", "highs") if name != engine)
    return SolverFailure(
        f"{engine} gave up on this model; {spread(milp)}. Figures so far apart come from a price, a rate or a demand "
        f"that is out by a factor; where they are right, try --solver {others}. It said: {said}"
    )


class Incremental:
    """An LP kept by GLOP, which starts from the last basis when ``varying`` columns get another cost.

    What it answers depends on what it was asked before, and on nothing else.
    """

    def __init__(self, milp: Milp, varying: Ints, wanted: Ints, options: Options, start: Basis | None = None) -> None:
        self._columns = milp.columns
        self._varying, self._wanted = np.sort(varying), wanted
        self._order = np.argsort(varying)
        self._solver = solver.new(ENGINES["glop"], to_proto(milp), parameters_pb2.SolverInitializerProto())
        # Another cost leaves the last vertex feasible, so the primal method goes on from it. Of the answer only what is
        # wanted is read: the rest takes longer than the solve.
        self._parameters = parameters_of("glop", replace(options, presolve=False, method="primal"))
        self._asked = model_parameters_pb2.ModelSolveParametersProto()
        self._asked.variable_values_filter.filter_by_ids = True
        self._asked.variable_values_filter.filtered_ids.extend(np.sort(wanted).tolist())
        self._asked.dual_values_filter.filter_by_ids = True
        self._asked.reduced_costs_filter.filter_by_ids = True
        if start is not None:
            fill_basis(self._asked.initial_basis, start)

    def solve(self, cost: Floats) -> Floats | None:
        """Values of the wanted columns, the varying ones at ``cost``; None where there is no optimum."""
        update = model_update_pb2.ModelUpdateProto()
        prices = update.objective_updates.linear_coefficients
        prices.ids.extend(self._varying.tolist())
        prices.values.extend(cost[self._order].tolist())
        # GLOP refuses no other cost.
        assert self._solver.update(update)
        no_callback = callback_pb2.CallbackRegistrationProto()
        result = self._solver.solve(self._parameters, self._asked, None, no_callback, None, None)
        self._asked.ClearField("initial_basis")
        if result.termination.reason != result_pb2.TERMINATION_REASON_OPTIMAL:
            return None
        return by_id(result.solutions[0].primal_solution.variable_values, self._columns)[self._wanted]


def to_proto(milp: Milp) -> model_pb2.ModelProto:
    """The arrays as a MathOpt model."""
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(milp.columns))
    proto.variables.lower_bounds.extend(milp.lower.tolist())
    proto.variables.upper_bounds.extend(np.where(milp.upper > _WIDEST, np.inf, milp.upper).tolist())
    proto.variables.integers.extend(milp.integer.tolist())
    costly = np.flatnonzero(milp.cost)
    proto.objective.linear_coefficients.ids.extend(costly.tolist())
    proto.objective.linear_coefficients.values.extend(milp.cost[costly].tolist())
    proto.objective.offset = milp.constant
    proto.linear_constraints.ids.extend(range(milp.rows))
    proto.linear_constraints.lower_bounds.extend(milp.row_lower.tolist())
    proto.linear_constraints.upper_bounds.extend(milp.row_upper.tolist())
    proto.linear_constraint_matrix.row_ids.extend(milp.row_of.tolist())
    proto.linear_constraint_matrix.column_ids.extend(milp.indices.tolist())
    proto.linear_constraint_matrix.coefficients.extend(milp.data.tolist())
    return proto


def basis_of(milp: Milp, solution: solution_pb2.SolutionProto) -> Basis | None:
    """The basis of an LP's solution; None where it has none."""
    if not solution.HasField("basis"):
        return None
    columns, rows = np.zeros(milp.columns, dtype=np.int64), np.zeros(milp.rows, dtype=np.int64)
    for statuses, found in ((columns, solution.basis.variable_status), (rows, solution.basis.constraint_status)):
        statuses[np.array(found.ids, dtype=np.int64)] = found.values
    return Basis(columns, rows)


def by_id(values: sparse_containers_pb2.SparseDoubleVectorProto, size: int) -> Floats:
    """Values of MathOpt's variables or constraints as an array; they were numbered by their place."""
    array = np.zeros(size)
    array[np.array(values.ids, dtype=np.int64)] = values.values
    return array


def _answer(milp: Milp, engine: str, result: result_pb2.SolveResultProto, seconds: float, limit_s: float) -> Answer:
    reason = result.termination.reason
    best = result.solutions[0] if result.solutions else solution_pb2.SolutionProto()
    found = best.primal_solution.feasibility_status == solution_pb2.SOLUTION_STATUS_FEASIBLE
    status: Status
    if reason == result_pb2.TERMINATION_REASON_OPTIMAL:
        status = "optimal"
    elif reason == result_pb2.TERMINATION_REASON_INFEASIBLE:
        status = "infeasible"
    elif reason == result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED and not found:
        # Every column has finite bounds, so the model is not unbounded.
        status = "infeasible"
    else:
        status = "feasible" if found else "unknown"
    x = by_id(best.primal_solution.variable_values, milp.columns) if found else None
    duals = None
    if not milp.integer.any() and best.dual_solution.feasibility_status == solution_pb2.SOLUTION_STATUS_FEASIBLE:
        duals = by_id(best.dual_solution.dual_values, milp.rows)
    limit = result.termination.limit
    # CP-SAT does not tell which of its limits it was.
    by_clock = limit == result_pb2.LIMIT_TIME or (limit == result_pb2.LIMIT_UNDETERMINED and seconds >= limit_s)
    bound = float(result.termination.objective_bounds.dual_bound)
    if engine == "cpsat":
        # CP-SAT knows no continuous variables: what it proves holds for a rounded model, not for this one.
        bound, status = -np.inf, "unknown" if status == "infeasible" else status
    return Answer(
        status=status,
        solver=engine,
        version=f"ortools {ortools.__version__}",
        x=x,
        objective=milp.objective(x) if x is not None else np.inf,
        bound=bound,
        seconds=seconds,
        duals=duals,
        wall_clock_stop=by_clock,
        basis=None if milp.integer.any() else basis_of(milp, best),
    )
