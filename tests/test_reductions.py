"""The optimum is the same without the reductions, on random scenarios and where each one surely bites."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

import planner
from planner.accounts import Account
from planner.audit import audit_of
from planner.catalog.models import Offer
from planner.milp import build_model
from planner.pipeline import catalog_of
from planner.problem import Reductions, build_problem
from tests.oracle import least_cost
from tests.rule_cases import case
from tests.strategies import CHAT, Case, cases, examples, offer, point, solved, token_api

EACH = {
    "points": Reductions(points=False),
    "pools": Reductions(pools=False),
    "offers": Reductions(offers=False),
    "bounds": Reductions(bounds=False),
    "all": Reductions(points=False, pools=False, offers=False, bounds=False),
}


@pytest.mark.parametrize("without", EACH)
@examples(0.5)
@given(case=cases())
def test_the_optimum_is_the_same_without(without: str, case: Case) -> None:
    assert solved(case).meets(solved(case, reductions=EACH[without]))


@pytest.mark.parametrize("without", [pytest.param("points", marks=pytest.mark.slow), "pools", "offers"])
def test_each_reduction_makes_the_matrix_of_a_shipped_scenario_smaller(without: str) -> None:
    scenario = planner.load("scenarios/10mw.yaml", ("sites.dallas.existing=[]",))
    catalog = catalog_of(scenario)
    # Owners share no pool where replicas are whole: a replica stands with one of them.
    whole = without != "pools"
    reduced = build_model(build_problem(scenario, catalog, whole=whole)).milp
    plain = build_model(build_problem(scenario, catalog, EACH[without], whole=whole)).milp
    assert reduced.columns < plain.columns
    assert reduced.rows <= plain.rows


def test_tighter_bounds_are_tighter() -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    catalog = catalog_of(scenario)
    reduced = build_model(build_problem(scenario, catalog)).milp
    plain = build_model(build_problem(scenario, catalog, EACH["bounds"])).milp
    assert (reduced.upper <= plain.upper).all()
    assert (reduced.upper < plain.upper).any()


def test_what_is_left_out_is_named() -> None:
    scenario = planner.load("scenarios/10mw.yaml")
    left_out = build_problem(scenario, catalog_of(scenario)).left_out
    assert "nscale/quoted/gb300-nvl72/reserved-36m: nscale/global/gb300-nvl72/reserved-36m is never dearer" in left_out


# --- domains half empty lend none to full ones ---

# Workers of five GPUs, one to a domain of eight, at 2 requests/s a GPU, and single GPUs at 1 request/s.
WIDE = point(rate=2.0, gpus_per_replica=5, largest_worker_gpus=5)
SINGLE = point(rate=1.0, series="single", gpus_per_replica=1, largest_worker_gpus=1)
HALF_UP = {"lot_gpus": 8, "usable_share": 0.5, "max_lots": 1}
HOURS = 365 * 24


def half_up(*offers: Offer, **fields: Any) -> Case:
    """30 requests/s: on a lot at 1 USD a GPU-hour, on ``offers``, and the rest by an API at 0.001 USD a request."""
    api = token_api(input_usd_per_mtok=0.5, output_usd_per_mtok=1.0)
    full = offer(usd_per_gpu_hour=1.0, lot_gpus=8, max_lots=1)
    return case(
        (full, *offers),
        (WIDE, SINGLE),
        tables={"apis": [api]},
        workloads=[CHAT | {"demand": {"requests_per_s": 30.0}}],
        finance={"discount_rate": 0.0, "price_path": "flat"},
        **fields,
    )


@pytest.mark.parametrize(
    ("offers", "contracts"),
    [
        ([offer(provider="bolt", usd_per_gpu_hour=1.0, **HALF_UP)], []),
        ([offer(usd_per_gpu_hour=1.0, region="south", **HALF_UP)], []),
        ([], [{"provider": "core", "system": "h-node", "gpus": 8, "usable_share": 0.5, "usd_per_gpu_hour": 1.0}]),
    ],
    ids=["another provider", "the same provider", "a contract signed"],
)
def test_domains_half_empty_lend_none_to_full_ones(offers: list[Offer], contracts: list[dict[str, object]]) -> None:
    """Of 8 GPUs five serve 10 requests/s and three 3, 4 of the other serve 8: 21. Of 12 in two domains it was 22."""
    term = {"start": "2027-01-01", "end": "2028-01-01"}
    asked = half_up(*offers, contracts=[row | term for row in contracts])
    by_hand = HOURS * (16 * 1.0 + (30 - 21) * 3600 * 0.001)
    found = solved(asked)
    assert (found.low, found.high) == pytest.approx((by_hand, by_hand), rel=1e-6)
    assert least_cost(asked.scenario, asked.catalog) == pytest.approx((by_hand, by_hand), rel=1e-6)
    assert found.meets(solved(asked, reductions=EACH["all"]))


def test_one_pool_of_both_is_no_plan() -> None:
    asked = half_up(offer(provider="bolt", usd_per_gpu_hour=1.0, **HALF_UP))
    plan = planner.solve(asked.scenario, asked.catalog)
    assert plan.decisions.pools["pool"].nunique() == 2
    together = {name: getattr(plan.decisions, name).assign(pool="rented") for name in ("pools", "serving")}
    found = audit_of(Account(asked.scenario, asked.catalog, replace(plan.decisions, **together)))
    assert any("GPUs in each domain that may serve" in str(told.sentence) for told in found.violations)


def test_a_contract_that_is_there_in_no_period_has_the_pool_of_its_kind() -> None:
    """Two that end before the first period is over, of which other shares are up: audited like those that are there."""
    signed = {"provider": "core", "system": "h-node", "gpus": 8, "usd_per_gpu_hour": 1.0}
    signed |= {"start": "2026-01-01", "end": "2027-03-01"}
    asked = half_up(contracts=[signed | {"usable_share": 0.5}, signed | {"usable_share": 0.75}])
    found = solved(asked)
    assert found.meets(solved(asked, reductions=EACH["all"]))
