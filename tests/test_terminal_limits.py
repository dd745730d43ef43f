"""The limits that the terminal shows: power, budgets, and which of all of them bind."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from planner.report import binding, limits
from planner.report.view import timeline_of
from tests.screens import FLEET, number, rows_of, shown, solved


def test_power_is_the_fleet_against_the_cap() -> None:
    plan, scenario, catalog = solved(FLEET)
    part = limits.power_sheet(plan, scenario, timeline_of(scenario, catalog), "quarter")
    fleet = plan.fleet[~plan.fleet["lookahead"]].groupby("period")["provisioned_utility_mw"].sum()
    assert [row[0] for row in part.rows] == list(plan.periods[:6])
    for period, used, cap, _, _ in part.rows:
        assert number(used) == pytest.approx(fleet.get(period, 0.0), abs=0.0051)
        assert number(cap) == (0.2 if period in ("2027-Q1", "2027-Q2") else 0.5)


@pytest.mark.slow
def test_a_long_horizon_shows_the_fullest_period_of_each_year() -> None:
    plan, scenario, catalog = solved(FLEET, "horizon.period=month", "horizon.periods=18", "horizon.lookahead=0")
    part = limits.power_sheet(plan, scenario, timeline_of(scenario, catalog), "month")
    assert part.sentence.endswith("in the fullest month of each year:")
    assert [row[0][:4] for row in part.rows] == ["2027", "2028"]
    assert max(map(len, shown(plan, scenario, catalog).splitlines())) <= 100


def test_of_many_sites_the_fullest_are_shown() -> None:
    plan, scenario, catalog = solved(FLEET)
    hall = scenario.sites[0]
    many = scenario.model_copy(
        update={"sites": (hall, *(hall.model_copy(update={"name": f"spare-{index}"}) for index in range(30)))}
    )
    part = limits.power_sheet(plan, many, timeline_of(scenario, catalog), "quarter")
    assert len(part.rows) == limits.MOST_ROWS
    assert part.rows[0][0] == "dallas"
    assert part.notes == ("15 emptier sites are not shown.",)
    few = many.model_copy(update={"sites": many.sites[:10]})
    part = limits.power_sheet(plan, few, timeline_of(scenario, catalog), "quarter")
    assert part.sentence == "Power provisioned against the cap, in the fullest quarter of each site:"


def test_budgets_used_are_the_cash_of_the_year() -> None:
    plan, scenario, catalog = solved(FLEET)
    lines = rows_of(limits.budget_sheet(plan, scenario, timeline_of(scenario, catalog)))
    capex = plan.cashflow[plan.cashflow["category"].isin(["hardware", "network", "installation"])]
    spent = float(capex.loc[capex["period"].str.startswith("2027"), "usd"].sum())
    assert number(lines["capex in 2027"][0]) * 1e6 == pytest.approx(spent, abs=0.06e6)
    assert lines["capex in 2027"][1] == "3.0"
    assert lines["commitments over the horizon"][1] == "50.0"
    free = scenario.model_copy(update={"budget": type(scenario.budget)()})
    assert limits.budget_sheet(plan, free, timeline_of(scenario, catalog)).sentence == "No budget is set."


def test_binding_limits_are_three_at_most_and_an_lp_hint() -> None:
    plan, scenario, _ = solved(FLEET)
    part = binding.binding_sheet(plan, scenario)
    assert 0 < len(part.rows) <= binding.SHOWN
    assert part.columns[-1].header == "shadow price (LP)"
    assert part.notes[0] == binding.SHADOW_PRICE
    none = replace(plan, binding=plan.binding.iloc[:0])
    assert binding.binding_sheet(none, scenario).sentence == "No limit binds in the reported horizon."
    silent = replace(plan, binding=plan.binding.assign(marginal_usd_lp=0.0))
    assert binding.binding_sheet(silent, scenario).columns[-1].header == "limit is"


@pytest.mark.parametrize(
    ("kind", "where", "unit", "limit", "marginal", "told"),
    [
        ("power", "dallas", "MW", 2.5, 2.65e6, ("power of dallas", "2.5 MW", "$2.65 M per MW")),
        ("budget", "capex in 2027", "USD", 7e7, 0.12, ("capex in 2027", "$70.0 M", "$0.120 per $")),
        ("quota", "nebius hgx-b200", "GPUs", 128, 4862, ("quota of nebius hgx-b200", "128 GPUs", "$4,862 per GPU")),
        ("provider_share", "nebius", "share of GPUs", 0.7, 900, ("share of nebius", "70 %", "$900 per GPU")),
        ("min_served", "rag", "share of demand", 0.95, 5e6, ("served floor of rag", "95 %", "$50 k per 1 %")),
        ("tides", "dallas", "m", 3, 10, ("tides of dallas", "3 m", "$10 per m")),
    ],
)
def test_binding_limits_in_words(
    kind: str, where: str, unit: str, limit: float, marginal: float, told: tuple[str, str, str]
) -> None:
    plan, scenario, _ = solved(FLEET)
    row = {
        "future": "base", "constraint": kind, "where": where, "period": "2027-Q1", "limit": limit, "slack": 0.0,
        "unit": unit, "marginal_usd_lp": marginal, "lookahead": False,
    }  # fmt: skip
    line = binding.binding_sheet(replace(plan, binding=pd.DataFrame([row])), scenario).rows[0]
    assert (line[0], line[2], line[3]) == told


def test_a_budget_of_a_lookahead_year_is_left_out() -> None:
    plan, scenario, _ = solved(FLEET)
    row = {
        "future": "base", "constraint": "budget", "where": "capex in 2029", "period": "", "limit": 1e6, "slack": 0.0,
        "unit": "USD", "marginal_usd_lp": 1.0, "lookahead": False,
    }  # fmt: skip
    part = binding.binding_sheet(replace(plan, binding=pd.DataFrame([row])), scenario)
    assert part.sentence == "No limit binds in the reported horizon."
