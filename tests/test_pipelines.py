"""What other programs rely on: published schemas, files of earlier versions, standard input and output."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from planner.document import parse
from planner.history.store import find, listed
from planner.pipeline import catalog_of, load
from planner.schema.published import Which, schema_name, schema_text
from tests.store import ROOT, TINY, plan

VERSIONS = sorted(path for path in (ROOT / "tests" / "compat").iterdir() if path.is_dir())
SCENARIOS = [*sorted((ROOT / "scenarios").glob("*.yaml")), ROOT / "planner" / "scenario" / "template.yaml"]
EDITOR = re.compile(r"^# yaml-language-server: \$schema=(\S+)$", re.MULTILINE)


def as_json(path: Path) -> Any:
    """A scenario file as JSON sees it: keys are text."""
    root, faults = parse(path.read_text(encoding="utf-8"), path.name)
    assert root is not None
    assert not faults
    return json.loads(json.dumps(root.plain()))


@pytest.mark.parametrize("which", get_args(Which))
def test_published_schemas_are_what_the_models_say(which: Which) -> None:
    published = ROOT / "docs" / "schemas" / schema_name(which)
    assert published.read_text(encoding="utf-8") == schema_text(which), "write it anew: python -m planner.pages"
    assert json.loads(published.read_text())["$id"] == f"token-factory-planner/{published.name}"


def test_nothing_else_is_published() -> None:
    names = {path.name for path in (ROOT / "docs" / "schemas").iterdir()}
    assert names == {schema_name(which) for which in get_args(Which)}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_every_scenario_names_its_schema_and_follows_it(path: Path) -> None:
    (named,) = EDITOR.findall(path.read_text(encoding="utf-8"))
    schema = ROOT / "docs" / "schemas" / schema_name("scenario")
    assert Path(named).name == schema.name
    assert path.name == "template.yaml" or (path.parent / named).resolve() == schema
    jsonschema.validate(as_json(path), json.loads(schema.read_text()))


def test_a_schema_finds_what_an_overlay_may_leave_out_and_a_scenario_may_not() -> None:
    schema = json.loads(schema_text("scenario"))
    jsonschema.validate({"extends": "base.yaml", "name": "x"}, schema)
    for wrong in ({"name": "x"}, {"extends": "base.yaml", "hrizon": {}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_init_puts_the_schema_beside_and_leaves_one_that_is_there(tmp_path: Path) -> None:
    done = plan("init", tmp_path / "mine.yaml")
    assert done.exit_code == 0, done.output
    schema = tmp_path / schema_name("scenario")
    assert (tmp_path / EDITOR.findall((tmp_path / "mine.yaml").read_text())[0]) == schema
    assert schema.read_text(encoding="utf-8") == schema_text("scenario")
    schema.write_text("{}")
    assert plan("init", tmp_path / "other.yaml").exit_code == 0
    assert schema.read_text() == "{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml", "other.yaml", schema.name]


@pytest.mark.solve
@pytest.mark.parametrize("folder", VERSIONS, ids=lambda path: path.name)
def test_files_of_earlier_versions_are_read(folder: Path, tmp_path: Path) -> None:
    scenario = load(folder / "scenario.yaml")
    catalog_of(scenario)
    jsonschema.validate(as_json(folder / "scenario.yaml"), json.loads(schema_text("scenario")))
    results = [folder / "result.json", folder / "no-plan.json"]
    for result in results:
        jsonschema.validate(json.loads(result.read_text()), json.loads(schema_text("result")))
    store = tmp_path / "runs.sqlite"
    with sqlite3.connect(store) as connection:
        connection.executescript((folder / "runs.sql").read_text(encoding="utf-8"))
    assert [run.status for run in listed(store)] == ["optimal", "infeasible"]
    for number, result in enumerate(results, start=1):
        run = find(store, str(number))
        assert run.result_text == result.read_text(encoding="utf-8")
        assert run.question().name == "tiny"
        assert plan("show", str(number), "--store", store).exit_code == 0
    text = plan("diff", "1", results[0], "--store", store).stdout
    assert "Nothing changed in what is bought, signed and retired." in text
    assert plan("replan", "1", "--as-of", "2027-06", "--store", store, "--json", tmp_path / "r.json").exit_code == 0


def test_there_are_files_of_the_version_in_use() -> None:
    from planner import __version__

    assert __version__ in [folder.name for folder in VERSIONS], f"keep files of {__version__} in tests/compat"


def test_a_pipe_in_and_a_pipe_out(tmp_path: Path) -> None:
    done = plan("solve", "-", "--json", "-", text=TINY.read_text())
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout)["scenario"] == "tiny"
    (tmp_path / "b.json").write_text(done.stdout)
    done = plan("diff", "-", tmp_path / "b.json", "--json", "-", text=TINY.read_text())
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout)["decisions"] == []
