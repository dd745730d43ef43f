"""Rows as the CSV text that they are read from."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from planner.catalog.models import Row
from planner.catalog.rows import PLACE


def csv_of(model: type[Row], rows: Iterable[Row]) -> str:
    """A CSV text with a column for each field; an absent value is a blank cell, a list is joined by semicolons."""
    columns = _columns(model)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    values = attrgetter(*columns)
    writer.writerows(map(_cell, values(row)) for row in rows)
    return text.getvalue()


def cells(row: Row) -> list[str]:
    """What a row says, as it is written, in the order of the model's fields."""
    return [_cell(getattr(row, name)) for name in _columns(type(row))]


def _columns(model: type[Row]) -> list[str]:
    return [name for name in model.model_fields if name not in PLACE]


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return value.isoformat() if isinstance(value, dt.date) else str(value)
