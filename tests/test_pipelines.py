"""What other programs rely on: published schemas, files of earlier versions, standard input and output."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planner.document import parse
from planner.history.store import find, listed
from planner.pipeline import catalog_of, load
from planner.schema.published import FROZEN, VERSIONS, Which, published, schema_name, schema_text
from tests.store import ROOT, TINY, plan

RELEASES = sorted(path for path in (ROOT / "tests" / "compat").iterdir() if path.is_dir())
SCENARIOS = [*sorted((ROOT / "scenarios").glob("*.yaml")), ROOT / "planner" / "scenario" / "template.yaml"]
# What does not say what it did: each states its own version.
OTHERWISE = {("", "version"), ("PlanResult", "version"), ("InfeasibleResult", "version")}
# Words that a field has learned, which no plan of a version-1 scenario says.
LEARNED = {("Served", "derived"): ["extrapolated"]}
EDITOR = re.compile(r"^# yaml-language-server: \$schema=(\S+)$", re.MULTILINE)


def as_json(path: Path) -> Any:
    """A scenario file as JSON sees it: keys are text."""
    root, faults = parse(path.read_text(encoding="utf-8"), path.name)
    assert root is not None
    assert not faults
    return json.loads(json.dumps(root.plain()))


@pytest.mark.parametrize(("which", "version"), tuple(published()))
def test_published_schemas_are_what_the_models_say(which: Which, version: int) -> None:
    path = ROOT / "docs" / "schemas" / schema_name(which, version)
    assert path.read_text(encoding="utf-8") == schema_text(which, version), "write it anew: python -m planner.pages"
    assert json.loads(path.read_text())["$id"] == f"token-factory-planner/{path.name}"
    assert plan("schema", which, "--version", str(version)).stdout == path.read_text(encoding="utf-8")


def test_nothing_else_is_published() -> None:
    names = {path.name for path in (ROOT / "docs" / "schemas").iterdir()}
    assert names == {schema_name(*one) for one in published()}


@pytest.mark.parametrize(("which", "version"), tuple(FROZEN))
def test_the_schema_of_an_earlier_version_stays_as_it_was(which: Which, version: int) -> None:
    """Editors and pipelines hold files against it: what it says is not to be changed by a later version."""
    digest = hashlib.sha256(schema_text(which, version).encode()).hexdigest()
    assert digest[:16] == {"scenario": "b5d5807e6eff3c29", "result": "b7e45175db8f91d9"}[which]


def _as_before(now: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """A part of a schema without the kinds of value that it has learned to take beside that of ``said``."""
    same = [kind for kind in now.get("oneOf", ()) if kind.get("type") == said.get("type")]
    return now | same[0] if same and "type" in said else now


def _still(now: Any, said: Any) -> bool:
    """Whether a part of a schema says what it said: the words of a choice may have become more."""
    if isinstance(now, dict) and isinstance(said, dict) and "enum" in now and "enum" in said:
        return set(said["enum"]) <= set(now["enum"]) and now | {"enum": said["enum"]} == said
    return bool(now == said)


@pytest.mark.parametrize(("which", "version"), tuple(FROZEN))
def test_a_field_of_version_1_has_its_name_type_and_unit_still(which: Which, version: int) -> None:
    old, new = (json.loads(schema_text(which, one)) for one in (version, VERSIONS[which]))
    for name, section in (old["$defs"] | {"": old}).items():
        now = new["$defs"][name] if name else new
        for field, said in section.get("properties", {}).items():
            if (name, field) in OTHERWISE:
                continue
            if "enum" in said:
                assert now["properties"][field]["enum"] == said["enum"] + LEARNED.get((name, field), [])
            for word in ("type", "unit", "$ref", "items", "anyOf"):
                part = _as_before(now["properties"][field], said) if which == "scenario" else now["properties"][field]
                assert _still(part.get(word), said.get(word)), f"{which} {name}.{field}: {word}"
        if which == "result":
            missing = set(section.get("required", ())) - set(now.get("required", ()))
            assert not missing, f"{name}: {missing} were always there"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["scenario", "--version", "3"], "--version 3: there is no such schema of a scenario; the newest is 2"),
        (["catalog", "--version", "2"], "--version 2: there is no such schema of a catalog; there is version 1 alone"),
        (["plan"], "plan: no such schema; one of scenario, catalog, result"),
    ],
)
def test_a_schema_that_there_is_not(words: list[str], sentence: str) -> None:
    done = plan("schema", *words)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"{sentence}\n")


@cache
def validator(schema: Path) -> Any:
    """What checks against a published schema, which is checked itself once."""
    published = json.loads(schema.read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(published)
    kind.check_schema(published)
    return kind(published)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_every_scenario_names_its_schema_and_follows_it(path: Path) -> None:
    (named,) = EDITOR.findall(path.read_text(encoding="utf-8"))
    schema = ROOT / "docs" / "schemas" / schema_name("scenario", load(path).version)
    assert Path(named).name == schema.name
    assert path.name == "template.yaml" or (path.parent / named).resolve() == schema
    validator(schema).validate(as_json(path))


@pytest.mark.files
def test_a_schema_finds_what_an_overlay_may_leave_out_and_a_scenario_may_not() -> None:
    schema = json.loads(schema_text("scenario"))
    jsonschema.validate({"extends": "base.yaml", "name": "x"}, schema)
    whole = as_json(TINY)
    jsonschema.validate(whole | {"version": 2}, schema)
    unsaid = {name: value for name, value in whole.items() if name != "version"}
    for wrong in ({"name": "x"}, {"extends": "base.yaml", "hrizon": {}}, unsaid, whole | {"version": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_init_puts_the_schema_beside_and_leaves_one_that_is_there(tmp_path: Path) -> None:
    done = plan("init", tmp_path / "mine.yaml")
    assert done.exit_code == 0, done.output
    version = load(tmp_path / "mine.yaml").version
    schema = tmp_path / schema_name("scenario", version)
    assert (tmp_path / EDITOR.findall((tmp_path / "mine.yaml").read_text())[0]) == schema
    assert schema.read_text(encoding="utf-8") == schema_text("scenario", version)
    schema.write_text("{}")
    assert plan("init", tmp_path / "other.yaml").exit_code == 0
    assert schema.read_text() == "{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml", "other.yaml", schema.name]


@pytest.mark.solve
@pytest.mark.parametrize("folder", RELEASES, ids=lambda path: path.name)
def test_files_of_earlier_versions_are_read(folder: Path, tmp_path: Path) -> None:
    scenario = load(folder / "scenario.yaml")
    catalog_of(scenario)
    jsonschema.validate(as_json(folder / "scenario.yaml"), json.loads(schema_text("scenario", scenario.version)))
    results = [folder / "result.json", folder / "no-plan.json"]
    for result in results:
        read = json.loads(result.read_text())
        jsonschema.validate(read, json.loads(schema_text("result", read["version"])))
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
    assert plan("history", "--store", store).stdout.startswith("2 saved runs:")
    found = plan("actuals", "1", ROOT / "tests" / "samples" / "actuals.csv", "--store", store)
    assert "Output, Mtok, run 1 (tiny) as planned and as it came:" in found.stdout
    assert plan("replan", "1", "--as-of", "2027-06", "--store", store, "--json", tmp_path / "r.json").exit_code == 0


@pytest.mark.solve
@pytest.mark.parametrize("folder", RELEASES, ids=lambda path: path.name)
def test_a_scenario_that_was_kept_has_not_changed(folder: Path, tmp_path: Path) -> None:
    """Whatever fields there are now: a run of an earlier version and its scenario ask the same."""
    store = tmp_path / "runs.sqlite"
    with sqlite3.connect(store) as connection:
        connection.executescript((folder / "runs.sql").read_text(encoding="utf-8"))
    done = plan("diff", "1", folder / "scenarios" / "tiny.yaml", "--store", store, "--json", "-")
    assert done.exit_code == 0, done.output
    assert {row["field"] for row in json.loads(done.stdout)["inputs"]} <= {"catalog digest", "planner"}


def test_there_are_files_of_the_version_in_use() -> None:
    from planner import __version__

    assert __version__ in [folder.name for folder in RELEASES], f"keep files of {__version__} in tests/compat"


def test_a_pipe_in_and_a_pipe_out(tmp_path: Path) -> None:
    done = plan("solve", "-", "--json", "-", text=TINY.read_text())
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout)["scenario"] == "tiny"
    (tmp_path / "b.json").write_text(done.stdout)
    done = plan("diff", "-", tmp_path / "b.json", "--json", "-", text=TINY.read_text())
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout)["decisions"] == []
