"""The public face: what a host program may rely on."""

import subprocess
import sys

import pytest

import planner


def test_the_exported_names_are_these() -> None:
    assert sorted(planner.__all__) == [
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
    assert all(hasattr(planner, name) for name in planner.__all__)


@pytest.mark.process
def test_the_library_prints_nothing() -> None:
    code = "import planner; planner.solve(planner.load('scenarios/tiny.yaml')).to_json()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (run.stdout, run.stderr) == (b"", b"")
