"""Fiscal years: named by the calendar year in which they end, the same in limits, sentences, tables and exports."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.accounts.contracts import commitments
from planner.problem import build_problem
from planner.report import binding, limits, orders
from planner.report.cash import cash_sheet
from planner.report.view import timeline_of
from planner.rules.budgets import budget_spans, fiscal_year, year_name, year_of_period
from planner.scenario import Scenario
from planner.schedule import add_months
from planner.studies.economics.study import cash_by_period
from planner.timeline import first_day, period_name
from tests.audit_plan import plan as audited_plan
from tests.audit_plan import run
from tests.owning_cases import a_budget_of_fiscal_years
from tests.payments import decisions
from tests.screens import FLEET, number, rows_of, solved
from tests.tiny import TINY


@pytest.mark.parametrize(
    ("day", "first_month", "name"),
    [
        ("2027-01-01", 1, "2027"),
        ("2027-12-31", 1, "2027"),
        ("2027-03-31", 4, "FY2027"),
        ("2027-04-01", 4, "FY2028"),
        ("2026-09-30", 10, "FY2026"),  # the United States
        ("2026-10-01", 10, "FY2027"),
        ("2025-06-30", 7, "FY2025"),  # Microsoft
        ("2025-07-01", 7, "FY2026"),
        ("2026-01-31", 2, "FY2026"),
        ("2026-12-01", 12, "FY2027"),
    ],
)
def test_a_fiscal_year_has_the_number_of_the_year_that_it_ends_in(day: str, first_month: int, name: str) -> None:
    assert year_name(fiscal_year(dt.date.fromisoformat(day), first_month), first_month) == name


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)), st.integers(1, 12))
def test_a_fiscal_year_is_twelve_months_that_end_in_its_number(day: dt.date, first_month: int) -> None:
    year = fiscal_year(day, first_month)
    first = dt.date(year - (first_month > 1), first_month, 1)
    after = add_months(first, 12)
    assert first <= day < after
    assert (after - dt.timedelta(days=1)).year == year
    assert fiscal_year(first, first_month) == year == fiscal_year(after, first_month) - 1


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)), st.sampled_from([1, 3, 12]))
def test_a_period_is_found_again_by_its_name(day: dt.date, months: int) -> None:
    first = dt.date(day.year, (day.month - 1) // months * months + 1, 1)
    assert first_day(period_name(first, months)) == first


def test_a_budget_adds_up_the_periods_of_its_fiscal_year() -> None:
    case = a_budget_of_fiscal_years()
    problem = build_problem(case.scenario, case.catalog)
    told = {limit.label: (limit.usd, list(limit.periods)) for limit in problem.limits.spend}
    assert told == {
        "opex in FY2027": (100_000.0, [True, False, False, False, False]),
        "opex in FY2028": (1_200_000.0, [False, True, True, True, True]),
    }
    spans = budget_spans(1e6, problem.timeline, 4)
    assert [(span.year, span.periods.all()) for span in spans] == [(None, True)]


def test_the_audit_names_a_fiscal_year_and_lets_a_year_stand_that_keeps_to_it() -> None:
    """What is bought in January counts in FY2027, what in July in FY2028."""
    within = {"fiscal_year_start": 4, "capex_usd": {2027: 2e6, 2028: 1e7}}
    assert run(audited_plan(), budget=within).passed
    found = run(audited_plan(), budget=within | {"capex_usd": {2027: 1e5, 2028: 1e7}})
    sentences = [violation.sentence for violation in found.violations]
    assert all(sentence.startswith("capex of FY2027") for sentence in sentences)
    assert len(sentences) == 2  # futures


@pytest.mark.slow
def test_where_there_is_no_plan_the_fiscal_year_is_named() -> None:
    """Three nodes for $1,121,250 are needed in the first quarter: FY2027 as it starts in April."""
    asked = ("horizon.period=quarter", "horizon.periods=2", "procurement.rent=[]", "budget.fiscal_year_start=4")
    scenario = planner.load(TINY, (*asked, "budget.capex_usd={2027: 1e6, 2028: 9e6}"))
    with pytest.raises(planner.InfeasiblePlan) as caught:
        planner.solve(scenario)
    assert [item.sentence for item in caught.value.relaxations] == ["capex in FY2027 needs $1.5 M, the limit is $1.0 M"]


def by_fiscal_years(scenario: Scenario, **limit: object) -> Scenario:
    budget = type(scenario.budget).model_validate({"fiscal_year_start": 4, **limit})
    return scenario.model_copy(update={"budget": budget})


@pytest.mark.slow
def test_tables_of_money_go_by_fiscal_years() -> None:
    """Six quarters from January 2027: one of FY2027, four of FY2028, one of FY2029, whose others are lookahead."""
    plan, scenario, catalog = solved(FLEET)
    asked = by_fiscal_years(scenario, total_usd={2027: 1e9})
    sheet = cash_sheet(plan, asked)
    assert [column.header for column in sheet.columns[1:4]] == ["FY2027", "FY2028", "FY2029"]
    usd = plan.cashflow[~plan.cashflow["lookahead"]].groupby(["category", "period"])["usd"].sum()
    energy = rows_of(sheet)["energy"]
    quarters = [usd["energy", f"2027-Q{quarter}"] for quarter in (2, 3, 4)] + [usd["energy", "2028-Q1"]]
    unit = 1e6 if "$ M" in sheet.sentence else 1e3
    assert number(energy[1]) * unit == pytest.approx(sum(quarters), abs=0.06 * unit)
    budgets = rows_of(limits.budget_sheet(plan, asked, timeline_of(asked, catalog)))
    assert list(budgets) == ["total in FY2027", "total in FY2028", "total in FY2029"]
    in_2027 = rows_of(
        limits.budget_sheet(plan, by_fiscal_years(scenario, capex_usd={2027: 1e9}), timeline_of(scenario))
    )
    capex = plan.cashflow[plan.cashflow["category"].isin(["hardware", "network", "installation"])]
    spent = float(capex.loc[capex["period"] == "2027-Q1", "usd"].sum())
    assert number(in_2027["capex in FY2027"][0]) * 1e6 == pytest.approx(spent, abs=0.06e6)
    assert list(cash_by_period(asked, plan)["year"]) == ["FY2027", *["FY2028"] * 4, *["FY2029"] * 3]
    assert list(cash_by_period(scenario, plan)["year"]) == [*["2027"] * 4, *["2028"] * 4]


@pytest.mark.slow
def test_purchases_of_a_fiscal_year_are_told_together() -> None:
    plan, scenario, _ = solved(FLEET)
    one = plan.purchases.head(1)
    sites = [f"hall-{index}" for index in range(10)]
    parts = [one.assign(site=site, period=period) for site in sites for period in ("2027-Q1", "2027-Q2", "2028-Q1")]
    sheet = orders.purchases_and_contracts(
        replace(plan, purchases=pd.concat(parts, ignore_index=True)), by_fiscal_years(scenario), "quarter"
    )
    assert sheet.sentence == "Purchases and contracts by year:"
    assert {row[0] for row in sheet.rows} <= {"FY2027", "FY2028", "FY2029"}
    twice = [row for row in sheet.rows if row[0] == "FY2028" and "hall-" in row[1]]
    assert all(number(row[2]) == 2 * float(one["gpus"].iloc[0]) for row in twice)
    assert twice


@pytest.mark.slow
@pytest.mark.parametrize(("where", "shown"), [("FY2029", True), ("FY2030", False), ("2028", True), ("2029", False)])
def test_a_limit_of_a_year_in_the_lookahead_is_left_out(where: str, shown: bool) -> None:
    """The reported periods end in June 2028: in FY2029 as it starts in April, and in the calendar year 2028."""
    plan, scenario, _ = solved(FLEET)
    row = {
        "future": "base", "constraint": "budget", "where": f"capex in {where}", "period": "", "limit": 1e6,
        "slack": 0.0, "unit": "USD", "marginal_usd_lp": 1.0, "lookahead": False,
    }  # fmt: skip
    sheet = binding.binding_sheet(replace(plan, binding=pd.DataFrame([row])), by_fiscal_years(scenario))
    assert bool(sheet.rows) == shown


def test_commitments_are_those_of_the_fiscal_year_that_contracts_start_in() -> None:
    from planner.accounts import Account
    from tests.payments import catalog, scenario

    signs = [("base", "acme/us/node/reserved-24m", 1, 2)]
    quarters = {"decided_on": "2026-07-01", "start": "2027-01", "periods": 2, "period": "quarter"}
    asked = scenario(horizon=quarters, budget={"fiscal_year_start": 4})
    found = commitments(Account(asked, catalog(), decisions(signs=signs)))
    assert list(found["year"]) == [2028]
    assert np.isfinite(found["usd"]).all()


def test_calendar_years_keep_their_names() -> None:
    assert [year_of_period(period, 1) for period in ("2027", "2027-Q4", "2028-01")] == ["2027", "2027", "2028"]
    assert [year_of_period(period, 4) for period in ("2027-Q1", "2027-Q2", "2027-03", "2027-12")] == [
        "FY2027", "FY2028", "FY2027", "FY2028",
    ]  # fmt: skip
