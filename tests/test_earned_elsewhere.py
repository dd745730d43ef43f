"""``headroom: simulated`` in studies that solve many plans, after a replan, and where there are several futures."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

import planner
from planner import Plan
from planner.earned import rounds
from planner.history.run import run_of
from planner.pipeline import catalog_of
from planner.report.earned import earned_lines
from planner.scenario import Scenario
from planner.simulation import requests
from planner.simulation.requests import traffic_of
from planner.studies.compare.study import compare
from planner.studies.replan.study import replan
from planner.studies.sweep.study import sweep
from tests.tiny import whole

TAIL = ("workloads.chat.headroom=simulated", "workloads.chat.sla={ttft_s: 2.0, ttft_percentile: 95, tpot_ms: 25}")
FUTURES = "futures=[{name: boom, probability: 0.5, demand: 1.5}, {name: bust, probability: 0.5, demand: 0.5}]"

pytestmark = pytest.mark.solve


@pytest.fixture(autouse=True)
def few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as two mean answers have: what they say is of no matter, only that it is asked for."""
    monkeypatch.setattr(rounds, "traffic_of", partial(traffic_of, requests=100))
    monkeypatch.setattr(requests, "LASTS", 2)


def settled(scenario: Scenario, plan: Plan) -> float:
    """What a plan with the headroom that ``plan`` found costs, without a simulation."""
    assert plan.simulated is not None
    twin = planner.solve(plan.simulated.settled(scenario))
    assert twin.simulated is None
    return float(twin.kpis["npv_usd"])


def test_each_option_of_a_comparison_earns_its_own() -> None:
    scenario = whole(*TAIL)
    found = compare(scenario, ("plan", "rent"))
    assert [entry.name for entry in found.entries] == ["plan", "rent"]
    for entry in found.entries:
        assert entry.plan is not None
        assert entry.plan.simulated is not None
        assert entry.plan.audit.passed
    first = found.entries[0].plan
    assert first is not None
    assert first.kpis["npv_usd"] == pytest.approx(settled(scenario, first))


def test_each_case_of_a_sweep_goes_through_the_rounds() -> None:
    (npv_usd,) = sweep(whole(*TAIL), [{"demand": "x1.2"}]).results["npv_usd"]
    scenario = whole(*TAIL, "demand=x1.2")
    plan = planner.solve(scenario)
    assert npv_usd == pytest.approx(plan.kpis["npv_usd"])
    assert npv_usd == pytest.approx(settled(scenario, plan))


def test_a_replan_finds_the_headroom_of_today() -> None:
    """What was bought stays; with half of the demand again, what is rented beside it has to hold too."""
    scenario = whole(*TAIL)
    catalog = catalog_of(scenario)
    plan = planner.solve(scenario, catalog)
    run = run_of(scenario, catalog, plan, plan.to_dict(), [], ())
    found = replan(run, dt.date(2027, 6, 1), whole(*TAIL, "demand=x1.5"))
    assert found.plan.audit.passed
    assert found.plan.simulated is not None
    assert found.plan.simulated.verdicts["within_share"].min() >= 0.95
    assert found.plan.purchases["count"].sum() == plan.purchases["count"].sum()
    assert found.plan.kpis["npv_usd"] > plan.kpis["npv_usd"]


def test_every_future_is_judged_and_the_worst_is_named() -> None:
    plan = planner.solve(whole(*TAIL, FUTURES, "sites.hall.power_mw=0.2"))
    assert plan.simulated is not None
    (row,) = plan.simulated.verdicts.to_dict(orient="records")
    assert row["future"] in ("boom", "bust")
    assert row["within_share"] >= 0.95
    (worst,) = [line for name, line in earned_lines(plan) if name == "by simulation"]
    assert f"chat in {row['block']} of {row['period']}, {row['future']};" in worst
