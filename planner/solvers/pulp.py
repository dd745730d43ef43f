"""Any solver that PuLP knows, by its name: CBC in PuLP's wheel, Gurobi, CPLEX, COPT and others with a licence.

PuLP's own words are not taken at their face: after a time limit ``LpStatus`` says Optimal, and CBC has returned wrong
optima as proven. So a vector is ``optimal`` here only where ``sol_status`` says so, it gives no bound of its own, and
the planner compares it with another engine's.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from planner.errors import InputError, SolverFailure
from planner.milp.matrix import Milp
from planner.solvers.answer import Answer, Floats, Options, Status

# The names people type, for those that PuLP spells differently.
ALIASES = {
    "cbc": "PULP_CBC_CMD",
    "gurobi": "GUROBI",
    "cplex": "CPLEX_PY",
    "xpress": "XPRESS_PY",
    "copt": "COPT",
    "mosek": "MOSEK",
    "scip": "SCIP_PY",
    "highs": "HiGHS",
    "glpk": "GLPK_CMD",
}


def available(name: str) -> bool:
    """Whether PuLP can run the solver ``name`` here."""
    pulp = _pulp()
    return ALIASES.get(name.lower(), name) in pulp.listSolvers(onlyAvailable=True)


def solve(milp: Milp, name: str, options: Options, hint: Floats | None = None) -> Answer:
    """``milp`` solved by PuLP's solver ``name``; ``hint`` is used where the solver takes one.

    Raises InputError where PuLP does not know the name or cannot run it, SolverFailure where the run fails.
    """
    pulp = _pulp()
    known = pulp.listSolvers()
    full = ALIASES.get(name.lower(), name)
    if full not in known:
        names = ", ".join(sorted(ALIASES))
        raise InputError(f"--solver pulp:{name}: PuLP knows no such solver; it knows {names} and {', '.join(known)}")
    if full not in pulp.listSolvers(onlyAvailable=True):
        raise InputError(f"--solver pulp:{name}: PuLP knows {full} but cannot run it here; is it installed?")
    started = time.perf_counter()
    problem, columns = _to_pulp(pulp, milp)
    with tempfile.TemporaryDirectory() as folder:
        solver = _solver(pulp, full, options, folder)
        if hint is not None and getattr(solver, "mip_start", False):
            for column, value in zip(columns, hint.tolist(), strict=True):
                column.setInitialValue(value)
        try:
            problem.solve(solver)
        except pulp.PulpSolverError as error:
            raise SolverFailure(f"{full} through PuLP failed: {error}") from error
    status = _status(pulp, problem)
    x = None
    if status in ("optimal", "feasible"):
        x = np.array([np.nan if c.varValue is None else c.varValue for c in columns])
        x = np.where(np.isnan(x), milp.lower, x)
    return Answer(
        status=status,
        solver=f"pulp:{name}",
        version=f"pulp {pulp.__version__} {full}",
        x=x,
        objective=milp.objective(x) if x is not None else np.inf,
        bound=-np.inf,
        seconds=time.perf_counter() - started,
        # Nothing but the clock stops it short of the gap, and PuLP does not say so.
        wall_clock_stop=status in ("feasible", "unknown"),
    )


def _pulp() -> Any:
    return importlib.import_module("pulp")


def _solver(pulp: Any, full: str, options: Options, folder: str) -> Any:
    arguments: dict[str, Any] = {"msg": False, "timeLimit": options.time_limit_s, "gapRel": options.gap}
    if full == "PULP_CBC_CMD":
        arguments |= {"threads": 1, "options": [f"randomC {options.seed}", f"randomS {options.seed}"]}
    try:
        solver = pulp.getSolver(full, **arguments)
    except TypeError:
        # Not every interface of PuLP takes a gap.
        solver = pulp.getSolver(full, msg=False, timeLimit=options.time_limit_s)
    if hasattr(solver, "tmpDir"):
        solver.tmpDir = str(Path(folder))
    return solver


def _to_pulp(pulp: Any, milp: Milp) -> tuple[Any, list[Any]]:
    problem = pulp.LpProblem("plan", pulp.LpMinimize)
    columns = [
        pulp.LpVariable(
            f"x{index}",
            float(low),
            None if np.isinf(high) else float(high),
            pulp.LpInteger if whole else pulp.LpContinuous,
        )
        for index, (low, high, whole) in enumerate(zip(milp.lower, milp.upper, milp.integer, strict=True))
    ]
    problem.setObjective(pulp.LpAffineExpression(zip(columns, milp.cost.tolist(), strict=True)))
    for row, (low, high) in enumerate(zip(milp.row_lower, milp.row_upper, strict=True)):
        at = slice(milp.indptr[row], milp.indptr[row + 1])
        terms = list(zip([columns[i] for i in milp.indices[at]], milp.data[at].tolist(), strict=True))
        for sense, side in _sides(pulp, low, high):
            problem.addConstraint(pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, rhs=side))
    return problem, columns


def _sides(pulp: Any, low: float, high: float) -> list[tuple[Any, float]]:
    if low == high:
        return [(pulp.LpConstraintEQ, float(low))]
    sides = [(pulp.LpConstraintGE, float(low))] if np.isfinite(low) else []
    return sides + ([(pulp.LpConstraintLE, float(high))] if np.isfinite(high) else [])


def _status(pulp: Any, problem: Any) -> Status:
    if problem.sol_status == pulp.LpSolutionOptimal:
        return "optimal"
    if problem.sol_status == pulp.LpSolutionIntegerFeasible:
        return "feasible"
    return "infeasible" if problem.status == pulp.LpStatusInfeasible else "unknown"
