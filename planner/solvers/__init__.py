"""One small interface to every engine: arrays in, a vector, a bound and a status out."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np

from planner.errors import InputError
from planner.milp.matrix import Milp
from planner.solvers.answer import Answer, Basis, Floats, Leg, Options, relative_gap

MATHOPT = ("scip", "highs", "cpsat", "glop")
NAMES = ("auto", "relay", "scip", "highs", "cpsat", "pulp:cbc")

# A column that can only be less is counted in a smaller unit, or it is lost in the tolerances of the engines, 1e-9 to
# 1e-6: a pilot of a token a day takes some 1e-9 GPUs.
TINY = 1e-6
# Coefficients below 1e-9 are nothing to an engine, and those of a column are as small as its unit.
SMALLEST_UNIT = 2.0**-24

__all__ = [
    "MATHOPT",
    "NAMES",
    "Answer",
    "Leg",
    "Options",
    "check_name",
    "has_ortools",
    "load_pulp",
    "relative_gap",
    "run",
]


def check_name(name: str) -> None:
    """Raises InputError unless ``name`` is a solver that ``run`` or the relay knows."""
    if name not in NAMES and not (name.startswith("pulp:") and len(name) > 5):
        raise InputError(f"--solver {name}: unknown; one of {', '.join(NAMES)}, or pulp:NAME for any solver of PuLP")


def run(milp: Milp, engine: str, options: Options, hint: Floats | Basis | None = None) -> Answer:
    """``milp`` solved by one engine: a name in ``MATHOPT``, or ``pulp:NAME``."""
    units = units_of(milp)
    if units is None:
        return _solved(milp, engine, options, hint)
    found = _solved(milp.in_units(units), engine, options, hint / units if isinstance(hint, np.ndarray) else hint)
    return replace(found, x=None if found.x is None else found.x * units)


def units_of(milp: Milp) -> Floats | None:
    """For each column a power of two to count it in, which changes no digit; None where all are counted in ones."""
    tiny = ~milp.integer & (milp.lower >= 0) & (milp.upper > 0) & (milp.upper < TINY)
    if not tiny.any():
        return None
    fitting = np.exp2(np.floor(np.log2(np.where(tiny, milp.upper, 1.0))))
    return np.where(tiny, np.maximum(fitting, SMALLEST_UNIT), 1.0)


def _solved(milp: Milp, engine: str, options: Options, hint: Floats | Basis | None) -> Answer:
    if engine.startswith("pulp:"):
        load_pulp()
        from planner.solvers import pulp

        return pulp.solve(milp, engine.removeprefix("pulp:"), options, None if isinstance(hint, Basis) else hint)
    if has_ortools():
        from planner.solvers import ortools

        return ortools.solve(milp, engine, options, hint)
    from planner.solvers import process

    return process.solve(milp, engine, options, hint)


def load_pulp() -> Any:
    """PuLP, after OR-Tools: it loads highspy where that is installed, and then OR-Tools can be loaded no more."""
    has_ortools()
    return importlib.import_module("pulp")


def has_ortools() -> bool:
    """Whether OR-Tools can be loaded into this process."""
    try:
        importlib.import_module("planner.solvers.ortools")
    except ImportError:
        if importlib.util.find_spec("ortools") is None:
            raise
        return False
    return True
