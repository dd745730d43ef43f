"""Dates: lead times and order days, what is there on all days of a period, how long systems and contracts last."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import System
from planner.scenario.models import Existing, Procurement, Scenario
from planner.schedule import add_months
from planner.timeline import Timeline
from planner.units import MONTHS_PER_YEAR, days_from_weeks

Bools = NDArray[np.bool_]

# Weeks are decimal fractions: so much of a day is rounding, not a part of a day.
ROUNDING_DAYS = 1e-9
MONTHS_PER_TERM_YEAR = 12


def lead_days(weeks: float) -> int:
    """Whole days of a lead time in weeks; a part of a day counts as a day."""
    return math.ceil(days_from_weeks(weeks) - ROUNDING_DAYS)


def order_day(start: dt.date, lead_weeks: float) -> dt.date:
    """The last day to order what enters service on ``start``."""
    return start - dt.timedelta(days=lead_days(lead_weeks))


def order_days(timeline: Timeline, lead_weeks: float) -> list[dt.date]:
    """The order day of what enters service with each period, (T,)."""
    return [order_day(start, lead_weeks) for start, _ in timeline.spans]


def can_start(timeline: Timeline, decided_on: dt.date, lead_weeks: float, first: dt.date | None = None) -> Bools:
    """Periods with which service can start, (T,): ordered on or after ``decided_on``, not ahead of ``first``."""
    starts = [start for start, _ in timeline.spans]
    ordered = [day >= decided_on for day in order_days(timeline, lead_weeks)]
    there = [first is None or start >= first for start in starts]
    return np.array([all(both) for both in zip(ordered, there, strict=True)], dtype=bool)


def here_and_now_until(scenario: Scenario, timeline: Timeline, lead_weeks: float) -> int:
    """The first period whose decision, taken ``lead_weeks`` before it, comes after the future is known; T for none.

    What is ordered before ``revealed`` is decided here and now, the same for every future.
    """
    revealed = scenario.revealed
    if revealed is None:
        return timeline.periods
    return sum(day < revealed for day in order_days(timeline, lead_weeks))


def on_all_days(timeline: Timeline, first: dt.date | None, last: dt.date | None) -> Bools:
    """Periods on all of whose days something is there from ``first`` to ``last``, both days included, (T,)."""
    return np.array(
        [
            (first is None or first <= start) and (last is None or (after - last).days <= 1)
            for start, after in timeline.spans
        ],
        dtype=bool,
    )


def lies_within(timeline: Timeline, first: dt.date, after: dt.date) -> Bools:
    """Periods that lie wholly in ``[first, after)``, (T,)."""
    return np.array([first <= start and end <= after for start, end in timeline.spans], dtype=bool)


def first_period(there: Bools) -> int:
    """The first period in which something is there; T where it is in none."""
    return int(np.argmax(there)) if there.any() else len(there)


def service_days(existing: Existing, system: System) -> tuple[dt.date, dt.date]:
    """First day of an existing group in service and first day without it: ``until``, or the end of its life."""
    until = existing.until or add_months(existing.in_service, round(MONTHS_PER_YEAR * system.life_years))
    return existing.in_service, until


def life_periods(system: System, months_per_period: int) -> int:
    """Periods that a bought system is in service, at least one."""
    return max(1, round(system.life_years * MONTHS_PER_YEAR / months_per_period))


def system_lead_weeks(procurement: Procurement, system: System) -> float:
    """Weeks from order to service of a bought system: the scenario's, else the catalog's."""
    return procurement.lead_weeks.get(system.system, system.lead_weeks)


def term_lead_weeks(procurement: Procurement, term_months: int, own: float) -> float:
    """Weeks from signing to service of a reserved contract: the scenario's by months, by years, else its ``own``."""
    years, months = divmod(term_months, MONTHS_PER_TERM_YEAR)
    by_years = own if months else procurement.lead_weeks.get(f"reserved_{years}y", own)
    return procurement.lead_weeks.get(f"reserved_{term_months}m", by_years)
