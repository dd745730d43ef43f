"""A number that may change over time: limits and prices step by date, demand grows geometrically."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from planner import bits

_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_YEAR = re.compile(r"(\d{4})")


def written_date(day: dt.date) -> str:
    """A date as short as ``parse_date`` reads it: the first day of a month is the month."""
    return f"{day:%Y-%m}" if day.day == 1 else day.isoformat()


def parse_date(value: Any) -> dt.date:
    """A date from ``2027-01-31``, ``2027-01`` (its first day) or ``2027`` (its first day).

    Raises ValueError, with the accepted forms, for anything else.
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    for pattern in (_DAY, _MONTH, _YEAR):
        if match := pattern.fullmatch(text):
            parts = [int(part) for part in match.groups()] + [1, 1]
            try:
                return dt.date(*parts[:3])
            except ValueError:
                break
    raise ValueError(f"'{value}' is no date; write 2027-01-31, 2027-01 or 2027")


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day ``months`` later, or the month's last day where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class Schedule(BaseModel):
    """Values by date: ``4.0`` for always, or ``{2027-01: 1.0, 2028-01: 4.0}``.

    ``anchors`` are (first day, value), ascending. The unit is that of the field that holds it.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    anchors: tuple[tuple[dt.date, float], ...]

    @model_validator(mode="before")
    @classmethod
    def _from_number_or_mapping(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("expected a number or a schedule by date, such as {2027-01: 1.0}")
        if isinstance(value, int | float):
            return {"anchors": ((dt.date.min, float(value)),)}
        if isinstance(value, Mapping) and "anchors" not in value:
            if not value:
                raise ValueError("an empty schedule; write a number or {2027-01: 1.0}")
            anchors = sorted(((parse_date(key), number) for key, number in value.items()), key=lambda anchor: anchor[0])
            days = [day for day, _ in anchors]
            if len(set(days)) < len(days):
                raise ValueError("two values for the same date")
            for day, number in anchors:
                if isinstance(number, bool) or not isinstance(number, int | float):
                    raise ValueError(f"'{number}' at {day} is not a number")
            return {"anchors": tuple(anchors)}
        if isinstance(value, Mapping | Schedule):
            return value
        raise ValueError(f"'{value}' is neither a number nor a schedule by date, such as {{2027-01: 1.0}}")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "anyOf": [
                {"type": "number"},
                {
                    "type": "object",
                    "minProperties": 1,
                    "patternProperties": {r"^\d{4}(-\d{1,2}){0,2}$": {"type": "number"}},
                    "additionalProperties": False,
                },
            ]
        }

    @property
    def values(self) -> tuple[float, ...]:
        """The anchors' values."""
        return tuple(value for _, value in self.anchors)

    def scaled(self, factor: float) -> Schedule:
        """The same schedule with every value times ``factor``."""
        return Schedule(anchors=tuple((day, value * factor) for day, value in self.anchors))

    def step(self, day: dt.date, before: float) -> float:
        """The value in force on ``day``; ``before`` ahead of the first anchor."""
        in_force = before
        for first, value in self.anchors:
            if first > day:
                break
            in_force = value
        return in_force

    def step_days(self, start: dt.date, end: dt.date, before: float) -> NDArray[np.float64]:
        """The value in force on each day of ``[start, end)``."""
        days = np.arange(start.toordinal(), end.toordinal())
        firsts = np.array([day.toordinal() for day, _ in self.anchors])
        values = np.array([before, *self.values])
        return np.asarray(values[np.searchsorted(firsts, days, side="right")], dtype=float)

    def step_min(self, start: dt.date, end: dt.date, before: float = 0.0) -> float:
        """The least value in force in ``[start, end)``: what a limit allows throughout."""
        return float(self.step_days(start, end, before).min())

    def step_mean(self, start: dt.date, end: dt.date) -> float:
        """The mean over the days of ``[start, end)``; ahead of the first anchor, the first value."""
        return float(self.step_days(start, end, self.anchors[0][1]).mean())

    def growth_mean(self, start: dt.date, end: dt.date) -> float:
        """The mean over the days of ``[start, end)``, geometric between anchors.

        Zero ahead of the first anchor, level after the last; linear where an anchor is zero.
        """
        if len(self.anchors) == 1:
            return (
                self.step_mean(start, end)
                if self.anchors[0][0] == dt.date.min
                else float(self.step_days(start, end, 0.0).mean())
            )
        days = np.arange(start.toordinal(), end.toordinal(), dtype=float)
        at = np.array([day.toordinal() for day, _ in self.anchors], dtype=float)
        values = np.array(self.values)
        linear = np.interp(days, at, values)
        geometric = bits.exp(np.interp(days, at, bits.log(np.maximum(values, 1e-300))))
        segment = np.clip(np.searchsorted(at, days, side="right") - 1, 0, len(at) - 2)
        touches_zero = (values[segment] <= 0) | (values[segment + 1] <= 0)
        rate = np.where(touches_zero, linear, geometric)
        return float(np.where(days < at[0], 0.0, rate).mean())
