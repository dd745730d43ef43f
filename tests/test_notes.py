"""What a plan does not use has a sentence: of forecasts, sites, fleets and budgets."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import ScenarioError
from planner.plan.notes.budgets import budget_notes
from planner.plan.notes.fleet import fleet_notes
from planner.plan.notes.forecast import forecast_notes
from planner.plan.notes.sites import empty_notes, site_notes
from planner.rules import check_references
from tests.notes import COST, told
from tests.rule_cases import HALL, QUARTERS, YEARS, case, chat, node, owning
from tests.strategies import SITE, Case, point, system

TWO_YEARS = QUARTERS | {"periods": 8}


def asks(forecast: Any, **fields: Any) -> Case:
    horizon = fields.pop("horizon", TWO_YEARS)
    return case(horizon=horizon, workloads=[chat(demand={"requests_per_s": forecast})], **fields)


# --- forecasts ---


def test_a_forecast_that_begins_late_asks_for_nothing_before() -> None:
    # Level at 20 from July on: 551 of 731 days are asked for, 181 are not.
    (note,) = told(forecast_notes, asks({"2027-07": 20.0}))
    assert note.sentence == (
        "chat: its forecast begins on 2027-07-01: in 2027-Q1 to 2027-Q2 it asks for nothing. "
        "Where it runs from the start, give it a value for 2027-01-01."
    )
    assert note.most_usd == pytest.approx(COST * 181 / 550)


def test_a_forecast_that_begins_within_a_period_is_told_too() -> None:
    (note,) = told(forecast_notes, asks({"2027-02-15": 20.0}))
    assert "begins on 2027-02-15: it asks for nothing before." in note.sentence
    assert note.most_usd == pytest.approx(COST * 45 / 686)


@pytest.mark.parametrize("forecast", [{"2040-01": 5.0}, {"2029-01": 5.0}, {"2029-01": 5.0, "2030-01": 9.0}])
def test_demand_outside_the_horizon_is_no_demand(forecast: dict[str, float]) -> None:
    first, *_ = told(forecast_notes, asks(forecast))
    assert "after the last reported day, 2028-12-31: it asks for nothing in any period." in first.sentence
    assert first.most_usd == float("inf")


def test_a_forecast_that_ends_early_is_held_and_its_growth_is_worth_so_much() -> None:
    # Doubles in the 366 days from 2027-01-01 to 2028-01-02; 365 days are held at 20, and would double once more.
    (note,) = told(forecast_notes, asks({"2027-01-01": 10.0, "2028-01-02": 20.0}))
    assert note.sentence.startswith(
        "chat: its forecast ends on 2028-01-02 and is held there, at 20 requests/s, until 2028-12-31; "
        "had it gone on as before, the whole of it would be "
    )
    grown = sum(20 * (2 ** (day / 366) - 1) for day in range(365))
    before = sum(10 * 2 ** (day / 366) for day in range(366))
    assert note.most_usd == pytest.approx(COST * grown / (before + 20 * 365))
    assert f"{100 * grown / (before + 20 * 365):.1f} % more." in note.sentence


@pytest.mark.parametrize(
    ("forecast", "words", "most"),
    [
        ({"2027-01": 20.0, "2027-06": 20.0}, "held there, at 20 requests/s, until 2028-12-31.", 0.0),
        ({"2027-01": 20.0, "2027-06": 10.0}, "% less.", None),
        ({"2025-01": 10.0, "2026-01": 20.0}, "ends on 2026-01-01 and is held there", None),
        ({"2027-01": 20.0, "2027-06": 0.0}, "held there, at 0 requests/s", float("inf")),
    ],
)
def test_what_is_held_may_be_level_falling_or_nothing(forecast: Any, words: str, most: float | None) -> None:
    (note,) = told(forecast_notes, asks(forecast))
    assert words in note.sentence
    assert note.most_usd == most if most is not None else 0 < note.most_usd < float("inf")


def test_dates_after_the_end_are_told_and_change_nothing() -> None:
    (note,) = told(forecast_notes, asks({"2027-01": 10.0, "2031-01": 90.0}, horizon=TWO_YEARS | {"lookahead": 4}))
    assert note.sentence == (
        "chat: its forecast goes on to 2031-01-01; the reported periods end on 2028-12-31, "
        "and 2029-Q1 to 2029-Q4 holds the demand of the last one."
    )
    assert note.most_usd == 0


@pytest.mark.parametrize("forecast", [20.0, {"2026-01": 20.0}, {"2027-01": 10.0, "2028-12": 20.0}])
def test_a_forecast_that_covers_the_horizon_needs_no_note(forecast: Any) -> None:
    assert told(forecast_notes, asks(forecast)) == []


@pytest.mark.parametrize("forecast", [0.0, {"2027-01": 0.0, "2028-12": 0.0}, {"2027-07": 0.0}])
def test_a_forecast_of_zero_is_told(forecast: Any) -> None:
    *others, note = told(forecast_notes, asks(forecast))
    assert note.sentence == "chat: its forecast is zero throughout, so it asks for nothing."
    assert all(other.most_usd > 0 for other in (*others, note))


@given(st.dates(dt.date(2027, 1, 2), dt.date(2028, 12, 31)))
def test_the_later_a_forecast_begins_the_more_may_be_missing(first: dt.date) -> None:
    def missing(day: dt.date) -> float:
        return told(forecast_notes, asks({day.isoformat(): 20.0}))[0].most_usd

    assert 0 < missing(first - dt.timedelta(days=1) if first > dt.date(2027, 1, 2) else first) <= missing(first)


# --- sites ---


@pytest.mark.parametrize(("cooling", "field"), [("air", "design"), ("liquid", "annual")])
def test_a_pue_above_three_is_told(cooling: str, field: str) -> None:
    pue = SITE["pue"] | {cooling: {"design": 2.0, "annual": 2.0} | {field: 3.1}}
    (note,) = told(site_notes, owning(sites=[HALL | {"pue": pue}]))
    assert note.sentence.startswith(f"sites.dallas.pue.{cooling}.{field} is 3.1, above 3: every kW of IT")
    three = {"pue": {"air": {"design": 3.0, "annual": 3.0}}, "cooling": ["air"]}
    assert told(site_notes, owning(sites=[HALL | three])) == []


@pytest.mark.parametrize("field", ["power_mw", "liquid_it_kw"])
def test_a_limit_that_begins_late_is_zero_before(field: str) -> None:
    (note,) = told(site_notes, owning(sites=[HALL | {field: {"2027-04": 1.0}}], horizon=QUARTERS))
    assert note.sentence == f"sites.dallas.{field} begins on 2027-04-01: until then it is 0."
    assert told(site_notes, owning(sites=[HALL | {field: {"2027-01": 0.0, "2027-04": 1.0}}], horizon=QUARTERS)) == []


@pytest.mark.parametrize(
    ("site", "procurement", "why", "matters"),
    [
        (
            {},
            {},
            "Nothing stands at dallas: h-node could be bought for it, and no cheaper plan with one was found",
            False,
        ),
        ({}, {"buy": False}, "Nothing stands at dallas: procurement.buy is false.", False),
        ({"cooling": ["liquid"]}, {}, "Nothing can stand at dallas: no system that procurement.systems allows", True),
        ({}, {"lead_weeks": {"h-node": 200}}, "fits its air and liquid cooling, its racks and its dates.", True),
    ],
)
def test_a_hall_that_stays_empty_says_why(
    site: dict[str, Any], procurement: dict[str, Any], why: str, matters: bool
) -> None:
    asked = owning(systems=(system("h-node", cooling="air"),), sites=[HALL | site], procurement=procurement)
    (note,) = told(empty_notes, asked)
    assert why in note.sentence
    assert (note.most_usd > 0) == matters
    assert told(empty_notes, asked, fleet=[("dallas", "h-node")]) == []


# --- fleets ---


@pytest.mark.parametrize(("needs", "has"), [("air", "liquid"), ("liquid", "air")])
def test_a_fleet_that_its_hall_cannot_cool_never_runs(needs: str, has: str) -> None:
    hall = HALL | {"cooling": [has], "existing": [node(count=75)]}
    (note,) = told(fleet_notes, owning(systems=(system("h-node", cooling=needs),), sites=[hall]))
    assert note.sentence == (
        f"75 × h-node (600 GPUs) at dallas never run: they need {needs} cooling and the hall has {has} only "
        "(sites.dallas.cooling); they count as retired from 2027."
    )
    assert note.most_usd == float("inf")


def test_what_is_sold_of_a_fleet_that_never_runs_is_told() -> None:
    hall = HALL | {"cooling": ["liquid"], "existing": [node(count=75, price_usd=100_000.0)]}
    worth = {"resell_existing": True, "residual_of": "price_paid", "residual_haircut": 0.5}
    life = {"life_years": 4.0, "residual_share_by_age_years": {1: 0.5, 2: 0.4, 3: 0.3}}
    asked = owning(systems=(system("h-node", cooling="air", **life),), sites=[hall], finance=worth)
    # Two years old on 2027-01-01: 75 × 100,000 × 0.4 × 0.5.
    (note,) = told(fleet_notes, asked)
    assert note.sentence.endswith("they count as retired from 2027 and sold for $1.50 M, which the NPV is net of.")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"in_service": "2030-01"}, "they enter service on 2030-01-01, after the solved horizon"),
        ({"until": "2026-06"}, "their service ends on 2026-06-01, before 2027"),
        ({"in_service": "2027-02", "until": "2027-11"}, "they are in service from 2027-02-01 until 2027-11-01, which"),
    ],
)
def test_a_fleet_that_is_there_in_no_period_is_told(fields: dict[str, str], why: str) -> None:
    (note,) = told(fleet_notes, owning(sites=[HALL | {"existing": [node(**fields)]}]))
    assert f"2 × h-node (16 GPUs) at dallas serve nothing: {why}" in note.sentence


def test_a_fleet_larger_than_its_hall_says_how_much_of_it_can_run() -> None:
    kw = system("h-node").provisioned_it_kw
    hall = SITE | {"power_mw": 3.5 * kw * 1.25 / 1000, "existing": [node(count=10)]}
    (note,) = told(fleet_notes, owning(sites=[hall]))
    assert note.sentence.startswith("10 × h-node (80 GPUs) at dallas need ")
    assert "sites.dallas.power_mw gives" in note.sentence
    assert note.sentence.endswith(": at most 3 of them can run. The field count is of systems, not of GPUs.")
    assert told(fleet_notes, owning(sites=[hall | {"existing": [node(count=3)]}])) == []


def test_two_groups_that_fit_alone_may_not_fit_together() -> None:
    kw = system("h-node").provisioned_it_kw
    hall = SITE | {"air_it_kw": 3.5 * kw, "existing": [node(count=2), node(count=2)]}
    (note,) = told(fleet_notes, owning(sites=[hall]))
    assert note.sentence.startswith("2 × h-node and 2 × h-node (32 GPUs) at dallas need")
    assert "sites.dallas.air_it_kw" in note.sentence


def test_each_retirement_has_its_reason() -> None:
    ends = owning(sites=[HALL | {"existing": [node(until="2027-07")]}], horizon=QUARTERS)
    (note,) = told(fleet_notes, ends, retirements=[("dallas", "h-node", "2027-Q3", 2)])
    assert note.sentence == "2 × h-node at dallas are retired in 2027-Q3: their service ends on 2027-07-01."
    stands = owning(sites=[HALL | {"existing": [node()]}], horizon=QUARTERS)
    (note,) = told(fleet_notes, stands, retirements=[("dallas", "h-node", "2027-Q2", 1)])
    assert "1 × h-node at dallas are retired in 2027-Q2: the plan costs less without them; keeping one" in note.sentence
    full = [("power", "dallas", "2027-Q2")]
    (note,) = told(fleet_notes, stands, retirements=[("dallas", "h-node", "2027-Q2", 1)], binding=full)
    assert note.sentence.endswith("something else pays better for the power of dallas, which is used up.")
    unfit = owning(points=(point("b-node"),), systems=(system("h-node"), system("b-node")), sites=stands.scenario.sites)
    (note,) = told(fleet_notes, unfit, retirements=[("dallas", "h-node", "2027", 2)])
    assert "no serving point of any workload's model is known on h-node" in note.sentence
    assert note.most_usd == float("inf")


@pytest.mark.parametrize(("gpus", "right"), [(600, True), (75, False), (8, False)])
def test_gpus_beside_the_count_have_to_agree_with_it(gpus: int, right: bool) -> None:
    asked = owning(sites=[HALL | {"existing": [node(count=75, gpus=gpus)]}])
    if right:
        check_references(asked.scenario, asked.catalog)
        return
    with pytest.raises(ScenarioError, match=rf"75 × h-node are 600 GPUs, not {gpus}.*nearest: {round(gpus / 8)}"):
        check_references(asked.scenario, asked.catalog)


# --- budgets ---


def test_a_budget_that_holds_on_says_from_which_year_and_where_it_binds() -> None:
    asked = owning(horizon=TWO_YEARS | {"lookahead": 4}, budget={"capex_usd": {2027: 1e6, 2028: 2e6}})
    (note,) = told(budget_notes, asked)
    assert note.sentence == "budget.capex_usd names 2028 last: its $2.00 M a year hold on in the lookahead, 2029."
    assert note.most_usd == 0
    (note,) = told(budget_notes, asked, binding=[("budget", "capex in 2029", "")])
    assert note.sentence.endswith("2029, and bind there.")
    assert note.most_usd == float("inf")


def test_a_budget_that_holds_on_in_reported_years_or_begins_late_is_told() -> None:
    late = owning(horizon=YEARS | {"periods": 4}, budget={"opex_usd": {2028: 1e6}})
    assert [note.sentence for note in told(budget_notes, late)] == [
        "budget.opex_usd begins in 2028: nothing limits 2027.",
        "budget.opex_usd names 2028 last: its $1.00 M a year hold on in each of 2029 to 2030.",
    ]
    assert told(budget_notes, owning(horizon=YEARS, budget={"opex_usd": {2027: 1e6, 2028: 1e6}})) == []


def test_a_budget_by_fiscal_years_is_told_by_their_names() -> None:
    quarters = {"start": "2027-01", "periods": 4, "period": "quarter", "lookahead": 4}
    asked = owning(horizon=YEARS | quarters, budget={"fiscal_year_start": 4, "capex_usd": {2028: 1e6}})
    assert [note.sentence for note in told(budget_notes, asked)] == [
        "budget.capex_usd begins in FY2028: nothing limits FY2027.",
        "budget.capex_usd names FY2028 last: its $1.00 M a year hold on in the lookahead, FY2029.",
    ]


def test_a_budget_of_the_horizon_leaves_the_lookahead_free() -> None:
    asked = owning(horizon=TWO_YEARS | {"lookahead": 4}, budget={"capex_usd": 1e6})
    (note,) = told(budget_notes, asked)
    assert note.sentence == "budget.capex_usd holds over the reported periods; nothing limits the lookahead."
    assert note.most_usd == 0
    (note,) = told(budget_notes, asked, binding=[("budget", "capex over the horizon", "")])
    assert note.most_usd == float("inf")
    assert told(budget_notes, owning(horizon=TWO_YEARS, budget={"capex_usd": 1e6})) == []
