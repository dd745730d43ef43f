"""The levelised cost of the reported periods: every charge worked out by hand, and what it must not hang on.

Two years, 2027 and 2028, discounted at 10 % from the start of 2027; see ``tests.payments``. A node costs 100,000 USD,
serves four years and is then worth nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import planner
from planner.accounts import Account, totals_of
from planner.accounts.levelised import charges, figures, parts_usd
from planner.decisions import Decisions
from tests.payments import HALL, HOURS, MIDDLE, SCENARIO, START, catalog, decisions, scenario
from tests.store import TINY
from tests.strategies import Case, cases, examples
from tests.strategies.case import with_part

YEARS = [8760.0, 8784.0, 8760.0, 8760.0, 8760.0, 8784.0]
DAYS = np.concatenate([[0.0], np.cumsum(YEARS) / 24])
MIDDLES = 1.1 ** -((DAYS[:-1] + DAYS[1:]) / 2 / 365.25)


def an_hour(first: int, periods: int) -> float:
    """What 1 USD now is an hour, paid over some years."""
    there = slice(first, first + periods)
    return 1 / float((YEARS[there] * MIDDLES[there]).sum())


def account(plan: Decisions, system: dict[str, Any] | None = None, **changes: Any) -> Account:
    return Account(scenario(**changes), catalog(**system or {}), plan)


def parts(plan: Decisions, **changes: Any) -> dict[str, float]:
    return parts_usd(account(plan, **changes))


def test_a_system_is_charged_over_its_life_and_not_beyond_the_reported_years() -> None:
    found = parts(decisions(buys=[("base", "hall", "node", 0, 1)]))
    two_of_four = an_hour(0, 4) * (HOURS[0] * MIDDLE[0] + HOURS[1] * MIDDLE[1])
    assert found["hardware"] == pytest.approx(100_000 * two_of_four)
    assert found["network"] == pytest.approx(10_000 * two_of_four)
    assert found["installation"] == pytest.approx(5_000 * two_of_four)


def test_a_deposit_is_worth_more_than_what_is_paid_later() -> None:
    """In service in 2028, a fifth of 90,000 paid in 2027."""
    found = parts(decisions(buys=[("base", "hall", "node", 1, 1)]))
    paid = 90_000 * (0.2 + 0.8 * START[1])
    assert found["hardware"] == pytest.approx(paid * an_hour(1, 4) * HOURS[1] * MIDDLE[1])


def test_an_upfront_payment_is_spread_over_the_term() -> None:
    """8 GPUs at 2 USD for 24 months, a quarter upfront; only the first year is reported."""
    horizon = SCENARIO["horizon"] | {"periods": 1, "lookahead": 1}
    found = parts(decisions(signs=[("base", "acme/us/node/reserved-24m", 0, 1)]), horizon=horizon)
    whole = 2 * 8 * (8760 + 8784)
    by_the_hour = 2 * 8 * 8760 * 0.75 * MIDDLE[0]
    assert found["reserved"] == pytest.approx(by_the_hour + 0.25 * whole * an_hour(0, 2) * 8760 * MIDDLE[0])


def test_a_conversion_is_charged_over_the_service_of_what_needs_it() -> None:
    """Converted in 2027, a liquid-cooled node from 2028 for four years: five years of use."""
    plan = decisions(conversions=[("base", "hall", 0)], buys=[("base", "hall", "node", 1, 1)])
    found = parts_usd(account(plan, {"cooling": "liquid"}))
    assert found["conversion"] == pytest.approx(50_000 * an_hour(0, 5) * (HOURS[0] * MIDDLE[0] + HOURS[1] * MIDDLE[1]))


def test_existing_systems_cost_what_their_resale_value_loses() -> None:
    """Three of January 2026, one kept in 2028: see ``tests.test_residual`` for what they are worth."""
    finance = {"residual_of": "market", "resell_existing": True, "residual_haircut": 0.9, "price_path": "falling"}
    group = {"system": "node", "count": 3, "in_service": "2026-01"}
    kept = decisions(keeps=[("base", "hall", 0, 0, 3), ("base", "hall", 0, 1, 1)])
    found = parts(kept, sites=[HALL | {"existing": [group]}], finance=finance)
    first = 0.9 * 90_000 * (1 - 0.4 * 365 / 365.25)
    second = 0.9 * 80_000 * (0.6 - 0.3 * (730 / 365.25 - 1)) * START[1]
    third = 0.9 * 80_000 * 0.3 * (4 - 1096 / 365.25) / 2 * 1.1 ** -(731 / 365.25)
    assert found["existing"] == pytest.approx(3 * (first - second) + (second - third))
    assert "existing" not in parts(kept, sites=[HALL | {"existing": [group]}])


def test_a_token_costs_the_reported_cost_over_the_reported_tokens() -> None:
    """4 requests/s of 1,000 and 500 tokens in the day's half of 2027; the lookahead serves as many."""
    horizon = SCENARIO["horizon"] | {"periods": 1, "lookahead": 1}
    plan = decisions(
        pools=[("here", "own:hall/node")],
        buys=[("base", "hall", "node", 0, 1)],
        serving=[("base", "chat", "here", "node/s@c8x1", t, "day", 4.0, np.nan) for t in (0, 1)],
    )
    found = figures(account(plan, horizon=horizon))
    requests = 4 * 3600 * 8760 / 2 * MIDDLE[0]
    cost = sum(parts(plan, horizon=horizon).values())
    assert found["reported_cost_usd"] == pytest.approx(cost)
    assert found["reported_levelised_usd_per_mtok_output"] == pytest.approx(cost / (requests * 500 / 1e6))
    assert found["reported_levelised_usd_per_mtok_total"] == pytest.approx(cost / (requests * 1500 / 1e6))


def test_where_everything_ends_within_the_reported_periods_it_is_their_npv() -> None:
    plan = decisions(
        buys=[("base", "hall", "node", 0, 2), ("base", "hall", "node", 1, 1)],
        signs=[("base", "acme/us/node/reserved-24m", 0, 1)],
        rents=[("base", "acme/us/node/on_demand", 1, "day", 3.0, 3.0, False)],
    )
    whole = account(plan, {"life_years": 1, "deposit_share": 0.0})
    assert figures(whole)["reported_cost_usd"] == pytest.approx(totals_of(whole).cost_usd)


def test_charges_over_a_life_are_worth_what_was_paid() -> None:
    """All four years in the horizon, all charged."""
    horizon = SCENARIO["horizon"] | {"lookahead": 4}
    found = charges(account(decisions(buys=[("base", "hall", "node", 0, 1)]), horizon=horizon))
    assert found["hardware"].shape == (1, 6)
    assert (found["hardware"] > 0).tolist() == [[True] * 4 + [False] * 2]
    assert float(found["hardware"][0] @ MIDDLES) == pytest.approx(100_000)


@examples(1)
@given(case=cases())
def test_the_same_plan_costs_the_same_however_far_it_looks(case: Case) -> None:
    """What a plan decides for the reported periods is charged alike with more periods behind them."""
    try:
        plan = planner.solve(case.scenario, case.catalog)
    except planner.InfeasiblePlan:
        return
    longer = with_part(case.scenario.horizon, lookahead=case.scenario.horizon.lookahead + 2)
    near = figures(Account(case.scenario, case.catalog, plan.decisions))
    far = figures(Account(case.with_scenario(horizon=longer).scenario, case.catalog, plan.decisions))
    assert near == pytest.approx(far)


@pytest.mark.parametrize(
    ("nodes", "power_mw", "lots_by_day", "lots_by_night", "usd_per_mtok"),
    [
        (4, 0.06, 1, 0, 0.747),
        pytest.param(3, 0.045, 2, 0, 0.822, marks=pytest.mark.slow),
        pytest.param(2, 0.04, 3, 1, 1.104, marks=pytest.mark.slow),
    ],
)
def test_tiny_by_hand(nodes: int, power_mw: float, lots_by_day: int, lots_by_night: int, usd_per_mtok: float) -> None:
    """The figures of docs/tiny-by-hand.md, with nodes that serve five years in place of their worth after three.

    A node costs 373,750 USD, then 16,250 USD a year for support and 150 USD a kW and month, and hosts four replicas, of
    which 17 stand by day and 9 by night; a lot by the hour is eight GPUs at 5.99 USD. There is work for 31.761 GPUs by
    day and 15.880 by night; of each lot 7.6 do theirs before the nodes do.
    """
    plan = planner.solve(planner.load(TINY, (f"sites.hall.power_mw={power_mw}",)))
    assert plan.purchases["count"].tolist() == [nodes]
    assert (17 - 4 * nodes + 3) // 4 == lots_by_day
    assert max(9 - 4 * nodes + 3, 0) // 4 == lots_by_night
    hours = float((np.array(YEARS[:2]) * MIDDLES[:2]).sum())
    kw = 10.2 * 1.10
    standing = 16_250 / 8766 + 150 * kw / 730.5 + 1.25 * 0.0725 * 1.10 * 2.04
    own = (31.761 - 7.6 * lots_by_day) + (15.880 - 7.6 * lots_by_night)
    busy = 1.25 * 0.0725 * 1.10 * (7.038 - 2.04) / 8 * own / 2
    rented = 8 * 5.99 * (lots_by_day + lots_by_night) / 2
    cost = hours * (nodes * (373_750 * an_hour(0, 5) + standing) + busy + rented)
    assert plan.kpis["reported_cost_usd"] == pytest.approx(cost, rel=1e-4)
    assert round(cost / (2750 / 24 * hours), 3) == usd_per_mtok


def _but_scores(plan: planner.Plan) -> list[str]:
    """The notes that weigh, but for the one on precisions that nobody scored."""
    return [note for note in plan.weighty_notes if "no score is known" not in note]


@pytest.mark.solve
def test_a_plan_carries_the_figure_and_says_where_it_does_not_look_ahead() -> None:
    asked = planner.load(TINY, ("horizon.lookahead=0",))
    plan = planner.solve(asked)
    assert sum(plan.kpis["reported_cost_by_part_usd"].values()) == pytest.approx(plan.kpis["reported_cost_usd"])
    assert plan.kpis["reported_levelised_usd_per_mtok_output"] < plan.kpis["levelised_usd_per_mtok_output"]
    (note,) = _but_scores(plan)
    assert "horizon.lookahead is 0" in note
    assert plan.to_dict()["notes"][0] == note
    ahead = asked.model_copy(update={"horizon": asked.horizon.model_copy(update={"lookahead": 1})})
    assert _but_scores(planner.solve(ahead)) == []
    assert "notes" not in replace(plan, notes=()).to_dict()
