"""One small interface to every engine: arrays in, a vector, a bound and a status out."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from planner.errors import InputError
from planner.milp.matrix import Milp
from planner.solvers.answer import Answer, Floats, Leg, Options, relative_gap

MATHOPT = ("scip", "highs", "cpsat", "glop")
NAMES = ("auto", "relay", "scip", "highs", "cpsat", "pulp:cbc")

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


def run(milp: Milp, engine: str, options: Options, hint: Floats | None = None) -> Answer:
    """``milp`` solved by one engine: a name in ``MATHOPT``, or ``pulp:NAME``."""
    if engine.startswith("pulp:"):
        load_pulp()
        from planner.solvers import pulp

        return pulp.solve(milp, engine.removeprefix("pulp:"), options, hint)
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
