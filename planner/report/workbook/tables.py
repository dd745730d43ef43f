"""The plan's tables as sheets, with sums where sums mean something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from planner.fields import fields_of, unit_of
from planner.plan.tables import ALL
from planner.render.words import header as heading
from planner.report.workbook.names import CELLS, TABLES, Named
from planner.report.workbook.sheet import WorkbookSheet, filtered, header, letter
from planner.schema.result import table_rows
from planner.units import Unit

# How figures of a unit look; those of others as they are.
LOOKS: dict[Unit | None, str] = {
    "USD per Mtok": "price",
    "USD per GPU-hour": "price",
    "share": "share",
}
# Amounts from here on are shown without their cents, which the cells still have.
LARGE = 10_000.0
# Below that a figure needs more digits than two.
SMALL = 1.0
FUTURE, LOOKAHEAD = "future", "lookahead"
EMPTY_TAB = "#D9D9D9"
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
    """One table of the plan on a sheet of its own; columns that say the same of every plan of one future are hidden."""
    columns = [str(column) for column in frame.columns]
    fields = fields_of(table_rows()[name])
    figures = [index for index, column in enumerate(columns) if is_numeric_dtype(frame[column]) and column != LOOKAHEAD]
    header(sheet, 0, [heading(column, unit_of(fields[column])) for column in columns], figures)
    looks = {}
    for index, column in enumerate(columns):
        cells = frame[column].tolist()
        beside = "apart" if index - 1 in figures else "text"
        looks[column] = _kind(unit_of(fields[column]), cells) if index in figures else beside
        words = CELLS.get((name, column), str)
        for row, value in enumerate(cells, start=1):
            sheet.put(row, index, words(value) if isinstance(value, str) else value, looks[column])
    filtered(sheet, len(frame), len(columns))
    if len(frame):
        _totals(sheet, name, frame, looks, futures)
    else:
        sheet.sheet.set_tab_color(EMPTY_TAB)
    sheet.finish()
    for index, column in enumerate(columns):
        if (column == FUTURE and len(futures) == 1) or (column == LOOKAHEAD and not frame[column].any()):
            sheet.sheet.set_column(index, index, None, None, {"hidden": True})


def named_columns(name: str, frame: pd.DataFrame) -> list[Named]:
    """What the columns of a table are in the result."""
    fields = fields_of(table_rows()[name])
    found = []
    for column in map(str, frame.columns):
        unit = unit_of(fields[column])
        meaning = fields[column].description or ""
        found.append(Named(TABLES[name], heading(column, unit), f"{name}.{column}", unit or "", meaning))
    return found


def _totals(
    sheet: WorkbookSheet, name: str, frame: pd.DataFrame, looks: Mapping[str, str], futures: Sequence[str]
) -> None:
    """A row of sums; with several futures one for each, what holds in all of them included."""
    columns = list(looks)
    summed = [column for column in SUMMED.get(name, ()) if column in columns]
    if not summed:
        return
    last = len(frame) + 1
    # Expectations are one, however many futures there are.
    several = len(futures) > 1 and FUTURE in columns
    by = BY.get(name, FUTURE if several else "")
    sums = futures if by == FUTURE else list(dict.fromkeys(frame[by])) if by else ["total"]
    # The column of the only future is hidden.
    label = 1 if columns[0] == FUTURE and not several else 0
    for number, one in enumerate(sums):
        row = last + 1 + number
        sheet.put(row, label, one, "bold")
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
            sheet.compute(row, index, formula, float(mine[column].sum()), f"{looks[column]} total")


def _kind(unit: Unit | None, cells: Sequence[object]) -> str:
    """How figures of a column look, by their unit, their size and whether all are whole."""
    if unit in LOOKS:
        return LOOKS[unit]
    figures = [abs(float(cell)) for cell in cells if isinstance(cell, int | float) and np.isfinite(cell)]
    largest = max(figures, default=0.0)
    if unit is not None and "USD" in unit:
        return "dollars" if largest >= LARGE else "money"
    if all(figure.is_integer() for figure in figures):
        return "whole"
    if largest >= LARGE:
        return "whole"
    return "number" if largest >= SMALL else "fine"
