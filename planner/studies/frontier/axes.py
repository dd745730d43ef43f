"""A field of a scenario that takes several values: ``sites.dallas.power_mw=4:16:1``."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from planner.document import KeyPath, Node
from planner.errors import InputError
from planner.scenario import Scenario
from planner.scenario.overrides import key_path
from planner.schedule import Schedule
from planner.validation import faults_of, field_type

MOST_VALUES = 1000
TIMES = ("x", "×")
# Not a field: every workload's forecast together, which can only be scaled.
ALL_DEMAND = "demand"
HOW = "write path=from:to:step or path=one,two,three, such as sites.dallas.power_mw=4:16:1"


@dataclass(frozen=True)
class Axis:
    """A field by path and the values it takes: in place of what the scenario says, or factors on it (``scaled``)."""

    path: str
    values: tuple[float, ...]
    scaled: bool = False

    @property
    def name(self) -> str:
        """What stands on a plot's axis or over a table's column; a field's name ends with its unit."""
        return f"× {self.path}" if self.scaled else self.path


def parse_axis(text: str) -> Axis:
    """An axis from ``path=from:to:step`` (both ends included where the step meets them) or ``path=one,two,three``.

    An ``x`` in front of the values makes factors of them. Raises InputError with one sentence.
    """

    def refused(why: str) -> InputError:
        return InputError(f"--over {text}: {why}")

    path, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not path or not values:
        raise refused(HOW)
    scaled = values.startswith(TIMES)
    values = values[1:] if scaled else values
    if values.count(":") not in (0, 2) or (":" in values and "," in values):
        raise refused(f"'{values}' is neither a range nor a list; {HOW}")
    numbers = []
    for word in values.replace(":", ",").split(","):
        try:
            number = Decimal(word.strip())
        except InvalidOperation:
            raise refused(f"'{word.strip()}' is not a number; {HOW}") from None
        if not number.is_finite():
            raise refused(f"{word.strip()} is not a finite number")
        numbers.append(number)
    if ":" in values:
        numbers = _range(*numbers, refused=refused)
    found = tuple(float(number) for number in numbers)
    if len(set(found)) < len(found):
        raise refused("a value is given twice")
    if path == ALL_DEMAND and not scaled:
        raise refused("all forecasts together can only be scaled, such as demand=x0.5:2:0.5")
    return Axis(path, found, scaled)


def _range(first: Decimal, last: Decimal, step: Decimal, *, refused: Any) -> list[Decimal]:
    if step == 0:
        raise refused("the step is 0, so the range never ends")
    steps = (last - first) / step
    if steps < 0:
        raise refused(f"from {first} to {last} in steps of {step} there is no value")
    if steps >= MOST_VALUES:
        raise refused(f"these are more than {MOST_VALUES:,} values")
    return [first + step * index for index in range(int(steps) + 1)]


def changed(scenario: Scenario, axis: Axis, value: float) -> Scenario:
    """``scenario`` with the axis' field at ``value``; a schedule becomes that constant, or is scaled as a whole.

    Raises InputError where there is no such field, it holds no number, or may not hold this one.
    """
    data = plain(scenario)
    for path in _demand_paths(scenario) if axis.path == ALL_DEMAND else [_keys(axis, data)]:
        _set(data, path, _scaled(axis, _get(data, path), value) if axis.scaled else _number(axis, path, value))
    try:
        found = Scenario.model_validate(data)
    except ValidationError as error:
        faults = faults_of(error, Scenario, data, scenario.origin.fault)
        raise InputError(f"--over {axis.path}: at {value:g}: {faults[0].message}") from None
    found._origin = scenario.origin
    return found


def plain(value: Any) -> Any:
    """A scenario as the plain values that a file would hold, schedules as numbers or by date."""
    if isinstance(value, Schedule):
        (first, number), *others = value.anchors
        if not others and first == dt.date.min:
            return number
        return {day.isoformat(): number for day, number in value.anchors}
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _node(value: Any) -> Node:
    if isinstance(value, dict):
        return Node({key: _node(part) for key, part in value.items()}, "", 0)
    return Node([_node(part) for part in value] if isinstance(value, list) else value, "", 0)


def _keys(axis: Axis, data: Any) -> KeyPath:
    try:
        path = key_path(_node(data), axis.path)
    except ValueError as error:
        raise InputError(f"--over {axis.path}: {error}") from None
    if not _numeric(field_type(Scenario, path)) and not _of_schedule(path):
        raise InputError(f"--over {axis.path}: this field holds no number")
    return path


def _numeric(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return all(isinstance(option, int) for option in get_args(kind))
    # A limit by calendar year may also be one number for all of them.
    return kind in (int, float, Schedule) or (get_origin(kind) is dict and get_args(kind)[0] is int)


def _of_schedule(path: KeyPath) -> bool:
    return field_type(Scenario, path[:-1]) is Schedule


def _number(axis: Axis, path: KeyPath, value: float) -> float | int:
    kind = field_type(Scenario, path)
    if kind is not int and get_origin(kind) is not Literal:
        return value
    if not value.is_integer():
        raise InputError(f"--over {axis.path}: {value:g} is not a whole number")
    return int(value)


def _scaled(axis: Axis, now: Any, factor: float) -> Any:
    if now is None:
        raise InputError(f"--over {axis.path}: the scenario gives it no value that could be scaled")
    if isinstance(now, dict):
        return {key: part * factor for key, part in now.items()}
    scaled = now * factor
    if isinstance(now, int):
        if not math.isclose(scaled, round(scaled), abs_tol=1e-9):
            raise InputError(f"--over {axis.path}: {now} × {factor:g} is not a whole number")
        return round(scaled)
    return scaled


def _demand_paths(scenario: Scenario) -> list[KeyPath]:
    """Where the forecasts stand that are given."""
    units = ("output_mtok_per_day", "requests_per_s", "gpu_hours_per_day")
    return [
        ("workloads", index, "demand", unit)
        for index, workload in enumerate(scenario.workloads)
        for unit in units
        if getattr(workload.demand, unit) is not None
    ]


def _get(data: Any, path: KeyPath) -> Any:
    for key in path:
        if data is None:
            return None
        data = data.get(key) if isinstance(data, dict) else data[key]
    return data


def _set(data: Any, path: KeyPath, value: Any) -> None:
    for key in path[:-1]:
        if isinstance(data, dict) and data.get(key) is None:
            data[key] = {}
        data = data[key]
    data[path[-1]] = value
