"""Cases that random ones have found, or are unlikely to find."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

import planner
from planner.catalog.models import Catalog
from planner.scenario.models import Scenario
from tests.strategies import HOPPER, NODE, SITE, Case, catalog, offer, point, scenario, solved, system

# Plain Python that other tests run too is three times as slow when traced.
pytestmark = [pytest.mark.property, pytest.mark.no_cover]


def one_hall(**fields: Any) -> Scenario:
    return scenario(sites=[SITE | {"power_mw": 0.1}], **fields)


def node_catalog(**fields: Any) -> Catalog:
    return catalog([system("h-node", **fields)], [offer()], [point()])


@pytest.mark.parametrize("whole", [False, True])
def test_a_block_without_hours(whole: bool) -> None:
    """Nothing can be served in it, and nothing has to be."""
    tokens = {"input": 1000, "output": 500}
    chat: dict[str, Any] = {"name": "chat", "model": "m1", "tokens": tokens, "demand": {"requests_per_s": 5}}
    chat |= {"whole_replicas": True, "min_replicas": 2} if whole else {}
    plan = planner.solve(one_hall(blocks={"leap": 0.0, "all": 1.0}, workloads=[chat]), node_catalog())
    assert plan.audit.passed


@pytest.mark.parametrize("life", [0.4, 1.4, 1.6, 2.5])
def test_a_life_that_is_no_whole_number_of_periods(life: float) -> None:
    """The residual follows the curve to the end of life, however the periods in service round."""
    horizon = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 2, "period": "year"}
    case = Case(one_hall(horizon=horizon), node_catalog(life_years=life, price_usd=1000.0))
    assert solved(case).cost_usd > 0


def test_a_worker_that_only_an_offers_own_share_makes_large() -> None:
    """64 of 72 GPUs are usable but where an offer says all: there a worker of 64 still has its domain to itself."""
    rack = system("rack")
    points = [point("rack", gpus_per_replica=64, largest_worker_gpus=64)]
    offers = [offer(system="rack", lot_gpus=72, usable_share=1.0)]
    assert solved(Case(scenario(), catalog([rack], offers, points))).cost_usd > 0


def test_a_price_path_that_no_catalog_names() -> None:
    """`flat` is always there."""
    bare = replace(node_catalog(), price_paths={})
    assert planner.solve(one_hall(), bare).status == "optimal"


def test_no_supply_at_all() -> None:
    nothing = catalog([system("h-node")], [], [point()])
    with pytest.raises(planner.InfeasiblePlan) as refusal:
        planner.solve(scenario(), nothing)
    assert [relaxation.kind for relaxation in refusal.value.relaxations] == ["min_served"]


def test_no_demand_at_all() -> None:
    idle = {"name": "chat", "model": "m1", "tokens": {"input": 1000, "output": 500}, "demand": {"requests_per_s": 0}}
    for objective in ("cost", "tokens", "profit"):
        plan = planner.solve(one_hall(workloads=[idle], objective=objective), node_catalog())
        assert plan.proof.objective_usd == 0
    with pytest.raises(planner.InputError, match="no workload makes tokens"):
        planner.solve(one_hall(workloads=[idle], objective="cost_per_token"), node_catalog())


def test_cost_per_token_where_no_tokens_are_made() -> None:
    """Named, not a division by zero."""
    training = {
        "name": "training",
        "kind": "gpu_hours",
        "demand": {"gpu_hours_per_day": 100},
        "gpu_hours_weight": {"h-node": 1},
    }
    with pytest.raises(planner.PlannerError, match="token"):
        planner.solve(one_hall(workloads=[training], objective="cost_per_token"), node_catalog())


def test_cost_per_token_where_a_workload_may_go_unserved() -> None:
    """Its own floor of 0 is as bad as the scenario's: serving nothing would be cheapest."""
    chat = {"name": "chat", "model": "m1", "tokens": {"input": 1000, "output": 500}, "demand": {"requests_per_s": 5}}
    with pytest.raises(planner.PlannerError, match="above 0"):
        planner.solve(one_hall(workloads=[chat | {"min_served": 0}], objective="cost_per_token"), node_catalog())


@pytest.mark.solve
def test_a_group_of_a_kind_of_cooling_that_the_hall_lacks() -> None:
    """An existing rack in a hall without liquid cooling: a named error or no rack, no plan its audit refuses."""
    hall = SITE | {"cooling": ["air"], "existing": [{"system": "rack", "count": 1, "in_service": "2026-01"}]}
    rows = catalog([system("h-node"), system("rack")], [offer()], [point(), point("rack")])
    for buy in (True, False):
        try:
            plan = planner.solve(scenario(sites=[hall], procurement={"buy": buy}), rows)
        except planner.InputError:
            continue
        assert plan.audit.passed


def test_unknown_names_are_named_where_the_catalog_is_given() -> None:
    chat = {"name": "chat", "model": "m9", "tokens": {"input": 1000, "output": 500}, "demand": {"requests_per_s": 5}}
    with pytest.raises(planner.ScenarioError, match="unknown model 'm9'"):
        planner.solve(one_hall(workloads=[chat]), node_catalog())
    with pytest.raises(planner.ScenarioError, match="unknown system 'x'"):
        planner.solve(one_hall(procurement={"quotas": [{"system": "x", "gpus": 1}]}), node_catalog())


def test_a_horizon_of_one_month() -> None:
    horizon = {"decided_on": dt.date(2027, 2, 1), "start": "2027-02", "periods": 1, "period": "month"}
    assert planner.solve(one_hall(horizon=horizon), node_catalog()).status == "optimal"


def test_the_node_of_the_handmade_cases_is_a_hopper() -> None:
    """`HOPPER` is what the all-Hopper property allows."""
    assert (NODE["generation"], HOPPER) == ("hopper", ("h-node",))
