"""Reality beside the plan: every planned figure is the plan's, what is unknown stays empty, bad files are sentences."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from planner.errors import InputError
from planner.history.run import run_of
from planner.history.store import save
from planner.pipeline import catalog_of, solve
from planner.scenario import load_scenario
from planner.studies.actuals.given import ALL_WORKLOADS
from planner.studies.actuals.study import actuals
from tests.command import FUTURES, SMALL
from tests.store import plan, tiny_run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "actuals.csv"


def known(figure: float | None) -> float:
    assert figure is not None
    return figure


def test_planned_figures_are_the_plans(file: Path) -> None:
    file.write_text("period,output_mtok,cost_usd,power_mw\n2028,1,1,1\n")
    found = actuals(tiny_run(), file)
    result = tiny_run().result
    planned = {name: [known(line.pairs[name].plan) for line in found.lines] for name in found.measures}
    assert sum(planned["output_mtok"]) == pytest.approx(result["kpis"]["tokens_output"] / 1e6)
    assert sum(planned["cost_usd"]) == pytest.approx(result["kpis"]["cash_usd"])
    hours = (365 * 24, 366 * 24)
    drawn = sum(mw * hour for mw, hour in zip(planned["power_mw"], hours, strict=True))
    assert drawn == pytest.approx(result["kpis"]["energy_mwh"])


@pytest.mark.solve
def test_of_several_futures_the_expectation(file: Path) -> None:
    scenario = load_scenario(io.StringIO(SMALL + FUTURES))
    catalog = catalog_of(scenario)
    solved = solve(scenario, catalog)
    run = run_of(scenario, catalog, solved, solved.to_dict(), [])
    file.write_text("period,output_mtok,cost_usd\n2027-Q4,1,1\n")
    found = actuals(run, file)
    assert [line.period for line in found.lines] == ["2027-Q1", "2027-Q2", "2027-Q3", "2027-Q4"]
    tokens = sum(line.pairs["output_mtok"].plan or 0 for line in found.lines)
    assert tokens == pytest.approx(run.result["kpis"]["tokens_output"] / 1e6)
    assert sum(line.pairs["cost_usd"].plan or 0 for line in found.lines) == pytest.approx(
        run.result["kpis"]["cash_usd"]
    )


def test_what_is_unknown_is_left_empty(file: Path, tmp_path: Path) -> None:
    store = tmp_path / "runs.sqlite"
    save(store, tiny_run())
    file.write_text("period,output_mtok,cost_usd\n2027,800000,\n2028,,300000\n")
    done = plan("actuals", "1", file, "--store", store)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "Output, Mtok, run 1 (tiny) as planned and as it came:",
        "period       plan   actual    off by",
        "---------------------------------------------",
        "2027    1,003,750  800,000  -203,750  -20.3 %",
        "2028    1,006,500",
        "sum     1,003,750  800,000  -203,750  -20.3 %",
        "The sum is of the periods in which both are known.",
        "",
        "Cash out, $ k, run 1 (tiny) as planned and as it came:",
        "period   plan  actual  off by",
        "--------------------------------------",
        "2027    1,869",
        "2028      375     300     -75  -19.9 %",
        "sum       375     300     -75  -19.9 %",
        "The sum is of the periods in which both are known.",
        "",
    ]
    found = json.loads(plan("actuals", "1", file, "--store", store, "--json", "-").stdout)
    assert found["lines"][1]["output_mtok"]["actual"] is None
    assert found["usd_per_mtok_output"]["actual"] is None


def test_workloads_add_up_where_every_one_is_known(file: Path) -> None:
    file.write_text("workload,period,output_mtok,cost_usd\nchat,2027,800000,5\nchat,2028,900000,\n,2028,,7\n")
    found = actuals(tiny_run(), file)
    whole = {line.period: line.pairs for line in found.lines if line.workload == ALL_WORKLOADS}
    assert [whole[year]["output_mtok"].actual for year in ("2027", "2028")] == [800_000, 900_000]
    assert [whole[year]["cost_usd"].actual for year in ("2027", "2028")] == [5, 7]
    chat = next(line for line in found.lines if line.workload == "chat")
    assert (chat.pairs["cost_usd"].plan, chat.pairs["cost_usd"].actual) == (None, 5)
    assert found.sums["output_mtok"].actual == 1_700_000
    assert found.usd_per_mtok.actual == pytest.approx(12 / 1_700_000)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected columns period, workload and some of output_mtok, cost_usd, power_mw, each once"),
        ("period\n2027\n", "expected columns period, workload and some of"),
        ("output_mtok\n1\n", "expected columns period, workload and some of"),
        ("period,cost_usd,cost_usd\n2027,1,1\n", "expected columns period, workload and some of"),
        ("period,cost_usd\n", "this file holds no figures, only a header"),
        ("period,cost_usd,pwer_mw\n2027,1,1\n", "actuals.csv:1: no column 'pwer_mw'; nearest: power_mw"),
        ("period,cost_usd\n2026,1\n", "actuals.csv:2: period: '2026' is no period of run 0; nearest: "),
        ("period,cost_usd\n2027,lots\n", "actuals.csv:2: cost_usd: 'lots' is not a finite number"),
        ("period,cost_usd\n2027,inf\n", "actuals.csv:2: cost_usd: 'inf' is not a finite number"),
        ("period,cost_usd\n2027,-1\n", "actuals.csv:2: cost_usd: -1 is negative"),
        ("period,cost_usd\n2027,1\n2027,2\n", "actuals.csv:3: 2027 all is given twice"),
        ("period,cost_usd\n2027,1,2\n", "actuals.csv:2: this row has 3 cells, the header has 2"),
        ("period,workload,cost_usd\n2027,chta,1\n", "workload: 'chta' is no workload of run 0; nearest: chat"),
        ('period,cost_usd\n"2027,1\n', "this is not valid CSV"),
    ],
)
def test_bad_files_are_one_sentence(file: Path, text: str, sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(InputError) as refused:
        actuals(tiny_run(), file)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        actuals(tiny_run(), tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="this is not a text file"):
        actuals(tiny_run(), tmp_path / "binary.csv")
