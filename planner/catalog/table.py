"""Rows as the CSV text that they are read from."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from planner.catalog.row import PLACE, Row

# By type, since one look-up is faster than asking for each type in turn: tables have millions of cells.
_FORMS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "",
    float: "{:.10g}".format,
    tuple: lambda value: ";".join(map(str, value)),
    dt.date: dt.date.isoformat,
}


def csv_of(model: type[Row], rows: Iterable[Row]) -> str:
    """A CSV text with a column for each field; an absent value is a blank cell, a list is joined by semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_columns(model))
    writer.writerows(map(cells, rows))
    return text.getvalue()


def cells(row: Row) -> list[str]:
    """What a row says, as it is written, in the order of the model's fields."""
    return [_FORMS.get(type(value), str)(value) for value in attrgetter(*_columns(type(row)))(row)]


@lru_cache
def _columns(model: type[Row]) -> tuple[str, ...]:
    return tuple(name for name in model.model_fields if name not in PLACE)
