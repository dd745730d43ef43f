"""OR-Tools through MathOpt: SCIP, HiGHS, CP-SAT and GLOP on the arrays of a ``Milp``.

OR-Tools and highspy each carry a HiGHS library, and whichever loads second fails. Where a host program has loaded
highspy first, this module cannot be imported; ``planner.solvers`` then solves in a fresh process.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import numpy as np
import ortools
from numpy.typing import NDArray
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from planner.errors import SolverFailure
from planner.milp.matrix import Milp, spread
from planner.solvers.answer import Answer, Floats, Options, Status

Ints = NDArray[np.int64]
ENGINES = {
    "scip": mathopt.SolverType.GSCIP,
    "highs": mathopt.SolverType.HIGHS,
    "cpsat": mathopt.SolverType.CP_SAT,
    "glop": mathopt.SolverType.GLOP,
}
# A column this wide is no bound to an engine, and CP-SAT refuses it.
_WIDEST = 1e15
NODES_PER_DETERMINISTIC_SECOND = 1e3
BY_ROUNDING = {
    "mip_heuristic_run_zi_round": True,
    "mip_heuristic_run_shifting": True,
    "mip_heuristic_run_root_reduced_cost": False,
}


def solve(milp: Milp, engine: str, options: Options, hint: Floats | None = None) -> Answer:
    """``milp`` solved by ``engine`` (scip, highs, cpsat; glop for LPs), from ``hint`` (columns,) where given.

    Raises SolverFailure where the engine refuses the model.
    """
    started = time.perf_counter()
    try:
        model = mathopt.Model.from_model_proto(to_proto(milp))
    except ValueError as error:
        raise _refused(milp, engine, error) from error
    parameters = mathopt.SolveParameters(
        time_limit=dt.timedelta(seconds=max(options.time_limit_s, 0.01)),
        random_seed=options.seed,
    )
    # HiGHS under MathOpt refuses a thread count, GLOP a gap.
    if engine != "highs":
        parameters.threads = 1
    elif options.by_rounding:
        for name, used in BY_ROUNDING.items():
            parameters.highs.bool_options[name] = used
    if not options.presolve:
        parameters.presolve = mathopt.Emphasis.OFF
    if engine == "glop":
        # Twice as fast as its default on fleets, and no slower on a site's plan.
        parameters.lp_algorithm = mathopt.LPAlgorithm.DUAL_SIMPLEX
    if engine != "glop":
        parameters.relative_gap_tolerance = options.gap
        parameters.absolute_gap_tolerance = 0.0
    if options.nodes is not None and engine == "cpsat":
        parameters.cp_sat.max_deterministic_time = options.nodes / NODES_PER_DETERMINISTIC_SECOND
    elif options.nodes is not None and engine != "glop":
        parameters.node_limit = options.nodes
    model_parameters = mathopt.ModelSolveParameters()
    if hint is not None and engine != "glop":
        values = dict(zip(model.variables(), hint.tolist(), strict=True))
        model_parameters.solution_hints.append(mathopt.SolutionHint(variable_values=values))
    try:
        result = mathopt.solve(model, ENGINES[engine], params=parameters, model_params=model_parameters)
    except (RuntimeError, ValueError, AttributeError) as error:
        # MathOpt's own translation of an engine's refusal can fail with AttributeError; its cause has the words.
        raise _refused(milp, engine, error) from error
    return _answer(milp, engine, result, time.perf_counter() - started, options.time_limit_s)


def _refused(milp: Milp, engine: str, error: Exception) -> SolverFailure:
    """What to do about a model that an engine gave up on."""
    said = str(error.__context__ or error)
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

    def __init__(self, milp: Milp, varying: Ints, wanted: Ints, options: Options) -> None:
        # Kept: the solver hears of its changes only as long as it lives.
        self._model = model = mathopt.Model.from_model_proto(to_proto(milp))
        columns = list(model.variables())
        self._varying = [columns[place] for place in varying]
        self._wanted = [columns[place] for place in wanted]
        self._solver = mathopt.IncrementalSolver(model, mathopt.SolverType.GLOP)
        # Another cost leaves the last vertex feasible, so the primal method goes on from it. Of the answer only what is
        # wanted is read: the rest takes longer than the solve.
        self._parameters = mathopt.SolveParameters(
            time_limit=dt.timedelta(seconds=max(options.time_limit_s, 0.01)),
            random_seed=options.seed,
            threads=1,
            presolve=mathopt.Emphasis.OFF,
            lp_algorithm=mathopt.LPAlgorithm.PRIMAL_SIMPLEX,
        )
        self._asked = mathopt.ModelSolveParameters(
            variable_values_filter=mathopt.VariableFilter(filtered_items=self._wanted),
            dual_values_filter=mathopt.LinearConstraintFilter(filtered_items=[]),
            reduced_costs_filter=mathopt.VariableFilter(filtered_items=[]),
        )

    def solve(self, cost: Floats) -> Floats | None:
        """Values of the wanted columns, the varying ones at ``cost``; None where there is no optimum."""
        for column, usd in zip(self._varying, cost.tolist(), strict=True):
            self._model.objective.set_linear_coefficient(column, usd)
        result = self._solver.solve(params=self._parameters, model_params=self._asked)
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            return None
        values = result.variable_values()
        return np.array([values.get(column, 0.0) for column in self._wanted], dtype=float)


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


def _by_id(values: dict[Any, float], size: int) -> Floats:
    """Values of MathOpt's variables or constraints as an array; they were numbered by their place."""
    array = np.zeros(size)
    array[[key.id for key in values]] = list(values.values())
    return array


def _answer(milp: Milp, engine: str, result: Any, seconds: float, limit_s: float) -> Answer:
    reason, termination = result.termination.reason, mathopt.TerminationReason
    found = result.has_primal_feasible_solution()
    status: Status
    if reason == termination.OPTIMAL:
        status = "optimal"
    elif reason == termination.INFEASIBLE:
        status = "infeasible"
    elif reason == termination.INFEASIBLE_OR_UNBOUNDED and not found:
        # Every column has finite bounds, so the model is not unbounded.
        status = "infeasible"
    else:
        status = "feasible" if found else "unknown"
    x = _by_id(result.variable_values(), milp.columns) if found else None
    duals = None
    if not milp.integer.any() and result.has_dual_feasible_solution():
        duals = _by_id(result.dual_values(), milp.rows)
    limit = result.termination.limit
    # CP-SAT does not tell which of its limits it was.
    by_clock = limit == mathopt.Limit.TIME or (limit == mathopt.Limit.UNDETERMINED and seconds >= limit_s)
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
    )
