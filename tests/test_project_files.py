"""The files around the code say what the code says: versions, Pythons, what an issue has to tell."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

import planner
from planner.kinds.evidence import Evidence

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def yaml(path: str) -> Any:
    return YAML(typ="safe").load((ROOT / path).read_text(encoding="utf-8"))


def form(name: str) -> dict[str, dict[str, Any]]:
    """The fields of an issue form by id."""
    content = yaml(f".github/ISSUE_TEMPLATE/{name}.yml")
    assert content["name"]
    assert content["description"]
    return {part["id"]: part for part in content["body"] if "id" in part}


def required(fields: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, part in fields.items() if part.get("validations", {}).get("required")}


def test_a_citation_names_this_version_and_licence() -> None:
    citation = yaml("CITATION.cff")
    assert str(citation["version"]) == planner.__version__
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == [{"name": "Token factory planner contributors"}]


def test_the_checks_run_on_every_python_that_is_promised() -> None:
    promised = [line.rpartition(" :: ")[2] for line in PROJECT["classifiers"] if ":: Python :: 3." in line]
    assert yaml(".github/workflows/ci.yml")["jobs"]["checks"]["strategy"]["matrix"]["python"] == promised
    assert PROJECT["requires-python"] == f">={promised[0]}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_workflows_hold_no_secret_and_may_only_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "secrets." not in text
    workflow = yaml(str(path.relative_to(ROOT)))
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_a_bug_comes_with_what_it_takes_to_see_it() -> None:
    assert {"scenario", "command", "seen", "expected", "version"} <= required(form("bug"))


def test_a_catalog_row_comes_with_source_date_and_evidence() -> None:
    fields = form("catalog")
    assert {"row", "figures", "source", "date", "evidence"} <= required(fields)
    classes = [option.split()[0] for option in fields["evidence"]["attributes"]["options"]]
    assert classes == list(get_args(Evidence))


def test_a_question_needs_the_decision_alone() -> None:
    assert required(form("question")) == {"decision"}


def test_contributors_are_told_of_every_room_and_the_readmes_quick_tests() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "planner").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(planner/\w+)` \|", text, flags=re.M)) == rooms
    quick = 'pytest -n 2 -m "not slow"'
    places = ("README.md", "CONTRIBUTING.md", ".github/workflows/ci.yml")
    assert [place for place in places if quick not in (ROOT / place).read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")), ids=lambda page: page.stem)
def test_links_of_the_repositorys_own_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not re.match(r"[a-z]+:", link) and not (ROOT / link).exists()] == []
