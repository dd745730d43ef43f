"""The calendar: periods by day, discount factors, and values by date."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from planner.schedule import Schedule, add_months

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Periods of a scenario, lookahead included, and any that follow."""

    start: dt.date
    months: int
    reported: int
    periods: int
    rate: float

    def first(self, t: int) -> dt.date:
        """First day of period ``t``."""
        return add_months(self.start, t * self.months)

    def days(self, t: int) -> Iterator[dt.date]:
        """Every day of a period."""
        day = self.first(t)
        while day < self.first(t + 1):
            yield day
            day += DAY

    def length(self, t: int) -> int:
        """Days of a period."""
        return (self.first(t + 1) - self.first(t)).days

    def hours(self, t: int) -> float:
        """Hours of a period."""
        return 24.0 * self.length(t)

    def factor(self, day: float) -> float:
        """Discount factor ``day`` days after the start."""
        return float((1 + self.rate) ** (-day / 365.25))

    def at_start(self, t: int) -> float:
        """Discount factor of a period's first day."""
        return self.factor((self.first(t) - self.start).days)

    def at_middle(self, t: int) -> float:
        """Discount factor of a period's middle."""
        return self.factor((self.first(t) - self.start).days + self.length(t) / 2)

    def years_to_middle(self, t: int) -> float:
        """Years from the start to a period's middle."""
        return ((self.first(t) - self.start).days + self.length(t) / 2) / 365.25

    @property
    def at_end(self) -> float:
        """Discount factor of the horizon's end."""
        return self.at_start(self.periods)

    def of_day(self, day: dt.date) -> int:
        """The period that a day lies in; the first for days before."""
        return max([0, *(t for t in range(self.periods) if self.first(t) <= day)])

    def fiscal_year(self, t: int, first_month: int) -> int:
        """The calendar year that the last month of a period's fiscal year lies in."""
        month = self.first(t)
        while add_months(month, 1).month != first_month:
            month = add_months(month, 1)
        return month.year

    def within(self, t: int, first: dt.date | None, after: dt.date | None) -> bool:
        """Whether all days of a period lie in [first, after)."""
        return (first is None or first <= self.first(t)) and (after is None or self.first(t + 1) <= after)

    def until(self, t: int, first: dt.date | None, last: dt.date | None) -> bool:
        """Whether all days of a period lie in [first, last]."""
        return self.within(t, first, None) and (last is None or self.first(t + 1) - DAY <= last)

    # values by date

    def on(self, schedule: Schedule, day: dt.date, before: float) -> float:
        """The value in force on a day."""
        known = [value for first, value in schedule.anchors if first <= day]
        return known[-1] if known else before

    def least(self, schedule: Schedule | None, t: int) -> float:
        """A limit in a period."""
        if schedule is None:
            return math.inf
        return min(self.on(schedule, day, 0.0) for day in self.days(t))

    def mean(self, schedule: Schedule, t: int, before: float | None = None) -> float:
        """A price in a period."""
        ahead = schedule.anchors[0][1] if before is None else before
        return sum(self.on(schedule, day, ahead) for day in self.days(t)) / self.length(t)

    def grown(self, schedule: Schedule, t: int) -> float:
        """A forecast in a period."""
        return sum(self._forecast(schedule, day) for day in self.days(t)) / self.length(t)

    def _forecast(self, schedule: Schedule, day: dt.date) -> float:
        anchors = schedule.anchors
        if day < anchors[0][0]:
            return 0.0
        for (first, value), (second, other) in itertools.pairwise(anchors):
            if first <= day < second:
                part = (day - first).days / (second - first).days
                if value > 0 and other > 0:
                    return float(value * (other / value) ** part)
                return value + (other - value) * part
        return anchors[-1][1]


def lead(weeks: float) -> dt.timedelta:
    """A lead time in whole days."""
    return dt.timedelta(days=math.ceil(weeks * 7 - 1e-9))
