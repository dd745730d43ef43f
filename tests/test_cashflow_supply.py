"""Payments for contracts, hourly lots and token APIs against figures worked out by hand."""

from __future__ import annotations

import pytest

from planner.accounts.cashflow import cash_flow, commitments, tokens_served
from tests.payments import END, MIDDLE, MIDDLE_OF_2029, SCENARIO, START, catalog, decisions, flow, money, only, scenario


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
    rents = [
        ("dear", "acme/us/node/on_demand", 1, "day", 1.5, 1.5, False),
        ("dear", "acme/us/node/spot", 0, "night", 2.0, 2.0, False),
    ]
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
