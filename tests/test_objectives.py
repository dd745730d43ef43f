"""The four objectives: what each minimises, and that it does."""

from __future__ import annotations

import pytest

import planner
from planner.plan import Plan

TINY = "scenarios/tiny.yaml"
PRICED = "workloads.chat.price_usd_per_mtok={input: 0.1, output: 0.5}"


def plan_for(objective: str, *overrides: str) -> Plan:
    return planner.solve(planner.load(TINY, (f"objective={objective}", *overrides)), gap=1e-6)


def ratio(plan: Plan) -> float:
    value: float = plan.kpis["levelised_usd_per_mtok_output"]
    return value


def test_with_all_served_the_least_cost_is_the_least_cost_per_token() -> None:
    cost, per_token = plan_for("cost"), plan_for("cost_per_token")
    assert ratio(per_token) == pytest.approx(ratio(cost), rel=1e-6)
    assert per_token.proof.unit == "USD/Mtok"


def test_the_least_cost_per_token_beats_every_floor() -> None:
    best = plan_for("cost_per_token", "service.min_served=0.3")
    assert best.proof.value == pytest.approx(ratio(best), rel=1e-9)
    for floor in (0.3, 0.5, 0.7, 0.8, 0.9, 1.0):
        other = plan_for("cost", f"service.min_served={floor}")
        assert best.proof.bound <= ratio(other) * (1 + 1e-9)
        assert ratio(best) <= ratio(other) * (1 + 1e-5)
    assert 0.3 < best.kpis["served_share"] < 1.0


def test_most_tokens_within_a_budget() -> None:
    poorer = plan_for("tokens", "service.min_served=0.1", "budget.total_usd=1.2e6")
    richer = plan_for("tokens", "service.min_served=0.1", "budget.total_usd=1.4e6")
    assert poorer.kpis["served_share"] < richer.kpis["served_share"]


def test_most_profit_serves_what_pays() -> None:
    gains = plan_for("profit", PRICED, "service.min_served=0")
    assert gains.proof.value == pytest.approx(gains.kpis["npv_profit_usd"], rel=1e-6)
    assert gains.proof.value >= plan_for("profit", PRICED).proof.value - 1.0
