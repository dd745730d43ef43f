"""`plan sweep`: rows are those of the plans, faults name their cell, what was kept is not solved again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from arro3.io import read_parquet

import planner
from planner.errors import InputError
from planner.studies.engines import Killed
from planner.studies.sweep import study
from planner.studies.sweep.cases import given_cases
from planner.studies.sweep.kept import keep, kept_row
from planner.studies.sweep.row import NO_PLAN, Row, Task, without_plan
from planner.studies.sweep.study import sweep
from tests.store import TINY, plan

HEADER = "name,demand,sites.hall.power_mw"
CASES: list[dict[str, object]] = [
    {"name": "less", "demand": "x0.9", "sites.hall.power_mw": 0.05},
    {"demand": "x99"},
    {"demand": "x0.9"},
]


@pytest.fixture(scope="module")
def found() -> study.Sweep:
    return sweep(planner.load(TINY), CASES)


def write(folder: Path, text: str) -> Path:
    path = folder / "cases.csv"
    path.write_text(text)
    return path


def test_a_row_is_that_of_the_plan(found: study.Sweep) -> None:
    row = found.results.iloc[0]
    scenario = planner.load(TINY, ("demand=x0.9", "sites.hall.power_mw=0.05"))
    itself = planner.solve(scenario)
    for name in ("npv_usd", "capex_usd", "opex_usd", "levelised_usd_per_mtok_output", "served_share", "energy_mwh"):
        assert row[name] == itself.kpis[name], name
    assert (row["status"], row["gap"], row["bound_usd"]) == ("optimal", itself.proof.gap, itself.proof.best_bound_usd)
    assert row["scenario_digest"] == itself.scenario_digest
    assert row["bought_gpus"] == itself.purchases.query("not lookahead")["gpus"].sum()
    assert row["signed_gpus"] == itself.contracts["gpus"].sum() == 0
    assert row["rented_peak_gpus"] == itself.kpis["peak_gpus"]["hourly"] > 0
    # One block has all of what is rented, and a quarter of the hours or so: the mean is below the peak.
    assert 0 < row["rented_gpus"] < row["rented_peak_gpus"]


def test_columns_are_the_case_its_overrides_and_the_figures(found: study.Sweep) -> None:
    assert list(found.results) == ["case", "demand", "sites.hall.power_mw", *Row.__annotations__]
    assert found.results["case"].tolist() == ["less", "2", "3"]
    assert found.results["demand"].tolist() == ["x0.9", "x99", "x0.9"]
    assert found.results["sites.hall.power_mw"].tolist()[0] == 0.05
    assert found.results["sites.hall.power_mw"].isna().tolist() == [False, True, True]


@pytest.mark.slow
def test_a_case_without_a_plan_stays_in_the_table(found: study.Sweep) -> None:
    row = found.results.iloc[1]
    assert (row["status"], row["reason"]) == ("infeasible", NO_PLAN)
    assert pd.isna(row["npv_usd"])
    told = sweep(planner.load(TINY), CASES[1:2], explained=True).results.iloc[0]
    assert "hgx-h200 GPUs by the hour in 2027" in told["reason"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The scenarios that are solved from here on, by digest; none of them has a plan."""
    digests: list[str] = []

    def solved(catalogs: dict[str, planner.Catalog], task: Task) -> dict[str, object]:
        digests.append(task.scenario_digest)
        return without_plan(task, "infeasible", NO_PLAN)

    monkeypatch.setattr(study, "solved", solved)
    return digests


@pytest.mark.slow
def test_parts_together_are_the_whole(asked: list[str]) -> None:
    scenario = planner.load(TINY)
    cases = [{"demand": f"x{1 + index / 10:g}", "sites.hall.power_mw": index or None} for index in range(5)]
    whole = sweep(scenario, cases).results
    parts = [sweep(scenario, cases, part=(first, 2)).results for first in (1, 2)]
    assert [part["case"].tolist() for part in parts] == [["1", "3", "5"], ["2", "4"]]
    together = pd.concat(parts).sort_values("case", ignore_index=True)
    pd.testing.assert_frame_equal(together, whole)
    assert len(asked) == 2 * len(cases)


@pytest.mark.slow
def test_what_is_kept_or_asked_twice_is_not_solved_again(tmp_path: Path, asked: list[str]) -> None:
    scenario = planner.load(TINY)
    cases = [{"demand": "x99"}, {"demand": "x0.9"}, {"demand": "x0.9"}]
    first = sweep(scenario, cases, keep_in=tmp_path / "kept")
    assert len(asked) == 2
    again = sweep(scenario, cases, keep_in=tmp_path / "kept")
    assert len(asked) == 2
    pd.testing.assert_frame_equal(first.results, again.results)
    sweep(scenario, cases[:1], explained=True, keep_in=tmp_path / "kept")
    sweep(scenario, cases[1:], gap=0.1, keep_in=tmp_path / "kept")
    assert len(asked) == 4


@pytest.mark.slow
def test_a_case_whose_workers_were_killed_is_told_as_failed_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_killed(work: object, catalogs: object, tasks: list[Task], workers: int) -> Iterator[tuple[int, object]]:
        yield 1, without_plan(tasks[1], "infeasible", NO_PLAN)
        yield 0, Killed("each of two processes that")

    monkeypatch.setattr(study, "as_done_with", one_killed)
    kept = tmp_path / "kept"
    done = plan("sweep", TINY, "--cases", write(tmp_path, "demand\nx0.9\nx99\n"), "--keep", kept, "--json", "-")
    assert (done.exit_code, done.stderr) == (5, "1 of the cases failed; their rows say why\n")
    first, second = json.loads(done.stdout)["results"]
    assert (first["status"], first["reproducible"], second["status"]) == ("failed", False, "infeasible")
    assert first["reason"].startswith("each of two processes that worked on it was killed")
    assert [json.loads(file.read_text())["row"]["status"] for file in kept.iterdir()] == ["infeasible"]


def task(time_limit_s: float = 60.0, explained: bool = False) -> Task:
    return Task(planner.load(TINY), "1" * 16, "0" * 16, 1e-3, time_limit_s, "auto", explained)


def test_what_the_clock_ended_holds_until_more_time_is_given(tmp_path: Path) -> None:
    keep(tmp_path, task(60.0), without_plan(task(), "unknown", "too late", reproducible=False))
    assert kept_row(tmp_path, task(60.0)) == kept_row(tmp_path, task(30.0)) != None  # noqa: E711
    assert kept_row(tmp_path, task(61.0)) is None


def test_a_reason_is_looked_for_where_it_is_asked_for_and_told_only_then(tmp_path: Path) -> None:
    keep(tmp_path, task(), without_plan(task(), "infeasible", NO_PLAN))
    assert kept_row(tmp_path, task(explained=True)) is None
    keep(tmp_path, task(explained=True), without_plan(task(), "infeasible", "the hall is too small"))
    for explained, reason in ((True, "the hall is too small"), (False, NO_PLAN)):
        row = kept_row(tmp_path, task(explained=explained))
        assert row is not None
        assert row["reason"] == reason


@pytest.mark.parametrize(
    "change", [lambda text: text[:-9], lambda text: text.replace('"row"', '"raw"'), lambda _: "[]"]
)
def test_a_damaged_file_is_as_if_it_were_not_there(tmp_path: Path, change: Callable[[str], str]) -> None:
    keep(tmp_path, task(), without_plan(task(), "infeasible", NO_PLAN))
    (file,) = tmp_path.iterdir()
    file.write_text(change(file.read_text()))
    assert kept_row(tmp_path, task()) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cases.csv: this file is empty; its first line names fields, such as sites.dallas.power_mw"),
        ("demand\n", "cases.csv:1: there is no case below the header"),
        ("name\na\n", "cases.csv:1: no column names a field of the scenario, such as sites.dallas.power_mw"),
        ("demand,demand\nx1,x2\n", "cases.csv:1: demand: this column is there twice; one of them has to go"),
        ("demand,\nx1,x2\n", "cases.csv:1: column 2 has no name; write a field, or name"),
        ("demand\nx1,x2\n", "cases.csv:2: this row has 2 cells, the header has 1"),
        ("demnd\nx1\n", "cases.csv:1: demnd: no field of the scenario; nearest: demand"),
        ("sites.hal.power_mw\n1\n", "cases.csv:1: sites.hal.power_mw: no site 'hal'; nearest: hall"),
        (
            "horizon.period\nyear\nmnth\n",
            "cases.csv:3: horizon.period: 'mnth' is none of month, quarter, year; nearest: month",
        ),
        (f"{HEADER}\na,x1,-2\n", "cases.csv:2: sites.hall.power_mw: '-2': -2 is negative"),
        (
            f"{HEADER}\na,5,\n",
            "cases.csv:2: demand: '5': all forecasts together can only be scaled, such as demand=x1.3",
        ),
        (
            "workloads.chat.model\nllama\n",
            "cases.csv:2: workloads.chat.model: unknown model 'llama'; nearest: llama-3.3-70b",
        ),
    ],
)
def test_bad_cases_are_told_by_file_line_and_column(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    done = plan("sweep", TINY, "--cases", "cases.csv")
    assert (done.exit_code, done.stderr) == (2, f"{said}\n")


def test_of_very_many_faults_the_first_are_told(tmp_path: Path) -> None:
    done = plan("sweep", TINY, "--cases", write(tmp_path, "sites.hall.power_mw\n" + "-1\n" * 50))
    lines = done.stderr.splitlines()
    assert (done.exit_code, len(lines), lines[-1]) == (2, 21, "and more of them")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--part", "3/2"], "--part 3/2: write K/N with K from 1 to N, such as 3/100"),
        (["--jobs", "0"], "--jobs 0: must be 1 or more"),
        (["-o", "results.xlsx"], "--output results.xlsx: write FILE.parquet or FILE.csv"),
    ],
)
def test_wrong_options_are_refused(options: list[str], said: str, tmp_path: Path) -> None:
    done = plan("sweep", TINY, "--cases", write(tmp_path, "demand\nx1\n"), *options)
    assert (done.exit_code, done.stderr) == (2, f"{said}\n")


def test_there_have_to_be_cases() -> None:
    with pytest.raises(InputError, match="there is no case to solve"):
        given_cases([])


@pytest.mark.slow
def test_the_command_writes_the_table_and_shows_it(found: study.Sweep, tmp_path: Path) -> None:
    cases = write(tmp_path, f"{HEADER}\nless,x0.9,0.05\n,x99,\n,x0.9,\n")
    words = ("sweep", TINY, "--cases", cases, "--jobs", "1", "--keep", tmp_path / "kept")
    done = plan(*words, "-o", tmp_path / "out.parquet")
    assert done.exit_code == 0, done.output
    assert "2 optimal, 1 infeasible; NPV from" in done.stdout
    table = read_parquet(str(tmp_path / "out.parquet")).read_all()
    said = json.loads(table.schema.metadata[b"planner"])
    assert said["columns"]["bought_gpus"] == {"meaning": "in systems bought for the reported periods", "unit": "GPUs"}
    assert [column.to_pylist() for column in table["npv_usd"].chunks] == [
        [None if pd.isna(usd) else usd for usd in found.results["npv_usd"]]
    ]
    text = plan(*words, "-o", tmp_path / "out.csv")
    assert text.exit_code == 0
    read = pd.read_csv(tmp_path / "out.csv", dtype={"case": str})
    assert read["npv_usd"].tolist()[0] == found.results["npv_usd"].tolist()[0]
    assert read["case"].tolist() == ["less", "2", "3"]
