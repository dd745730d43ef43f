"""The how-tos for contributors can be followed: each line they name is there, and what they add is code that works."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.howtos import FENCES, PAGES, ROOT, Step, follow, followed, steps

# How many files of planner/ each changes, and how many it adds.
TAKES = {"add-a-constraint": (6, 0), "add-a-cost-category": (3, 0), "add-a-study": (0, 5)}
every_page = pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])

# Where the cap is reached to the last kilogram: whole nodes leave some of it.
IN_PARTS = "tests/compat/0.1.0/scenarios/tiny.yaml"


@every_page
def test_every_line_that_a_how_to_names_is_there_once(page: Path) -> None:
    followed(page)


@every_page
def test_every_block_to_be_put_somewhere_is_a_step(page: Path) -> None:
    fences = re.findall(rf"^```(?:{'|'.join(FENCES)})$", page.read_text(encoding="utf-8"), flags=re.M)
    assert len(list(steps(page))) == len(fences) > 0


@every_page
def test_what_a_how_to_makes_of_a_file_is_python(page: Path) -> None:
    for name, text in followed(page).items():
        if name.endswith(".py"):
            ast.parse(text, name)


@every_page
def test_a_how_to_takes_no_more_files_than_it_says(page: Path) -> None:
    code = [name for name in followed(page) if re.fullmatch(r"planner/.*\.py", name)]
    there = [name for name in code if (ROOT / name).exists()]
    assert (len(there), len(code) - len(there)) == TAKES[page.stem]


@every_page
def test_a_how_to_ends_with_the_pages_and_tests_that_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "\npython -m planner.pages\n" in text
    named = {
        name for line in re.findall(r"^pytest .*$", text, flags=re.M) for name in re.findall(r"tests/\w+\.py", line)
    }
    assert named
    assert [name for name in sorted(named) if name not in followed(page) and not (ROOT / name).exists()] == []


def test_a_step_is_put_before_after_or_instead_of_a_line() -> None:
    text = "a\n    b\nc d\n"
    assert Step("", "before", "b", "x\n").applied(text) == "a\nx\n    b\nc d\n"
    assert Step("", "after", "b", "x\n").applied(text) == "a\n    b\nx\nc d\n"
    assert Step("", "instead of", "c …", "x\n").applied(text) == "a\n    b\nx\n"
    for line in ("d", "c", "z …"):
        with pytest.raises(AssertionError):
            Step("", "after", line, "x\n").applied(text)
    with pytest.raises(AssertionError):
        Step("", "", "", "x\n").applied(text)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the steps change and the commands read."""
    nothing = shutil.ignore_patterns("__pycache__")
    for name in ("planner", "tests", "docs", "catalogs", "scenarios"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=nothing)
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def ran(checkout: Path, *words: str) -> str:
    """What a module of the copy prints."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "NO_COLOR": "1", "COLUMNS": "100"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


def assert_neat(checkout: Path, files: list[str]) -> None:
    """Hold the files that a how-to changes to the checks of every change."""
    code = [name for name in files if name.endswith(".py")]
    ran(checkout, "ruff", "check", "--no-cache", *code)
    ran(checkout, "ruff", "format", "--check", "--no-cache", *code)


@pytest.mark.docs
def test_a_study_is_a_command(checkout: Path) -> None:
    assert_neat(checkout, follow(ROOT / "docs" / "add-a-study.md", checkout))
    assert re.search(
        r"^  carbon +The CO2 that the plan's energy makes", ran(checkout, "planner.cli", "--help"), flags=re.M
    )
    written = ran(checkout, "planner.pages")
    assert written.splitlines() == ["README.md written", "docs/index.md written", "docs/commands.md written"]
    assert "\n| `plan carbon SCENARIO --kg-per-mwh 350` | " in (checkout / "README.md").read_text(encoding="utf-8")
    asked = ("carbon", "scenarios/tiny.yaml", "--kg-per-mwh", "350")
    found = ran(checkout, "planner.cli", *asked, "--json", "-", "--csv", "tables", "--plot", "carbon.svg")
    assert json.loads(found)["command"] == "carbon"
    assert (checkout / "tables" / "emissions.csv").exists()
    assert (checkout / "carbon.svg").exists()
    ran(checkout, "pytest", "-p", "no:cacheprovider", "tests/test_carbon.py")


@pytest.mark.docs
def test_a_constraint_binds(checkout: Path) -> None:
    assert_neat(checkout, follow(ROOT / "docs" / "add-a-constraint.md", checkout))
    ran(checkout, "planner.pages")
    cap = "sites.hall.carbon={tco2e_per_year: 80, gco2e_per_kwh: 350}"
    assert "carbon of hall in 2028" in ran(checkout, "planner.cli", IN_PARTS, "--set", cap)
    tests = ("tests/test_audit.py", "tests/test_infeasible.py", "tests/test_kinds.py")
    ran(checkout, "pytest", "-p", "no:cacheprovider", "-m", "", *tests, "-k", "carbon")


@pytest.mark.docs
def test_a_cost_category_is_paid(checkout: Path) -> None:
    assert_neat(checkout, follow(ROOT / "docs" / "add-a-cost-category.md", checkout))
    ran(checkout, "planner.pages")
    assert "insurance" in ran(checkout, "planner.cli", "schema", "result")
    tests = ("tests/test_cashflow.py", "tests/test_kinds_cash.py")
    ran(checkout, "pytest", "-p", "no:cacheprovider", *tests, "-k", "insurance")
