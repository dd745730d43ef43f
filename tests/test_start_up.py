"""What the command loads before it answers: counted, since how long that takes depends on the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What a plan is found with, and what pages, plots, workbooks, exports and studies are made with.
SOLVING = {"numpy", "ortools", "pandas", "pydantic", "rich", "ruamel"}
SHOWING = {"arro3", "jinja2", "matplotlib", "plotly", "pulp", "scipy", "xlsxwriter"}


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
    assert found >= {"numpy", "ortools", "pandas", "pydantic"}
    assert found & SHOWING == set()
    assert {name for name in found if name.startswith("planner.schema")} == set()
