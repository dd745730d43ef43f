"""Demand of a trace: its rate, its tokens and how busy its hours are, read once and kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog import load_catalog
from planner.plan.notes.forecast import forecast_notes
from planner.problem import build_problem
from planner.scenario import Scenario, scenario_digest
from planner.scenario.factors import plain
from planner.studies.changes import with_demand
from planner.studies.frontier.axes import changed, parse_axis
from planner.traffic.windows import MOST_PARTS, busiest_first, cut
from tests.notes import told
from tests.small import edited, edits, here, load, refusal, write  # noqa: F401
from tests.strategies import Case

STATED = """\
    tokens: {input: 100, output: 100}
    demand: {output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}
    load: office
"""
HEADER = "arrival_time,input_toks,output_toks\n"
# Twelve hours of 300 requests, and twelve of 100.
COUNTS = [300] * 12 + [100] * 12


def trace(counts: Sequence[int], lengths: Sequence[tuple[int, int]] = ((100, 100),)) -> str:
    """So many requests by hour, in equal steps; lengths in turns by hour."""
    rows = [
        f"{3600 * hour + 3600 * at / count:.3f},{lengths[hour % len(lengths)][0]},{lengths[hour % len(lengths)][1]}"
        for hour, count in enumerate(counts)
        for at in range(count)
    ]
    return HEADER + "\n".join(rows) + "\n"


def asking(text: str, said: str = "    demand: {trace: day.csv}\n", *overrides: str) -> Scenario:
    write({"s.yaml": edited(STATED, said), "day.csv": text})
    return load(*overrides)


def asked(scenario: Scenario) -> np.ndarray:
    """Requests/s by period and block."""
    found: np.ndarray = build_problem(scenario, load_catalog(["cat"])).demand.requests_per_s[0, 0]
    return found


def test_by_hand() -> None:
    """4,800 requests in 86,400 s; 1.5 times as many in the busier half; lengths by the number of requests."""
    lengths = [(200, 40)] * 12 + [(100, 80)] * 12
    scenario = asking(trace(COUNTS, lengths), "    demand: {trace: day.csv, factor: {2027-01: 10, 2028-01: 20}}\n")
    workload = scenario.workloads[0]
    assert workload.demand.requests_per_s is not None
    assert workload.demand.requests_per_s.values == pytest.approx((10 * 4_800 / 86_400, 20 * 4_800 / 86_400), rel=1e-3)
    assert workload.tokens is not None
    assert workload.tokens.input == pytest.approx(175.0)
    assert workload.tokens.output == pytest.approx(50.0)
    assert workload.load == "trace"
    assert workload.traffic is not None
    assert workload.traffic.trace == "day.csv"
    day, night = asked(scenario)[0]
    assert day / night == pytest.approx(3.0, rel=1e-3)


def test_the_plan_is_that_of_its_twin() -> None:
    """The same figures stated: a rate, tokens and a shape."""
    ours = asked(asking(trace(COUNTS)))
    rate = (
        f"    tokens: {{input: 100, output: 100}}\n    demand: {{requests_per_s: {4_800 / 86_400}}}\n    load: office\n"
    )
    assert np.allclose(ours, asked(asking("", rate)), rtol=1e-3)
    assert ours.any()


def test_what_the_workload_states_stands() -> None:
    said = STATED.replace("{output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}", "{trace: day.csv}")
    said = said.replace("load: office", "load: flat\n    traffic: {arrivals: {cv: 3}}").replace(
        "input: 100", "input: 70"
    )
    workload = asking(trace(COUNTS), said).workloads[0]
    assert workload.tokens is not None
    assert (workload.tokens.input, workload.load) == (70.0, "flat")
    assert workload.traffic is not None
    assert workload.traffic.trace is None


def test_hours_that_would_count_twice_are_left_out() -> None:
    """A day and a half, and eight days: the busy half of a day does not weigh twice."""
    for counts in (COUNTS + COUNTS[:12], COUNTS * 8):
        scenario = asking(trace(counts))
        seen = scenario.workloads[0].demand.seen
        assert seen is not None
        assert seen.hours == (24.0 if len(counts) < 168 else 168.0)
        assert seen.requests_per_s == pytest.approx(4_800 / 86_400)
        assert cut(seen.levels, (0.5, 0.5)).tolist() == pytest.approx([1.5, 0.5])


def test_less_than_a_day_is_a_rate_without_a_shape() -> None:
    scenario = asking(trace([60, 20]))
    assert scenario.workloads[0].load == "flat"
    assert asked(scenario)[0].tolist() == pytest.approx([80 / 7200] * 2, rel=0.02)


def test_rates_are_read_too() -> None:
    """Windows of half an hour, of which two were not recorded; tokens have to be stated."""
    rows = [f"2026-03-01T{hour // 2:02}:{30 * (hour % 2):02},{3 if hour < 24 else 1}" for hour in range(48)]
    text = "time,requests_per_s\n" + "\n".join(rows[:4] + rows[5:30] + rows[31:]) + "\n"
    scenario = asking(text, "    tokens: {input: 100, output: 100}\n    demand: {trace: day.csv}\n")
    workload = scenario.workloads[0]
    assert workload.load == "trace"
    assert workload.traffic is None
    assert workload.demand.seen is not None
    assert workload.demand.seen.requests_per_s == pytest.approx(2.0)
    assert asked(scenario)[0].tolist() == pytest.approx([3.0, 1.0])


def test_windows_of_a_minute_are_averaged_to_ten() -> None:
    """Otherwise the busiest seconds of each minute would be the busiest hours of the day."""
    rows = [f"{at * 60},{20 if at % 10 == 0 else 0}" for at in range(1440)]
    scenario = asking(
        "t_s,rate_per_s\n" + "\n".join(rows) + "\n", "    tokens: {input: 1, output: 1}\n    demand: {trace: day.csv}\n"
    )
    assert asked(scenario)[0].tolist() == pytest.approx([2.0, 2.0])


def test_other_columns_are_mapped() -> None:
    rows = [f"{at * 3_600_000},{2 if at < 12 else 1}" for at in range(24)]
    said = "    tokens: {input: 1, output: 1}\n    demand: {trace: day.csv, columns: 'time=Time,rate=Value,unit=ms'}\n"
    scenario = asking("Time,Value\n" + "\n".join(rows) + "\n", said)
    assert asked(scenario)[0].tolist() == pytest.approx([2.0, 1.0])


TRACED = "{output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}"
EDITS = r"""
FORECAST => {trace: dya.csv}
! s.yaml:16: workloads.chat.demand.trace: no such file: dya.csv; nearest: day.csv
FORECAST => {trace: bad.csv}
! bad.csv:3: output_toks: 0; a request has at least one token of each
FORECAST => {trace: none.csv}
! none.csv:1: this is no trace of Azure, BurstGPT, Mooncake, vLLM, AIPerf; --columns time=FIELD,input=FIELD,output=FIELD says what its fields hold (it has a, b)
FORECAST => {trace: day.csv, requests_per_s: 3}
! s.yaml:16: workloads.chat.demand: give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day, csv, users and trace
FORECAST => {trace: day.csv, trace_sha256: 0123456789abcdef}
! s.yaml:16: workloads.chat.demand.trace: day.csv: this is not the trace that trace_sha256 tells of; its own is 4c215f8cdbefdf4e
FORECAST => {requests_per_s: 3, factor: 2}
! s.yaml:16: workloads.chat.demand.factor: this belongs to trace: FILE; other forecasts are numbers themselves
FORECAST => {requests_per_s: 3, columns: a}
! s.yaml:16: workloads.chat.demand.columns: this belongs to trace: FILE
FORECAST => {trace: day.csv, factor: -1}
! s.yaml:16: workloads.chat.demand.factor: -1 is negative
FORECAST => {trace: rates.csv}
! rates.csv:4: this window comes 5400 s after the one above it, and the first ones 3600 s after each other; windows are equally long, and what was not recorded is left out
FORECAST => {trace: back.csv}
! back.csv:3: this window does not come after the one above it; a series goes forward
FORECAST => {trace: epoch.csv}
! epoch.csv:2: time: 1764374400000 is in the year 57,879 if times are in s; --columns with unit=ms (or us, ns) says what they are in
FORECAST => {trace: idle.csv}
! idle.csv: no window of this has any requests
"""  # noqa: E501


@pytest.mark.parametrize(("old", "new", "sentences"), edits(EDITS))
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, sentences: str) -> None:
    files = {
        "day.csv": HEADER + "0,1,1\n1,1,1\n",
        "bad.csv": HEADER + "0,1,1\n1,1,0\n",
        "none.csv": "a,b\n1,2\n",
        "rates.csv": "time,requests_per_s\n0,1\n3600,1\n9000,1\n",
        "back.csv": "time,requests_per_s\n0,1\n0,1\n",
        "epoch.csv": "time,requests_per_s\n1764374400000,1\n1764374460000,1\n",
        "idle.csv": "time,requests_per_s\n0,0\n600,0\n",
    }
    write({"s.yaml": edited(old.replace("FORECAST", TRACED), new), **files})
    assert refusal() == sentences


def test_a_load_that_the_trace_is_too_short_for_is_told() -> None:
    write({
        "s.yaml": edited(STATED, "    demand: {trace: day.csv}\n    load: trace\n"),
        "day.csv": trace([60, 20]),
    })  # fmt: skip
    assert "s.yaml:16: workloads.chat.load: the workload's trace has 1.97 hours" in refusal()


def test_rates_without_tokens_miss_them() -> None:
    write({
        "s.yaml": edited(STATED, "    demand: {trace: day.csv}\n"),
        "day.csv": "time,requests_per_s\n0,1\n600,2\n",
    })  # fmt: skip
    assert "workloads.chat.tokens: this field is missing" in refusal()


def test_the_note_says_what_the_trace_has() -> None:
    def sentences(*args: str) -> list[str]:
        found = told(forecast_notes, Case(asking(*args), load_catalog(["cat"])))
        return [note.sentence for note in found]

    assert sentences(trace(COUNTS)) == [
        "chat: 24 hours of day.csv have 0.05557 requests a second, the busiest 5 % of them 1.5 times as many."
    ]
    first, *_ = sentences(trace([60, 20]), "    demand: {trace: day.csv, factor: {2027-01: 1e3, 2028-01: 2e3}}\n")
    assert first == (
        "chat: 1.975 hours of day.csv have 0.01125 × 1,000 to 2,000 = 11.25 to 22.51 requests a second; as they make "
        "no day, that is taken for the mean of all hours."
    )


def test_more_demand_is_a_larger_factor() -> None:
    scenario = asking(trace(COUNTS))
    doubled = with_demand(scenario, 2.0)
    assert doubled.workloads[0].demand.factor.values == (2.0,)
    assert asked(doubled) == pytest.approx(2 * asked(scenario))
    for override in ("demand=x2", "workloads.chat.demand=x2", "workloads.chat.demand.factor=2"):
        assert load(override) == doubled
    for axis in ("demand=x2", "workloads.chat.demand=x2"):
        assert changed(scenario, parse_axis(axis), 2.0) == doubled
    assert "requests_per_s" not in plain(doubled.workloads[0].demand)


def test_a_kept_scenario_needs_the_file_no_more() -> None:
    scenario = asking(trace(COUNTS))
    Path("day.csv").unlink()
    again = Scenario.model_validate(json.loads(scenario.model_dump_json()))
    assert again == scenario
    assert scenario_digest(again) == scenario_digest(scenario)


def test_the_digest_knows_the_trace_and_which_block_is_the_busiest() -> None:
    ours = asking(trace(COUNTS))
    assert scenario_digest(ours) != scenario_digest(asking(trace([20] * 24)))
    turned = ours.model_copy(update={"blocks": dict(reversed((ours.blocks or {}).items()))})
    assert scenario_digest(turned) != scenario_digest(ours)
    assert asked(turned)[0].tolist() == asked(ours)[0].tolist()


RATES = st.lists(st.floats(0, 1e6), min_size=1, max_size=300).filter(lambda rates: sum(rates) > 1e-3)
SHARES = st.lists(st.floats(0.01, 1), min_size=1, max_size=6)


@given(RATES, SHARES)
def test_a_shape_has_mean_one_and_falls(rates: list[float], weights: list[float]) -> None:
    shares = np.array(weights) / np.sum(weights)
    levels = busiest_first(np.array(rates), np.ones(len(rates)))
    found = cut(levels, shares.tolist())
    assert float((found * shares).sum()) == pytest.approx(1.0)
    assert np.all(np.diff(found) <= 1e-9 * max(found))
    assert found[0] <= max(rates) / np.mean(rates) * (1 + 1e-9)


@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_many_windows_are_cut_as_all_of_them_would_be(times: int, seed: int) -> None:
    """By sorting and slicing: blocks of whole windows, and of whole parts of the time."""
    rates = np.random.default_rng(seed).random(MOST_PARTS * times)
    blocks = np.array([0.05, 0.25, 0.4, 0.3])
    edges = np.round(np.cumsum([0, *blocks]) * len(rates)).astype(int)
    twin = [np.sort(rates)[::-1][first:after].mean() / rates.mean() for first, after in pairwise(edges)]
    assert cut(busiest_first(rates, np.ones(len(rates))), blocks.tolist()) == pytest.approx(twin)
