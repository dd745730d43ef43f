"""What hardware is worth when it is sold: one rule for what is bought, kept and retired, worked out by hand.

Two years, 2027 and 2028, discounted at 10 % from the start of 2027; see ``tests.payments``. A node costs 100,000 USD at
the factor of its year: 1.0 in 2026, 0.9 in 2027, 0.8 from 2028 on. It fetches 60 % at one year, 30 % at two, nothing at
four.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import planner
from planner.export import focus_rows
from planner.kinds import cash
from planner.plan.ledger import ledger_of
from planner.rules.residual import residual_credit_usd
from planner.scenario.models import Finance
from tests.laws import never_cheaper
from tests.payments import END, HALL, START, catalog, decisions, flow, money, only
from tests.residual_mutants import existing, nodes_to_sell
from tests.strategies import cases, examples
from tests.strategies.case import with_part

GROUP = {"system": "node", "count": 3, "in_service": "2026-01"}
MARKET: dict[str, Any] = {
    "residual_of": "market", "resell_existing": True, "residual_haircut": 0.9, "price_path": "falling",
}  # fmt: skip


def credit(paid: float, new: float, age: float, **finance: Any) -> float:
    node = catalog().systems["node"]
    asked = Finance.model_validate({"residual_haircut": 0.5} | finance)
    (usd,) = residual_credit_usd(np.array([paid]), np.array([new]), asked, node, np.array([age]))
    return float(usd)


@pytest.mark.parametrize(
    ("new", "by_market", "why"),
    [
        (100_000.0, 22_500.0, "flat: both readings of the curve are one"),
        (60_000.0, 13_500.0, "falling: 45 % of what a new one costs then"),
        (150_000.0, 33_750.0, "rising: used ones are dearer too"),
        (300_000.0, 50_000.0, "rising far: never more than was paid"),
    ],
)
def test_the_curve_is_of_a_new_ones_price_then(new: float, by_market: float, why: str) -> None:
    """Paid 100,000; at a year and a half the curve says 45 %, and half of that comes in."""
    assert credit(100_000.0, new, 1.5) == pytest.approx(by_market), why
    assert credit(100_000.0, new, 1.5, residual_of="price_paid") == pytest.approx(22_500.0)


def test_an_order_in_a_falling_market_is_worth_less_than_a_new_one() -> None:
    """Ordered at 0.659 of today's price, sold at 0.498: the curve's 69 % at 18 months (78 % and 60 % around it).

    Of the price paid it would be 0.455 of today's, nine tenths of a new one's price.
    """
    system = catalog(residual_share_by_age_years={1: 0.78, 2: 0.6}).systems["node"]
    paid, new, age = np.array([65_900.0]), np.array([49_800.0]), np.array([1.5])
    whole = Finance.model_validate({"residual_haircut": 1.0})
    assert residual_credit_usd(paid, new, whole, system, age) == pytest.approx([0.69 * 49_800])
    old = whole.model_copy(update={"residual_of": "price_paid"})
    assert residual_credit_usd(paid, new, old, system, age) == pytest.approx([0.69 * 65_900])


def test_what_was_bought_is_credited_at_the_price_of_a_new_one() -> None:
    found = flow(decisions(buys=[("base", "hall", "node", 0, 1), ("base", "hall", "node", 1, 3)]), {"finance": MARKET})
    # Ages 731 and 366 days; on 1 January 2029 a new node costs 80,000.
    old = 80_000 * 0.3 * (4 - 731 / 365.25) / 2
    new = 3 * 80_000 * (0.6 - 0.3 * (366 / 365.25 - 1))
    assert only(found, "residual") == {1: money((-0.9 * (old + new), END))}


def kept(*rows: tuple[int, int], **group: Any) -> Any:
    """The cash of a group of which some are kept: (period, count)."""
    changes = {"sites": [HALL | {"existing": [GROUP | group]}], "finance": MARKET}
    return flow(decisions(keeps=[("base", "hall", 0, period, count) for period, count in rows]), changes)


def test_a_retired_system_is_sold_that_day_and_a_kept_one_credited_at_the_end() -> None:
    found = kept((0, 3), (1, 1))
    # Two go on 1 January 2028 at 730 days, between 60 and 30 %; one stays to 1 January 2029, at 1,096 days.
    share = 0.6 - 0.3 * (730 / 365.25 - 1)
    assert only(found, "hardware_sale") == {1: money((-0.9 * 2 * 80_000 * share, START[1]))}
    assert only(found, "residual") == {1: money((-0.9 * 80_000 * 0.3 * (4 - 1096 / 365.25) / 2, END))}


def test_what_is_not_kept_at_all_is_sold_on_the_first_day() -> None:
    """At 365 days, a new one at 90,000."""
    share = 1 - 0.4 * 365 / 365.25
    assert only(kept(), "hardware_sale") == {0: money((-0.9 * 3 * 90_000 * share, 1.0))}


def test_a_group_is_sold_when_its_time_at_the_site_ends() -> None:
    """Until 2028: what is still kept goes on that day, like what is retired on it."""
    share = 0.6 - 0.3 * (730 / 365.25 - 1)
    found = kept((0, 3), until="2028-01-01")
    assert only(found, "hardware_sale") == {1: money((-0.9 * 3 * 80_000 * share, START[1]))}
    assert only(found, "residual") == {}


def test_an_open_order_that_nobody_wants_is_sold_when_it_comes() -> None:
    found = kept(in_service="2028-01", price_usd=70_000)
    assert only(found, "hardware_sale") == {1: money((-0.9 * 3 * 70_000, START[1]))}


def test_existing_systems_are_worth_no_more_than_was_paid() -> None:
    assert only(kept(price_usd=20_000), "hardware_sale") == {0: money((-0.9 * 3 * 20_000, 1.0))}


def test_a_group_gone_before_the_horizon_is_nobodys_to_sell() -> None:
    assert only(kept(until="2026-12-31"), "hardware_sale") == {}
    assert only(kept(until="2027-06-30"), "hardware_sale") == {}


def test_version_1_sells_nothing_that_is_already_there() -> None:
    changes = {"sites": [HALL | {"existing": [GROUP]}]}
    assert {"hardware_sale", "residual"}.isdisjoint(name for name, _ in flow(decisions(), changes))


def test_a_sale_is_cash_in_its_period_everywhere() -> None:
    """Two nodes of 2025, cheaper to replace by the hour than to run: sold on the first day, at 730 days."""
    case = nodes_to_sell()
    plan = planner.solve(case.scenario, case.catalog)
    system = case.catalog.systems["h-node"]
    share = np.interp(730 / 365.25, [1, 2], [system.residual_share_by_age_years[age] for age in (1, 2)])
    brought = 2 * 0.5 * system.price_usd * float(share)
    sale = plan.cashflow[plan.cashflow["category"] == cash.HARDWARE_SALE.key]
    assert sale["usd"].tolist() == pytest.approx([-brought])
    assert sale["period"].tolist() == [plan.periods[0]]
    assert plan.retirements["count"].tolist() == [2]
    assert plan.audit.passed
    assert plan.proof.objective_usd == pytest.approx(plan.cashflow["npv_usd"].sum())
    booked = ledger_of(plan, case.scenario, case.catalog).table
    assert booked[booked["category"] == cash.HARDWARE_SALE.key]["usd"].tolist() == pytest.approx([-brought])
    credits = focus_rows(plan, case.scenario, case.catalog).query("ChargeCategory == 'Credit'")
    assert credits["BilledCost"].tolist() == credits["EffectiveCost"].tolist() == pytest.approx([-brought])
    assert credits["x_Category"].tolist() == [cash.HARDWARE_SALE.key]
    # What comes in is no spending: capex, opex and the budgets over them are what they are without it.
    assert plan.kpis["cash_usd"] == pytest.approx(plan.kpis["opex_usd"])
    assert plan.kpis["capex_usd"] == 0


def test_a_sale_makes_no_room_in_a_budget() -> None:
    """Nodes that the hall cannot cool are sold at once. Rent is 20 GPUs at 0.20 USD for 273 days."""
    rent = 20 * 0.2 * 24 * 273
    hall = {"cooling": ["liquid"]}
    enough, short = (existing(hall=hall, budget={"total_usd": rent + usd}) for usd in (0.01, -1.0))
    plan = planner.solve(enough.scenario, enough.catalog)
    assert plan.kpis["cash_usd"] == pytest.approx(rent)
    assert -plan.cashflow.set_index("category").at["hardware_sale", "usd"] > 1.0
    with pytest.raises(planner.InfeasiblePlan):
        planner.solve(short.scenario, short.catalog)


@examples(1)
@given(case=cases())
def test_a_lower_haircut_is_never_cheaper(case: Any) -> None:
    finance = case.scenario.finance
    never_cheaper(case, case.with_scenario(finance=with_part(finance, residual_haircut=0.6 * finance.residual_haircut)))


def test_an_owned_gpu_hour_bears_what_existing_systems_lose_and_not_what_they_bring() -> None:
    """One node of 2025 kept through three quarters of 2027: energy, and the fall of its resale value."""
    case = existing(count=1)
    dear = case.with_catalog(offers={key: row for key, row in case.catalog.offers.items() if row.provider != "bolt"})
    plan = planner.solve(dear.scenario, dear.catalog)
    (row,) = plan.fleet.groupby("period", sort=False)["count"].sum().unique().tolist()
    assert row == 1
    owning = plan.cashflow[plan.cashflow["category"].isin(cash.OWNING)]["npv_usd"].sum()
    system = dear.catalog.systems["h-node"]
    share = float(np.interp(730 / 365.25, [1, 2], [system.residual_share_by_age_years[age] for age in (1, 2)]))
    days = np.array([0, 90, 181, 273])
    hours = 8 * float((np.diff(days) * 24 * 1.1 ** -((days[1:] + days[:-1]) / 2 / 365.25)).sum())
    expected = (owning + 0.5 * system.price_usd * share) / hours
    assert plan.kpis["usd_per_gpu_hour_owned"] == pytest.approx(expected)
    assert expected > 0
