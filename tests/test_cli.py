"""The command through real processes: exit codes, and what goes where."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from planner.cli import app
from planner.errors import SolverFailure
from planner.schema.published import schema
from planner.studies.verify.study import Verification
from tests.command import FUTURES, SMALL, many_periods, plan, small_scenario  # noqa: F401
from tests.limits import AMPLE_S

verify_study = import_module("planner.studies.verify.study")

INFEASIBLE = """
name: too-small
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 2, period: year}
blocks: {day: 0.5, night: 0.5}
sites:
  - {name: hall, region: us-south, power_mw: 0.02, cooling: [air], pue: {air: {design: 1.25, annual: 1.25}}}
workloads:
  - {name: chat, model: llama-3.3-70b, tokens: {input: 1024, output: 1024}, demand: {output_mtok_per_day: 2400}}
procurement: {rent: [], token_api: false, systems: {allow: [hgx-h200]}, lead_weeks: {hgx-h200: 4}}
"""


@pytest.fixture(scope="module")
def infeasible(small: Path) -> Path:
    path = small.with_name("infeasible.yaml")
    path.write_text(INFEASIBLE)
    return path


@pytest.fixture(scope="module")
def reported(small: Path) -> subprocess.CompletedProcess[str]:
    """One ordinary run, report on the screen, JSON and CSV in files."""
    return plan(small, "--json", small.with_name("out.json"), "--csv", small.with_name("tables"))


@pytest.fixture(scope="module")
def result(reported: subprocess.CompletedProcess[str], small: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(small.with_name("out.json").read_text())
    return loaded


def test_optimal_is_0_and_says_so(reported: subprocess.CompletedProcess[str]) -> None:
    assert reported.returncode == 0, reported.stderr
    assert reported.stderr == ""
    assert "status            optimal: proven within" in reported.stdout


def test_report_begins_with_what_to_order_next(reported: subprocess.CompletedProcess[str]) -> None:
    lines = reported.stdout.splitlines()
    assert re.match(r"Buy \d+ hgx-b200 systems \(\d+ GPUs\) for dallas by 10 December 2026", lines[0])
    first = lines.index("To order or sign next (decided on 2026-12-01):")
    assert first < 20
    assert re.fullmatch(
        r"by 2026-12-10  buy \d+ × hgx-b200 for dallas, in service 2027-Q2 +\$\d\.\d\d M", lines[first + 1]
    )


def test_piped_report_is_plain_and_at_most_100_wide(reported: subprocess.CompletedProcess[str]) -> None:
    assert "\x1b" not in reported.stdout
    assert max(map(len, reported.stdout.splitlines())) <= 100
    assert not [line for line in reported.stdout.splitlines() if line != line.rstrip()]


@pytest.mark.process
def test_only_the_clock_differs_between_two_runs(reported: subprocess.CompletedProcess[str], small: Path) -> None:
    again = plan("solve", small).stdout.splitlines()
    first = reported.stdout.splitlines()
    different = [one for one, other in zip(first, again, strict=True) if one != other]
    assert [line for line in different if not line.startswith("solved in ")] == []


def test_result_follows_its_schema(result: dict[str, Any]) -> None:
    jsonschema.validate(result, schema("result"), format_checker=jsonschema.FormatChecker())
    assert result["status"] == "optimal"
    assert result["scenario"] == "small"
    assert "information" not in result


@pytest.mark.process
def test_json_to_standard_output_is_json_alone(small: Path) -> None:
    done = plan(small, "--json", "-")
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout)["status"] == "optimal"


@pytest.mark.process
def test_what_an_engine_prints_is_not_in_the_result(small: Path) -> None:
    """Engines written in C print past Python, straight to standard output."""
    script = (
        "import os, sys\n"
        "from planner import cli, solvers\n"
        "run = solvers.run\n"
        "solvers.run = lambda *given: os.write(1, b'tmpSolver.run();') and run(*given)\n"
        f"sys.argv = ['plan', {str(small)!r}, '--json', '-']\n"
        "cli.main()\n"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", env=env, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "optimal"


@pytest.mark.process
def test_set_overrides_a_field_and_quiet_prints_nothing(small: Path, tmp_path: Path, result: dict[str, Any]) -> None:
    done = plan(small, "--set", "procurement.buy=false", "--set", "name=rented", "-q", "--json", tmp_path / "r.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    rented = json.loads((tmp_path / "r.json").read_text())
    assert rented["scenario"] == "rented"
    assert rented["purchases"] == []
    assert rented["solver"]["value"] > result["solver"]["bound"]


@pytest.mark.process
def test_standard_input_is_a_scenario(result: dict[str, Any]) -> None:
    done = plan("-", "--json", "-", text=SMALL)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scenario_digest"] == result["scenario_digest"]


def test_csv_has_one_file_per_table_with_the_rows_of_the_result(
    reported: subprocess.CompletedProcess[str], small: Path, result: dict[str, Any]
) -> None:
    folder = small.with_name("tables")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name}.csv"
        for name in (
            "purchases", "retirements", "contracts", "on_demand", "token_api",
            "serving", "unserved", "fleet", "cashflow", "workload_cost", "cost_by_tag", "binding",
        )
    )  # fmt: skip
    with (folder / "purchases.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["order_by"] for row in rows] == [row["order_by"] for row in result["purchases"]]
    assert {row["lookahead"] for row in rows} <= {"true", "false"}


@pytest.mark.process
def test_names_are_not_markup(tmp_path: Path) -> None:
    done = plan("-", text=SMALL.replace("name: dallas", r'name: "[red]hall\e[31m"'))
    assert done.returncode == 0, done.stderr
    assert "[red]hall?[31m" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.process
def test_infeasible_is_3_and_says_what_to_relax(infeasible: Path) -> None:
    done = plan(infeasible)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == [
        "no plan meets every limit; the smallest set of limits to relax:",
        "  - hall needs 0.02805 MW in 2027, the cap is 0.02",
    ]


@pytest.mark.process
def test_infeasible_is_a_result_too(infeasible: Path) -> None:
    done = plan(infeasible, "--json", "-")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    jsonschema.validate(found, schema("result"))
    assert found["status"] == "infeasible"
    assert [relaxed["kind"] for relaxed in found["relaxations"]] == ["power"]
    assert "hall needs" in done.stderr


@pytest.mark.process
def test_above_the_gap_is_4_and_printed(small: Path) -> None:
    # CBC proves no bound of its own, and the LP's is further off than a hundredth of a percent.
    done = plan(small, "--solver", "pulp:cbc", "--gap", "0.0001")
    assert done.returncode == 4, done.stderr
    assert "status            feasible: within" in done.stdout


@pytest.mark.process
def test_no_plan_in_time_is_5_and_leaves_nothing(tmp_path: Path) -> None:
    done = plan("-", "--time-limit", "0.001", "--solver", "scip", "--json", tmp_path / "r.json", text=many_periods())
    assert done.returncode == 5, done.stdout
    assert "no plan found within 0.001 s" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["SMALL", "--gap", "0"], "--gap 0: must be more than 0 and less than 1, such as 0.001"),
        (["SMALL", "--gap", "nan"], "--gap nan: must be more than 0 and less than 1, such as 0.001"),
        (["SMALL", "--gap", "much"], "Invalid value for '--gap'"),
        (["SMALL", "--time-limit", "-1"], "--time-limit -1: must be a number of seconds above 0, such as 60"),
        (["SMALL", "--time-limit", "inf"], "--time-limit inf: must be a number of seconds above 0, such as 60"),
        (["SMALL", "--solver", "abacus"], "--solver abacus: unknown; one of auto, relay"),
        (["SMALL", "--set", "budget.capex=1"], "capex"),
        (["SMALL", "--json", "/nowhere/r.json"], "--json /nowhere/r.json: there is no folder /nowhere"),
        (["SMALL", "--json", "."], "--json .: that is a folder, name a file in it"),
        (["SMALL", "--csv", "SMALL"], "that is a file, name a folder"),
        (["missing.yaml"], "missing.yaml"),
        (["verfy", "SMALL"], "verfy: no such command or file; did you mean `plan verify`?"),
        (["schema", "plans"], "plans: no such schema; one of scenario, catalog, result"),
        (["verify", "SMALL", "--gap", "1"], "--gap 1: must be more than 0 and less than 1, such as 0.001"),
    ],
)
def test_bad_input_is_2_with_a_sentence(arguments: list[str], sentence: str, small: Path) -> None:
    done = plan(*(small if word == "SMALL" else word for word in arguments))
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.process
def test_init_writes_a_scenario_that_solves_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert plan("init", path).returncode == 0
    before = path.read_text()
    again = plan("init", path)
    assert again.returncode == 2
    assert again.stderr == f"{path} exists already; name a file that does not\n"
    assert path.read_text() == before
    assert plan(path, "-q", "--time-limit", f"{AMPLE_S}").returncode == 0


@pytest.mark.process
@pytest.mark.parametrize(("which", "version"), [("scenario", 2), ("catalog", 1), ("result", 2)])
def test_schemas_are_schemas(which: str, version: int) -> None:
    done = plan("schema", which)
    assert done.returncode == 0
    published = json.loads(done.stdout)
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert published["$id"] == f"token-factory-planner/{which}-{version}.json"
    jsonschema.Draft202012Validator.check_schema(published)


@pytest.mark.slow
def test_a_scenario_follows_its_schema() -> None:
    written = YAML(typ="safe", pure=True).load(SMALL)
    written |= {"version": 2}
    written["horizon"] |= {"decided_on": "2026-12", "start": "2027-01"}
    jsonschema.validate(written, schema("scenario"), format_checker=jsonschema.FormatChecker())
    with pytest.raises(jsonschema.ValidationError, match="perods"):
        jsonschema.validate(written | {"perods": 4}, schema("scenario"))


@pytest.mark.process
def test_several_futures_tell_what_information_is_worth() -> None:
    done = plan("-", "--json", "-", text=SMALL + FUTURES)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    jsonschema.validate(found, schema("result"))
    worth = found["information"]
    assert worth["here_and_now_usd"] == found["solver"]["value"]
    assert worth["evpi_usd"] >= 0
    assert [item["name"] for item in found["kpis"]["futures"]] == ["base", "boom"]


@pytest.mark.process
def test_verify_is_0_where_the_engines_agree(small: Path, tmp_path: Path) -> None:
    done = plan("verify", small, "--time-limit", f"{AMPLE_S}", "--json", tmp_path / "v.json")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "v.json").read_text())
    voices = {voice["engine"]: voice for voice in found["voices"]}
    assert {"relay", "scip", "highs", "cpsat", "pulp:cbc"} <= set(voices)
    assert all(voices[name]["audited"] for name in ("relay", "scip", "highs"))
    assert "every proven interval overlaps" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.process
def test_verify_of_an_infeasible_scenario_is_3(infeasible: Path) -> None:
    done = plan("verify", infeasible, "--time-limit", f"{AMPLE_S}")
    assert done.returncode == 3
    assert "hall needs 0.02805 MW in 2027" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help(arguments: list[str]) -> None:
    done = plan(*arguments)
    assert done.returncode == 0
    for command in ("solve", "verify", "schema", "init"):
        assert f"  {command} " in done.stdout


def test_help_groups_commands_and_cuts_no_sentence() -> None:
    said = plan("--help").stdout
    groups = [line for line in said.splitlines() if line in ("Plan:", "Decide:", "Evidence:", "Results:")]
    assert groups == ["Plan:", "Decide:", "Evidence:", "Results:"]
    assert said.index("Plan:") < said.index("  verify ") < said.index("Decide:") < said.index("  levers ")
    assert said.index("Evidence:") < said.index("  catalog ") < said.index("Results:") < said.index("  diff ")
    assert "..." not in said.partition("Plan:")[2]
    assert "..." not in plan("catalog", "--help").stdout.partition("Evidence:")[2]


def test_version() -> None:
    assert re.fullmatch(r"token-factory-planner \d+\.\d+\.\d+\S*\n", plan("--version").stdout)


def test_contradictions_end_verify_with_5(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Verification("small", "", "cost", "USD NPV", 0.001, (), ("scip and relay exclude each other",), ())
    monkeypatch.setattr(verify_study, "verify", lambda *arguments, **options: found)
    done = CliRunner().invoke(app, ["verify", str(small)])
    assert done.exit_code == 5
    assert done.stderr == "scip and relay exclude each other\n"
    assert "small: scip and relay exclude each other." in done.stdout


@pytest.mark.process
def test_a_plan_stands_without_the_value_of_information(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_time(*arguments: object, **options: object) -> None:
        raise SolverFailure("no plan found within 1 s")

    monkeypatch.setattr("planner.studies.information.value_of_information", out_of_time)
    source = tmp_path / "futures.yaml"
    source.write_text(SMALL + FUTURES)
    done = CliRunner().invoke(app, ["solve", str(source)])
    assert "Each future's figures:" in done.stdout
    assert done.stderr == "The value of information is not known: no plan found within 1 s.\n"
