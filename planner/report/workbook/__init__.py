"""The plan as an Excel workbook: a page to decide by, a sheet per table, and sums that can be followed to the cent.

Every payment of the ledger is a value; the cash flow by period, discount factors, NPV, tokens and cost per token are
formulas over it. Each formula has its figure cached, for viewers that do not recalculate. Text is always text: a
scenario named ``=1+1`` is that, not 2.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from planner._version import __version__
from planner.catalog import Catalog
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.plan.ledger import Ledger, ledger_of
from planner.render.files import write_bytes
from planner.render.target import check_ending
from planner.report.verdict import Ground
from planner.report.workbook.by_period import cash_by_period, gpus_by_period, power_by_period
from planner.report.workbook.cash_flow import cash_flow
from planner.report.workbook.columns import columns_of, columns_sheet
from planner.report.workbook.decision import decision, draw
from planner.report.workbook.names import (
    CASH,
    CASH_BY_PERIOD,
    COLUMNS,
    DECISION,
    GPUS_BY_PERIOD,
    PAYMENTS,
    POWER_BY_PERIOD,
    PROOF,
    TABLES,
)
from planner.report.workbook.proof import proof
from planner.report.workbook.sheet import WorkbookSheet, formats
from planner.report.workbook.tables import table_sheet
from planner.scenario import Scenario

ENDINGS = (".xlsx",)
SHEETS = (
    DECISION, CASH_BY_PERIOD, GPUS_BY_PERIOD, POWER_BY_PERIOD, *TABLES.values(), CASH, PAYMENTS, PROOF, COLUMNS,
)  # fmt: skip
Options = Sequence[Mapping[str, Any]]


def write_workbook(
    plan: Plan,
    scenario: Scenario,
    path: str | Path,
    catalog: Catalog | None = None,
    options: Options = (),
    grounds: Sequence[Ground] | None = None,
) -> None:
    """Write the workbook of ``plan`` at ``path`` (.xlsx), whole or not at all.

    ``scenario`` and ``catalog`` have to be those that the plan was made from. ``options`` are a comparison's rows with
    the plan first, ``grounds`` what the plan rests on, where somebody looked. Raises InputError where scenario or
    catalog are others and where the file cannot be written.
    """
    path = Path(path)
    check_ending(path, ENDINGS, "--xlsx")
    write_bytes(path, workbook_bytes(plan, scenario, catalog, options, grounds))


def workbook_bytes(
    plan: Plan,
    scenario: Scenario,
    catalog: Catalog | None = None,
    options: Options = (),
    grounds: Sequence[Ground] | None = None,
) -> bytes:
    """The bytes of such a file; the same plan gives the same bytes."""
    found = ledger_of(plan, scenario, catalog_of(scenario) if catalog is None else catalog)
    return workbook_of(found, options, grounds)


def workbook_of(found: Ledger, options: Options = (), grounds: Sequence[Ground] | None = None) -> bytes:
    """The workbook of a ledger."""
    import xlsxwriter

    plan, scenario = found.plan, found.account.scenario
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    decided = dt.datetime.combine(scenario.horizon.decided_on, dt.time())
    book.set_properties(
        {"title": plan.scenario, "comments": f"token-factory-planner {__version__}", "created": decided}
    )
    looks = formats(book)
    sheets = {name: WorkbookSheet(book.add_worksheet(name), looks, {}) for name in SHEETS}
    book.define_name("discount_rate", f"='{CASH}'!$B$2")
    book.define_name("horizon_start", f"='{CASH}'!$B$3")
    flow = cash_flow(sheets[CASH], sheets[PAYMENTS], found)
    cash = cash_by_period(sheets[CASH_BY_PERIOD], found, flow)
    gpus = gpus_by_period(sheets[GPUS_BY_PERIOD], found)
    power = power_by_period(sheets[POWER_BY_PERIOD], found)
    for name, frame in plan.tables.items():
        table_sheet(sheets[TABLES[name]], name, frame, plan.futures)
    proof(sheets[PROOF], found, flow)
    columns_sheet(sheets[COLUMNS], columns_of(plan))
    decision(sheets[DECISION], found, flow, power, options, grounds)
    draw(book, sheets[DECISION], found, cash, gpus, power)
    sheets[DECISION].sheet.activate()
    book.close()
    return buffer.getvalue()
