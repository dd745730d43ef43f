"""The last sheet: each heading of the workbook with its name in the result, its unit and its meaning."""

from __future__ import annotations

from collections.abc import Iterable

from planner.plan import Plan
from planner.report.workbook.by_period import named_columns as of_charts
from planner.report.workbook.cash_flow import named_columns as of_cash
from planner.report.workbook.names import CELLS, TABLES, Named
from planner.report.workbook.sheet import WorkbookSheet, filtered, header
from planner.report.workbook.tables import named_columns as of_table

HEADS = ("Sheet", "Column", "Name in the result", "Unit", "Meaning")
WIDTHS = (20, 34, 40, 18, 100)


def columns_of(plan: Plan) -> list[Named]:
    """All of them, in the order of the sheets; texts that stand for a key of the result follow their column."""
    found = []
    for name, frame in plan.tables.items():
        for one in of_table(name, frame):
            found.append(one)
            column = one.name.partition(".")[2]
            words = CELLS.get((name, column))
            if words is not None:
                keys = sorted({str(key) for key in frame[column] if key and words(str(key)) != str(key)})
                meaning = f"a text in the column {one.heading}"
                found += [Named(TABLES[name], words(key), f"{one.name} = {key}", "", meaning) for key in keys]
    return [*found, *of_cash(), *of_charts()]


def columns_sheet(sheet: WorkbookSheet, rows: Iterable[Named]) -> None:
    """A row for each."""
    header(sheet, 0, HEADS)
    number = 0
    for number, one in enumerate(rows, start=1):
        for column, text in enumerate((one.sheet, one.heading, one.name, one.unit, one.meaning)):
            sheet.put(number, column, text or None, "wrapped" if column == len(HEADS) - 1 else "text")
    filtered(sheet, number, len(HEADS))
    sheet.widths.update(enumerate(WIDTHS))
    sheet.finish()
