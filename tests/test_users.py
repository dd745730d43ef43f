"""Demand in users is the rate that they make, and what was stated stays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from planner.catalog import load_catalog
from planner.document import parse
from planner.plan.notes.forecast import forecast_notes, in_words
from planner.problem import Problem, build_problem
from planner.scenario import Scenario, scenario_digest
from planner.scenario.demand import Demand
from planner.scenario.factors import plain
from planner.studies.changes import with_demand
from planner.studies.frontier.axes import changed, parse_axis
from tests.notes import told
from tests.small import edited, edits, here, load, refusal, write  # noqa: F401
from tests.strategies import Case

FORECAST = "{output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}"
DAILY = "{users: {daily: {2027-01: 200e3, 2028-01: 400e3}, sessions_per_day: 3, requests_per_session: 5}}"
CONCURRENT = "{users: {concurrent: 12000, requests_per_hour: 1}}"

EDITS = r"""
FORECAST => {users: {daily: 5, concurrent: 5}}
! s.yaml:16: workloads.chat.demand.users: give exactly one of daily and concurrent
FORECAST => {users: {sessions_per_day: 5}}
! s.yaml:16: workloads.chat.demand.users: give exactly one of daily and concurrent
FORECAST => {users: {daily: 5, sessions_per_day: 2}}
! s.yaml:16: workloads.chat.demand.users.requests_per_session: this field is missing; daily users make requests by sessions_per_day and requests_per_session
FORECAST => {users: {concurrent: 5}}
! s.yaml:16: workloads.chat.demand.users.requests_per_hour: this field is missing; concurrent users make requests by requests_per_hour
FORECAST => {users: {concurrent: 5, requests_per_hour: 2, sessions_per_day: 2}}
! s.yaml:16: workloads.chat.demand.users.sessions_per_day: this does not belong to concurrent users, whose fields are requests_per_hour
FORECAST => {users: {dayly: 5, sessions_per_day: 2, requests_per_session: 2}}
! s.yaml:16: workloads.chat.demand.users.dayly: unknown field; nearest: daily
FORECAST => {user: {daily: 5}}
! s.yaml:16: workloads.chat.demand.user: unknown field; nearest: users
FORECAST => {users: {daily: -5, sessions_per_day: 2, requests_per_session: 2}}
! s.yaml:16: workloads.chat.demand.users.daily: -5 is negative
FORECAST => {users: {daily: 5, sessions_per_day: 0, requests_per_session: 2}}
! s.yaml:16: workloads.chat.demand.users.sessions_per_day: this has to be above 0, not 0
FORECAST => {users: {daily: 1e15, sessions_per_day: 1e10, requests_per_session: 2}}
! s.yaml:16: workloads.chat.demand.users: this has to be at most 1e+15, not 2.31481481481e+20
FORECAST => {users: 5000}
! s.yaml:16: workloads.chat.demand.users: expected a mapping of fields, such as {daily: ..., sessions_per_day: ...}, not 5000
FORECAST => {users: {concurrent: 5, requests_per_hour: 2}, requests_per_s: 3}
! s.yaml:16: workloads.chat.demand: give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day, csv, users and trace
FORECAST => {users: {concurrent: 5, requests_per_hour: 2}, gpu_hours_per_day: 3}
! s.yaml:16: workloads.chat.demand: give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day, csv, users and trace
"""  # noqa: E501


@pytest.mark.parametrize(("old", "new", "sentences"), edits(EDITS))
def test_what_no_users_ask_for_is_refused(old: str, new: str, sentences: str) -> None:
    write({"s.yaml": edited(old.replace("FORECAST", FORECAST), new)})
    assert refusal() == sentences


def asking(demand: str, *overrides: str) -> Scenario:
    write({"s.yaml": edited(FORECAST, demand)})
    return load(*overrides)


def problem(scenario: Scenario) -> Problem:
    return build_problem(scenario, load_catalog(["cat"]))


def test_by_hand() -> None:
    # 200,000 × 3 × 5 ÷ 86,400 s, and twice that after a year; 12,000 × 1 ÷ 3,600 s.
    daily, concurrent = (asking(demand).workloads[0].demand.requests_per_s for demand in (DAILY, CONCURRENT))
    assert daily is not None
    assert concurrent is not None
    assert daily.values == pytest.approx((34.722222, 69.444444), rel=1e-7)
    assert concurrent.values == pytest.approx((3.3333333,), rel=1e-7)


@pytest.mark.parametrize(
    ("users", "rate"),
    [
        (DAILY, "{requests_per_s: {2027-01: 34.72222222222222, 2028-01: 69.44444444444444}}"),
        (CONCURRENT, "{requests_per_s: 3.3333333333333335}"),
    ],
)
def test_the_plan_is_that_of_the_rate(users: str, rate: str) -> None:
    ours, twin = (problem(asking(demand)).demand for demand in (users, rate))
    assert np.allclose(ours.requests_per_s, twin.requests_per_s, rtol=1e-14)
    assert ours.requests_per_s.any()


def test_the_note_says_what_was_stated_and_what_it_comes_to() -> None:
    def sentences(demand: str) -> list[str]:
        return [note.sentence for note in told(forecast_notes, Case(asking(demand), load_catalog(["cat"])))]

    assert sentences("{users: {daily: 200000, sessions_per_day: 3, requests_per_session: 5}}") == [
        "chat: 200,000 daily users × 3 sessions × 5 requests = 34.72 requests a second."
    ]
    first, *_ = sentences(DAILY)
    assert first == (
        "chat: 200,000 to 400,000 daily users × 3 sessions × 5 requests = 34.72 to 69.44 requests a second."
    )
    assert sentences(CONCURRENT) == ["chat: 12,000 concurrent users × 1 request an hour = 3.333 requests a second."]


@pytest.mark.parametrize(
    ("override", "users"),
    [
        ("workloads.chat.demand.users.daily=300000", 300_000),
        ("workloads.chat.demand.users.daily=x1.5", {"2027-01-01": 300_000, "2028-01-01": 600_000}),
        ("workloads.chat.demand=x1.5", {"2027-01-01": 300_000, "2028-01-01": 600_000}),
        ("demand=x1.5", {"2027-01-01": 300_000, "2028-01-01": 600_000}),
        ("workloads.chat.demand.users.daily.2028-01=250e3", {"2027-01-01": 200_000, "2028-01-01": 250_000}),
    ],
)
def test_an_override_changes_the_users_and_with_them_the_rate(override: str, users: object) -> None:
    demand = asking(DAILY, override).workloads[0].demand
    assert plain(demand) == {
        "users": {
            "daily": users, "sessions_per_day": 3, "requests_per_session": 5,
            "concurrent": None, "requests_per_hour": None,
        }
    }  # fmt: skip
    assert demand.users is not None
    assert demand.requests_per_s == demand.users.requests_per_s


def test_studies_have_more_users_not_another_rate() -> None:
    scenario = asking(DAILY)
    doubled = asking(DAILY, "demand=x2")
    assert with_demand(scenario, 2.0) == doubled
    for axis in ("demand=x2", "workloads.chat.demand=x2"):
        assert changed(scenario, parse_axis(axis), 2.0) == doubled
    busier = parse_axis("workloads.chat.demand.users.sessions_per_day=6")
    assert problem(changed(scenario, busier, 6.0)).demand.requests_per_s == pytest.approx(
        problem(doubled).demand.requests_per_s, rel=1e-14
    )


def test_a_kept_scenario_is_read_again_as_it_was() -> None:
    scenario = asking(DAILY)
    again = Scenario.model_validate(json.loads(scenario.model_dump_json()))
    assert again == scenario
    assert scenario_digest(again) == scenario_digest(scenario)
    assert scenario_digest(asking(CONCURRENT)) != scenario_digest(scenario)


def test_the_page_has_the_figures_of_its_example() -> None:
    page = (Path(__file__).parents[1] / "docs" / "traffic.md").read_text(encoding="utf-8")
    example = page.split("## Demand\n")[1].split("```yaml\n")[1].split("```")[0]
    root, faults = parse(example, "traffic.md")
    assert root is not None
    assert not faults
    assistant, coder = (Demand.model_validate(item["demand"]).users for item in root.plain()["workloads"])
    assert assistant is not None
    assert f"\nassistant: {in_words(assistant)}.\n" in page
    assert coder is not None
    assert f"{coder.requests_per_s.values[0]:.1f} for `coder`" in page
