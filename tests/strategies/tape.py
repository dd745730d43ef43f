"""What a random case is drawn with: a tape of choices, a calendar, what is wanted of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from planner.schedule import add_months

MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Draw:
    """Choices read off a tape of bytes, each of which shrinks to its first value.

    One draw of Hypothesis makes a whole case: with a draw for each choice most of its examples are one another's
    copies but for a few choices.
    """

    LENGTH = 640

    def __init__(self, draw: Callable[[st.SearchStrategy[bytes]], bytes]) -> None:
        self._tape = iter(draw(st.binary(min_size=self.LENGTH, max_size=self.LENGTH)))

    def below(self, most: int) -> int:
        """A whole number below ``most``; 0 where the tape has ended."""
        return next(self._tape, 0) % most


def some(draw: Draw, tenths: int) -> bool:
    """True in about ``tenths`` of ten; shrinks to False."""
    return draw.below(10) >= 10 - tenths


def one(draw: Draw, *values: Any) -> Any:
    """One of the values; shrinks to the first."""
    return values[draw.below(len(values))]


def number(draw: Draw, low: float, high: float, steps: int = 20) -> float:
    """A number of a coarse grid from ``low`` to ``high``; shrinks to ``low``."""
    return round(low + (high - low) * draw.below(steps + 1) / steps, 10)


@dataclass(frozen=True)
class Calendar:
    """The periods that a case is drawn for."""

    start: dt.date
    period: str
    periods: int
    lookahead: int
    decided_on: dt.date

    @property
    def months(self) -> int:
        """Months of one period."""
        return MONTHS[self.period]

    @property
    def end(self) -> dt.date:
        """First day after the solved horizon."""
        return add_months(self.start, self.months * (self.periods + self.lookahead))

    def day(self, draw: Draw) -> dt.date:
        """A day in or around the horizon, often a period's first."""
        inside = draw.below(self.periods + self.lookahead + 1)
        days = one(draw, 0, 0, 0, -1, 10, 45)
        return add_months(self.start, self.months * inside) + dt.timedelta(days=days)

    def schedule(self, draw: Draw, low: float, high: float) -> Any:
        """A number, or a few of them by date."""
        if not some(draw, 3):
            return number(draw, low, high)
        days = sorted({self.start, *(self.day(draw) for _ in range(one(draw, 1, 2)))})
        return {day.isoformat(): number(draw, low, high) for day in days}


@dataclass(frozen=True)
class Wanted:
    """What a random case has to have or to lack.

    ``owning`` gives every case a hall with room for all of it and hardware without lead times; ``whole`` allows whole
    replicas and whole on-demand lots; ``relaxed`` leaves out what can make a case infeasible.
    """

    objective: str | None = "cost"
    futures: bool | None = None
    owning: bool = False
    whole: bool = True
    relaxed: bool = False
    predicted: bool = True
    min_served: bool = True
    renting: bool = True
