"""Optimization as code for token factories.

>>> import planner
>>> scenario = planner.load("scenarios/tiny.yaml")
>>> plan = planner.solve(scenario)
>>> plan.status
'optimal'
"""

from planner._version import __version__
from planner.catalog import Catalog, load_catalog
from planner.errors import (
    AuditFailure,
    CatalogError,
    InfeasiblePlan,
    InputError,
    PlannerError,
    ScenarioError,
    SolverFailure,
)
from planner.plan import Plan
from planner.scenario import Scenario
from planner.solve import load, solve

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
    "load",
    "load_catalog",
    "solve",
]
