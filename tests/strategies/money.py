"""All the money of a case in another currency: whatever field says that its unit begins with USD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from pydantic import BaseModel

from planner.catalog.models import Catalog
from planner.fields import unit_of
from planner.schedule import Schedule
from tests.strategies.case import Case


def exchanged(case: Case, rate: float) -> Case:
    """The case with all its money times ``rate``."""
    tables = {field.name: _rows(getattr(case.catalog, field.name), rate) for field in fields(Catalog)}
    scenario = _section(case.scenario, rate)
    return Case(scenario, replace(case.catalog, **tables))


def money_fields(model: type[BaseModel]) -> list[str]:
    """The fields of one section or row that are amounts of money."""
    return [name for name, field in model.model_fields.items() if str(unit_of(field) or "").startswith("USD")]


def _rows(table: Any, rate: float) -> Any:
    if not isinstance(table, dict):
        return table
    return {key: _section(row, rate) if isinstance(row, BaseModel) else row for key, row in table.items()}


def _section(part: Any, rate: float) -> Any:
    money = money_fields(type(part))
    return part.model_copy(update={
        name: _times(getattr(part, name), rate) if name in money else _within(getattr(part, name), rate)
        for name in type(part).model_fields
    })  # fmt: skip


def _within(value: Any, rate: float) -> Any:
    if isinstance(value, BaseModel) and not isinstance(value, Schedule):
        return _section(value, rate)
    if isinstance(value, tuple):
        return tuple(_within(item, rate) for item in value)
    if isinstance(value, Mapping):
        return {key: _within(item, rate) for key, item in value.items()}
    return value


def _times(value: Any, rate: float) -> Any:
    if isinstance(value, Schedule):
        return value.scaled(rate)
    if isinstance(value, Mapping):
        return {key: _times(item, rate) for key, item in value.items()}
    return value * rate if isinstance(value, int | float) else value
