"""What the command loads before it answers: counted, since how long that takes depends on the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from planner.cli.options import SolveOptions
from planner.cli.solve import solved
from planner.milp import Model
from planner.solvers import Options
from planner.solvers.vertex import Vertex
from planner.studies.command import Outcome
from planner.studies.increments import Floats, increments
from planner.studies.stands.relaxed import Relaxations, World

ROOT = Path(__file__).parents[1]

# What a plan is found with, and what pages, plots, workbooks, exports and studies are made with.
SOLVING = {"numpy", "ortools", "pydantic", "rich", "ruamel"}
SHOWING = {"arro3", "jinja2", "matplotlib", "pandas", "plotly", "pulp", "scipy", "xlsxwriter"}
# MathOpt's Python classes and what they bring along: its solvers are asked without them.
CLASSES = {"absl", "ortools.math_opt.python"}
# What only plans of several futures or workloads take.
SEVERAL = {"planner.studies.information", "planner.studies.increments"}
DRAWING = {"planner.render.bars", "planner.render.lines", "planner.render.placing", "planner.render.plots"}


def loaded(*arguments: str) -> set[str]:
    """The modules that a process of the command has loaded when it ends."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))\n"
        "from planner.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_the_help_loads_neither_what_solves_nor_what_shows() -> None:
    found = loaded("--help")
    assert "planner.cli" in found
    assert found & (SOLVING | SHOWING) == set()


@pytest.mark.process
@pytest.mark.parametrize("options", [(), ("--quiet",)])
def test_a_plan_loads_what_solves_and_nothing_that_shows_more_than_it_prints(options: tuple[str, ...]) -> None:
    found = loaded("scenarios/tiny.yaml", *options)
    assert found >= {"numpy", "ortools", "pydantic"}
    assert found & (SHOWING | CLASSES | DRAWING | SEVERAL) == set()
    # In a file nothing has a style.
    assert "rich" not in found
    assert {name for name in found if name.startswith("planner.schema")} == set()


@pytest.mark.process
def test_a_plan_is_kept_and_traced_without_frames_which_files_are_made_from(tmp_path: Path) -> None:
    kept = ("--save", "--store", str(tmp_path / "store"), "--json", str(tmp_path / "plan.json"), "--trace")
    assert "pandas" not in loaded("scenarios/tiny.yaml", *kept)
    assert "pandas" in loaded("scenarios/tiny.yaml", "--csv", str(tmp_path / "tables"))


def outcome(options: SolveOptions) -> Outcome:
    return solved(options, lambda words: None)


@pytest.mark.solve
def test_what_nobody_sees_is_not_solved_and_nothing_is_solved_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """One workload has no cost of its own in a report; the relaxation of today stands under both that ask for it."""
    asked: list[str] = []
    begin = Relaxations.__init__

    def extra(model: Model, options: Options, vertex: Vertex | None = None) -> tuple[Floats, Floats, Floats]:
        assert vertex is not None
        asked.append("extra")
        return increments(model, options, vertex)

    def today(
        self: Relaxations, world: World, options: Options, model: Model | None = None, vertex: Vertex | None = None
    ) -> None:
        # The plan's own search has made its matrix, and what stands beside it begins where that one's relaxation ended.
        assert model is not None
        assert vertex is not None
        asked.append("today")
        begin(self, world, options, model, vertex)

    monkeypatch.setattr("planner.studies.increments.increments", extra)
    monkeypatch.setattr(Relaxations, "__init__", today)
    scenario = str(ROOT / "scenarios/tiny.yaml")
    assert outcome(SolveOptions(scenario)).tables == {}
    assert asked == ["today"]
    table = outcome(SolveOptions(scenario, csv=Path("tables"))).tables["workload_cost"]
    assert asked == ["today", "extra", "today"]
    assert table["incremental_npv_usd"].notna().all()
