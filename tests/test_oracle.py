"""The planner against a second model, written from the conventions alone and solved by other engines.

The audit shows that a plan keeps every rule. This shows that no rule is kept too strictly: a column that is missing, a
bound that is too tight or a row too many would make plans dearer, and no audit would notice.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from tests.oracle import least_cost, program
from tests.strategies import (
    SITE,
    Case,
    Interval,
    cases,
    catalog,
    examples,
    offer,
    point,
    scenario,
    solved,
    system,
    tiny_cases,
)

# Plain Python that other tests run too is three times as slow when traced.
pytestmark = [pytest.mark.property, pytest.mark.no_cover]

HOURS = 8760.0
MIDDLE = 1.1 ** -(182.5 / 365.25)
END = 1.1 ** -(365 / 365.25)


def by_hand() -> Case:
    """Twenty GPUs for 2027: nodes at 100,000 USD, worth 60 % a year later, or 2 USD an hour; a cap of two nodes."""
    return Case(
        scenario(
            horizon={"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year"},
            sites=[SITE | {"power_mw": 0.025, "electricity_usd_per_mwh": 100.0}],
        ),
        catalog([system("h-node", price_usd=100_000.0)], [offer(usd_per_gpu_hour=2.0)], [point()]),
    )


def test_both_models_agree_with_a_calculation_by_hand() -> None:
    """Two nodes, 16 of 20 GPUs, and four on demand: 7 kW each at a PUE of 1.2."""
    case = by_hand()
    age = 365 / 365.25
    residual = 1 - 0.4 * age
    node = 100_000 - 100_000 * residual * END + 7 * 1.2 * HOURS / 1000 * 100 * MIDDLE
    cost = 2 * node + 4 * 2.0 * HOURS * MIDDLE
    assert program(case.scenario, case.catalog).enumerated() == pytest.approx(cost, rel=1e-9)
    assert least_cost(case.scenario, case.catalog) == pytest.approx((cost, cost), rel=1e-6)
    found = solved(case)
    assert (found.low, found.high) == pytest.approx((cost, cost), rel=1e-6)


@examples(1)
@given(tiny_cases())
def test_every_combination_of_whole_numbers(case: Case) -> None:
    """On tiny cases the planner's interval holds the least cost of all combinations, each with its own LP."""
    best = program(case.scenario, case.catalog).enumerated()
    assert solved(case).meets(Interval(best, best)), best


@examples(3)
@given(cases())
def test_second_model(case: Case) -> None:
    """On cases of every kind the planner's interval overlaps the second model's, and so does infeasibility."""
    low, high = least_cost(case.scenario, case.catalog)
    found = solved(case)
    assert math.isinf(found.high) == math.isinf(high)
    assert found.meets(Interval(low, high)), (found, low, high)
