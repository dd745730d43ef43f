"""What differs between two scenarios, field by field: defaults left out, comments and the order of keys say nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from planner.frozen import dataclass
from planner.scenario import Scenario
from planner.schedule import Schedule, written_date

# Of schedules that differ on more dates than this the whole is told.
MOST_DATES = 4
# What a plan does not follow from comes last; a catalog's digest and the planner's version stand before it.
LAST = ("solve", "name", "description")
ORDERED = ("catalogs",)


class _Nothing:
    """What stands where a field is not there at all."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()


@dataclass(frozen=True)
class Change:
    """A field by the path that ``--set`` takes, and its value on either side, None where it is not there."""

    path: str
    a: Any
    b: Any


def changes(a: Scenario, b: Scenario) -> list[Change]:
    """Every field whose values differ, in the order of the scenario reference; how to solve and names at the end."""
    names = list(Scenario.model_fields)
    ranked = [name for name in names if name not in LAST] + list(LAST)
    return [
        Change(path, _plain(one), _plain(other))
        for name in ranked
        for path, one, other in _differences(name, getattr(a, name), getattr(b, name))
    ]


def _differences(path: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    if a == b:
        return
    if isinstance(a, Schedule) and isinstance(b, Schedule):
        yield from _schedules(path, a, b)
    elif isinstance(a, BaseModel) and type(a) is type(b):
        for name in type(a).model_fields:
            yield from _differences(f"{path}.{name}", getattr(a, name), getattr(b, name))
    elif isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from _differences(f"{path}.{key}", a.get(key, NOTHING), b.get(key, NOTHING))
    elif isinstance(a, tuple) and isinstance(b, tuple):
        yield from _lists(path, a, b)
    else:
        yield path, a, b


def _schedules(path: str, a: Schedule, b: Schedule) -> Iterator[tuple[str, Any, Any]]:
    """The dates that differ, where both are by date and few do."""
    one, other = dict(a.anchors), dict(b.anchors)
    days = sorted(day for day in {*one, *other} if one.get(day) != other.get(day))
    if dt.date.min in {*one, *other} or len(days) > MOST_DATES:
        yield path, a, b
        return
    for day in days:
        yield f"{path}.{written_date(day)}", one.get(day, NOTHING), other.get(day, NOTHING)


def _lists(path: str, a: tuple[Any, ...], b: tuple[Any, ...]) -> Iterator[tuple[str, Any, Any]]:
    """Named things by name; words as a set, unless their order counts; other things after the equal ones are gone."""
    if _named(a) and _named(b):
        one, other = ({item.name: item for item in items} for items in (a, b))
        for name in [*one, *(name for name in other if name not in one)]:
            yield from _differences(f"{path}.{name}", one.get(name, NOTHING), other.get(name, NOTHING))
    elif all(isinstance(item, BaseModel) for item in (*a, *b)):
        yield from _unnamed(path, list(enumerate(a)), list(enumerate(b)))
    elif path in ORDERED or sorted(map(str, a)) != sorted(map(str, b)):
        yield path, a, b


def _unnamed(path: str, a: list[tuple[int, Any]], b: list[tuple[int, Any]]) -> Iterator[tuple[str, Any, Any]]:
    for index, item in list(a):
        same = next((found for found in b if found[1] == item), None)
        if same is not None:
            a.remove((index, item))
            b.remove(same)
    for (_, one), (index, other) in zip(a, b, strict=False):
        yield from _differences(f"{path}.{index}", one, other)
    for index, one in a[len(b) :]:
        yield f"{path}.{index}", one, NOTHING
    for index, other in b[len(a) :]:
        yield f"{path}.{index}", NOTHING, other


def _named(items: Sequence[Any]) -> bool:
    return all(isinstance(item, BaseModel) and "name" in type(item).model_fields for item in items)


def _plain(value: Any) -> Any:
    """A value as people write it in a scenario: schedules by date, days in short, defaults left out."""
    if value is NOTHING:
        return None
    if isinstance(value, Schedule):
        if len(value.anchors) == 1 and value.anchors[0][0] == dt.date.min:
            return value.anchors[0][1]
        return {written_date(day): number for day, number in value.anchors}
    if isinstance(value, BaseModel):
        given = {name: getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set}
        return {name: _plain(part) for name, part in given.items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return written_date(value) if isinstance(value, dt.date) else value


def said(value: Any) -> str:
    """A plain value as it would stand in a scenario, on one line; a dash where there is none."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | int):
        return f"{value:.15g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {said(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(said(part) for part in value) + "]"
    return str(value)
