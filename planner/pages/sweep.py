"""The columns of a sweep's results, from their model."""

from __future__ import annotations

from planner.fields import fields_of, unit_of
from planner.render.markdown import table
from planner.schema.words import meaning
from planner.studies.sweep.row import Row


def sweep_table() -> str:
    """Every column as Markdown."""
    rows = [(f"`{name}`", meaning(field), unit_of(field) or "") for name, field in fields_of(Row).items()]
    return table(("column", "what it is", "unit"), rows)
