"""Budgets: what a limit on cash adds up, the figure of each year, and which year a day belongs to.

Fiscal years bear the number of the calendar year in which they end: that which starts in April 2027 is FY2028. Those
that start in January are calendar years, and bear no letters.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.scenario.models import YearlyLimit
from planner.timeline import Timeline, first_day

Bools = NDArray[np.bool_]


class BudgetSpan(NamedTuple):
    """Periods (T,) whose cash is added up, and the most that may be; ``year`` is None for all reported periods.

    ``held_from`` is the last year that the budget names, where its figure holds on in this later one.
    """

    year: str | None
    periods: Bools
    usd: float
    held_from: str | None = None


def fiscal_year(day: dt.date, first_month: int) -> int:
    """The calendar year in which the fiscal year of a day ends; ``first_month`` is the one that it starts in."""
    return day.year + (first_month > 1 and day.month >= first_month)


def year_name(year: int, first_month: int) -> str:
    """``2027``, or ``FY2027`` where that is no calendar year."""
    return str(year) if first_month == 1 else f"FY{year}"


def year_of_period(period: str, first_month: int) -> str:
    """The name of the fiscal year that a period, given by its name, lies in."""
    return year_name(fiscal_year(first_day(period), first_month), first_month)


def yearly_limit(limit: Mapping[int, float], year: int) -> float:
    """The limit of a year: its own, else that of the last year before it that has one, else inf."""
    named = [other for other in limit if other <= year]
    return float(limit[max(named)]) if named else math.inf


def budget_spans(limit: YearlyLimit, timeline: Timeline, first_month: int) -> list[BudgetSpan]:
    """What a budget holds over: every fiscal year, lookahead included, or the reported periods; nothing for None."""
    if limit is None:
        return []
    if isinstance(limit, dict):
        years = np.array([fiscal_year(first, first_month) for first in timeline.starts[:-1]])
        last = max(limit, default=math.inf)
        return [
            BudgetSpan(
                year_name(year, first_month),
                years == year,
                yearly_limit(limit, year),
                year_name(max(limit), first_month) if year > last else None,
            )
            for year in map(int, np.unique(years))
        ]
    return [BudgetSpan(None, ~timeline.lookahead, float(limit))]
