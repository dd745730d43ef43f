"""The calendar of a scenario: periods × load blocks, hours and discount factors."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog.models import Catalog
from planner.frozen import dataclass
from planner.scenario.models import MONTHS_PER_PERIOD, Horizon, Scenario
from planner.schedule import add_months
from planner.units import HOURS_PER_DAY, years_from_days

Floats = NDArray[np.float64]


# Compared and hashed by identity: a calendar is made once and handed on.
@dataclass(frozen=True, eq=False)
class Timeline:
    """Periods of the solved horizon, lookahead included.

    ``starts`` has one entry more than there are periods: its last is the first day after the horizon.
    ``hours`` (T,) are calendar hours; ``block_hours`` (T, B) the hours of each load block; ``discount_start`` and
    ``discount_middle`` (T,) and ``discount_end`` bring money of a period's first day, its middle and the
    horizon's end to the horizon's start.
    """

    starts: tuple[dt.date, ...]
    names: tuple[str, ...]
    lookahead: NDArray[np.bool_]
    blocks: tuple[str, ...]
    block_share: Floats
    months_per_period: int
    discount_rate: float

    @property
    def periods(self) -> int:
        """Number of periods T, lookahead included."""
        return len(self.names)

    @property
    def reported(self) -> int:
        """Number of periods reported, lookahead left out."""
        return int((~self.lookahead).sum())

    @property
    def end(self) -> dt.date:
        """First day after the solved horizon."""
        return self.starts[-1]

    @cached_property
    def spans(self) -> list[tuple[dt.date, dt.date]]:
        """First day and first day after of each period."""
        return list(zip(self.starts[:-1], self.starts[1:], strict=True))

    @cached_property
    def hours(self) -> Floats:
        """Calendar hours of each period, (T,)."""
        return np.array([(after - first).days * HOURS_PER_DAY for first, after in self.spans])

    @cached_property
    def block_hours(self) -> Floats:
        """Hours of each block in each period, (T, B)."""
        return self.hours[:, None] * self.block_share[None, :]

    @cached_property
    def years(self) -> NDArray[np.int64]:
        """Calendar year of each period, (T,)."""
        return np.array([first.year for first in self.starts[:-1]])

    def discount(self, days: Floats | float) -> Floats:
        """Factor that brings money ``days`` after the horizon's start to that start."""
        return bits.power(1 + self.discount_rate, -years_from_days(np.asarray(days, dtype=float)))

    @cached_property
    def discount_start(self) -> Floats:
        """Factor of money at each period's first day, (T,)."""
        return self.discount(self._days[:-1])

    @cached_property
    def discount_middle(self) -> Floats:
        """Factor of money spread over each period, (T,)."""
        return self.discount((self._days[:-1] + self._days[1:]) / 2)

    @cached_property
    def discount_end(self) -> float:
        """Factor of money at the horizon's end."""
        return float(self.discount(self._days[-1]))

    @cached_property
    def years_to_middle(self) -> Floats:
        """Years from the horizon's start to each period's middle, (T,)."""
        return years_from_days((self._days[:-1] + self._days[1:]) / 2)

    def years_since(self, day: dt.date) -> Floats:
        """Years from ``day`` to each period's middle, (T,); 0 where that comes first."""
        return np.maximum(self.years_to_middle + years_from_days((self.starts[0] - day).days), 0.0)

    def first_period(self, day: dt.date) -> int:
        """Index of the first period that starts on or after ``day``; T where none does."""
        return sum(first < day for first in self.starts[:-1])

    def period_of(self, day: dt.date) -> int:
        """Index of the period that contains ``day``; 0 ahead of the horizon."""
        return max(0, sum(first <= day for first in self.starts[:-1]) - 1)

    def extended(self, periods: int) -> Timeline:
        """The same calendar, going on for ``periods`` more."""
        if periods not in self._longer:
            self._longer[periods] = self._extended(periods)
        return self._longer[periods]

    @cached_property
    def _longer(self) -> dict[int, Timeline]:
        return {}

    def _extended(self, periods: int) -> Timeline:
        starts, names = _periods(self.starts[0], self.periods + periods, self.months_per_period)
        lookahead = np.concatenate([self.lookahead, np.ones(periods, dtype=bool)])
        return Timeline(
            starts,
            names,
            lookahead,
            self.blocks,
            self.block_share,
            self.months_per_period,
            self.discount_rate,
        )

    @cached_property
    def _days(self) -> Floats:
        return np.array([(day - self.starts[0]).days for day in self.starts], dtype=float)


def period_name(first: dt.date, months: int) -> str:
    """``2027-01``, ``2027-Q1`` or ``2027``."""
    if months == 1:
        return f"{first:%Y-%m}"
    return f"{first.year}-Q{(first.month + 2) // 3}" if months == 3 else str(first.year)


def first_day(period: str) -> dt.date:
    """The first day of a period, given by its name."""
    year, _, part = period.partition("-")
    month = 3 * int(part[1:]) - 2 if part.startswith("Q") else int(part or 1)
    return dt.date(int(year), month, 1)


def _periods(start: dt.date, periods: int, months: int) -> tuple[tuple[dt.date, ...], tuple[str, ...]]:
    starts = tuple(add_months(start, months * index) for index in range(periods + 1))
    return starts, tuple(period_name(first, months) for first in starts[:-1])


def build_timeline(horizon: Horizon, blocks: dict[str, float], discount_rate: float) -> Timeline:
    """The timeline of a horizon whose hours are split into ``blocks`` (name → share)."""
    months = MONTHS_PER_PERIOD[horizon.period]
    total = horizon.periods + horizon.lookahead
    starts, names = _periods(horizon.start, total, months)
    return Timeline(
        starts=starts,
        names=names,
        lookahead=np.arange(total) >= horizon.periods,
        blocks=tuple(blocks),
        block_share=np.array(list(blocks.values()), dtype=float),
        months_per_period=months,
        discount_rate=discount_rate,
    )


def scenario_timeline(scenario: Scenario, catalog: Catalog) -> Timeline:
    """The solved horizon of a scenario; its hours are split into its own blocks, or the catalog's."""
    blocks = scenario.blocks if scenario.blocks is not None else catalog.blocks
    return build_timeline(scenario.horizon, dict(blocks), scenario.finance.discount_rate)
