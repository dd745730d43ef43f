"""Optimization as code for token factories.

>>> import planner
>>> scenario = planner.load("scenarios/tiny.yaml")
>>> plan = planner.solve(scenario)
>>> plan.status
'optimal'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from planner._version import __version__
from planner.errors import (
    AuditFailure,
    CatalogError,
    InfeasiblePlan,
    InputError,
    PlannerError,
    ScenarioError,
    SolverFailure,
)

if TYPE_CHECKING:
    from planner.catalog import Catalog, load_catalog
    from planner.pipeline import load, solve
    from planner.plan import Plan
    from planner.scenario import Scenario
    from planner.studies.compare.study import compare
    from planner.studies.explain.study import explain
    from planner.studies.frontier.study import frontier

__all__ = [
    "AuditFailure",
    "Catalog",
    "CatalogError",
    "InfeasiblePlan",
    "InputError",
    "Plan",
    "PlannerError",
    "Scenario",
    "ScenarioError",
    "SolverFailure",
    "__version__",
    "compare",
    "explain",
    "frontier",
    "load",
    "load_catalog",
    "solve",
]

# Loaded when first asked for: `plan --help` needs neither pandas nor a solver.
_HOMES = {
    "Catalog": "planner.catalog",
    "Plan": "planner.plan",
    "Scenario": "planner.scenario",
    "compare": "planner.studies.compare.study",
    "frontier": "planner.studies.frontier.study",
    "explain": "planner.studies.explain.study",
    "load": "planner.pipeline",
    "load_catalog": "planner.catalog",
    "solve": "planner.pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
