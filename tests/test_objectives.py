"""The four objectives: each reached, each proven, held against the second model and against each other.

`cost_per_token` is checked without Dinkelbach: θ is the least ratio exactly where the least of C − θ·N is zero.
`tokens` and `profit` are reached first and cost the least that what was reached allows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

import planner
from planner.errors import InputError
from planner.scenario.models import Service
from tests.oracle import Program, cost_with, most_profit, most_tokens, priced_cost, program
from tests.strategies import (
    CHAT,
    SITE,
    TOKENS,
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
    token_api,
    with_part,
    with_workloads,
)

LOOSE = 1e-5


def least_ratio_lies_in(p: Program, low: float, high: float) -> None:
    """C − low·N is at least 0 for every plan, and C − high·N is at most 0 for one."""
    slack = LOOSE * max(1.0, high * p.mtok)
    assert priced_cost(p, low)[1] >= -slack
    assert priced_cost(p, high)[0] <= slack


@examples(1)
@given(case=tiny_cases("cost_per_token"))
def test_cost_per_token_on_tiny_cases(case: Case) -> None:
    """Against the second model, and against the least cost for every share of the tokens that might be served."""
    p = program(case.scenario, case.catalog)
    found = solved(case)
    assert math.isinf(found.high) == math.isinf(p.optimum()[1])
    assume(math.isfinite(found.high))
    assert found.high - found.low <= 1.01e-6 * found.high + 1e-12
    least_ratio_lies_in(p, found.low, found.high)
    for share in np.linspace(0.0, 1.0, 6):
        cost, _ = cost_with(p, p.lost_mtok, (1 - share) * p.mtok)
        # Serving at least this share costs at least this much and makes no more than all tokens.
        served = p.mtok * max(share, 1e-9)
        for grid in (served, p.mtok):
            assert math.isinf(cost) or cost / grid >= found.low * min(1.0, served / grid) * (1 - LOOSE)


@examples(1)
@given(case=cases("cost_per_token"))
def test_cost_per_token(case: Case) -> None:
    found = solved(case)
    assume(math.isfinite(found.high))
    least_ratio_lies_in(program(case.scenario, case.catalog), found.low, found.high)


@examples(1)
@given(case=cases("cost_per_token", min_served=False))
def test_cost_per_token_is_cost_where_everything_is_served(case: Case) -> None:
    """Then the tokens are a constant, and so is the ratio of the two objectives."""
    everything = case.with_scenario(service=with_part(case.scenario.service, min_served=1.0))
    everything = with_workloads(everything, lambda w: {"min_served": None})
    tokens = program(everything.scenario, everything.catalog).mtok
    per_token, cost = solved(everything), solved(everything.with_scenario(objective="cost"))
    assert math.isinf(per_token.high) == math.isinf(cost.high)
    assume(math.isfinite(cost.high))
    assert Interval(per_token.low * tokens, per_token.high * tokens).meets(cost)


@examples(0.5)
@given(case=cases("cost_per_token"))
def test_no_other_objective_is_cheaper_per_token(case: Case) -> None:
    """Of any objective's plan, cost ÷ tokens is no less than the least of them."""
    best = solved(case)
    assume(math.isfinite(best.high))
    for objective in ("cost", "tokens"):
        plan = planner.solve(case.scenario.model_copy(update={"objective": objective}), case.catalog)
        basis = case.scenario.finance.token_basis
        ratio = plan.kpis[f"levelised_usd_per_mtok_{basis}"]
        assert Interval(ratio, ratio).may_reach(best)


@examples(1.5)
@given(case=cases("tokens"))
def test_most_tokens_and_then_least_cost(case: Case) -> None:
    p = program(case.scenario, case.catalog)
    found = solved(case)
    assume(math.isfinite(found.high))
    low, high = most_tokens(p)
    assert found.meets(Interval(-high, -low)), (found, low, high)
    # What was reached, with what engines' tolerances may take off it.
    kept = p.mtok_flat + found.high + 2e-6 * p.mtok_flat
    cheapest, _ = cost_with(p, p.lost_mtok_flat, kept)
    least, _ = cost_with(p, p.lost_mtok_flat, max(0.0, p.mtok_flat + found.high - 2e-6 * p.mtok_flat))
    assert found.cost_usd >= cheapest - LOOSE * abs(cheapest) - 1e-3
    gap = case.scenario.solve.gap
    assert math.isinf(least) or found.cost_usd <= cost_at(p, found) * (1 + gap + LOOSE) + 1e-3


def cost_at(p: Program, found: Interval) -> float:
    """The least cost of losing no more tokens than a plan does."""
    return cost_with(p, p.lost_mtok_flat, max(0.0, p.mtok_flat + found.high))[1]


@examples(1.5)
@given(case=cases("profit"))
def test_most_profit(case: Case) -> None:
    p = program(case.scenario, case.catalog)
    found = solved(case)
    assume(math.isfinite(found.high))
    low, high = most_profit(p)
    size = LOOSE * max(abs(low), p.revenue)
    assert found.low <= -low + size
    assert found.high >= -high - size


# --- by hand ---

HOURS = 8760.0
MIDDLE = 1.1 ** -(182.5 / 365.25)
YEAR = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year"}
REQUESTS = 3600 * HOURS
MTOK = TOKENS["output"] / 1e6


def hired(objective: str, **fields: Any) -> Case:
    """Twenty requests/s of which half must be served: ten GPUs at 1 USD an hour and any number at 3."""
    cheap = offer(usd_per_gpu_hour=1.0, max_lots=10)
    dear = offer(usd_per_gpu_hour=3.0, provider="bolt")
    service = {"min_served": fields.pop("min_served", 0.5)}
    parts = {"horizon": YEAR, "service": service, "objective": objective}
    return Case(scenario(**(parts | fields)), catalog([system("h-node")], [cheap, dear], [point()]))


@pytest.mark.parametrize(("floor", "served"), [(0.2, 10), (0.5, 10), (0.75, 15), (1.0, 20)])
def test_cost_per_token_by_hand(floor: float, served: int) -> None:
    """The cheap ten are run in full, and of the dear ones what the floor asks for."""
    usd = 10 + 3 * (served - 10)
    found = solved(hired("cost_per_token", min_served=floor))
    assert found.high == pytest.approx(usd * HOURS / (served * REQUESTS * MTOK), rel=1e-6)


def test_cost_serves_no_more_than_it_has_to() -> None:
    found = solved(hired("cost", min_served=0.2))
    assert found.high == pytest.approx(4 * HOURS * MIDDLE, rel=1e-6)


def test_tokens_serves_all_and_pays_the_least_for_it() -> None:
    found = solved(hired("tokens", min_served=0.2))
    assert -found.high == pytest.approx(20 * REQUESTS * MTOK, rel=1e-6)
    assert found.cost_usd == pytest.approx((10 + 3 * 10) * HOURS * MIDDLE, rel=1e-6)


@pytest.mark.parametrize(("price", "served"), [(0.1, 4), (1.0, 10), (2.0, 20)])
def test_profit_serves_what_earns_more_than_it_costs(price: float, served: int) -> None:
    """A GPU-hour makes 1.8 Mtok: at 1 USD it pays for 0.56 USD/Mtok and more, at 3 USD for 1.67."""
    chat = CHAT | {"price_usd_per_mtok": {"input": 0, "output": price}}
    found = solved(hired("profit", min_served=0.2, workloads=[chat]))
    usd = min(served, 10) + 3 * max(served - 10, 0)
    assert -found.high == pytest.approx((served * REQUESTS * MTOK * price - usd * HOURS) * MIDDLE, rel=1e-6)


@pytest.mark.slow
def test_a_cost_per_token_may_fall_by_serving_more() -> None:
    """A node is whole: once it is bought, the tokens it can still make are nearly free."""
    case = Case(
        scenario(
            horizon=YEAR, sites=[SITE | {"power_mw": 0.0125}], objective="cost_per_token", service={"min_served": 0.2}
        ),
        catalog([system("h-node", price_usd=50_000)], [offer(usd_per_gpu_hour=50.0)], [point()]),
    )
    plan = planner.solve(case.scenario, case.catalog)
    assert plan.kpis["served_share"] == pytest.approx(8 / 20)
    assert plan.purchases["count"].sum() == 1


def test_tokens_that_cannot_go_unserved_are_no_aim() -> None:
    """Only GPU-hours may: then `tokens` is `cost`."""
    training = {
        "name": "training",
        "kind": "gpu_hours",
        "demand": {"gpu_hours_per_day": 100},
        "gpu_hours_weight": {"h-node": 1},
    }
    chat = CHAT | {"min_served": 1.0}
    found = solved(hired("tokens", workloads=[chat, training]))
    assert found.cost_usd == pytest.approx(solved(hired("cost", workloads=[chat, training])).high, rel=1e-6)


def test_apis_make_tokens_too() -> None:
    """At 0.5 USD per Mtok out an API is cheaper than the GPUs, and makes every token."""
    api = token_api(input_usd_per_mtok=1e-9, output_usd_per_mtok=0.5)
    case = hired("cost_per_token")
    assert solved(case.with_catalog(token_apis={api.key: api})).high == pytest.approx(0.5, rel=1e-6)


def test_a_cost_per_token_of_nearly_nothing_is_refused() -> None:
    """The ratio is proven by dividing by what has to be served: an engine does not tell that from nothing."""
    case = Case(
        scenario(objective="cost_per_token", service={"min_served": 1e-9}),
        catalog([system("h-node")], [offer()], [point()]),
    )
    with pytest.raises(InputError, match=r"a min_served of 1e-09 is all that has to be served; .* at least 0\.0001"):
        solved(case)
    assert solved(Case(case.scenario.model_copy(update={"service": Service(min_served=0.001)}), case.catalog)).high > 0
