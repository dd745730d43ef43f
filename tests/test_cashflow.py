"""Every category of the cash flow against figures worked out by hand.

Two yearly periods: 2027 has 365 days (8,760 h), 2028 has 366 (8,784 h); each half is a load block. Discounting is
10 % a year, so money of 2027's start counts in full, of 2028's start as 1.1^(−365 ÷ 365.25).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from planner.accounts.cashflow import cash_flow, commitments, tokens_served, totals
from planner.catalog.models import Catalog, Energy, Offer, PricePath, ServingPoint, System, TokenApi
from planner.decisions import COLUMNS, Decisions
from planner.errors import ScenarioError
from planner.kinds.cash import CATEGORIES
from planner.rules.demand import demand_rates
from planner.rules.residual import residual_share
from planner.scenario.models import Scenario
from planner.timeline import scenario_timeline

META = {"source": ("test",), "as_of": "2026-01", "evidence": "independent"}
YEAR, MONTH = 8766.0, 730.5
HOURS = {0: 8760.0, 1: 8784.0}
START = {0: 1.0, 1: 1.1 ** -(365 / 365.25)}
MIDDLE = {0: 1.1 ** -(182.5 / 365.25), 1: 1.1 ** -(548 / 365.25)}
MIDDLE_OF_2029 = 1.1 ** -((731 + 182.5) / 365.25)
END = 1.1 ** -(731 / 365.25)

SYSTEM: dict[str, Any] = {
    "system": "node",
    "name": "8-GPU node",
    "generation": "blackwell",
    "gpus": 8,
    "nvlink_domain_usable_gpus": 8,
    "usable_share": 1.0,
    "memory_gb_per_gpu": 180,
    "memory_tb_per_s_per_gpu": 8,
    "fp8_dense_pflops_per_gpu": 4.5,
    "nameplate_it_kw": 10,
    "nameplate_it_kw_contains": "the node",
    "network_kw_share": 0.2,
    "idle_it_kw": 4,
    "busy_it_kw": 8,
    "cooling": "air",
    "price_usd": 100_000,
    "price_contains": "the node",
    "network_capex_share": 0.1,
    "installation_capex_share": 0.05,
    "support_share_per_year": 0.08,
    "licence_usd_per_gpu_year": 100,
    "deposit_share": 0.2,
    "lead_weeks": 26,
    "life_years": 4,
    "residual_share_by_age_years": {1: 0.6, 2: 0.3},
    "available_from": "2026-01",
}
POINT: dict[str, Any] = {
    "model": "m",
    "series": "s",
    "system": "node",
    "engine": "e",
    "precision": "fp8",
    "mode": "agg",
    "spec_decode": "none",
    "gpus_per_replica": 1,
    "largest_worker_gpus": 1,
    "input_tokens_nominal": 1000,
    "output_tokens_nominal": 500,
    "input_tokens_mean": 1000,
    "output_tokens_mean": 500,
    "concurrency": 8,
    "ttft_ms": 500,
    "ttft_statistic": "p50",
    "tpot_ms": 20,
    "tpot_statistic": "p50",
    "input_tok_s_per_gpu": 9000,
    "output_tok_s_per_gpu": 500,
}
OFFER: dict[str, Any] = {"provider": "acme", "region": "us", "system": "node", "usd_per_gpu_hour": 3, "lot_gpus": 2}
OFFERS = (
    OFFER | {"kind": "on_demand"},
    OFFER | {"kind": "spot", "usd_per_gpu_hour": 1, "availability": 0.5},
    OFFER | {"kind": "reserved", "term_months": 24, "usd_per_gpu_hour": 2, "lot_gpus": 8, "upfront_share": 0.25},
)
API: dict[str, Any] = {
    "provider": "acme",
    "model": "m",
    "input_usd_per_mtok": 1,
    "cached_input_usd_per_mtok": 0.1,
    "output_usd_per_mtok": 4,
}
PATH: dict[str, Any] = {
    "name": "falling",
    "hardware": {2026: 1.0, 2027: 0.9, 2028: 0.8},
    "rent": {2027: 1.0, 2028: 0.5},
    "api": {2027: 1.0, 2028: 0.5},
}
HALL: dict[str, Any] = {
    "name": "hall",
    "region": "us",
    "power_mw": 1,
    "cooling": ["air"],
    "pue": {"air": {"design": 1.5, "annual": 1.25}, "liquid": {"design": 1.2, "annual": 1.1}},
    "electricity_usd_per_mwh": {"2027-01": 80, "2027-07": 100},
    "colocation_usd_per_kw_month": 100,
    "staff_usd_per_mw_year": 50_000,
    "conversion": {"cost_usd": 50_000},
}
CHAT: dict[str, Any] = {
    "name": "chat",
    "model": "m",
    "tokens": {"input": 1000, "output": 500},
    "demand": {"requests_per_s": 4},
    "headroom": 0,
    "cached_input_share": 0.4,
    "price_usd_per_mtok": {"input": 0.5, "output": {"2027-01": 2, "2028-01": 1}},
}
SCENARIO: dict[str, Any] = {
    "name": "by hand",
    "horizon": {"decided_on": "2026-07-01", "start": "2027-01", "periods": 2, "period": "year"},
    "finance": {"contract_tail_share": 0.5, "residual_haircut": 0.9, "price_path": "falling"},
    "sites": [HALL],
    "workloads": [CHAT],
}


def scenario(**changes: Any) -> Scenario:
    return Scenario.model_validate(SCENARIO | changes)


def catalog(**changes: Any) -> Catalog:
    offers = [Offer.model_validate(META | row) for row in OFFERS]
    api = TokenApi.model_validate(META | API)
    point = ServingPoint.model_validate(META | POINT)
    return Catalog(
        systems={"node": System.model_validate(META | SYSTEM | changes)},
        offers={offer.key: offer for offer in offers},
        token_apis={api.key: api},
        serving={point.key: point},
        load_shapes={},
        blocks={"day": 0.5, "night": 0.5},
        energy={"us": Energy.model_validate(META | {"region": "us", "usd_per_mwh": 60})},
        price_paths={"falling": PricePath.model_validate(META | PATH)},
        sources={},
        digest="test",
    )


def decisions(**rows: list[tuple[Any, ...]]) -> Decisions:
    return Decisions(**{name: pd.DataFrame(rows.get(name, []), columns=list(COLUMNS[name])) for name in COLUMNS})


Flow = dict[tuple[str, int], tuple[float, float]]


def flow(plan: Decisions, changes: dict[str, Any] | None = None, system: dict[str, Any] | None = None) -> Flow:
    """(category, period) → (USD, USD discounted)."""
    rows = cash_flow(scenario(**changes or {}), catalog(**system or {}), plan)
    assert list(rows.columns) == ["future", "period", "category", "usd", "npv_usd"]
    assert set(rows["category"]) <= set(CATEGORIES)
    return {(row.category, row.period): (row.usd, row.npv_usd) for row in rows.itertuples()}


def only(found: Flow, category: str) -> dict[int, tuple[float, float]]:
    return {period: money for (name, period), money in found.items() if name == category}


def money(*usd_and_factor: tuple[float, float]) -> Any:
    """(USD, USD discounted) of payments (USD, factor)."""
    total = sum(usd for usd, _ in usd_and_factor), sum(usd * factor for usd, factor in usd_and_factor)
    return pytest.approx(total, rel=1e-12)


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


def test_a_contract_pays_upfront_then_evenly_and_its_tail_at_its_share() -> None:
    # From 2028 for 24 months, 2 lots of 8 GPUs at 2 × 0.5: 16 USD/h for 8,784 h and then 8,760 h.
    plan = decisions(signs=[("base", "acme/us/node/reserved-24m", 1, 2)])
    found = flow(plan)
    upfront = 0.25 * 16 * (8784 + 8760)
    assert only(found, "reserved") == {1: money((upfront, START[1]), (0.75 * 16 * 8784, MIDDLE[1]))}
    # Half of what falls due in 2029 is charged, half of what is prepaid for 2029 is credited.
    assert only(found, "contract_tail") == {1: money((0.5 * 0.75 * 16 * 8760, MIDDLE_OF_2029))}
    assert only(found, "prepayment_credit") == {1: money((-0.5 * 0.25 * 16 * 8760, END))}
    value = commitments(scenario(), catalog(), plan)
    assert value.to_dict("records") == [{"future": "base", "year": 2028, "usd": pytest.approx(16 * 17_544)}]


def test_a_contract_within_the_horizon_has_no_tail() -> None:
    found = flow(decisions(signs=[("base", "acme/us/node/reserved-24m", 0, 1)]))
    # 8 GPUs at 2 USD, both years at the rate of 2027.
    assert only(found, "reserved") == {
        0: money((0.25 * 16 * 17_544, START[0]), (0.75 * 16 * 8760, MIDDLE[0])),
        1: money((0.75 * 16 * 8784, MIDDLE[1])),
    }
    assert not only(found, "contract_tail")
    assert not only(found, "prepayment_credit")


def test_with_a_tail_share_of_one_prepayment_earns_no_credit() -> None:
    full = {"finance": SCENARIO["finance"] | {"contract_tail_share": 1}}
    found = flow(decisions(signs=[("base", "acme/us/node/reserved-24m", 1, 2)]), full)
    assert only(found, "contract_tail") == {1: money((0.75 * 16 * 8760, MIDDLE_OF_2029))}
    assert not only(found, "prepayment_credit")


def test_a_quote_is_not_moved_by_a_path() -> None:
    quote = {"provider": "bolt", "system": "node", "term_months": 12, "usd_per_gpu_hour": 2, "lot_gpus": 8}
    found = flow(decisions(signs=[("base", "bolt/quoted/node/reserved-12m", 1, 1)]), {"quotes": [quote]})
    assert only(found, "reserved") == {1: money((16 * 8784, MIDDLE[1]))}


def test_a_signed_contract_is_paid_by_the_hours_it_runs() -> None:
    signed = {"provider": "bolt", "system": "node", "gpus": 8, "usd_per_gpu_hour": 2, "start": "2026-06"}
    found = flow(decisions(), {"contracts": [signed | {"end": "2027-07-01"}]})
    assert found == {("reserved", 0): money((16 * 181 * 24, MIDDLE[0]))}
    # What runs on after the horizon was decided before: no tail.
    found = flow(decisions(), {"contracts": [signed | {"end": "2031-01"}]})
    assert set(found) == {("reserved", 0), ("reserved", 1)}


def test_hourly_lots_pay_for_the_hours_they_run() -> None:
    dear = {"futures": [{"name": "dear", "probability": 1, "rent_price": {"2027-01": 1, "2028-07": 1.2}}]}
    rents = [("dear", "acme/us/node/on_demand", 1, "day", 1.5), ("dear", "acme/us/node/spot", 0, "night", 2.0)]
    found = flow(decisions(rents=rents), dear)
    factor = (182 * 1 + 184 * 1.2) / 366
    assert only(found, "on_demand") == {1: money((3 * 0.5 * 2 * 1.5 * 4392 * factor, MIDDLE[1]))}
    # Spot pays for every hour, useful or not.
    assert only(found, "spot") == {0: money((1 * 2 * 2 * 4380, MIDDLE[0]))}


def test_token_apis_bill_cached_input_at_its_own_price() -> None:
    plan = decisions(api=[("base", "chat", "acme/m", 1, "day", 1.0)])
    # 4,392 h × 3,600 requests; 600 fresh, 400 cached and 500 output tokens each, at half of today's prices.
    requests = 4392 * 3600
    found = flow(plan)
    each = (600 * 1 + 400 * 0.1 + 500 * 4) / 1e6
    assert only(found, "token_api") == {1: money((requests * each * 0.5, MIDDLE[1]))}
    # Sold at 0.5 and 1 USD per Mtok.
    assert only(found, "revenue") == {1: money((-requests * (1000 * 0.5 + 500 * 1) / 1e6, MIDDLE[1]))}
    (served,) = tokens_served(scenario(), catalog(), plan).itertuples(index=False)
    assert tuple(served[:3]) == ("base", "chat", 1)
    assert tuple(served[3:]) == pytest.approx((requests, requests * 1000, requests * 500))


def test_without_a_cached_price_cached_input_pays_the_input_price() -> None:
    plain = catalog()
    plain.token_apis["acme", "m"] = plain.token_apis["acme", "m"].model_copy(update={"cached_input_usd_per_mtok": None})
    rows = cash_flow(scenario(), plain, decisions(api=[("base", "chat", "acme/m", 0, "day", 1.0)]))
    cost = rows.set_index("category")["usd"]["token_api"]
    assert cost == pytest.approx(4380 * 3600 * (1000 * 1 + 500 * 4) / 1e6)


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
