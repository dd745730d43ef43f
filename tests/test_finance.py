"""Net present value, rate of return and payback: by hand, and what has to hold for any flows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.finance import HIGHEST, LOWEST, irr, npv, payback, root

FLOWS = st.lists(st.integers(-1_000_000, 1_000_000).map(float), min_size=1, max_size=8)
RETURNS = st.lists(st.floats(1, 100), min_size=1, max_size=6)


def dates(usd: list[float]) -> np.ndarray:
    return np.arange(len(usd), dtype=float)


@pytest.mark.parametrize(
    ("years", "usd", "rate", "worth"),
    [
        ([0, 1, 2], [-100, 110, 121], 0.1, 100.0),
        ([0.5], [110], 0.21, 100.0),
        ([0, 3], [7, 5], 0.0, 12.0),
        ([1], [50], -0.5, 100.0),
        ([], [], 0.1, 0.0),
    ],
)
def test_present_values_known_by_hand(years: list[float], usd: list[float], rate: float, worth: float) -> None:
    assert npv(np.array(years, dtype=float), np.array(usd, dtype=float), rate) == pytest.approx(worth)


@pytest.mark.parametrize(
    ("years", "usd", "rate"),
    [
        ([0, 1], [-100, 110], 0.1),
        ([0, 0.5], [-100, 110], 0.21),
        ([0, 2], [100, -121], 0.1),
        ([0, 1, 2], [-100, 60, 60], 0.1306623862918075),
        ([0, 1], [-100, 10], -0.9),
        ([3, 4], [-100, 110], 0.1),
        # 10 % and 20 %: neither is the return.
        ([0, 1, 2], [-100, 230, -132], None),
        ([0, 1], [100, 110], None),
        ([0, 1], [-100, -1], None),
        ([0, 1], [0, 0], None),
        # 0.5 % of the price comes back: −99.5 % a year lies outside of what is searched.
        ([0, 1], [-100, 0.5], None),
        ([], [], None),
    ],
)
def test_rates_of_return_known_by_hand(years: list[float], usd: list[float], rate: float | None) -> None:
    found = irr(np.array(years, dtype=float), np.array(usd, dtype=float))
    assert found == (None if rate is None else pytest.approx(rate, abs=1e-9))


def test_a_rate_met_exactly_is_found() -> None:
    assert root(lambda rate: 1.0 - rate) == 1.0


@pytest.mark.parametrize(
    ("held", "on_dates", "evenly"),
    [
        ([-10, 10], 2.0, 1.5),
        ([-10, 0, 5], 2.0, 2.0),
        ([-10, 5, -5, 15], 4.0, 3.25),
        ([5, -10, 30], 3.0, 2.25),
        ([1, 2], 0.0, 0.0),
        ([0, 0], 0.0, 0.0),
        ([-2, -1], None, None),
        ([5, -1], None, None),
        ([], 0.0, 0.0),
    ],
)
def test_paybacks_known_by_hand(held: list[float], on_dates: float | None, evenly: float | None) -> None:
    years = np.arange(1, len(held) + 1, dtype=float)
    assert payback(years, np.array(held, dtype=float), evenly=False) == on_dates
    assert payback(years, np.array(held, dtype=float), evenly=True) == evenly


@given(FLOWS, FLOWS, st.floats(-0.5, 2))
def test_present_values_add_up(first: list[float], second: list[float], rate: float) -> None:
    both = npv(np.concatenate([dates(first), dates(second)]), np.array([*first, *second]), rate)
    alone = npv(dates(first), np.array(first), rate) + npv(dates(second), np.array(second), rate)
    size = npv(dates(first), np.abs(first), rate) + npv(dates(second), np.abs(second), rate)
    assert both == pytest.approx(alone, abs=1e-12 * max(size, 1.0))


@given(RETURNS, st.floats(-0.5, 5))
def test_at_the_rate_of_return_the_flows_are_worth_nothing(returns: list[float], rate: float) -> None:
    years = np.arange(len(returns) + 1, dtype=float)
    usd = np.array([-npv(years[1:], np.array(returns), rate), *returns])
    found = irr(years, usd)
    assert found == pytest.approx(rate, rel=1e-6, abs=1e-9)
    assert found is not None
    assert npv(years, usd, found) == pytest.approx(0, abs=1e-6 * -usd[0])


@given(FLOWS, st.floats(0.001, 1000))
def test_a_rate_of_return_lies_within_the_search_whatever_the_currency(usd: list[float], factor: float) -> None:
    found = irr(dates(usd), np.array(usd))
    assert found is None or LOWEST <= found <= HIGHEST
    # At the ends of the search rounding decides on which side a rate lies.
    if found is not None and LOWEST + 1e-6 < found < HIGHEST - 1e-3:
        assert irr(dates(usd), -np.array(usd)) == pytest.approx(found, rel=1e-6, abs=1e-9)
        assert irr(dates(usd), factor * np.array(usd)) == pytest.approx(found, rel=1e-6, abs=1e-9)


@given(FLOWS)
def test_a_payback_is_where_the_sum_stays(usd: list[float]) -> None:
    years, held = dates(usd), np.array(usd).cumsum()
    found, evenly = payback(years, held, evenly=False), payback(years, held, evenly=True)
    if found is None:
        assert held[-1] < 0
        assert evenly is None
        return
    assert (held[years >= found] >= 0).all()
    assert evenly is not None
    assert evenly <= found
    assert found == 0 or held[years < found][-1] < 0
