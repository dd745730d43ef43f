"""The plan as an Excel workbook: a sheet per table, and sums that a reader can follow to the cent.

Every payment of the ledger is a value; the cash flow by period, discount factors, NPV, tokens and cost per token are
formulas over it. Each formula has its figure cached, for viewers that do not recalculate. Text is always text: a
scenario named ``=1+1`` is that, not 2.
"""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

from planner._version import __version__
from planner.catalog import Catalog
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.plan.ledger import Ledger, ledger_of
from planner.render.files import write_bytes
from planner.render.target import check_ending
from planner.report.workbook.cash_flow import CASH, PAYMENTS, cash_flow
from planner.report.workbook.cover import cover
from planner.report.workbook.sheet import WorkbookSheet, formats
from planner.report.workbook.tables import table_sheet
from planner.scenario import Scenario

ENDINGS = (".xlsx",)


def write_workbook(plan: Plan, scenario: Scenario, path: str | Path, catalog: Catalog | None = None) -> None:
    """Write the workbook of ``plan`` at ``path`` (.xlsx), whole or not at all.

    ``scenario`` and ``catalog`` have to be those that the plan was made from. Raises InputError where they are others
    and where the file cannot be written.
    """
    path = Path(path)
    check_ending(path, ENDINGS, "--xlsx")
    write_bytes(path, workbook_bytes(plan, scenario, catalog))


def workbook_bytes(plan: Plan, scenario: Scenario, catalog: Catalog | None = None) -> bytes:
    """The bytes of such a file; the same plan gives the same bytes."""
    return workbook_of(ledger_of(plan, scenario, catalog_of(scenario) if catalog is None else catalog))


def workbook_of(found: Ledger) -> bytes:
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
    sheets = {name: WorkbookSheet(book.add_worksheet(name), looks, {}) for name in ("Cover", CASH, PAYMENTS)}
    book.define_name("discount_rate", f"='{CASH}'!$B$2")
    book.define_name("horizon_start", f"='{CASH}'!$B$3")
    flow = cash_flow(sheets[CASH], sheets[PAYMENTS], found)
    cover(sheets["Cover"], found, flow)
    for name, frame in plan.tables.items():
        table_sheet(WorkbookSheet(book.add_worksheet(name), looks, {}), name, frame, plan.futures)
    sheets["Cover"].sheet.activate()
    book.close()
    return buffer.getvalue()
