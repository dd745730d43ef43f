"""Every category of the cash flow against figures worked out by hand; what is rented or called has its own module."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.accounts.cashflow import totals
from planner.errors import ScenarioError
from planner.rules.demand import demand_rates
from planner.rules.residual import residual_share
from planner.timeline import scenario_timeline
from tests.payments import (
    CHAT,
    END,
    HALL,
    HOURS,
    MIDDLE,
    MONTH,
    SCENARIO,
    START,
    YEAR,
    catalog,
    decisions,
    flow,
    money,
    only,
    scenario,
)


def test_capex_follows_the_path_at_the_order_and_pays_the_deposit_then() -> None:
    # In service on 2028-01-01, ordered 182 days before, on 2027-07-03: 3 × 100,000 × 0.9, a fifth of it in 2027.
    found = flow(decisions(buys=[("base", "hall", "node", 1, 3)]))
    assert only(found, "hardware") == {0: money((54_000, START[0])), 1: money((216_000, START[1]))}
    assert only(found, "network") == {0: money((5_400, START[0])), 1: money((21_600, START[1]))}
    assert only(found, "installation") == {0: money((2_700, START[0])), 1: money((10_800, START[1]))}


def test_a_deposit_ahead_of_the_horizon_falls_in_its_first_period() -> None:
    # Ordered on 2026-07-03 at the factor of 2026.
    assert only(flow(decisions(buys=[("base", "hall", "node", 0, 1)])), "hardware") == {0: money((100_000, 1))}


def test_support_is_a_share_of_what_each_cohort_cost() -> None:
    found = flow(decisions(buys=[("base", "hall", "node", 0, 1), ("base", "hall", "node", 1, 3)]))
    assert only(found, "support") == {
        0: money((0.08 * 100_000 * 8760 / YEAR, MIDDLE[0])),
        1: money((0.08 * (100_000 + 3 * 90_000) * 8784 / YEAR, MIDDLE[1])),
    }


def test_existing_systems_cost_only_their_running() -> None:
    group = {"system": "node", "count": 2, "in_service": "2025-01", "price_usd": 80_000}
    hall = {"sites": [HALL | {"existing": [group]}]}
    found = flow(decisions(keeps=[("base", "hall", 0, 0, 2)]), hall)
    assert only(found, "support") == {0: money((0.08 * 2 * 80_000 * 8760 / YEAR, MIDDLE[0]))}
    assert {category for category, _ in found} == {"support", "licence", "staff", "colocation", "energy"}
    catalog_price = {"sites": [HALL | {"existing": [group | {"price_usd": None}]}]}
    found = flow(decisions(keeps=[("base", "hall", 0, 0, 2)]), catalog_price)
    assert found["support", 0] == money((0.08 * 2 * 100_000 * 8760 / YEAR, MIDDLE[0]))


def test_licence_staff_and_colocation_follow_what_is_installed() -> None:
    # One node: 8 GPUs, 10 kW × 1.2 = 12 kW = 0.012 MW.
    found = flow(decisions(buys=[("base", "hall", "node", 0, 1)]))
    for period, hours in HOURS.items():
        assert found["licence", period] == money((100 * 8 * hours / YEAR, MIDDLE[period]))
        assert found["staff", period] == money((50_000 * 0.012 * hours / YEAR, MIDDLE[period]))
        assert found["colocation", period] == money((100 * 12 * hours / MONTH, MIDDLE[period]))


def test_a_life_of_a_year_ends_the_running_cost() -> None:
    found = flow(decisions(buys=[("base", "hall", "node", 0, 1)]), system={"life_years": 1})
    assert set(only(found, "colocation")) == {0}


def test_a_lease_is_the_bill_whatever_is_installed() -> None:
    lease = {
        "it_kw": {"2027-07": 10, "2028-07": 30},
        "usd_per_kw_month": 100,
        "escalator_per_year": 0.03,
    }
    hall = {key: value for key, value in HALL.items() if key != "colocation_usd_per_kw_month"}
    found = flow(decisions(), {"sites": [hall | {"lease": lease}]})
    # Nothing is leased for 181 of 365 days; in 2028 182 days at 10 kW and 184 at 30 kW, after one anniversary.
    assert only(found, "lease") == {
        0: money((100 * (184 * 10 / 365) * 8760 / MONTH, MIDDLE[0])),
        1: money((100 * ((182 * 10 + 184 * 30) / 366) * 1.03 * 8784 / MONTH, MIDDLE[1])),
    }


def test_energy_is_idle_for_all_and_busy_for_those_that_serve() -> None:
    # By day 4 of 8 GPUs serve: 2 of 8 on average. 181 days at 80 and 184 at 100 USD/MWh.
    plan = decisions(
        buys=[("base", "hall", "node", 0, 1)],
        pools=[("here", "own:hall/node")],
        serving=[("base", "chat", "here", "node/s@c8x1", 0, "day", 4.0, np.nan)],
    )
    price = (181 * 80 + 184 * 100) / 365
    kwh_idle, kwh_busy = 8760 * 1.25 * 1.2 * 4, 8760 * 1.25 * 1.2 * 4 * 2 / 8
    found = flow(plan)
    assert found["energy", 0] == money(((kwh_idle + kwh_busy) * price / 1000, MIDDLE[0]))
    assert found["energy", 1] == money((8784 * 1.25 * 1.2 * 4 * 100 / 1000, MIDDLE[1]))


def test_energy_of_whole_replicas_is_of_the_gpus_that_serve() -> None:
    whole = {"workloads": [CHAT | {"whole_replicas": True}]}
    plan = decisions(
        buys=[("base", "hall", "node", 0, 1)],
        pools=[("here", "own:hall/node")],
        serving=[("base", "chat", "here", "node/s@c8x1", 1, "day", 2.5, 3.0)],
    )
    busy = 8784 * 0.5 * 1.25 * 1.2 * 4 * 2.5 / 8
    found = flow(plan, whole)
    assert found["energy", 1] == money(((8784 * 1.25 * 1.2 * 4 + busy) * 100 / 1000, MIDDLE[1]))


def test_the_regions_price_of_electricity_stands_in_for_the_sites() -> None:
    hall = {key: value for key, value in HALL.items() if key != "electricity_usd_per_mwh"}
    found = flow(decisions(buys=[("base", "hall", "node", 0, 1)]), {"sites": [hall]})
    assert found["energy", 1] == money((8784 * 1.25 * 1.2 * 4 * 60 / 1000, MIDDLE[1]))
    with pytest.raises(ScenarioError, match="no electricity price"):
        flow(decisions(), {"sites": [hall | {"region": "nowhere"}]})


def test_hardware_is_credited_by_age_at_the_end() -> None:
    found = flow(decisions(buys=[("base", "hall", "node", 0, 1), ("base", "hall", "node", 1, 3)]))
    # Age 731 ÷ 365.25 = 2.0014 years: between 0.3 at 2 and 0 at 4. Age 366 ÷ 365.25 = 1.0021: between 0.6 and 0.3.
    old = 100_000 * 0.3 * (4 - 731 / 365.25) / 2
    new = 3 * 90_000 * (0.6 - 0.3 * (366 / 365.25 - 1))
    assert only(found, "residual") == {1: money((-0.9 * (old + new), END))}


def test_residual_is_one_at_first_and_nothing_from_the_end_of_life() -> None:
    node = catalog().systems["node"]
    ages = np.array([0, 0.5, 1, 1.5, 3, 4, 9])
    assert residual_share(node, ages) == pytest.approx([1, 0.8, 0.6, 0.45, 0.15, 0, 0])


def test_a_conversion_is_paid_at_the_start_of_its_period() -> None:
    assert flow(decisions(conversions=[("base", "hall", 1)])) == {("conversion", 1): money((50_000, START[1]))}


def test_totals_leave_revenue_out_and_weigh_futures() -> None:
    futures = {"futures": [{"name": "low", "probability": 0.25}, {"name": "high", "probability": 0.75}]}
    plan = decisions(
        conversions=[("low", "hall", 0), ("high", "hall", 0)],
        api=[("low", "chat", "acme/m", 0, "day", 1.0), ("high", "chat", "acme/m", 0, "day", 3.0)],
    )
    found = totals(scenario(**futures), catalog(), plan)
    requests = 4380 * 3600 * MIDDLE[0]
    cost = (640 + 2000) / 1e6
    assert found.by_future["cost_usd"].to_list() == pytest.approx(
        [50_000 + requests * cost, 50_000 + 3 * requests * cost]
    )
    assert found.cost_usd == pytest.approx(50_000 + 2.5 * requests * cost)
    assert found.revenue_usd == pytest.approx(2.5 * requests * (1000 * 0.5 + 500 * 2) / 1e6)
    assert found.output_tokens == pytest.approx(2.5 * requests * 500)
    assert found.total_tokens == pytest.approx(2.5 * requests * 1500)


def test_demand_by_hand() -> None:
    changes: dict[str, Any] = {
        "horizon": SCENARIO["horizon"] | {"periods": 1, "lookahead": 1},
        "workloads": [
            CHAT | {"demand": {"output_mtok_per_day": 43.2}, "load": "office"},
            {
                "name": "train",
                "kind": "gpu_hours",
                "demand": {"gpu_hours_per_day": {"2027-01": 24, "2028-01": 48}},
                "gpu_hours_weight": {"node": 1},
            },
        ],
        "load_shapes": {"office": {"day": 1.5, "night": 0.5}},
        "futures": [
            {
                "name": "boom",
                "probability": 1,
                "demand": 2,
                "demand_by_workload": {"train": {"2027-01": 1, "2028-01": 9}},
            }
        ],
    }
    asked, rows = scenario(**changes), catalog()
    rates = demand_rates(asked, rows, scenario_timeline(asked, rows))[:, 0]
    # 43.2e6 ÷ 500 tokens ÷ 86,400 s = 1 request/s, doubled; 2028 is lookahead and stays as it was.
    assert rates[0] == pytest.approx(np.array([[3.0, 1.0], [3.0, 1.0]]))
    # 24 × 2^(d/365) GPU-hours on day d, over 24 h and doubled: the mean of the days of 2027, kept in 2028.
    mean = 2 * np.mean(2 ** (np.arange(365) / 365))
    assert rates[1] == pytest.approx(np.full((2, 2), mean))
