"""The public face: what a host program may rely on."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import planner
from planner import _moved
from tests.command import plan

TINY = Path(__file__).parents[1] / "scenarios" / "tiny.yaml"


def test_the_exported_names_are_these() -> None:
    assert sorted(planner.__all__) == [
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
    assert all(hasattr(planner, name) for name in planner.__all__)


@pytest.mark.process
def test_the_library_prints_nothing() -> None:
    code = "import planner; planner.solve(planner.load('scenarios/tiny.yaml')).to_json()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (run.stdout, run.stderr) == (b"", b"")


@pytest.mark.parametrize(("old", "new"), _moved.MODULES.items())
def test_a_module_is_found_under_its_old_name_with_a_warning(old: str, new: str) -> None:
    names = _moved.NAMES.get(old, {})
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=f"{old} is {new} now"):
        module = importlib.import_module(old)
    now = importlib.import_module(new)
    own = {name: value for name, value in vars(now).items() if not name.startswith("_") and name not in names}
    assert own.items() <= vars(module).items()
    assert all(getattr(module, name) is getattr(now, known) for name, known in names.items())


@pytest.mark.files
def test_what_the_pages_of_0_1_imported_is_what_planner_has_now() -> None:
    code = """
from planner.analysis.screening import screen
from planner.analysis.ways import Given
from planner.history.replan import replan
from planner.history.run import run_of
from planner.importers import Given as Options
from planner.pipeline import catalog_of
from planner.scenario import derived
import planner
assert (screen, Given, replan) == (planner.screen, planner.PriceOverrides, planner.replan)
assert (run_of, catalog_of, derived) == (planner.run_of, planner.catalog_of, planner.derive_points)
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, names in _moved.ATTRIBUTES.items() for n in names])
def test_a_name_is_found_where_it_was_with_a_warning(module: str, name: str) -> None:
    place, now = _moved.ATTRIBUTES[module][name]
    with pytest.warns(DeprecationWarning, match=f"{module}.{name} is {place}.{now} now"):
        assert getattr(importlib.import_module(module), name) is getattr(importlib.import_module(place), now)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        importlib.import_module(module).nothing  # noqa: B018


@pytest.mark.solve
def test_arguments_are_taken_by_their_old_names_with_a_warning() -> None:
    scenario = planner.load(TINY)
    plan = planner.solve(scenario)
    with pytest.warns(DeprecationWarning, match=r"solve\(near=\) is warm_start= now"):
        assert planner.solve(scenario, near=plan).kpis == plan.kpis  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match=r"solve\(held=\) is fixed= now"):
        assert planner.solve(scenario, held=None).kpis == plan.kpis  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match="near"), pytest.raises(TypeError, match="both near= and warm_start="):
        planner.solve(scenario, near=plan, warm_start=plan)  # type: ignore[call-arg]
    heard: list[object] = []
    with pytest.warns(DeprecationWarning, match=r"frontier\(after=\) is progress= now"):
        planner.frontier(scenario, "sites.hall.power_mw=0.06", after=heard.append)  # type: ignore[call-arg]
    assert len(heard) == 2


@pytest.mark.solve
def test_simulate_is_what_the_command_prints() -> None:
    asked = ["--requests", "500", "--no-fewest", "--seed", "3", "--json", "-"]
    printed = json.loads(plan("simulate", TINY, *asked).stdout)
    scenario = planner.load(TINY)
    solved = planner.solve(scenario)
    found = planner.simulate(scenario, plan=solved, requests=500, fewest=False, seed=3)
    assert json.loads(found.to_json()) == printed
    assert found.seed == 3
    with pytest.raises(planner.InputError, match="there is no such workload"):
        planner.simulate(scenario, plan=solved, workload="nobody")
    with pytest.raises(planner.InputError, match=r"^requests=5: must be a number from 100 to 10,000,000$"):
        planner.simulate(scenario, plan=solved, requests=5)
    with pytest.raises(planner.InputError, match=r"^seed=-1: must be a number from 0"):
        planner.simulate(scenario, plan=solved, seed=-1)
