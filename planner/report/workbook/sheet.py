"""A sheet of the workbook: values as what they are, live formulas, formats and widths."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MONEY = "#,##0.00;[Red]-#,##0.00;0.00"
WIDEST = 60


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet of XlsxWriter with its formats, and how wide its columns have to be."""

    sheet: Any
    formats: dict[str, Any]
    widths: dict[int, int]

    def put(self, row: int, column: int, value: object, kind: str = "text") -> None:
        """A value as what it is: text never becomes a formula, nothing becomes an empty cell."""
        look = self.formats[kind]
        if value is None or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value)):
            self.sheet.write_blank(row, column, None, look)
            return
        if isinstance(value, bool | np.bool_):
            self.sheet.write_boolean(row, column, bool(value), look)
        elif isinstance(value, dt.date):
            self.sheet.write_datetime(row, column, value, self.formats["date"])
        elif isinstance(value, int | float | np.number):
            self.sheet.write_number(row, column, float(value), look)
        else:
            self.sheet.write_string(row, column, str(value), look)
        if kind not in ("title", "note"):
            self._widen(column, value)

    def compute(self, row: int, column: int, formula: str, value: float | None, kind: str = "money") -> None:
        """A live formula with the figure that it comes to."""
        self.sheet.write_formula(row, column, formula, self.formats[kind], "" if value is None else float(value))
        self._widen(column, 0.0 if value is None else value)

    def _widen(self, column: int, value: object) -> None:
        length = len(f"{value:,.2f}") if isinstance(value, float | int | np.number) else len(str(value))
        self.widths[column] = max(self.widths.get(column, 8), min(length + 2, WIDEST))

    def finish(self, pages_wide: int = 1) -> None:
        """Set the columns' widths and how the sheet prints."""
        for column, width in self.widths.items():
            self.sheet.set_column(column, column, width)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(pages_wide, 0)


def formats(book: Any) -> dict[str, Any]:
    """How cells look, by the name that a value is put with."""
    looks: dict[str, dict[str, object]] = {
        "text": {},
        "title": {"bold": True, "font_size": 16},
        "bold": {"bold": True},
        "note": {"italic": True, "font_color": "#555555"},
        "header": {"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "text_wrap": True, "valign": "top"},
        "date": {"num_format": "yyyy-mm-dd", "align": "left"},
        "money": {"num_format": MONEY},
        "price": {"num_format": "0.000000"},
        "number": {"num_format": "#,##0.00##"},
        "whole": {"num_format": "#,##0"},
        "share": {"num_format": "0.0%"},
        "gap": {"num_format": "0.0000%"},
        "factor": {"num_format": "0.00000000"},
        "total": {"num_format": MONEY, "bold": True, "top": 1},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def header(sheet: WorkbookSheet, row: int, names: Sequence[str]) -> None:
    """A row of headings, repeated on every printed page."""
    for column, name in enumerate(names):
        sheet.put(row, column, name, "header")
    sheet.sheet.repeat_rows(row)


def cells(sheet: str, column: int, last: int) -> str:
    """The cells of a column below its heading, as formulas on other sheets name them."""
    name = letter(column)
    return f"{sheet}!${name}$2:${name}${max(last, 2)}"


def letter(column: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    column, rest = divmod(column, 26)
    return (letter(column - 1) if column else "") + chr(ord("A") + rest)
