"""``plan migrate``: files of version 1 as version 2, by one version along a chain, with what they say kept."""

from __future__ import annotations

import io
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.document import parse
from planner.errors import ScenarioError
from planner.scenario import Scenario, load_scenario
from planner.scenario.versions import NEWEST, OLDEST, VERSION_1, WHY, in_todays_fields, in_words, unsaid
from planner.schema.published import schema_name, schema_text
from planner.validation import field_type
from tests.command import SMALL
from tests.limits import AMPLE_S, THOROUGH
from tests.migrations import CHAT, HORIZON, REST, chat, refused, told, values, wrote
from tests.store import ROOT, plan

SHIPPED = sorted((ROOT / "tests" / "compat" / "0.1.0" / "scenarios").glob("*.yaml"))
TINY = ROOT / "tests" / "compat" / "0.1.0" / "scenarios" / "tiny.yaml"
# Those that take long to solve; the slowest one in the thorough profile alone.
MIGRATED: dict[str, list[Any]] = {path.stem: [pytest.mark.solve] for path in SHIPPED}
MIGRATED |= {"tiny": [], "hopper-vs-blackwell": [pytest.mark.solve], "three-futures": [pytest.mark.solve, THOROUGH]}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def todays(scenario: Scenario) -> dict[tuple[str, ...], Any]:
    """The values of the fields in which the versions differ, of the first item of a list."""

    def at(part: Any, path: tuple[str, ...]) -> Any:
        return part if not path else at(part[0] if path[0] == "*" else getattr(part, path[0]), path[1:])

    return {path: at(scenario, path) for path in VERSION_1}


def test_what_the_versions_differ_in_is_a_field_with_another_default_and_a_reason() -> None:
    two = load_scenario(io.StringIO(f"version: 2\nname: x\nhorizon: {HORIZON}\n{REST}workloads: [{CHAT}]\n"))
    for path, new in todays(two).items():
        section = field_type(Scenario, tuple(0 if key == "*" else key for key in path[:-1]))
        assert path[-1] in section.model_fields, path
        assert new != VERSION_1[path], f"{path}: this means the same in both versions"
    assert set(WHY) == set(VERSION_1), "say in WHY why version 2 reads a field differently"


@pytest.mark.parametrize("version", ["", "version: 1\n"])
def test_what_is_unsaid_is_what_version_1_fills_in(version: str) -> None:
    text = f"{version}name: x\nhorizon: {HORIZON}\n{REST}workloads: [{CHAT}, {chat('b')}]\n"
    root, _ = parse(text, "")
    assert root is not None
    plain = root.plain()
    filled = in_todays_fields(plain)
    found = unsaid(plain)
    assert set(found.values()) == set(VERSION_1)
    assert len(found) == len(VERSION_1) + sum("*" in path for path in VERSION_1)
    assert unsaid(filled) == {}
    assert todays(load_scenario(io.StringIO(text))) == VERSION_1


def test_a_scenario_keeps_its_text_and_takes_the_new_defaults(here: Path) -> None:
    before = TINY.read_text()
    path = wrote("tiny.yaml", before)
    lines = told(path)
    assert lines[0] == "tiny.yaml: of version 2 now; what it leaves unsaid means something else:"
    news = todays(planner.load(path)).items()
    fields = {path: path[-1] + " of chat" if "*" in path else ".".join(path) for path in VERSION_1}
    assert [line.split(":")[0] for line in lines[1:]] == [
        f"  {fields[path]} {in_words(VERSION_1[path])} → {in_words(new)}"
        for path, new in news
        if path[-1] not in before
    ]
    assert "  procurement.hourly_depth_gpus unlimited → 512" in [line.split(":")[0] for line in lines]
    assert lines[1].startswith("  horizon.lookahead 0 → 1: a year beyond the reported periods is planned too")
    expected = before.replace("scenario-1.json", "scenario-2.json").replace("version: 1", "version: 2")
    assert path.read_text() == expected
    assert planner.load(path).version == 2
    assert [entry.name for entry in here.iterdir()] == ["tiny.yaml"]


def test_kept_fields_stand_where_they_belong(here: Path) -> None:
    path = wrote("tiny.yaml", TINY.read_text())
    assert told(path, "--keep") == ["tiny.yaml: of version 2 now; every field means what it did"]
    text = path.read_text()
    assert "period: year, lookahead: 0}" in text
    assert re.search(r"token_basis: output, residual_haircut: 1\.0[,}]", text)
    assert re.search(r"headroom: 0\.15.*\n    whole_replicas: false\n", text)
    assert re.search(r"^  whole_on_demand_lots: false$", text, re.MULTILINE)
    assert re.search(r"^solve: \{gap: 0\.001, time_limit_s: 60\}$", text, re.MULTILINE)
    said = [line for line in TINY.read_text().splitlines() if line.strip().startswith("#") or "  #" in line]
    assert [line for line in text.splitlines() if "#" in line] == [
        line.replace("scenario-1.json", "scenario-2.json") for line in said
    ]
    assert values(planner.load(path)) == values(planner.load(TINY))


@pytest.mark.solve
@pytest.mark.parametrize("keep", [False, True])
def test_shipped_scenarios_of_0_1_0_become_version_2(here: Path, keep: bool) -> None:
    shutil.copytree(SHIPPED[0].parent, here / "scenarios")
    paths = sorted(Path("scenarios").glob("*.yaml"))
    before = {path: planner.load(path) for path in paths}
    told(*paths, *["--keep"] * keep)
    assert len(paths) == 6
    for path in paths:
        scenario = planner.load(path)
        assert (before[path].version, scenario.version) == (OLDEST, NEWEST)
        changed = {name for name, value in values(scenario).items() if value != values(before[path])[name]}
        assert changed == (set() if keep else changed & {path[0] for path in VERSION_1})
        planner.catalog_of(scenario)
        assert "scenario-1.json" not in path.read_text()
    again = {path: path.read_bytes() for path in paths}
    assert all("nothing is changed" in line for line in told(*paths))
    assert again == {path: path.read_bytes() for path in paths}


@pytest.mark.parametrize("keep", [False, True])
def test_a_migrated_scenario_has_a_plan(here: Path, keep: bool) -> None:
    """Kept, it is the plan that it was; with the new defaults one that passes its audit as well."""
    path = wrote("tiny.yaml", TINY.read_text())
    told(path, *["--keep"] * keep)
    after = planner.solve(planner.load(path))
    assert after.audit.passed
    if keep:
        assert after.kpis["npv_usd"] == pytest.approx(planner.solve(planner.load(TINY)).kpis["npv_usd"])


@pytest.mark.parametrize("name", [pytest.param(name, marks=[*marks]) for name, marks in MIGRATED.items()])
def test_a_shipped_scenario_has_a_plan_with_the_new_defaults(here: Path, name: str) -> None:
    """Near enough to the best one: what is tried is that whole replicas and lots find room, and pass the audit."""
    shutil.copytree(SHIPPED[0].parent, here / "scenarios")
    told(f"scenarios/{name}.yaml")
    plan = planner.solve(planner.load(f"scenarios/{name}.yaml", ("solve.gap=0.2", f"solve.time_limit_s={AMPLE_S}")))
    assert plan.status == "optimal"
    assert plan.audit.passed


@pytest.mark.parametrize(("limit", "keep", "after"), [(60, False, 600), (60, True, 60), (900, False, 900)])
def test_a_short_time_limit_is_lengthened_and_told(here: Path, limit: int, keep: bool, after: int) -> None:
    path = wrote("x.yaml", f"{SMALL}solve: {{gap: 0.01, time_limit_s: {limit}, seed: 1}}  # ours\n")
    said = "\n".join(told(path, *["--keep"] * keep))
    assert f"solve: {{gap: 0.01, time_limit_s: {after}, seed: 1}}  # ours" in path.read_text()
    assert ("solve.time_limit_s 60 → 600: whole replicas take longer" in said) == (limit != after)
    assert planner.load(path).solve.time_limit_s == after


def test_a_schema_that_lies_beside_gets_its_successor(here: Path) -> None:
    wrote("mine.yaml", f"# yaml-language-server: $schema=scenario-1.json\n{SMALL.lstrip()}")
    wrote(schema_name("scenario", 1), schema_text("scenario", 1))
    told("mine.yaml")
    assert Path("mine.yaml").read_text().startswith("# yaml-language-server: $schema=scenario-2.json\nversion: 2\n")
    assert Path("scenario-2.json").read_text() == schema_text("scenario", 2)
    os.utime("scenario-2.json", (0, 0))
    wrote("other.yaml", f"# yaml-language-server: $schema=scenario-1.json\n{SMALL.lstrip()}")
    told("other.yaml")
    assert Path("scenario-2.json").stat().st_mtime == 0


@pytest.fixture
def chain(here: Path) -> None:
    """A base in a folder of its own, a scenario that adds a workload to it, and one that only renames it."""
    Path("shared").mkdir()
    wrote("shared/day.csv", "date,requests_per_s\n2027-01-01,1\n")
    demand = CHAT.replace("{requests_per_s: 1}", "{csv: day.csv}")
    wrote("shared/base.yaml", f"version: 1\nname: base\nhorizon: {HORIZON}\n{REST}workloads: [{demand}]\n")
    wrote(
        "more.yaml",
        f"extends: shared/base.yaml\nname: more\nworkloads:\n  - {chat('agents')}\n  - {{name: chat, headroom: 0.1}}\n",
    )
    wrote("named.yaml", "extends: more.yaml\nname: named\n")


@pytest.mark.usefixtures("chain")
def test_a_chain_is_rewritten_from_its_end() -> None:
    before = {name: planner.load(f"{name}.yaml") for name in ("more", "named", "shared/base")}
    lines = told("named.yaml", "--keep")
    assert [line.split(":")[0] for line in lines] == ["shared/base.yaml", "more.yaml", "named.yaml"]
    for name, scenario in before.items():
        after = planner.load(f"{name}.yaml")
        assert (scenario.version, after.version) == (1, 2)
        assert values(after) == values(scenario), name
    # Whatever a file does not say itself it has from its base: it is not said again.
    assert Path("named.yaml").read_text() == "extends: more.yaml\nname: named\n"
    assert Path("more.yaml").read_text().count("whole_replicas: false") == 1
    assert "version" not in Path("more.yaml").read_text()


@pytest.mark.usefixtures("chain")
def test_each_change_of_a_chain_is_told_once() -> None:
    lines = told("named.yaml", "more.yaml")
    (base, more, named) = (index for index, line in enumerate(lines) if not line.startswith(" "))
    assert lines[named] == "named.yaml: of version 2 now; every field means what it did"
    assert any(line.startswith("  whole_replicas of chat false → true") for line in lines[base:more])
    assert any(line.startswith("  whole_replicas of agents false → true") for line in lines[more:named])
    assert sum("solve.gap" in line for line in lines) == 1
    assert told("more.yaml") == [
        "shared/base.yaml: of version 2 already; nothing is changed",
        "more.yaml: of version 2 already, as shared/base.yaml is, which it extends; nothing is changed",
    ]


@pytest.mark.usefixtures("chain")
def test_a_child_has_its_bases_version_and_no_other() -> None:
    assert planner.load("named.yaml").version == 1
    wrote("named.yaml", "extends: more.yaml\nname: named\nversion: 2\n")
    with pytest.raises(ScenarioError) as refused_at:
        planner.load("named.yaml")
    assert str(refused_at.value) == (
        f"named.yaml:3: version: this states version 2, and {os.path.normpath('shared/base.yaml')}, line 1, which it "
        "extends, version 1; `plan migrate shared/base.yaml` rewrites that file as version 2"
    )
    lines = told("shared/base.yaml")
    assert planner.load("named.yaml").version == planner.load("more.yaml").version == 2
    wrote("named.yaml", "extends: more.yaml\nversion: 1\n")
    with pytest.raises(
        ScenarioError, match=r"^named.yaml:2: .*`plan migrate named.yaml` rewrites this file as version 2$"
    ):
        planner.load("named.yaml")
    lines = told("named.yaml", "--keep")
    # What stands in a base that went on without its old values is told, not kept.
    assert lines[2] == "named.yaml: of version 2 now; what it leaves unsaid means something else:"
    assert lines[3].startswith("  whole_replicas of chat, agents false → true")
    assert planner.load("named.yaml").horizon.lookahead == 0


@pytest.mark.usefixtures("chain")
def test_a_version_that_there_is_not_is_named_where_it_stands() -> None:
    wrote("more.yaml", Path("more.yaml").read_text() + "version: 3\n")
    with pytest.raises(ScenarioError, match=r"^more.yaml:6: version: 3 is none of 1, 2$"):
        planner.load("more.yaml")
    wrote("named.yaml", "extends: more.yaml\nversion: 2\n")
    with pytest.raises(ScenarioError, match=r"^more.yaml:6: version: 3 is none of 1, 2$"):
        planner.load("named.yaml")


def test_a_version_2_over_a_base_that_states_none(here: Path) -> None:
    wrote("base.yaml", f"name: base\nhorizon: {HORIZON}\n{REST}workloads: [{CHAT}]\n")
    wrote("new.yaml", "extends: base.yaml\nname: new\nversion: 2\n")
    assert planner.load("base.yaml").horizon.lookahead == 0
    assert planner.load("new.yaml").horizon.lookahead == 1


def test_version_can_be_set() -> None:
    one, two = planner.load(TINY), planner.load(TINY, ("version=2",))
    assert (one.version, two.version) == (1, 2)
    assert todays(one) == VERSION_1
    assert all(new != old for new, old in zip(todays(two).values(), VERSION_1.values(), strict=True))
    kept = planner.load(TINY, ("version=2", "horizon.lookahead=0"))
    assert kept.horizon.lookahead == 0
    assert values(planner.load(TINY, ("version=1",))) == values(one)
    with pytest.raises(ScenarioError, match=r"^--set version: 3 is none of 1, 2$"):
        planner.load(TINY, ("version=3",))


def test_elsewhere_or_to_a_pipe(here: Path) -> None:
    path = wrote("x.yaml", SMALL)
    done = plan("migrate", path, "-o", "-")
    assert done.exit_code == 0
    assert done.stdout.startswith("\nversion: 2\nname: small\n")
    assert done.stderr.startswith("x.yaml: of version 2 now; what it leaves unsaid means something else:\n  ")
    Path("new").mkdir()
    lines = told(path, "--keep", "-o", Path("new/y.yaml"))
    assert lines == ["x.yaml: of version 2 now as new/y.yaml; every field means what it did"]
    assert path.read_text() == SMALL
    assert values(planner.load("new/y.yaml")) == values(planner.load(path))
    told(path)
    assert told(path, "-o", "again.yaml") == ["x.yaml: of version 2 already; nothing is changed"]
    assert not Path("again.yaml").exists()


@pytest.mark.usefixtures("chain")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-"], "plan migrate rewrites files, and standard input is none; name a file\n"),
        (["nothing.yaml"], "nothing.yaml: no such file; nearest: wrong.yaml\n"),
        (["shared"], "shared: this is a folder, not a file\n"),
        (["more.yaml", "named.yaml", "-o", "x.yaml"], "--output takes one file; leave it out to rewrite each in its"),
        (
            ["more.yaml", "-o", "x.yaml"],
            "--output writes one file, and more.yaml extends shared/base.yaml, which is of",
        ),
        (["shared/base.yaml", "-o", "x.yaml"], "names day.csv from its own folder; write it into shared\n"),
        (["more.yaml", "-o", "nowhere/x.yaml"], "--output writes one file, and more.yaml extends shared/base.yaml"),
        (["shared/base.yaml", "-o", "nowhere/x.yaml"], "--output nowhere/x.yaml: there is no folder nowhere\n"),
        (["wrong.yaml", "named.yaml"], "wrong.yaml:2: hrizon: unknown field; nearest: horizon\n"),
    ],
)
def test_what_cannot_be_rewritten_is_a_sentence_and_changes_nothing(words: list[str], sentence: str) -> None:
    wrote("wrong.yaml", f"name: x\nhrizon: {HORIZON}\n{REST}workloads: [{CHAT}]\n")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert sentence in refused(*words)
    assert before == {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def test_nothing_is_half_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = wrote("x.yaml", SMALL)

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        assert "x.yaml could not be written: No space left on device" in refused(path)
    assert path.read_text() == SMALL
    assert [entry.name for entry in here.iterdir()] == ["x.yaml"]


def test_set_is_not_an_option_of_it(here: Path) -> None:
    path = wrote("x.yaml", SMALL)
    assert plan("migrate", path, "--set", "name=y").exit_code == 2
    assert path.read_text() == SMALL
