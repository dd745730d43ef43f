"""`--set demand=x1.3`: what a scenario says, multiplied: forecasts, schedules, limits, numbers by default."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.errors import ScenarioError
from planner.history.written import written
from planner.rules.demand import forecast
from planner.scenario import Scenario
from planner.scenario.factors import plain
from planner.scenario.load import load_scenario
from planner.studies.frontier.axes import Axis, changed
from planner.timeline import build_timeline

TINY = Path("tests/compat/0.1.0/scenarios/tiny.yaml")
MAIN = Path("scenarios/10mw.yaml")


def rates(scenario: Scenario) -> list[list[float]]:
    timeline = build_timeline(scenario.horizon, {"all": 1.0}, 0.1)
    return [forecast(workload, timeline).tolist() for workload in scenario.workloads]


@given(st.floats(0.01, 100.0), st.sampled_from(["demand", "workloads.*.demand", "workloads.chat.demand"]))
def test_a_factor_on_demand_multiplies_what_is_asked_for(factor: float, path: str) -> None:
    (before,), (after,) = rates(planner.load(TINY)), rates(planner.load(TINY, (f"{path}=x{factor!r}",)))
    assert after == pytest.approx([factor * rate for rate in before])


@pytest.mark.parametrize("override", ["demand=x1.3", "workloads.*.demand=×1.3", "demand= x 1.3", "demand=x13e-1"])
def test_every_workload_is_multiplied_alike(override: str) -> None:
    before, after = rates(planner.load(MAIN)), rates(planner.load(MAIN, (override,)))
    assert len(before) == 4
    for one, other in zip(before, after, strict=True):
        assert other == pytest.approx([1.3 * rate for rate in one])


def test_factors_follow_values_and_each_other() -> None:
    scenario = planner.load(TINY, ("demand=x2", "workloads.chat.demand.output_mtok_per_day=100", "demand=x1.5"))
    assert plain(scenario.workloads[0].demand)["output_mtok_per_day"] == 300


@pytest.mark.parametrize("factor", [0.5, 1.3])
@pytest.mark.parametrize(
    "path",
    ["demand", "sites.dallas.power_mw", "budget.capex_usd", "finance.discount_rate", "workloads.*.demand",
     "workloads.assistant.headroom", "sites.dallas.power_mw.2027-07", "budget.capex_usd.2028"],
)  # fmt: skip
def test_a_factor_means_what_it_means_to_a_frontier(path: str, factor: float) -> None:
    # The same field, the same number: `--set` and `--over` agree.
    alone = planner.load(MAIN, (f"{path}=x{factor}",))
    assert alone == changed(planner.load(MAIN), Axis(path, (), scaled=True), factor)
    assert alone != planner.load(MAIN)


def test_a_forecast_in_a_file_is_multiplied_and_kept_so(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("date,output_mtok_per_day\n2027-01-01,100\n2028-01-01,200\n")
    (tmp_path / "s.yaml").write_text(
        TINY.read_text().replace("{output_mtok_per_day: {2027-01-01: 2400}}", "{csv: f.csv}")
    )
    scenario = planner.load(tmp_path / "s.yaml", ("demand=x1.5",))
    assert plain(scenario.workloads[0].demand)["output_mtok_per_day"] == {"2027-01-01": 150.0, "2028-01-01": 300.0}
    # A run that is saved says it all, and replanning asks the same question again.
    assert load_scenario(io.StringIO(written(scenario))) == scenario


def test_a_default_is_multiplied_and_then_stated() -> None:
    scenario = planner.load(TINY, ("finance.discount_rate=0.1", "version=2", "procurement.hourly_depth_gpus=x2"))
    assert scenario.procurement.hourly_depth_gpus == 1024
    assert scenario.origin.root.at(("procurement", "hourly_depth_gpus")) is not None


def test_by_provider_every_number_is_multiplied() -> None:
    asked = ("procurement.hourly_depth_gpus={together: 100, nebius: 50}", "procurement.hourly_depth_gpus=x2")
    assert planner.load(TINY, asked).procurement.hourly_depth_gpus == {"together": 200, "nebius": 100}


def test_text_that_looks_like_a_factor_is_text() -> None:
    assert planner.load(TINY, ("name=x2", "sites.hall.region=x1.5")).name == "x2"


def test_a_star_sets_every_item_too() -> None:
    scenario = planner.load(MAIN, ("workloads.*.headroom=0.2",))
    assert {workload.headroom for workload in scenario.workloads} == {0.2}


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("procurement.buy=x2", "--set procurement.buy: this field holds no number; a factor such as x2 multiplies"),
        ("objective=x2", "--set objective: this field holds no number"),
        ("sites.hall=x2", "--set sites.hall: this field holds no number"),
        ("sites.hall.cooling=x2", "--set sites.hall.cooling: this field holds no number"),
        ("horizon.start=x2", "--set horizon.start: this field holds no number"),
        ("budget.capex_usd=x2", "--set budget.capex_usd: the scenario gives it no value that could be scaled"),
        ("horizon.periods=x0.3", "--set horizon.periods: 2 × 0.3 is not a whole number"),
        ("workloads.chat.sla.tpot_ms=x-1", "--set workloads.chat.sla.tpot_ms: this has to be above 0, not -25"),
        ("demand=x-1", "workloads.chat.demand.output_mtok_per_day.2027-01-01: -2400 is negative"),
        ("demand=x1e400", "--set demand: inf is not a finite number"),
        ("demand=3", "--set demand: all forecasts together can only be scaled, such as demand=x1.3"),
        ("workloads.chot.demand=x2", "--set workloads.chot.demand: no workload 'chot'; nearest: chat"),
        ("quotes.*.usd_per_gpu_hour=x2", "--set quotes.*.usd_per_gpu_hour: quotes is empty, so * stands for nothing"),
        ("finance.*=x2", "--set finance.*: finance is no list, so * stands for nothing in it"),
        ("finance.*=2", "--set finance.*: finance is no list, so * stands for nothing in it"),
        ("workloads.chat.headroom=x2.5.1", "'x2.5.1' is not a number"),
    ],
)
def test_a_factor_on_what_cannot_be_multiplied_is_refused(override: str, sentence: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        planner.load(TINY, (override,))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
