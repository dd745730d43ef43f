"""The optimum along an axis: monotone where it has to be, the same bytes however it is solved, resumed where killed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import InputError
from planner.render.plots import drawn
from planner.scenario import Scenario
from planner.scenario.factors import plain
from planner.schema.result import text_of
from planner.studies.frontier.axes import Axis, changed, parse_axis
from planner.studies.frontier.plot import frontier_picture
from planner.studies.frontier.sheet import frontier_sheets
from planner.studies.frontier.study import Frontier, frontier, known_cells
from tests import strategies
from tests.strategies import Case, solved, tiny_cases

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests" / "compat" / "0.1.0" / "scenarios" / "tiny.yaml"
POWER = "sites.hall.power_mw=0:0.06:0.02"


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "planner.cli", "frontier", str(TINY), *map(str, arguments)]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def plan(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        command(*arguments), capture_output=True, encoding="utf-8", env=environment(), timeout=300
    )  # fmt: skip


@pytest.fixture(scope="module")
def tiny() -> Frontier:
    return frontier(planner.load(TINY), POWER)


@pytest.mark.solve
def test_a_cell_is_the_plan_of_its_scenario(tiny: Frontier) -> None:
    for power, cell in zip((0, 0.02, 0.04, 0.06), tiny.cells, strict=True):
        alone = planner.solve(planner.load(TINY, (f"sites.hall.power_mw={power}",)))
        assert cell["at"] == [power]
        assert cell["npv_usd"] == pytest.approx(alone.kpis["npv_usd"], rel=1e-12)
        assert cell["scenario_digest"] == alone.scenario_digest
        nodes = alone.fleet["count"].max() if len(alone.fleet) else 0
        assert cell["mean_gpus"].get("own hgx-h200", 0) == 8 * nodes


@pytest.mark.solve
def test_more_power_never_costs_more_and_replaces_what_is_rented(tiny: Frontier) -> None:
    assert list(tiny.table["npv_usd"]) == sorted(tiny.table["npv_usd"], reverse=True)
    assert list(tiny.mix["hourly hgx-h200"]) == sorted(tiny.mix["hourly hgx-h200"], reverse=True)


@strategies.examples(0.3)
@given(st.data())
def test_the_optimum_is_monotone_along_every_axis(data: st.DataObject) -> None:
    """The dearer end's audited plan may not undercut what is proven of the cheaper end, wherever both are asked."""
    case: Case = data.draw(tiny_cases())
    axes = [Axis("demand", (0.5, 1.0, 1.3), scaled=True)]
    if case.scenario.sites:
        axes.append(Axis(f"sites.{case.scenario.sites[0].name}.power_mw", (0.045, 0.03, 0.01)))
    axes.append(Axis("budget.capex_usd", (1e6, 3e5, 0.0)))
    axes.append(Axis("workloads.0.sla.tpot_ms", (1000.0, 60.0, 30.0)))
    axis = data.draw(st.sampled_from(axes))
    found = [solved(Case(changed(case.scenario, axis, value), case.catalog)) for value in axis.values]
    for cheaper, dearer in itertools.pairwise(found):
        assert dearer.may_reach(cheaper), axis


@strategies.examples(1.0)
@given(tiny_cases())
def test_plain_values_make_the_same_scenario_again(case: Case) -> None:
    assert Scenario.model_validate(plain(case.scenario)) == case.scenario


@pytest.mark.solve
def test_two_axes_are_a_grid_and_the_impossible_has_its_reason() -> None:
    scenario = planner.load(TINY, ("procurement.rent=[]",))
    found = frontier(scenario, ["sites.hall.power_mw=0.03,0.06", "demand=x0.5,1,1.5"])
    assert [cell["at"] for cell in found.cells] == [[p, d] for p in (0.03, 0.06) for d in (0.5, 1, 1.5)]
    assert [cell["status"] for cell in found.cells] == [
        "optimal",
        *["infeasible"] * 2,
        "optimal",
        "optimal",
        "infeasible",
    ]
    assert found.cells[1]["reason"] == "hall needs 0.0561 MW in 2027, the cap is 0.03"
    names = [axis.name for axis in found.axes]
    grid, stopped = frontier_sheets(found.table, found.mix, names, found.scenario)
    assert grid.rows[0][2:] == ("-", "-")
    assert stopped.rows[0] == ("0.03, 1", "hall needs 0.0561 MW in 2027, the cap is 0.03")
    assert np.isnan(found.table["npv_usd"]).sum() == 3
    picture = drawn(frontier_picture(found), "svg").decode()
    assert "cost in $ per Mtok output" in picture
    assert "Power at hall, MW" in picture


@pytest.mark.process
def test_parallel_serial_and_resumed_are_the_same_bytes(tiny: Frontier, tmp_path: Path) -> None:
    serial = text_of(tiny.to_dict())
    half = json.loads(serial)
    half["cells"] = half["cells"][1:3]
    resumed = frontier(planner.load(TINY), POWER, known=known_cells(half))
    assert text_of(resumed.to_dict()) == serial
    files = ("--json", tmp_path / "f.json", "--csv", tmp_path / "csv", "--plot", tmp_path / "f.svg")
    done = plan("--over", POWER, "--jobs", "2", *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "f.json").read_text() == serial
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert (tmp_path / "csv" / "frontier.csv").read_text().count("\n") == 5
    picture = drawn(frontier_picture(tiny), "svg")
    assert (tmp_path / "f.svg").read_bytes() == picture
    assert b"<dc:date>" not in picture


@pytest.mark.process
def test_a_killed_frontier_resumes_to_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "f.json"
    asked = ("--over", "sites.hall.power_mw=0:0.06:0.006", "--jobs", "1", "--json", file)
    running = subprocess.Popen(command(*asked), env=environment(), stdout=subprocess.DEVNULL)
    cells: list[Any] = []
    until = time.monotonic() + 60
    while len(cells) < 3 and time.monotonic() < until:
        time.sleep(0.01)
        if file.exists():
            cells = json.loads(file.read_text())["cells"]
    running.send_signal(signal.SIGKILL)
    running.wait()
    left = json.loads(file.read_text())
    assert 3 <= len(left["cells"]) < 11
    assert not left["complete"]
    marked = json.loads(file.read_text())
    marked["cells"][0]["reason"] = "this cell was not solved again"
    file.write_text(json.dumps(marked))
    assert plan(*asked, "--resume").returncode == 0
    whole = json.loads(file.read_text())
    assert whole["complete"]
    assert whole["cells"][0].pop("reason") == "this cell was not solved again"
    fresh = frontier(planner.load(TINY), asked[1])
    assert text_of(whole) == text_of(fresh.to_dict())


@pytest.mark.process
def test_no_process_outlives_a_killed_command(tmp_path: Path) -> None:
    asked = ("--over", "sites.hall.power_mw=0:0.06:0.001", "--jobs", "2", "--json", tmp_path / "f.json")
    running = subprocess.Popen(command(*asked), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while not (tmp_path / "f.json").exists() or len(json.loads((tmp_path / "f.json").read_text())["cells"]) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    assert running.stderr is not None
    # The pipe ends when the last process that holds it is gone.
    assert running.stderr.read() is not None
    running.wait()


def test_a_schedule_becomes_the_constant_or_is_scaled_as_a_whole() -> None:
    scenario = planner.load(ROOT / "scenarios" / "10mw.yaml")
    constant = changed(scenario, Axis("sites.dallas.power_mw", ()), 5.0).sites[0].power_mw
    assert constant.values == (5.0,)
    scaled = changed(scenario, Axis("sites.dallas.power_mw", (), scaled=True), 0.5).sites[0].power_mw
    assert scaled.values == (0.5, 1.25, 2.0, 3.5, 5.0)
    halved = changed(scenario, Axis("budget.capex_usd", (), scaled=True), 0.5).budget.capex_usd
    assert halved == {2027: 35e6, 2028: 45e6, 2029: 45e6}
    assert changed(scenario, Axis("budget.capex_usd.2028", ()), 1e6).budget.capex_usd == {
        2027: 70e6, 2028: 1e6, 2029: 90e6
    }  # fmt: skip
    assert changed(scenario, Axis("procurement.lead_weeks.gb300-nvl72", ()), 30).procurement.lead_weeks[
        "gb300-nvl72"
    ] == 30  # fmt: skip


@pytest.mark.parametrize(
    ("text", "values", "scaled"),
    [
        ("a.b=4:6:1", (4, 5, 6), False),
        ("a.b=0:0.3:0.1", (0, 0.1, 0.2, 0.3), False),
        ("a.b=400e6:900e6:200e6", (4e8, 6e8, 8e8), False),
        ("a.b=3:1:-1", (3, 2, 1), False),
        ("a.b=5", (5,), False),
        ("demand=x0.5:1:0.5", (0.5, 1), True),
        ("demand=×1,2", (1, 2), True),
    ],
)
def test_axes_as_they_are_written(text: str, values: tuple[float, ...], scaled: bool) -> None:
    axis = parse_axis(text)
    assert (axis.values, axis.scaled) == (values, scaled)


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ("sites.hal.power_mw=1,2", "--over sites.hal.power_mw: no site 'hal'; nearest: hall"),
        ("budget.capex=1,2", "--over budget.capex: no field 'capex' in budget; nearest: capex_usd"),
        ("name=1,2", "--over name: this field holds no number"),
        ("procurement.buy=0,1", "--over procurement.buy: this field holds no number"),
        ("sites.hall=1,2", "--over sites.hall: this field holds no number"),
        ("sites.hall.power_mw=1:2:0", "the step is 0, so the range never ends"),
        ("sites.hall.power_mw=2:1:1", "from 2 to 1 in steps of 1 there is no value"),
        ("sites.hall.power_mw=0:1:0.0001", "these are more than 1,000 values"),
        ("sites.hall.power_mw=1:2", "is neither a range nor a list"),
        ("sites.hall.power_mw=1,much", "'much' is not a number"),
        ("sites.hall.power_mw=1,inf", "inf is not a finite number"),
        ("sites.hall.power_mw=1,1", "a value is given twice"),
        ("sites.hall.power_mw", "write path=from:to:step"),
        ("sites.hall.power_mw=-1,1", "--over sites.hall.power_mw: at -1: -1 is negative"),
        ("horizon.periods=1.5", "1.5 is not a whole number"),
        ("horizon.periods=x0.3", "2 × 0.3 is not a whole number"),
        ("demand=1,2", "all forecasts together can only be scaled"),
        ("budget.capex_usd=x1,2", "the scenario gives it no value that could be scaled"),
    ],
)
def test_axes_that_cannot_be_are_refused(over: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        frontier(planner.load(TINY), over)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--over", "sites.hal.power_mw=1"], "--over sites.hal.power_mw: no site 'hal'; nearest: hall"),
        (["--over", "a=1", "--over", "b=1", "--over", "c=1"], "--over: give one axis or two, not 3"),
        (["--over", "a=1", "--over", "a=2"], "--over a: this is given twice"),
        (["--over", "a=1:999:1", "--over", "b=1:3:1"], "these are 2,997 plans, at most 2,000"),
        (["--over", POWER, "--resume"], "--resume: name the file to go on with as --json FILE"),
        (["--over", POWER, "--resume", "--json", "-"], "--resume: name the file"),
        (["--over", POWER, "--resume", "--json", str(TINY)], "is not what plan frontier --json writes"),
        (["--over", POWER, "--jobs", "0"], "--jobs 0: must be 1 or more"),
        (["--over", POWER, "--plot", "f.pdf"], "--plot f.pdf: name a file that ends with .svg or .png"),
    ],
)
def test_bad_input_is_2_with_one_sentence(arguments: list[str], sentence: str) -> None:
    before = TINY.read_text()
    done = CliRunner().invoke(app, ["frontier", str(TINY), *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert TINY.read_text() == before
