"""A sheet of the workbook: values as what they are, live formulas, formats and widths."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import field
from typing import Any

import numpy as np
import pandas as pd

from planner.frozen import dataclass

CENTS = "#,##0.00;[Red]-#,##0.00;0.00"
DOLLARS = "#,##0;[Red]-#,##0;0"
WIDEST = 60
# Headings wrap, but not within a word.
HEADING = 14
# What a page across has room for, in letters.
PAGE = 180
# Points of a line.
LINE = 15.5
# What does not say how wide its column has to be.
FREE = ("title", "note", "sentence", "first", "section", "remark")


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet of XlsxWriter with its formats, how wide its columns have to be, and its rows of headings."""

    sheet: Any
    formats: dict[str, Any]
    widths: dict[int, int]
    heads: dict[int, list[str]] = field(default_factory=dict)

    def put(self, row: int, column: int, value: object, kind: str = "text") -> None:
        """A value as what it is: text never becomes a formula, nothing becomes an empty cell."""
        look = self.formats[kind]
        if value is None or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value)):
            self.sheet.write_blank(row, column, None, look)
            return
        if isinstance(value, bool | np.bool_):
            self.sheet.write_boolean(row, column, bool(value), look)
        elif isinstance(value, dt.date):
            self.sheet.write_datetime(row, column, value, self.formats["day" if kind == "day" else "date"])
        elif isinstance(value, int | float | np.number):
            self.sheet.write_number(row, column, float(value), look)
        else:
            self.sheet.write_string(row, column, str(value), look)
        if kind not in FREE:
            self._widen(column, value, kind)

    def compute(self, row: int, column: int, formula: str, value: float | None, kind: str = "money") -> None:
        """A live formula with the figure that it comes to."""
        self.sheet.write_formula(row, column, formula, self.formats[kind], "" if value is None else float(value))
        self._widen(column, 0.0 if value is None else value, kind)

    def _widen(self, column: int, value: object, kind: str) -> None:
        text = f"{value:,.2f}" if isinstance(value, float | int | np.number) else str(value)
        length = len(text)
        if kind.startswith("header"):
            length = max(min(length, HEADING), *map(len, text.split()), 0) + 1
        if kind.endswith("apart"):
            length += 2
        self.widths[column] = max(self.widths.get(column, 8), min(length + 2, WIDEST))

    def finish(self, pages_wide: int | None = None) -> None:
        """Set the columns' widths and how the sheet prints: on as many pages side by side as can be read."""
        for column, width in self.widths.items():
            self.sheet.set_column(column, column, width)
        for row, names in self.heads.items():
            lines = [len(textwrap.wrap(name, self.widths[column] - 1)) for column, name in enumerate(names)]
            self.sheet.set_row(row, LINE * max(lines, default=1))
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(pages_wide or max(1, round(sum(self.widths.values()) / PAGE)), 0)


def formats(book: Any) -> dict[str, Any]:
    """How cells look, by the name that a value is put with."""
    figures: dict[str, str] = {
        "money": CENTS,
        "dollars": DOLLARS,
        "price": "#,##0.0000",
        "number": "#,##0.00",
        "fine": "#,##0.0000",
        "whole": "#,##0",
        "share": "0.0%",
        "gap": "0.0000%",
        "factor": "0.00000000",
        "date": "yyyy-mm-dd",
        "day": "d mmmm yyyy",
    }
    looks: dict[str, dict[str, object]] = {name: {"num_format": look} for name, look in figures.items()}
    looks["date"]["align"] = looks["day"]["align"] = "left"
    looks["day"]["valign"] = "top"
    for name in ("price", "money", "dollars", "whole"):
        looks[name]["valign"] = "top"
    for name in ("money", "dollars", "number", "fine", "whole"):
        looks[f"{name} total"] = {"num_format": figures[name], "bold": True, "top": 1}
    looks["gap"]["align"] = "left"
    looks["money left"] = looks["money"] | {"align": "left"}
    looks |= {
        "text": {},
        # Text beside figures, which stand at the other end of their column.
        "apart": {"align": "left", "indent": 1},
        "wrapped": {"text_wrap": True, "valign": "top"},
        "title": {"bold": True, "font_size": 16},
        "section": {"bold": True, "font_size": 12, "font_color": "#0B3D66"},
        "first": {"bold": True, "font_size": 12, "text_wrap": True, "valign": "top"},
        "sentence": {"text_wrap": True, "valign": "top"},
        "bold": {"bold": True},
        "remark": {"italic": True, "font_color": "#555555", "text_wrap": True, "valign": "top"},
        "note": {"italic": True, "font_color": "#555555"},
        "header": {"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "text_wrap": True, "valign": "top"},
    }
    looks["header right"] = looks["header"] | {"align": "right"}
    looks["header apart"] = looks["header"] | {"align": "left", "indent": 1}
    return {name: book.add_format(look) for name, look in looks.items()}


def header(sheet: WorkbookSheet, row: int, names: Sequence[str], figures: Collection[int] = ()) -> None:
    """A row of headings, repeated on every printed page; those of columns of ``figures`` stand above them."""
    for column, name in enumerate(names):
        beside = "header apart" if column - 1 in figures else "header"
        sheet.put(row, column, name, "header right" if column in figures else beside)
    sheet.heads[row] = list(names)
    sheet.sheet.repeat_rows(row)


def filtered(sheet: WorkbookSheet, rows: int, columns: int) -> None:
    """Headings that stay in sight and filter, of a table that begins at the top of its sheet."""
    sheet.sheet.freeze_panes(1, 0)
    sheet.sheet.autofilter(0, 0, max(rows, 1), columns - 1)


def cells(sheet: str, column: int, last: int) -> str:
    """The cells of a column below its heading, as formulas on other sheets name them."""
    name = letter(column)
    return f"'{sheet}'!${name}$2:${name}${max(last, 2)}"


def letter(column: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    column, rest = divmod(column, 26)
    return (letter(column - 1) if column else "") + chr(ord("A") + rest)
