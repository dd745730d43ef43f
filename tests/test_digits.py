"""Figures that are told beside a limit: in a unit that fits their size, with as many digits as tell them apart."""

from __future__ import annotations

import pytest

import planner
from planner.errors import InfeasiblePlan
from planner.kinds.limits import AIR, BUDGET, HOURLY_DEPTH, LEASE, MIN_SERVED, POWER, PROVIDER_SHARE, QUOTA, LimitKind
from tests.strategies import CHAT, SITE, catalog, point, scenario, system


@pytest.mark.parametrize(
    ("kind", "needed", "limit", "said"),
    [
        (BUDGET, 70e6, 60e6, "acme needs $70.0 M, the limit is $60.0 M"),
        (BUDGET, 1.5e6, 120, "acme needs $1.5 M, the limit is $120"),
        (BUDGET, 540_000, 0, "acme needs $540 k, the limit is $0"),
        (BUDGET, 2_000_001, 2_000_000, "acme needs $2,000,001, the limit is $2,000,000"),
        (BUDGET, 1_495_000, 1_494_999, "acme needs $1,495,000, the limit is $1,494,999"),
        (BUDGET, 61.24e6, 61.19e6, "acme needs $61.24 M, the limit is $61.19 M"),
        (BUDGET, 120.25, 120, "acme needs $120.2, the limit is $120.0"),
        (BUDGET, 0.05, 0.002, "acme needs $0.050, the limit is $0.002"),
        (POWER, 4.00001, 4, "acme needs 4.00001 MW in 2027, the cap is 4"),
        (POWER, 12.5, 10, "acme needs 12.5 MW in 2027, the cap is 10"),
        (AIR, 1000.04, 1000, "acme needs 1.00004 MW of air cooling in 2027, it has 1"),
        (LEASE, 500.25, 500, "acme needs 500.2 kW of IT power leased in 2027, the lease has 500.0"),
        (QUOTA, 72, 64, "acme needs 72 GPUs in 2027, the quota is 64"),
        (QUOTA, 9, 8, "acme needs 9 GPUs in 2027, the quota is 8"),
        (HOURLY_DEPTH, 513, 512, "acme would have to have 513 GPUs by the hour in 2027, it is assumed to have 512"),
        (MIN_SERVED, 0.882, 1, "acme: only 88.2% of its demand can be served in 2027, the floor is 100%"),
        (MIN_SERVED, 0.99996, 1, "acme: only 99.996% of its demand can be served in 2027, the floor is 100%"),
        (PROVIDER_SHARE, 0.6, 0.5, "acme would rent out 60.0% of the GPUs in 2027, max_share is 50%"),
        (PROVIDER_SHARE, 0.50002, 0.5, "acme would rent out 50.002% of the GPUs in 2027, max_share is 50%"),
    ],
)
def test_what_is_needed_is_told_from_the_limit(kind: LimitKind, needed: float, limit: float, said: str) -> None:
    assert kind.sentence("acme", "2027", needed, limit) == said


@pytest.mark.parametrize(
    ("limit", "said"),
    [(1_999_990.0, "$2,000,000, the limit is $1,999,990"), (120.0, "$2.0 M, the limit is $120"), (0.0, "$2.0 M")],
)
def test_a_plan_that_a_dollar_is_missing_for_is_told_so(limit: float, said: str) -> None:
    """Eight GPUs that make a request/s each, and nothing else to serve with: two systems at a million are needed."""
    rows = catalog([system("h-node", price_usd=1_000_000.0)], points=[point()])
    chat = CHAT | {"demand": {"requests_per_s": 15.0}}
    with pytest.raises(InfeasiblePlan) as infeasible:
        planner.solve(scenario(workloads=[chat], sites=[SITE], budget={"capex_usd": limit}), rows)
    assert f"capex over the horizon needs {said}" in str(infeasible.value)
