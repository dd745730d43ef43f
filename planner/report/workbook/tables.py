"""The plan's tables as sheets, with sums where sums mean something."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from planner.fields import fields_of, unit_of
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
# Columns whose sum means something, by table.
SUMMED = {
    "purchases": ("count", "gpus", "cost_usd"),
    "retirements": ("count", "gpus"),
    "contracts": ("lots", "gpus", "cost_usd", "remaining_commitment_usd"),
    "on_demand": ("cost_usd",),
    "token_api": ("mtok_input", "mtok_output", "cost_usd"),
    "unserved": ("value_usd",),
    "workload_cost": ("mtok_output", "mtok_total", "gpu_hours", "npv_usd", "idle_npv_usd"),
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
    several = len(futures) > 1 and "future" in columns
    for number, future in enumerate(futures if several else futures[:1]):
        row = last + 1 + number
        sheet.put(row, 0, future if several else "total", "bold")
        mine = frame[frame["future"].isin([future, "all"])] if several else frame
        for column in summed:
            index = columns.index(column)
            name_of_column = letter(index)
            cells = f"{name_of_column}$2:{name_of_column}${last}"
            formula = f"=SUBTOTAL(109,{cells})"
            if several:
                own = f'EXACT($A$2:$A${last},$A${row + 1})+EXACT($A$2:$A${last},"all")'
                formula = f"=SUMPRODUCT(({own})*{cells})"
            sheet.compute(row, index, formula, float(mine[column].sum()), "total")


def _kind(unit: Unit | None, cells: Sequence[object]) -> str:
    """How figures of a column look, by their unit and by whether all are whole."""
    if unit in LOOKS:
        return LOOKS[unit]
    whole = all(isinstance(cell, int | float) and float(cell).is_integer() for cell in cells)
    return "whole" if whole else "number"
