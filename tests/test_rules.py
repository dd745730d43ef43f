"""Definitions at their edges: where two who count apart would differ, and what they say instead."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from planner.catalog.models import TokenApi
from planner.errors import ScenarioError
from planner.plan import exclusion
from planner.problem import build_problem
from planner.rules import check_references
from planner.rules.budgets import yearly_limit
from planner.rules.dates import can_start, lead_days, on_all_days, term_lead_weeks
from planner.rules.halls import pue, rack_positions
from planner.rules.residual import residual_share
from planner.rules.tariffs import lease_usd
from planner.scenario.models import Site
from planner.studies.breakeven.sourcing import token_api as sourced
from planner.timeline import scenario_timeline
from tests.rule_cases import HALL, YEAR, case, chat, node
from tests.strategies import Case, offer, point, solved, system, token_api
from tests.test_rule_mutants import agrees, as_planned, second_opinion


@pytest.mark.parametrize(("weeks", "days"), [(0, 0), (1, 7), (0.5, 4), (1 / 7, 1), (2 / 7, 2), (3.3, 24)])
def test_a_part_of_a_day_counts_as_a_day(weeks: float, days: int) -> None:
    assert lead_days(weeks) == days


def test_the_last_day_is_the_last_of_the_period() -> None:
    time = scenario_timeline(case().scenario, case().catalog)
    assert list(on_all_days(time, None, dt.date(2027, 12, 31))) == [True]
    assert list(on_all_days(time, None, dt.date(2027, 12, 30))) == [False]


def test_service_starts_on_the_day_that_its_lead_time_ends() -> None:
    time = scenario_timeline(case().scenario, case().catalog)
    assert list(can_start(time, dt.date(2026, 12, 25), 1.0)) == [True]
    assert list(can_start(time, dt.date(2026, 12, 26), 1.0)) == [False]


def test_a_term_of_a_year_and_a_half_has_no_lead_time_by_years() -> None:
    rules = case(procurement={"lead_weeks": {"reserved_1y": 3, "reserved_18m": 5}}).scenario.procurement
    assert term_lead_weeks(rules, 18, 9.0) == 5
    assert term_lead_weeks(rules, 12, 9.0) == 3
    assert term_lead_weeks(rules, 30, 9.0) == 9


def test_hardware_is_worth_its_price_when_new_whatever_the_curve_says_at_age_0() -> None:
    worn = system("h-node", residual_share_by_age_years={0: 0.8, 1: 0.6})
    assert residual_share(worn, np.array([0.0, 0.5, 1.0, 5.0])) == pytest.approx([1.0, 0.8, 0.6, 0.0])


def test_a_lease_rises_on_anniversaries_though_2100_is_no_leap_year() -> None:
    horizon = YEAR | {"decided_on": "2096-12-01", "start": "2097-01", "periods": 6}
    asked = case(horizon=horizon)
    lease = {"it_kw": 100.0, "usd_per_kw_month": 100.0, "escalator_per_year": 0.1}
    time = scenario_timeline(asked.scenario, asked.catalog)
    usd = lease_usd(Site.model_validate(HALL | {"lease": lease}), time)
    assert usd / time.hours * 730.5 == pytest.approx([10_000 * 1.1**year for year in range(6)])


def a_denied_quote() -> Case:
    quote = {"provider": "core", "system": "next", "term_months": 12, "usd_per_gpu_hour": 1.0, "lot_gpus": 8}
    rules = {"systems": {"deny": ["next"]}}
    given: dict[str, Any] = {"points": (point(), point("next", 1.0)), "systems": (system("h-node"), system("next"))}
    return case(quotes=[quote], procurement=rules, **given)


def test_a_quote_for_an_announced_system_opens_it_but_not_against_the_deny_list() -> None:
    asked = a_denied_quote()
    assert not build_problem(asked.scenario, asked.catalog).supply.reservations
    assert agrees(solved(asked), second_opinion(a_denied_quote))


def unmeasured(api: TokenApi, **fields: Any) -> Case:
    """A workload whose lengths nobody measured, which only a token API may answer."""
    asked = chat(tokens={"input": 9000, "output": 500}, sla={"ttft_s": 1.001})
    return as_planned(case(tables={"apis": [api]}, workloads=[asked], **fields))


def test_seconds_turned_into_ms_do_not_round_an_api_away() -> None:
    assert 1.001 * 1000 < 1001
    asked = unmeasured(token_api(ttft_ms=1001.0))
    check_references(asked.scenario, asked.catalog)
    late = unmeasured(token_api(ttft_ms=1002.0))
    with pytest.raises(ScenarioError, match="was measured at"):
        check_references(late.scenario, late.catalog)


def test_an_api_of_a_denied_provider_answers_nobody() -> None:
    asked = unmeasured(token_api(), procurement={"providers": {"deny": ["acme"]}})
    with pytest.raises(ScenarioError, match="was measured at"):
        check_references(asked.scenario, asked.catalog)


def test_screening_bills_cached_input_at_its_price() -> None:
    api = token_api(cached_input_usd_per_mtok=0.1)
    asked = case(tables={"apis": [api]}, workloads=[chat(prefix_cache_hit_share=0.5)])
    (found,) = sourced(asked.scenario, asked.catalog, asked.scenario.workloads[0], 1.0, 1)
    assert found.usd_per_gpu_hour == pytest.approx([(1000 * 0.2 + 500 * 1.2) / 1e6 * 3600])


def test_the_lead_time_that_counts_is_the_one_told() -> None:
    late = offer(kind="reserved", term_months=12, lot_gpus=4, lead_weeks=1.0)
    asked = case((offer(), late), procurement={"lead_weeks": {"reserved_1y": 60}})
    problem = build_problem(asked.scenario, asked.catalog)
    assert "(lead time 60 weeks)" in exclusion.of_offer(asked.scenario, asked.catalog, problem, late)


def test_a_hall_is_converted_to_liquid_cooling_not_to_air() -> None:
    hall = HALL | {"cooling": [], "conversion": {"cost_usd": 1.0}}
    asked = case((), sites=[hall])
    problem = build_problem(asked.scenario, asked.catalog)
    told = exclusion.of_system(asked.scenario, asked.catalog, problem, asked.catalog.systems["h-node"])
    assert told.startswith("it needs air cooling, which no site has")


@pytest.mark.parametrize("cooling", ["air", "liquid"])
def test_a_hall_without_any_cooling_runs_nothing(cooling: str) -> None:
    bare = HALL | {"cooling": [], "pue": {}, "existing": [node()]}
    asked = case(systems=(system("h-node", cooling=cooling),), sites=[bare])
    assert pue(asked.scenario.sites[0], system("h-node")).annual == 1.0
    assert solved(asked).cost_usd == pytest.approx(solved(case()).cost_usd)


@pytest.mark.parametrize("cooling", ["air", "liquid"])
def test_what_a_hall_cannot_cool_is_not_kept(cooling: str) -> None:
    other = {"air": "liquid", "liquid": "air"}[cooling]
    hall = HALL | {"cooling": [other], "pue": {other: {"design": 1.5, "annual": 1.5}}, "existing": [node()]}
    asked = case(systems=(system("h-node", cooling=cooling),), sites=[hall], procurement={"buy": False})
    assert solved(asked).cost_usd == pytest.approx(solved(case()).cost_usd)


@pytest.mark.parametrize(
    ("feeds", "gpus", "taken"),
    [(8.0, 8, 1.0), (16.0, 8, 0.5), (23.9, 8, 0.5), (7.99, 8, np.inf), (16.0, 72, 1.0), (None, 8, 0.0)],
)
def test_nodes_share_a_rack_position_and_racks_do_not(feeds: float | None, gpus: int, taken: float) -> None:
    positions = None if feeds is None else 4
    hall = Site.model_validate(HALL | {"rack_positions": positions, "kw_per_rack_position": feeds})
    assert rack_positions(hall, system("h-node", gpus=gpus, nameplate_it_kw=8.0, network_kw_share=0.0)) == taken


@pytest.mark.parametrize(("year", "limit"), [(2026, np.inf), (2027, 5.0), (2028, 5.0), (2029, 3.0), (2030, 3.0)])
def test_the_last_budget_of_a_year_holds_on(year: int, limit: float) -> None:
    assert yearly_limit({2029: 3.0, 2027: 5.0}, year) == limit
