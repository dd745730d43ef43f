"""Rows as the CSV text that they are read from."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from typing import Any

from planner.catalog.models import Row
from planner.catalog.rows import PLACE


def csv_of(model: type[Row], rows: Iterable[Row]) -> str:
    """A CSV text with a column for each field; an absent value is a blank cell, a list is joined by semicolons."""
    columns = [name for name in model.model_fields if name not in PLACE]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(map(cells, rows))
    return text.getvalue()


def cells(row: Row) -> list[str]:
    """What a row says, as it is written, in the order of the model's fields."""
    return [_cell(getattr(row, name)) for name in type(row).model_fields if name not in PLACE]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.10g}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)
