"""The verdict: three sentences with tiny's own figures, from docs/tiny-by-hand.md, and rows of a comparison by hand."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.plan.notes import Note
from planner.report import verdict
from planner.report.given import everything_given
from planner.report.verdict import Ground
from planner.report.view import timeline_of
from planner.report.ways import THROUGHOUT
from planner.scenario import Scenario, load_scenario
from planner.scenario.models import Existing
from planner.scenario.procurement import Contract, Quote

ROOT = Path(__file__).parents[1]
HOURLY = Ground("hourly_supply", "hourly GPUs", "up to 512", "8 of 40 GPUs at the peak", math.inf)
RESALE = Ground("resale", "resale", "0.65 of its curve", "$292 k of credit", 292_000.0)
HEADROOM = Ground("headroom", "headroom", "0.15 of the throughput", "", -282_000.0)


@pytest.fixture(scope="module")
def tiny() -> tuple[Plan, Scenario]:
    scenario = load_scenario(ROOT / "scenarios" / "tiny.yaml")
    return solve(scenario, catalog_of(scenario)), scenario


def row(name: str, npv_usd: float, more_usd: float = 0.0, **fields: Any) -> dict[str, Any]:
    found = {
        "name": name, "status": "optimal", "npv_usd": npv_usd, "npv_more_usd": more_usd, "npv_more_low_usd": more_usd,
        "npv_more_high_usd": more_usd, "supply_factor": 1.0, "budget_factor": 1.0, "factors_proven": True,
        "needs": "", "rents_until": "",
    }  # fmt: skip
    return found | fields


PLAN = row("mixed", 2e6)


@pytest.mark.solve
def test_what_to_sign_is_tinys_one_order(tiny: tuple[Plan, Scenario]) -> None:
    # Four nodes at $373,750 with network and installation are $1,495,000, the order 4 weeks before 2027.
    assert verdict.to_sign(*tiny) == (
        "Buy 4 hgx-h200 systems (32 GPUs) for hall by 4 December 2026 ($1.50 M); besides, rent up to 8 GPUs by the "
        "hour when demand peaks; everything from 2027 to 2029 costs $2.18 M in today's money, resale deducted; per "
        "million output tokens that is $0.747 until 2028, hardware charged over its life."
    )
    found = verdict.signatures(*tiny)
    assert (found.until, len(found.due), found.later) == (dt.date(2026, 12, 31), 1, ())
    assert found.usd == pytest.approx(1_495_000)


@pytest.mark.solve
def test_what_can_wait_is_said_to_wait(tiny: tuple[Plan, Scenario]) -> None:
    plan, scenario = tiny
    early = scenario.model_copy(
        update={"horizon": scenario.horizon.model_copy(update={"decided_on": dt.date(2026, 10, 1)})}
    )
    assert verdict.to_sign(plan, early).startswith(
        "Nothing has to be signed until 31 October 2026; the first order is to buy 4 hgx-h200 systems (32 GPUs) for "
    )
    without = replace(plan, purchases=plan.purchases.iloc[:0])
    assert verdict.to_sign(without, scenario).startswith("Nothing is to be bought or signed: rent up to 8 GPUs")


def test_the_alternatives_are_those_asked_for_first() -> None:
    rows = [PLAN, row("hopper", 5e6, 3e6), row("buy", 2.1e6, 1e5), row("rent", 4.5e6, 2.5e6)]
    assert verdict.instead(rows, 2e6) == (
        "Instead of this plan, renting it all by the hour would cost $2.50 M more (125 %); buying alone would cost "
        "$100 k more (5 %)."
    )


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (row("buy", 2e6, 1.0, npv_more_low_usd=-5.0, npv_more_high_usd=9.0),
         "buying alone would cost the same as far as is proven"),
        (row("buy", math.nan, math.nan, status="infeasible"), "buying alone is not possible within the limits given"),
        (row("buy", 1.5e6, -5e5, supply_factor=2.6),
         "buying alone is not possible: it would need 2.6 times as many GPUs as providers are assumed to have for us, "
         "and cost $500 k less (25 %)"),
        (row("buy", 1.5e6, -5e5, budget_factor=1.3, factors_proven=False),
         "buying alone is not possible: it would need at most 1.3 times the budget, and cost $500 k less (25 %)"),
        (row("buy", 2.5e6, 5e5, rents_until=THROUGHOUT),
         "buying and renting by the hour, without contracts, would cost $500 k more (25 %)"),
        (row("mi355x", 2.5e6, 5e5), "mi355x alone would cost $500 k more (25 %)"),
    ],
)  # fmt: skip
def test_an_alternative(other: dict[str, Any], said: str) -> None:
    assert verdict.instead([PLAN, other], 2.05e6) == f"Instead of this plan, {said}."


def test_a_plan_compared_that_is_far_from_the_plan_is_told() -> None:
    assert verdict.instead([PLAN, row("buy", 2.5e6, 5e5)], 2.2e6) == (
        "Instead of this plan, buying alone would cost $500 k more (25 %) (all in fractions of servers, of which this "
        "plan would cost $2.00 M)."
    )


def test_what_was_not_compared_is_said() -> None:
    assert "plan compare works it out" in verdict.instead([], 2e6)
    assert "not known" in verdict.instead([row("mixed", math.nan), row("buy", 1e6)], 2e6)


@pytest.mark.solve
def test_what_it_rests_on_is_what_costs_most_without(tiny: tuple[Plan, Scenario]) -> None:
    plan, _ = tiny
    assert verdict.rests_on(plan, (RESALE, HEADROOM, HOURLY)) == (
        "The plan counts on renting 8 of 40 GPUs at the peak by the hour, which no provider has promised (without them "
        "no plan is possible), and on reselling its hardware at the end for 65 % of the price expected then (were it "
        "worth nothing then, the plan would cost $292 k more); none of its cost rests on estimated prices."
    )
    assert verdict.rests_on(plan, (HEADROOM,)).startswith("No single assumption carries a noticeable part of the plan;")
    assert "was not looked into" in verdict.rests_on(plan, None)
    promised = replace(plan, kpis=plan.kpis | {"peak_gpus": plan.kpis["peak_gpus"] | {"unpromised": 0.0}})
    assert verdict.rests_on(promised, (HOURLY,)).startswith(
        "The plan counts on renting 8 of 40 GPUs at the peak by the hour, as the given quotas and offers allow "
        "(without them no plan is possible);"
    )
    shares = {"cost": {"vendor": 0.6, "predicted": 0.15, "estimate": 0.25}, "tokens": {}}
    weak = replace(plan, kpis=plan.kpis | {"evidence_share": shares})
    assert verdict.rests_on(weak, ()).endswith("; 40 % of its cost rests on estimated prices, for which to get quotes.")


@pytest.mark.solve
def test_a_budget_that_was_given_is_listed_with_its_use(tiny: tuple[Plan, Scenario]) -> None:
    plan, scenario = tiny
    given = scenario.model_copy(update={"budget": scenario.budget.model_copy(update={"capex_usd": 2_990_000.0})})
    (found,) = everything_given(plan, given, timeline_of(given))
    assert (found.kind, found.what) == ("budget", "capex over the horizon: $2.99 M")
    assert (found.used, found.why) == ("yes", "$1.50 M of it is used, 50 %.")


QUOTE = Quote(provider="acme", system="hgx-h200", term_months=12, usd_per_gpu_hour=2.5, lot_gpus=64)
CONTRACT = Contract(
    provider="zenith", system="hgx-h200", gpus=16, usd_per_gpu_hour=2.0, start="2026-07-01", end="2027-07-01"
)
OWNED = Existing(system="hgx-h100", count=3, in_service="2024-06-01")


@pytest.mark.solve
def test_what_is_not_used_says_why_in_the_notes_own_words(tiny: tuple[Plan, Scenario]) -> None:
    plan, scenario = tiny
    site = scenario.sites[0].model_copy(update={"existing": (OWNED,)})
    given = scenario.model_copy(update={"quotes": (QUOTE,), "contracts": (CONTRACT,), "sites": (site,)})
    noted = (
        Note("quote", "The quote acme/quoted/hgx-h200/reserved-12m is not signed: too dear."),
        Note("quote", "The quote other/quoted/hgx-h200/reserved-12m is not signed: late."),
        Note("contract", "The contract with zenith for 16 GPUs of hgx-h200 serves nothing: no point."),
        Note("fleet", "3 × hgx-h100 at hall never run: the hall has air only."),
    )
    found = everything_given(replace(plan, notes=noted), given, timeline_of(given))
    assert [(one.kind, one.used, one.why) for one in found] == [
        ("existing systems", "no", noted[3].sentence),
        ("signed contract", "no", noted[2].sentence),
        ("quote", "no", noted[0].sentence),
    ]
    assert found[1].what == "16 GPUs of hgx-h200 at zenith, 1 July 2026 to 1 July 2027, $2.00 per GPU-hour"
    assert found[2].what == "hgx-h200 at acme for 12 months, $2.50 per GPU-hour, 64 GPUs a lot"
    used = everything_given(replace(plan, notes=()), given, timeline_of(given))
    assert [one.used for one in used] == ["no", "yes", "no"]


@pytest.mark.solve
def test_a_quote_that_is_signed_says_for_how_many_gpus(tiny: tuple[Plan, Scenario]) -> None:
    plan, scenario = tiny
    signed = {
        "provider": "acme", "region": "quoted", "system": "hgx-h200", "term_months": 12, "future": "all",
    }  # fmt: skip
    days = (dt.date(2027, 1, 1), dt.date(2026, 12, 20))
    rows = pd.DataFrame([signed | {"gpus": gpus, "order_by": by} for gpus, by in zip((64.0, 128.0), days, strict=True)])
    given = scenario.model_copy(update={"quotes": (QUOTE,)})
    (found,) = everything_given(replace(plan, contracts=rows), given, timeline_of(given))
    assert (found.used, found.why) == ("yes", "Signed for 192 GPUs, the first of them by 20 December 2026.")
