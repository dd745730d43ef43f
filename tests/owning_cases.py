"""Small cases in which halls, the running cost of owned systems or a budget decide what the best plan costs."""

from __future__ import annotations

from typing import Any

from tests.rule_cases import HALL, QUARTERS, YEAR, YEARS, case, chat, owning
from tests.strategies import Case, system


def nodes_at_the_cap() -> Case:
    """Two nodes at the mean of the year, one at the worst day's PUE."""
    return owning(sites=[HALL | {"power_mw": 0.0245}])


def nodes_that_share_a_position() -> Case:
    return owning(sites=[HALL | {"rack_positions": 1, "kw_per_rack_position": 25.0}])


def nodes_that_no_position_feeds() -> Case:
    return owning(sites=[HALL | {"rack_positions": 4, "kw_per_rack_position": 5.0}])


def nodes_with_support() -> Case:
    return owning(systems=(system("h-node", support_share_per_year=0.1),))


def nodes_with_licences() -> Case:
    return owning(systems=(system("h-node", licence_usd_per_gpu_year=4500.0),))


def nodes_with_staff() -> Case:
    return owning(sites=[HALL | {"staff_usd_per_mw_year": 600_000.0}])


def nodes_in_a_colocation() -> Case:
    return owning(sites=[HALL | {"colocation_usd_per_kw_month": 150.0}])


def a_budget_that_holds_on() -> Case:
    """Half of what renting costs a year, from the first of two years on."""
    half: dict[str, Any] = {"budget": {"opex_usd": {2027: 800_000.0}}, "service": {"min_served": 0.0}}
    dear = chat(price_usd_per_mtok={"input": 2.0, "output": 4.0})
    return case(horizon=YEARS, objective="profit", workloads=[dear], **half)


def a_budget_of_the_reported_year() -> Case:
    """What renting costs in the reported year, of which the lookahead takes nothing."""
    return case(horizon=YEAR | {"lookahead": 1}, budget={"opex_usd": 2_000_000.0})


def a_budget_of_fiscal_years() -> Case:
    """Renting costs 400,000 a quarter: a quarter of that in FY2027, which ends in March, three quarters in FY2028."""
    by_year: dict[str, Any] = {"fiscal_year_start": 4, "opex_usd": {2027: 100_000.0, 2028: 1_200_000.0}}
    dear = chat(price_usd_per_mtok={"input": 2.0, "output": 4.0})
    horizon = QUARTERS | {"periods": 5}
    return case(horizon=horizon, objective="profit", workloads=[dear], budget=by_year, service={"min_served": 0.0})
