"""What changed between two plans: the inputs first and nothing else among them, then decisions, then cost."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from planner.history.store import save
from planner.pipeline import load
from planner.render.markdown import markdown
from planner.render.sheet import Sheet, left
from planner.studies.diff.inputs import changes, said
from planner.studies.diff.steps import steps
from tests.revisions import begin_in, git
from tests.store import TINY, plan, tiny_run

LESS_POWER = ("power_mw: 0.06 ", "power_mw: 0.04 ")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run 1 is tiny, run 2 tiny with less power, which costs more."""
    path = tmp_path_factory.mktemp("store") / "runs.sqlite"
    save(path, tiny_run())
    save(path, tiny_run("sites.hall.power_mw=0.04"))
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Tiny with less power, other comments and its keys in another order."""
    path = tmp_path / "other.yaml"
    text = TINY.read_text().replace(*LESS_POWER).replace("# Small enough", "# Less power, small enough")
    load, headroom = "    load: two-to-one\n", "    headroom: 0.15\n"
    text = text.replace(load, "").replace(headroom, headroom + load)
    path.write_text(text)
    return path


def compared(*words: str | Path) -> dict[str, Any]:
    done = plan("diff", *words, "--json", "-")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_one_field_is_named_first_and_nothing_else_in_the_inputs(
    store: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = compared(TINY, other)
    assert found["inputs"] == [{"field": "sites.hall.power_mw", "a": 0.06, "b": 0.04}]
    monkeypatch.chdir(other.parent)
    lines = plan("diff", "1", other.name, "--store", store).stdout.splitlines()
    assert lines[:4] == [
        "What changed in the inputs, run 1 (A) and other.yaml (B):",
        "field                A     B",
        "-" * 31,
        "sites.hall.power_mw  0.06  0.04",
    ]
    assert lines[4] == ""
    heads = [line for line in lines if line.endswith(":")]
    assert heads[1:3] == ["What changed in the decisions:", "What changed in the cost:"]


def test_figures_are_the_results_own(store: Path, other: Path) -> None:
    found = compared("1", other, "--store", store)
    one, two = (tiny_run(*overrides).result for overrides in ((), ("sites.hall.power_mw=0.04",)))
    for row in found["cost"]:
        assert (row["a"], row["b"]) == (one["kpis"][row["figure"]], two["kpis"][row["figure"]])
    for side, result in (("a", one), ("b", two)):
        assert sum(row[side] for row in found["npv_by_category"]) == pytest.approx(result["kpis"]["npv_usd"], rel=1e-12)
    assert found["decisions"] == [
        {
            "period": "2027",
            "step": "buy hgx-h200 for hall",
            "a": 4,
            "b": 2,
            "gpus_more": -16,
            "usd_more": two["purchases"][0]["cost_usd"] - one["purchases"][0]["cost_usd"],
        }
    ]


@pytest.mark.slow
def test_runs_files_and_results_are_the_same_to_it(store: Path, other: Path, tmp_path: Path) -> None:
    result = tmp_path / "r.json"
    result.write_text(tiny_run("sites.hall.power_mw=0.04").result_text)
    by_run, by_file = (compared("1", side, "--store", store) for side in ("2", other))
    assert by_run["cost"] == by_file["cost"]
    by_result = compared("1", result, "--store", store)
    assert by_result["cost"] == by_run["cost"]
    assert not by_result["inputs_known"]
    assert [row["field"] for row in by_result["inputs"]] == ["scenario digest"]
    text = plan("diff", "1", result, "--store", store).stdout
    assert "A result file holds no inputs; name a run or a scenario to see the fields." in text


def test_nothing_changed_is_said_so(store: Path) -> None:
    text = plan("diff", "1", TINY, "--store", store, "--fail-above", "0%").stdout
    assert text.startswith(f"Nothing changed in the inputs, run 1 (A) and {TINY} (B).\n")
    assert "Nothing changed in what is bought, signed and retired." in text
    assert "B costs what A costs: $0.747 per Mtok output." in text


@pytest.mark.parametrize(
    ("a", "b", "allowed", "code"),
    [
        ("1", "2", "3%", 6),
        ("2", "1", "3%", 0),
        ("1", "2", "47.9 %", 6),
        ("1", "2", "48%", 0),
        ("1", "1", "0%", 0),
        ("2", "1", "0%", 0),
    ],
)
def test_fail_above_in_both_directions(store: Path, a: str, b: str, allowed: str, code: int) -> None:
    done = plan("diff", a, b, "--store", store, "--fail-above", allowed)
    assert done.exit_code == code, done.output
    # 1.10443 and 0.74663 with two nodes and with four: docs/tiny-by-hand.md.
    words = (
        f"B costs 47.9 % more than A: $1.10 per Mtok output, $0.747 before. More than {allowed} is not allowed here.\n"
    )
    assert done.stderr == (words if code else "")
    assert "What changed in the cost:" in done.stdout


def test_without_a_plan_there_is_nothing_to_allow(store: Path, tmp_path: Path) -> None:
    none = tmp_path / "none.yaml"
    none.write_text(TINY.read_text().replace("power_mw: 0.06 ", "power_mw: 0.03 ").replace("[on_demand]", "[]"))
    done = plan("diff", "1", none, "--store", store, "--fail-above", "3%")
    assert (done.exit_code, done.stderr) == (3, f"{none} has no plan\n")
    assert "hall needs 0.07012 MW in 2027, the cap is 0.03" in done.stdout
    done = plan("diff", none, "1", "--store", store, "--fail-above", "3%")
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["1", "2", "--fail-above", "3"], "--fail-above 3: write a percentage, such as 3%"),
        (["1", "2", "--fail-above", "much%"], "--fail-above much%: write a percentage, such as 3%"),
        (["1", "2", "--fail-above", "nan%"], "--fail-above nan%: write a percentage, such as 3%"),
        (["1", "2", "--json", "-", "--markdown", "-"], "both want standard output; name a file for one of them"),
        (["1", "9"], "there is no run 9 in "),
        (["1", "nothing.yaml"], "nothing.yaml: no such file"),
        (["-", "-"], "standard input is one scenario; name a file for the other"),
        (["1", "notes.json"], "notes.json: this is not a result; `plan SCENARIO --json notes.json` writes one"),
        (["1", "list.json"], "list.json: this is not a result; `plan SCENARIO --json list.json` writes one"),
        (["1", "later.json"], "later.json: this is a result of version 99; this planner reads versions 1 to 2"),
    ],
)
def test_bad_input_is_one_sentence(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.json").write_text("not json")
    Path("list.json").write_text("[]")
    Path("later.json").write_text(json.dumps(tiny_run().result | {"version": 99}))
    done = plan("diff", *words, "--store", store)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of a scenario that extends a base, has a forecast and a catalog beside it; then a change."""
    begin_in(tmp_path, monkeypatch)
    (tmp_path / "plans" / "own").mkdir(parents=True)
    shutil.copytree(TINY.parents[1] / "catalogs", "plans/own", dirs_exist_ok=True)
    text = TINY.read_text().replace("catalogs: [builtin]", "catalogs: [own]")
    Path("plans/base.yaml").write_text(text)
    Path("plans/day.csv").write_text("date,output_mtok_per_day\n2027-01-01,2750\n")
    Path("plans/s.yaml").write_text("extends: base.yaml\nworkloads:\n  - {name: chat, demand: {csv: day.csv}}\n")
    git("add", ".")
    git("commit", "-qm", "first")
    Path("plans/base.yaml").write_text(text.replace(*LESS_POWER))
    git("commit", "-qam", "less power")
    Path("plans/day.csv").write_text("date,output_mtok_per_day\n2027-01-01,2000\n")
    return tmp_path


@pytest.mark.process
def test_revisions_bring_the_files_they_draw_on(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared("HEAD~1:plans/s.yaml", "HEAD:plans/s.yaml", "--fail-above", "50%")
    assert found["inputs"] == [{"field": "sites.hall.power_mw", "a": 0.06, "b": 0.04}]
    assert found["a"]["catalog_digest"] == found["b"]["catalog_digest"]
    monkeypatch.chdir(repository / "plans")
    found = compared("HEAD:./s.yaml", "s.yaml")
    (change,) = found["inputs"]
    assert change == {"field": "workloads.chat.demand.output_mtok_per_day.2027-01", "a": 2750, "b": 2000}


@pytest.mark.solve
def test_another_catalog_is_one_line_of_the_inputs(repository: Path) -> None:
    energy = repository / "plans" / "own" / "energy.csv"
    lines = energy.read_text().splitlines()
    energy.write_text("\n".join([*lines, lines[-1].replace(lines[-1].split(",")[0], "elsewhere", 1)]) + "\n")
    found = compared("HEAD:plans/base.yaml", "plans/base.yaml")
    assert [row["field"] for row in found["inputs"]] == ["catalog digest"]


@pytest.mark.process
@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("nowhere:plans/s.yaml", "nowhere:plans/s.yaml: git knows no revision nowhere here"),
        ("HEAD:plans/t.yaml", "HEAD:plans/t.yaml: there is no file plans/t.yaml in that revision"),
        ("HEAD:plans", "HEAD:plans: there is no file plans in that revision"),
        ("--output=x:plans/s.yaml", "--output=x:plans/s.yaml: git knows no revision --output=x here"),
        ("HEAD:../../etc/passwd", "HEAD:../../etc/passwd: there is no file ../../etc/passwd in that revision"),
    ],
)
def test_what_git_does_not_have(repository: Path, source: str, sentence: str) -> None:
    done = plan("diff", "--", source, "plans/s.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"{sentence}\n"
    assert not (repository / "x").exists()


def test_faults_of_a_revision_name_it(repository: Path) -> None:
    (repository / "plans" / "base.yaml").write_text(TINY.read_text().replace("power_mw", "powr_mw"))
    git("commit", "-qam", "broken")
    done = plan("diff", "HEAD:plans/s.yaml", "plans/s.yaml")
    assert done.exit_code == 2
    assert re.match(r"HEAD:plans/base.yaml:\d+: sites\.hall\.powr_mw: ", done.stderr)


def test_names_are_inert_in_markdown_and_on_the_screen(store: Path, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script> | @team [x](http://evil.example) `=1+1`"
    path = tmp_path / "evil.yaml"
    path.write_text(TINY.read_text().replace("name: hall", f"name: '{evil}'"))
    done = plan("diff", "1", path, "--store", store, "--markdown", "-")
    assert done.exit_code == 0, done.output
    for live in ("<script", "@team", "[x]", "://", "`"):
        assert live not in done.stdout, live
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table if "sites." in line} == {4}
    assert "&#60;script&#62;" in done.stdout


def test_markdown_reads_as_it_is_written() -> None:
    sheet = Sheet("Inputs, A and B:", (left("field"), left("A")), (("sites.hall.power_mw", "0.06"),), ("a note",))
    assert markdown("run 1 (A)", [sheet, Sheet("Nothing.")]) == (
        "### run 1 (A)\n\n**Inputs, A and B:**\n\n| field | A |\n| --- | --- |\n| sites.hall.power_mw | 0.06 |\n\n"
        "<sub>a note</sub>\n\nNothing.\n"
    )


@pytest.mark.parametrize(
    ("overrides", "paths"),
    [
        (("service.min_served=1.0",), []),  # what is the default anyway
        (("procurement.systems.deny=[hgx-b200]",), ["procurement.systems.deny"]),
        (("budget.capex_usd={2027: 9e6}",), ["budget.capex_usd"]),
        (("finance.discount_rate=0.08", "name=x", "solve.gap=0.02"), ["finance.discount_rate", "solve.gap", "name"]),
        (("blocks={day: 0.4, night: 0.6}",), ["blocks.day", "blocks.night"]),
        (("sites.hall.power_mw={2027-01: 0.05, 2028-01: 0.06}",), ["sites.hall.power_mw"]),
        (("workloads.chat.demand={requests_per_s: 3}",), [
            "workloads.chat.demand.output_mtok_per_day", "workloads.chat.demand.requests_per_s",
        ]),
    ],
)  # fmt: skip
def test_fields_are_named_as_set_takes_them(overrides: tuple[str, ...], paths: list[str]) -> None:
    assert [change.path for change in changes(load(TINY), load(TINY, overrides))] == paths


def test_lists_without_names_lose_what_is_equal_first() -> None:
    rows = [f"{{system: hgx-h100, count: {count}, in_service: 2024-01}}" for count in (1, 2, 3)]
    before = load(TINY, (f"sites.hall.existing=[{', '.join(rows)}]",))
    after = load(TINY, (f"sites.hall.existing=[{', '.join(rows[1:])}]",))
    (change,) = changes(before, after)
    assert (change.path, change.b) == ("sites.hall.existing.0", None)
    assert said(change.a) == "{system: hgx-h100, count: 1, in_service: 2024-01}"
    (change,) = changes(before, load(TINY, (f"sites.hall.existing=[{', '.join([rows[0], rows[2]])}]",)))
    assert said(change.a) == "{system: hgx-h100, count: 2, in_service: 2024-01}"


def test_dates_of_a_schedule_are_told_one_by_one_where_few_differ() -> None:
    dates = {f"2027-{month:02}": 0.05 for month in range(1, 11)}

    def with_power(amounts: dict[str, float]) -> Any:
        return load(TINY, (f"sites.hall.power_mw={{{', '.join(f'{day}: {mw}' for day, mw in amounts.items())}}}",))

    few, many = copy.copy(dates), dict.fromkeys(dates, 0.06)
    few["2027-03"] = 0.06
    few["2028-01"] = 0.07
    found = changes(with_power(dates), with_power(few))
    assert [(change.path, change.a, change.b) for change in found] == [
        ("sites.hall.power_mw.2027-03", 0.05, 0.06),
        ("sites.hall.power_mw.2028-01", None, 0.07),
    ]
    assert [change.path for change in changes(with_power(dates), with_power(many))] == ["sites.hall.power_mw"]


@pytest.mark.docs
def test_the_pull_request_example_runs_as_it_is_written(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (TINY.parents[1] / "docs" / "history.md").read_text(encoding="utf-8")
    steps = YAML(typ="safe", pure=True).load(page.split("```yaml\n")[1].split("```")[0])["steps"]
    shell = steps[-1]["run"].replace("scenarios/10mw.yaml", "plans/s.yaml")
    bin_folder = repository / "bin"
    bin_folder.mkdir()
    (bin_folder / "plan").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m planner.cli "$@"\n')
    (bin_folder / "comment").write_text('#!/bin/sh\ncp "$1" commented.md\n')
    for name in ("plan", "comment"):
        (bin_folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    git("checkout", "-q", "--", "plans")
    git("update-ref", "refs/remotes/origin/main", "HEAD~1")
    done = subprocess.run(["bash", "-e", "-c", shell], capture_output=True, encoding="utf-8")
    assert done.returncode == 6, done.stderr
    text = (repository / "commented.md").read_text(encoding="utf-8")
    assert "| sites.hall.power_mw | 0.06 | 0.04 |" in text
    assert "47.9 % more than A" in text


def test_contracts_and_futures_are_told_by_lot_and_quarter() -> None:
    def contract(period: str, lots: int, **more: Any) -> dict[str, Any]:
        offer = {"provider": "nscale", "region": "no", "system": "hgx-b200", "kind": "reserved", "term_months": 36}
        return {**offer, "period": period, "lots": lots, "gpus": 8 * lots, "cost_usd": 100.0 * lots, **more}

    gone = {"site": "hall", "system": "hgx-h100", "period": "2027-Q1", "count": 4}
    one = {"contracts": [contract("2027-Q2", 3), contract("2027-Q3", 1)], "retirements": [gone]}
    other = {"contracts": [contract("2027-Q2", 1), contract("2027-Q2", 1, future="boom"), contract("2027-Q3", 1)]}
    told = [(step.period, step.future, step.words, step.a.number, step.b.number) for step in steps(one, other)]
    lots = "sign lots of 8 hgx-b200 GPUs at nscale in no for 36 months"
    assert told == [
        ("2027-Q1", "all", "retire hgx-h100 at hall", 4, 0),
        ("2027-Q2", "all", lots, 3, 1),
        ("2027-Q2", "boom", lots, 0, 1),
    ]


def test_without_tokens_there_is_no_cost_per_token_to_allow(store: Path, tmp_path: Path) -> None:
    result = copy.deepcopy(tiny_run().result)
    costs = [name for name in result["kpis"] if name.endswith("levelised_usd_per_mtok_output")]
    result["kpis"] |= dict.fromkeys(costs)
    (tmp_path / "r.json").write_text(json.dumps(result))
    done = plan("diff", "1", tmp_path / "r.json", "--store", store, "--fail-above", "3%")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"--fail-above: {tmp_path / 'r.json'} has no cost per Mtok of output to compare\n"
    done = plan("diff", "1", tmp_path / "r.json", "--store", store)
    assert "There is no cost per Mtok of output to compare." in done.stdout


def result_file(path: Path, version: int, solved: float, reported: float | None) -> Path:
    """A result of tiny with these costs per Mtok output, of the solved horizon and of the reported periods."""
    result = json.loads(tiny_run().result_text) | {"version": version}
    result["kpis"] = {name: value for name, value in result["kpis"].items() if "reported" not in name}
    result["kpis"]["levelised_usd_per_mtok_output"] = solved
    if reported is not None:
        result["kpis"]["reported_levelised_usd_per_mtok_output"] = reported
    path.write_text(json.dumps(result))
    return path


def test_costs_of_the_same_meaning_are_compared(tmp_path: Path) -> None:
    """B costs less over the reported periods and more over the solved horizon, which is all that version 1 has."""
    old, old_b = (result_file(tmp_path / f"{usd}.json", 1, usd, None) for usd in (0.5, 0.6))
    a, b = result_file(tmp_path / "a.json", 2, 0.5, 0.4), result_file(tmp_path / "b.json", 2, 0.6, 0.3)
    said = "That is over the solved horizon: {} has no cost of the reported periods."
    for one, other, code, words in (
        (a, b, 0, "B costs 25.0 % less than A: $0.300 per Mtok output, $0.400 before."),
        (b, a, 6, "B costs 33.3 % more than A: $0.400 per Mtok output, $0.300 before."),
        (old, b, 6, f"B costs 20.0 % more than A: $0.600 per Mtok output, $0.500 before. {said.format(old)}"),
        (b, old, 0, f"B costs 16.7 % less than A: $0.500 per Mtok output, $0.600 before. {said.format(old)}"),
        (old, old_b, 6, "B costs 20.0 % more than A: $0.600 per Mtok output, $0.500 before."),
    ):
        done = plan("diff", one, other, "--fail-above", "3%")
        assert done.exit_code == code, done.output
        assert " ".join(done.stdout.split()).endswith(words), (one, other)
        assert (words in " ".join(done.stderr.split())) == (code == 6)
    figures = {row["figure"]: (row["a"], row["b"]) for row in compared(old, b)["cost"]}
    assert figures["reported_levelised_usd_per_mtok_output"] == (None, 0.3)
    assert figures["levelised_usd_per_mtok_output"] == (0.5, 0.6)
    assert "cost of the reported periods, $ per Mtok output" in plan("diff", a, b).stdout
    assert "reported periods" not in plan("diff", old, old_b).stdout
