"""A field of a scenario that takes several values: ``sites.dallas.power_mw=4:16:1``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from planner.document import KeyPath
from planner.errors import InputError
from planner.frozen import dataclass
from planner.scenario import Scenario
from planner.scenario.factors import ALL_DEMAND, TIMES, fields, is_whole_number, plain, scaled, value_at
from planner.validation import faults_of, field_type

MOST_VALUES = 1000
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
    try:
        for path in fields(scenario, data, axis.path):
            _set(data, path, scaled(value_at(data, path), value) if axis.scaled else _number(path, value))
    except ValueError as error:
        raise InputError(f"--over {axis.path}: {error}") from None
    try:
        found = Scenario.model_validate(data)
    except ValidationError as error:
        faults = faults_of(error, Scenario, data, scenario.origin.fault)
        raise InputError(f"--over {axis.path}: at {value:g}: {faults[0].message}") from None
    found._origin = scenario.origin
    return found


def _number(path: KeyPath, value: float) -> float | int:
    if not is_whole_number(field_type(Scenario, path)):
        return value
    if not value.is_integer():
        raise ValueError(f"{value:g} is not a whole number")
    return int(value)


def _set(data: Any, path: KeyPath, value: Any) -> None:
    for key in path[:-1]:
        if isinstance(data, dict) and data.get(key) is None:
            data[key] = {}
        data = data[key]
    data[path[-1]] = value
