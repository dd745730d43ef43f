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

from planner import _moved
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
    from planner.history.run import run_of
    from planner.pipeline import catalog_of, load, solve
    from planner.plan import Plan
    from planner.rules import derive_points
    from planner.scenario import Scenario
    from planner.studies.actuals.study import actuals
    from planner.studies.alternatives.study import alternatives
    from planner.studies.breakeven.screening import screen
    from planner.studies.breakeven.sourcing import PriceOverrides
    from planner.studies.breakeven.study import breakeven
    from planner.studies.catalog_gaps.study import gaps
    from planner.studies.compare.study import compare
    from planner.studies.economics.study import economics
    from planner.studies.explain.study import explain
    from planner.studies.frontier.study import frontier
    from planner.studies.levers.study import levers
    from planner.studies.replan.study import replan
    from planner.studies.sensitivity.study import sensitivity
    from planner.studies.simulate.planned import simulate
    from planner.studies.stands.study import stands
    from planner.studies.sweep.study import sweep
    from planner.studies.verify.study import verify

__all__ = [
    "AuditFailure",
    "Catalog",
    "CatalogError",
    "InfeasiblePlan",
    "InputError",
    "Plan",
    "PlannerError",
    "PriceOverrides",
    "Scenario",
    "ScenarioError",
    "SolverFailure",
    "__version__",
    "actuals",
    "alternatives",
    "breakeven",
    "catalog_of",
    "compare",
    "derive_points",
    "economics",
    "explain",
    "frontier",
    "gaps",
    "levers",
    "load",
    "load_catalog",
    "replan",
    "run_of",
    "screen",
    "sensitivity",
    "simulate",
    "solve",
    "stands",
    "sweep",
    "verify",
]

# Loaded when first asked for: `plan --help` needs neither pandas nor a solver.
_HOMES = {
    "Catalog": "planner.catalog",
    "Plan": "planner.plan",
    "PriceOverrides": "planner.studies.breakeven.sourcing",
    "Scenario": "planner.scenario",
    "actuals": "planner.studies.actuals.study",
    "alternatives": "planner.studies.alternatives.study",
    "breakeven": "planner.studies.breakeven.study",
    "catalog_of": "planner.pipeline",
    "compare": "planner.studies.compare.study",
    "derive_points": "planner.rules",
    "economics": "planner.studies.economics.study",
    "explain": "planner.studies.explain.study",
    "frontier": "planner.studies.frontier.study",
    "gaps": "planner.studies.catalog_gaps.study",
    "levers": "planner.studies.levers.study",
    "load": "planner.pipeline",
    "load_catalog": "planner.catalog",
    "replan": "planner.studies.replan.study",
    "run_of": "planner.history.run",
    "screen": "planner.studies.breakeven.screening",
    "sensitivity": "planner.studies.sensitivity.study",
    "simulate": "planner.studies.simulate.planned",
    "solve": "planner.pipeline",
    "stands": "planner.studies.stands.study",
    "sweep": "planner.studies.sweep.study",
    "verify": "planner.studies.verify.study",
}

_moved.install()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
