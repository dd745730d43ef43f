"""The plan's tables as sheets, with sums where sums mean something."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from planner.fields import fields_of, unit_of
from planner.plan.tables import ALL
from planner.report.workbook.sheet import WorkbookSheet, header, letter
from planner.schema.result import table_rows
from planner.units import Unit

# How figures of a unit look; those of others as they are.
LOOKS: dict[Unit | None, str] = {
    "USD": "money",
    "USD per unit": "money",
    "USD per Mtok": "price",
    "USD per GPU-hour": "price",
    "share": "share",
}
FUTURE = "future"
# Of a table whose rows say the same cost by one thing after another, sums of each of them alone.
BY = {"cost_by_tag": "tag"}
# Columns whose sum means something, by table.
SUMMED = {
    "purchases": ("count", "gpus", "cost_usd"),
    "retirements": ("count", "gpus"),
    "contracts": ("lots", "gpus", "cost_usd", "remaining_commitment_usd"),
    "on_demand": ("cost_usd",),
    "token_api": ("mtok_input", "mtok_output", "cost_usd"),
    "unserved": ("value_usd",),
    "workload_cost": ("mtok_output", "mtok_total", "gpu_hours", "npv_usd", "idle_npv_usd"),
    "cost_by_tag": ("usd", "npv_usd"),
    "fleet": ("energy_mwh",),
    "cashflow": ("usd", "npv_usd"),
}


def table_sheet(sheet: WorkbookSheet, name: str, frame: pd.DataFrame, futures: Sequence[str]) -> None:
    """One table of the plan on a sheet of its own."""
    columns = [str(column) for column in frame.columns]
    fields = fields_of(table_rows()[name])
    header(sheet, 0, columns)
    for index, column in enumerate(columns):
        cells = frame[column].tolist()
        kind = _kind(unit_of(fields[column]), cells)
        for row, value in enumerate(cells, start=1):
            sheet.put(row, index, value, kind)
    sheet.sheet.freeze_panes(1, 0)
    sheet.sheet.autofilter(0, 0, max(len(frame), 1), len(columns) - 1)
    if len(frame):
        _totals(sheet, name, frame, columns, futures)
    sheet.finish()


def _totals(sheet: WorkbookSheet, name: str, frame: pd.DataFrame, columns: list[str], futures: Sequence[str]) -> None:
    """A row of sums; with several futures one for each, what holds in all of them included."""
    summed = [column for column in SUMMED.get(name, ()) if column in columns]
    if not summed:
        return
    last = len(frame) + 1
    # Expectations are one, however many futures there are.
    several = len(futures) > 1 and FUTURE in columns
    by = BY.get(name, FUTURE if several else "")
    sums = futures if by == FUTURE else list(dict.fromkeys(frame[by])) if by else ["total"]
    for number, one in enumerate(sums):
        row = last + 1 + number
        sheet.put(row, 0, one, "bold")
        mine = frame[frame[by].isin([one, ALL] if by == FUTURE else [one])] if by else frame
        for column in summed:
            index = columns.index(column)
            name_of_column = letter(index)
            cells = f"{name_of_column}$2:{name_of_column}${last}"
            formula = f"=SUBTOTAL(109,{cells})"
            if by:
                own = f"EXACT($A$2:$A${last},$A${row + 1})"
                own += f'+EXACT($A$2:$A${last},"{ALL}")' if by == FUTURE else ""
                formula = f"=SUMPRODUCT(({own})*{cells})"
            sheet.compute(row, index, formula, float(mine[column].sum()), "total")


def _kind(unit: Unit | None, cells: Sequence[object]) -> str:
    """How figures of a column look, by their unit and by whether all are whole."""
    if unit in LOOKS:
        return LOOKS[unit]
    whole = all(isinstance(cell, int | float) and float(cell).is_integer() for cell in cells)
    return "whole" if whole else "number"
