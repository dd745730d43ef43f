"""Numbers that change over time: steps for limits and prices, growth for demand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.schedule import Schedule, add_months, parse_date

DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2031, 12, 31))
AMOUNTS = st.floats(0, 1e6, allow_subnormal=False)
SCHEDULES = st.dictionaries(DAYS, AMOUNTS, min_size=1, max_size=6).map(Schedule.model_validate)
GROWING = st.dictionaries(DAYS, st.floats(1e-3, 1e6), min_size=1, max_size=6).map(Schedule.model_validate)
RANGES = st.tuples(DAYS, st.integers(1, 400)).map(lambda drawn: (drawn[0], drawn[0] + dt.timedelta(days=drawn[1])))


def day(text: str) -> dt.date:
    return parse_date(text)


def schedule(value: Any) -> Schedule:
    return Schedule.model_validate(value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-03-31", dt.date(2027, 3, 31)),
        ("2027-03", dt.date(2027, 3, 1)),
        ("2027-3", dt.date(2027, 3, 1)),
        ("2027", dt.date(2027, 1, 1)),
        (2027, dt.date(2027, 1, 1)),
        (dt.date(2027, 3, 31), dt.date(2027, 3, 31)),
        (dt.datetime(2027, 3, 31, 12), dt.date(2027, 3, 31)),
    ],
)
def test_dates(written: Any, meant: dt.date) -> None:
    assert parse_date(written) == meant


@pytest.mark.parametrize("written", ["2027-13", "2027-02-29", "soon", "", "27-01", "2027-Q1", 20270101, None])
def test_what_is_no_date(written: Any) -> None:
    with pytest.raises(ValueError, match="write 2027-01-31, 2027-01 or 2027"):
        parse_date(written)


def test_months_end_where_the_month_ends() -> None:
    assert add_months(day("2027-01-31"), 1) == day("2027-02-28")
    assert add_months(day("2027-12-15"), 1) == day("2028-01-15")
    assert add_months(day("2028-02-29"), -12) == day("2027-02-28")


@pytest.mark.parametrize("value", [True, {}, {"2027-01": "4"}, {"2027-01": True}, {"soon": 4}, "4", None, [4]])
def test_what_is_no_schedule(value: Any) -> None:
    with pytest.raises(ValidationError):
        schedule(value)


def test_two_values_for_one_day() -> None:
    with pytest.raises(ValidationError, match="two values for the same date"):
        schedule({"2027-01": 1, "2027": 2})
    with pytest.raises(ValidationError, match="two values for the same date"):
        schedule({"2027-01": 1, "2027": "two"})


def test_a_number_holds_always() -> None:
    always = schedule(4)
    assert always.step(day("1990-01"), before=0) == 4
    assert always.step_min(day("2027-01"), day("2028-01")) == 4
    assert always.step_mean(day("2027-01"), day("2028-01")) == 4
    assert always.growth_mean(day("2027-01"), day("2028-01")) == 4


def test_steps() -> None:
    power = schedule({"2028-01": 4, "2027-01": 1})
    assert power.anchors == ((day("2027-01"), 1.0), (day("2028-01"), 4.0))
    assert power.step(day("2026-12-31"), before=0) == 0
    assert power.step(day("2027-12-31"), before=0) == 1
    assert power.step(day("2028-01-01"), before=0) == 4


def test_a_limit_is_its_least_value_and_a_price_its_mean() -> None:
    stepped = schedule({"2027-01": 1, "2027-01-11": 3})
    assert stepped.step_min(day("2027-01-01"), day("2027-01-21")) == 1
    assert stepped.step_mean(day("2027-01-01"), day("2027-01-21")) == 2
    assert stepped.step_min(day("2026-12-31"), day("2027-01-21")) == 0, "nothing is there ahead of the first date"
    assert stepped.step_mean(day("2026-12-22"), day("2027-01-01")) == 1, "the first price holds ahead of its date"


def test_growth_is_geometric() -> None:
    doubling = schedule({"2027-01-01": 100, "2027-01-03": 400})
    means = [doubling.growth_mean(at, at + dt.timedelta(days=1)) for at in map(day, ("2027-01-01", "2027-01-02"))]
    assert means == pytest.approx([100, 200])


def test_growth_starts_at_the_first_date_and_stays_after_the_last() -> None:
    demand = schedule({"2027-02-01": 10, "2027-03-01": 40})
    assert demand.growth_mean(day("2027-01-01"), day("2027-02-01")) == 0
    assert demand.growth_mean(day("2027-03-01"), day("2028-01-01")) == pytest.approx(40)
    later = schedule({"2027-02-01": 10})
    assert later.growth_mean(day("2027-01-01"), day("2027-02-01")) == 0
    assert later.growth_mean(day("2027-02-01"), day("2027-03-01")) == 10


def test_growth_from_zero_is_linear() -> None:
    launch = schedule({"2027-01-01": 0, "2027-01-05": 40})
    assert launch.growth_mean(day("2027-01-01"), day("2027-01-05")) == pytest.approx((0 + 10 + 20 + 30) / 4)


@given(SCHEDULES, RANGES)
def test_the_least_is_below_the_mean_is_below_the_most(drawn: Schedule, span: tuple[dt.date, dt.date]) -> None:
    least = drawn.step_min(*span, before=drawn.values[0])
    assert least <= drawn.step_mean(*span) * (1 + 1e-12)
    assert drawn.step_mean(*span) <= drawn.step_days(*span, before=drawn.values[0]).max() * (1 + 1e-12)


@given(GROWING, RANGES)
def test_growth_stays_between_its_dates(drawn: Schedule, span: tuple[dt.date, dt.date]) -> None:
    mean = drawn.growth_mean(*span)
    assert mean <= max(drawn.values) * (1 + 1e-9)
    if span[0] >= drawn.anchors[0][0]:
        assert mean >= min(drawn.values) * (1 - 1e-9)


@given(SCHEDULES, RANGES, st.integers(1, 400))
def test_adjacent_spans_add_up(drawn: Schedule, span: tuple[dt.date, dt.date], further: int) -> None:
    start, middle = span
    end = middle + dt.timedelta(days=further)
    for mean in (drawn.growth_mean, drawn.step_mean):
        first, second = mean(start, middle) * (middle - start).days, mean(middle, end) * further
        assert mean(start, end) * (end - start).days == pytest.approx(first + second, rel=1e-9, abs=1e-9)


@given(GROWING, RANGES, st.floats(0.01, 100))
def test_scaling_scales_means(drawn: Schedule, span: tuple[dt.date, dt.date], factor: float) -> None:
    scaled = drawn.scaled(factor)
    assert scaled.growth_mean(*span) == pytest.approx(drawn.growth_mean(*span) * factor)
    assert scaled.step_mean(*span) == pytest.approx(drawn.step_mean(*span) * factor)


@given(SCHEDULES)
def test_a_schedule_survives_its_own_writing(drawn: Schedule) -> None:
    assert Schedule.model_validate_json(drawn.model_dump_json()) == drawn
