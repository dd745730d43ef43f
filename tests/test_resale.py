"""Where resale would change the orders due next: worked out by hand, the same again, and the same on every way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import planner
from planner import solvers
from planner.milp import build_model
from planner.problem import build_problem
from planner.solvers import Options
from planner.solvers.repriced import repriced
from planner.studies.resale import Resale, applies, resale
from tests.limits import AMPLE_S
from tests.strategies import SITE, Case, cases, catalog, examples, offer, point, scenario, system

END = 1.1 ** -(365 / 365.25)
MIDDLE = 1.1 ** -(182.5 / 365.25)
OPTIONS = Options(0.01, AMPLE_S)
# A node at 200,000 against 8 GPUs for a year at 2 USD an hour; in service it draws 7 kW at a PUE of 1.2 and 100 USD.
RENT = 8 * 2.0 * 8760 * MIDDLE
POWER = 7 * 1.2 * 8.76 * 100 * MIDDLE
SHARE = 1 - 0.4 * 365 / 365.25
EVEN = (200_000 + POWER - RENT) / (200_000 * SHARE * END)


def asked(haircut: float, **fields: Any) -> Case:
    """Twenty GPUs for 2027, bought or rented, with room for two nodes."""
    given: dict[str, Any] = {
        "horizon": {"decided_on": "2026-11-01", "start": "2027-01", "periods": 1, "period": "year"},
        "sites": [SITE | {"power_mw": 0.025, "electricity_usd_per_mwh": 100.0}],
        "finance": {"residual_haircut": haircut},
    }
    rows = catalog([system("h-node", price_usd=200_000.0)], [offer(usd_per_gpu_hour=2.0)], [point()])
    return Case(scenario(**(given | fields)), rows)


def told(case: Case) -> Resale:
    plan = planner.solve(case.scenario, case.catalog)
    return resale(case.scenario, case.catalog, plan, OPTIONS)


def test_owning_pays_above_the_haircut_at_which_it_costs_what_rent_does() -> None:
    assert 0.67 < EVEN < 0.68
    rented, bought = told(asked(0.65)), told(asked(1.0))
    assert rented.below is None
    assert rented.above is not None
    assert rented.above.haircut == 0.68
    assert [(c.verb, c.system, c.before_gpus) for c in rented.above.changes] == [("buy", "h-node", 0.0)]
    assert bought.above is None
    assert bought.below is not None
    assert bought.below.haircut == 0.67
    (change,) = bought.below.changes
    # Both nodes that the hall can feed, and none.
    assert (change.before_gpus, change.after_gpus) == (pytest.approx(16.0), 0.0)


def test_what_resale_carries_is_the_credit_in_the_npv() -> None:
    case = asked(0.9)
    found = told(case)
    plan = planner.solve(case.scenario, case.catalog)
    assert found.credit_usd == pytest.approx(2 * 200_000 * SHARE * 0.9 * END)
    assert found.share == pytest.approx(found.credit_usd / plan.kpis["npv_usd"])
    label, words = found.line()
    assert label == "resale carries"
    assert "$196 k off the NPV" in words
    assert "at a haircut of 0.9" in words
    assert "by the LP relaxation" in words
    assert "change at 0.67 and below (buy 16 → 0 GPUs of h-node)" in words
    assert found.to_dict()["below"]["changes"][0]["system"] == "h-node"


def test_orders_that_can_wait_are_not_looked_at() -> None:
    """Ordered on 1 January, 92 days after 1 October."""
    horizon = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year"}
    found = told(asked(1.0, horizon=horizon))
    assert not found.due
    assert (found.below, found.above) == (None, None)
    assert "nothing is to be ordered by 2026-12-30 at any haircut" in found.line()[1]


def test_an_order_that_pays_anyway_is_never_changed() -> None:
    case = asked(0.65)
    cheap = case.with_catalog(systems={"h-node": system("h-node", price_usd=20_000.0)})
    found = told(cheap)
    assert found.due
    assert (found.below, found.above) == (None, None)
    assert "no haircut changes the orders due by 2027-01-30" in found.line()[1]


def test_there_is_nothing_to_tell_where_no_hardware_may_be_owned() -> None:
    assert applies(asked(1.0).scenario)
    assert not applies(asked(1.0, procurement={"buy": False}).scenario)
    assert not applies(asked(1.0, sites=[]).scenario)
    assert not applies(asked(1.0, objective="tokens").scenario)


@pytest.mark.solve
def test_it_is_the_same_again_and_where_every_solve_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    case = asked(1.0)
    first = told(case)
    assert told(case) == first
    monkeypatch.setattr(solvers, "has_ortools", lambda: False)
    assert told(case) == first


@examples(1)
@given(case=cases())
def test_an_lp_with_another_cost_is_as_good_as_solved_anew(case: Case) -> None:
    """What is told of the columns costs the optimum, whatever was asked before."""
    milp = build_model(build_problem(case.scenario, case.catalog)).milp.relaxed()
    size = float(np.abs(milp.cost).max(initial=1.0))
    milp = replace(milp, cost=milp.cost / size, constant=0.0)
    every = np.arange(milp.columns)
    kept = repriced(milp, every, every, OPTIONS)
    for factor in (1.0, 0.5, 2.0):
        cost = milp.cost * np.where(every % 2 == 0, factor, 1.0)
        anew = solvers.run(replace(milp, cost=cost), "glop", OPTIONS)
        values = kept.solve(cost)
        assert (values is None) == (anew.x is None)
        if values is not None:
            assert float(cost @ values) == pytest.approx(anew.objective, rel=1e-6, abs=1e-6)
