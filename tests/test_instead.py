"""What another way of getting GPUs costs at the least: which are told, how, and that no plan is below it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from planner.errors import InfeasiblePlan
from planner.pipeline import solve
from planner.report.instead import Bound, bounded, others
from planner.solvers import Options
from planner.studies.bounds import bounds
from planner.studies.compare.options import option
from planner.studies.stands.relaxed import Relaxations, World
from tests.screens import FLEET, solved

EVERY = ("buy", "reserve", "rent", "api")
RENT, BUY, SIGN = ("rent",), ("buy", "rent"), ("reserve", "rent")


@pytest.mark.slow
def test_only_ways_that_leave_out_some_of_the_plans_own_are_told() -> None:
    plan, _, _ = solved(FLEET)
    none = {name: getattr(plan, name).iloc[:0] for name in ("purchases", "contracts", "on_demand", "token_api")}
    whole = {name: plan.fleet.head(1) for name in none}

    def told(*used: str) -> list[tuple[str, ...]]:
        return others(replace(plan, **{name: whole[name] if name in used else none[name] for name in none}), EVERY)

    assert told("purchases", "contracts", "on_demand") == [RENT, BUY]
    assert told("purchases", "on_demand") == [RENT, SIGN]
    assert told("on_demand") == [("buy",), ("reserve",)]
    assert others(replace(plan, **(none | {"on_demand": whole["on_demand"]})), ("rent",)) == []


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ([], "There is no other way of getting its GPUs to hold it against."),
        (
            [(RENT, 2.5e6, 1.6e6)],
            "Instead of this plan, renting it all by the hour costs at least $1.50 M more (150 %).",
        ),
        (
            [(RENT, 0.99e6, 2e5), (BUY, math.inf, math.inf)],
            "Instead of this plan, renting it all by the hour costs $200 k more (20 %) by the LP relaxation, in parts "
            "of systems; buying and renting by the hour, without contracts, is not possible within the limits given.",
        ),
        (
            [(SIGN, 0.8e6, 10.0)],
            "Instead of this plan, signing and renting by the hour, without buying, costs the same by the LP "
            "relaxation, in parts of systems.",
        ),
        (
            [(RENT, math.inf, math.inf), (SIGN, math.inf, math.inf)],
            "Instead of this plan, neither renting it all by the hour nor signing and renting by the hour, without "
            "buying, keeps every limit given.",
        ),
    ],
)
def test_the_sentence_claims_what_a_bound_proves(bound: list[tuple[tuple[str, ...], float, float]], words: str) -> None:
    assert bounded([Bound(*one) for one in bound], 1e6) == words


@pytest.mark.solve
def test_no_plan_of_another_way_is_below_its_bound() -> None:
    plan, scenario, catalog = solved(FLEET)
    found = bounds(Relaxations(World(scenario, catalog), Options(0.01, 600.0)), plan)
    assert any(math.isfinite(one.at_least_usd) for one in found)
    for one in found:
        alone = option(scenario, catalog, "+".join(one.ways))
        try:
            cost = solve(alone, catalog, gap=1e-3).proof.objective_usd
        except InfeasiblePlan:
            continue
        # The relaxation is in parts of systems, so it may be lower, and is close where there are many.
        assert 0.8 * cost <= one.at_least_usd <= cost * (1 + 1e-9)
