"""Every category of cash is one record, and no account, figure, table, export, report or page forgets one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import planner
from planner.accounts import Account
from planner.accounts.cashflow import entries
from planner.catalog import Catalog
from planner.export import focus_rows
from planner.export.focus import SERVICES
from planner.kinds import cash
from planner.kinds.cash import RECORDS, CashCategory
from planner.pipeline import catalog_of
from planner.plan import TABLES, Plan
from planner.plan.ledger import ledger_of
from planner.report.cash import cash_sheet
from planner.report.html import flows
from planner.report.workbook.cash_flow import AT_START, OVER_PERIOD
from planner.report.workbook.names import UPFRONT
from planner.rules import running
from planner.scenario import Scenario
from planner.schema.published import schema_text
from planner.studies.breakeven.sourcing import running_usd_per_hour
from planner.timeline import scenario_timeline
from tests.store import ROOT, TINY

Case = tuple[Scenario, Catalog, Plan]
FORMULAS: tuple[dict[str, Any], ...] = (running.SHARE_A_YEAR, running.USD_A_YEAR, running.USD_PER_KW_MONTH)
each = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.key)
each_running = pytest.mark.parametrize(
    "record", [record for record in RECORDS if record.booked == "system"], ids=lambda record: record.key
)


@pytest.fixture(scope="module")
def tiny() -> Case:
    scenario = planner.load(TINY)
    catalog = catalog_of(scenario)
    return scenario, catalog, planner.solve(scenario, catalog)


@pytest.fixture(scope="module")
def all_of_them(tiny: Case) -> Plan:
    """The plan with one payment of every category, each of another amount."""
    plan = tiny[2]
    rows = [
        {
            "future": plan.futures[0],
            "period": plan.periods[0],
            "category": key,
            "usd": usd_of(key),
            "npv_usd": usd_of(key),
        }
        for key in cash.CATEGORIES
    ]
    return replace(plan, cashflow=pd.DataFrame(rows).assign(lookahead=False))


@pytest.fixture(scope="module")
def focus(tiny: Case) -> pd.DataFrame:
    scenario, catalog, plan = tiny
    return focus_rows(plan, scenario, catalog)


@pytest.fixture(scope="module")
def result_schema() -> str:
    return schema_text("result")


def usd_of(key: str) -> float:
    return 1000.0 * (1 + cash.CATEGORIES.index(key))


def test_every_record_is_in_the_table_once() -> None:
    assert [record for record in vars(cash).values() if isinstance(record, CashCategory)] == list(RECORDS)
    assert len(cash.BY_KEY) == len({record.words for record in RECORDS}) == len(RECORDS)
    costs = {*cash.CAPEX, *cash.OPEX, *cash.PROCEEDS, *cash.END_OF_HORIZON}
    assert set(cash.COSTS) == costs == {*cash.CATEGORIES} - {cash.REVENUE.key}


@each
def test_the_record_agrees_with_itself(record: CashCategory) -> None:
    assert (record.focus is not None) == (record.group in ("capex", "opex", "proceeds"))
    assert record.table is None or record.table in TABLES
    assert record.table is not None or record.evidence == "scenario"
    if record.group == "capex":
        assert record.falls == "start"
        assert record.focus is not None
        assert record.focus.bought


@each
def test_the_accounts_compute_it(record: CashCategory, tiny: Case) -> None:
    scenario, catalog, plan = tiny
    assert [key for key, _, _ in entries(Account(scenario, catalog, plan.decisions))].count(record.key) == 1


def test_accounts_that_compute_another_category_are_refused(monkeypatch: pytest.MonkeyPatch, tiny: Case) -> None:
    scenario, catalog, plan = tiny
    entries.cache_clear()
    monkeypatch.setattr("planner.accounts.cashflow.CATEGORIES", (*cash.CATEGORIES, "insurance"))
    with pytest.raises(LookupError, match="insurance"):
        entries(Account(scenario, catalog, plan.decisions))


@each
def test_its_cost_counts_where_the_record_says(record: CashCategory, all_of_them: Plan, tiny: Case) -> None:
    costs = flows.cash(all_of_them)
    assert (record.key in costs.columns) == (record.group in ("capex", "opex"))
    parts = flows.levelised(all_of_them, tiny[0])
    assert parts is not None
    assert (record.key in parts.columns) == (record.group != "revenue")
    assert flows.at_end(record.key) == (record.group == "end of horizon")
    assert (record.key in cash.OWNING) == record.owning
    assert (record.key in cash.CAPACITY) == record.capacity


@each
def test_the_cash_table_shows_it(record: CashCategory, all_of_them: Plan, tiny: Case) -> None:
    sheet = cash_sheet(all_of_them, tiny[0])
    (row,) = [row for row in sheet.rows if row[0] == record.words]
    sign = -1 if record is cash.REVENUE else 1
    assert float(row[-1].replace(",", "")) == sign * usd_of(record.key) / 1000


def test_a_gpu_hour_owned_costs_what_is_booked_under_owning(tiny: Case) -> None:
    scenario, catalog, plan = tiny
    account = Account(scenario, catalog, plan.decisions)
    owned = np.array([source.site >= 0 for source in account.supply.sources])
    timeline = account.inputs.timeline
    gpus = account.supply.gpus[0][owned].sum(axis=0)
    hours = float(((gpus * timeline.block_hours).sum(axis=1) * timeline.discount_middle).sum())
    owning = sum(float(npv.sum()) for key, _, npv in entries(account) if cash.BY_KEY[key].owning)
    assert plan.kpis["usd_per_gpu_hour_owned"] == pytest.approx(owning / hours)


@each
def test_the_trace_names_the_rows_behind_it(record: CashCategory, tiny: Case) -> None:
    found = tiny[2].trace("cashflow")
    if record.table is not None and record.key in set(tiny[2].cashflow["category"]):
        assert len(found[found["item"] == record.key]) > 0


@each
def test_focus_has_a_service_for_every_charge(record: CashCategory, tiny: Case, focus: pd.DataFrame) -> None:
    assert SERVICES.get(record.key) == record.focus
    plan = tiny[2]
    mine = focus[focus["x_Category"] == record.key]
    due = plan.cashflow[(plan.cashflow["category"] == record.key) & ~plan.cashflow["lookahead"].astype(bool)]
    expected = due["usd"].sum() if record.focus is not None else 0.0
    assert mine["BilledCost"].sum() == pytest.approx(expected)


@each
def test_the_workbook_has_its_column_where_it_falls(record: CashCategory) -> None:
    columns = {"start": AT_START, "middle": OVER_PERIOD}[record.falls]
    assert (record.key in columns) == (record is not cash.REVENUE)
    assert {*AT_START, *OVER_PERIOD} - {UPFRONT} == set(cash.COSTS)
    assert not {*AT_START} & {*OVER_PERIOD}


def test_payments_by_date_are_worth_the_plans_cost(tiny: Case) -> None:
    scenario, catalog, plan = tiny
    dated = ledger_of(plan, scenario, catalog).dated
    worth = dated["usd"] @ (1 + scenario.finance.discount_rate) ** -dated["years"]
    assert worth == pytest.approx(plan.kpis["npv_usd"] - plan.kpis["npv_revenue_usd"])


@each
def test_schema_and_conventions_name_it(record: CashCategory, result_schema: str) -> None:
    assert record.key in result_schema
    page = Path(ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    assert f"| `{record.key}` | {record.words} | {record.group} | {record.meaning} |" in page


def raise_formula(record: CashCategory, monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    """The formula of a running cost gives ``by`` more."""
    for table in FORMULAS:
        if record.key in table:
            monkeypatch.setitem(table, record.key, partial(_more, table[record.key], by))


def _more(formula: Callable[..., float], by: float, *about: Any) -> float:
    return formula(*about) + by


@each_running
def test_model_audit_and_break_even_share_its_formula(
    record: CashCategory, monkeypatch: pytest.MonkeyPatch, tiny: Case
) -> None:
    """A dearer one is paid by the plan as the audit recounts it, and by an hour of a system owned."""
    scenario, catalog, plan = tiny
    timeline, system = scenario_timeline(scenario, catalog), catalog.systems["hgx-h200"]
    before = running_usd_per_hour(scenario, catalog, timeline, system, scenario.sites[0])[0]
    raise_formula(record, monkeypatch, 0.001 if record.key in running.SHARE_A_YEAR else 1.0)
    entries.cache_clear()
    dearer = planner.solve(scenario, catalog)
    entries.cache_clear()
    assert dearer.audit.passed
    assert dearer.proof.objective_usd == pytest.approx(dearer.kpis["npv_usd"])
    assert dearer.kpis["npv_usd"] > plan.kpis["npv_usd"]
    assert dearer.kpis["usd_per_gpu_hour_owned"] > plan.kpis["usd_per_gpu_hour_owned"]
    assert dearer.cashflow["category"].eq(record.key).any()
    assert running_usd_per_hour(scenario, catalog, timeline, system, scenario.sites[0])[0] > before


@each_running
def test_a_running_cost_without_a_formula_is_refused(record: CashCategory, monkeypatch: pytest.MonkeyPatch) -> None:
    for table in FORMULAS:
        monkeypatch.delitem(table, record.key, raising=False)
    with pytest.raises(LookupError, match=record.key):
        running.check_complete()


def test_a_running_cost_without_a_record_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(running.USD_A_YEAR, "insurance", lambda scenario, site, system: 1.0)
    with pytest.raises(LookupError, match="insurance"):
        running.check_complete()
