"""Budgets: what a limit on cash adds up, and the figure of each year."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.scenario.models import YearlyLimit
from planner.timeline import Timeline

Bools = NDArray[np.bool_]


class BudgetSpan(NamedTuple):
    """Periods (T,) whose cash is added up, and the most that may be; ``year`` is None for all reported periods."""

    year: int | None
    periods: Bools
    usd: float


def yearly_limit(limit: Mapping[int, float], year: int) -> float:
    """The limit of a year: its own, else that of the last year before it that has one, else inf."""
    named = [other for other in limit if other <= year]
    return float(limit[max(named)]) if named else math.inf


def budget_spans(limit: YearlyLimit, timeline: Timeline) -> list[BudgetSpan]:
    """What a budget holds over: every calendar year, lookahead included, or the reported periods; nothing for None."""
    if limit is None:
        return []
    if isinstance(limit, dict):
        years = [int(year) for year in np.unique(timeline.years)]
        return [BudgetSpan(year, timeline.years == year, yearly_limit(limit, year)) for year in years]
    return [BudgetSpan(None, ~timeline.lookahead, float(limit))]
