"""What may be used, from when and at which prices: allow and deny lists, lead times, dates, the price path."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.models import PricePath, System
from planner.scenario.models import Scenario
from planner.timeline import Timeline
from planner.units import days_from_weeks

Bools = NDArray[np.bool_]
FLAT = PricePath(
    name="flat",
    hardware={2026: 1.0},
    rent={2026: 1.0},
    api={2026: 1.0},
    source=("definition",),
    as_of=dt.date(1970, 1, 1),
    evidence="measured",
)


def allowed_system(scenario: Scenario, system: System) -> bool:
    """Whether the scenario lets a plan buy or rent ``system``."""
    rule = scenario.procurement.systems
    if system.announced and system.system not in rule.include:
        return False
    return system.system not in rule.deny and (rule.allow is None or system.system in rule.allow)


def allowed_provider(scenario: Scenario, provider: str) -> bool:
    """Whether the scenario lets a plan sign, rent or call ``provider``."""
    rule = scenario.procurement.providers
    return provider not in rule.deny and (rule.allow is None or provider in rule.allow)


def revealed_period(scenario: Scenario, timeline: Timeline, lead_weeks: float) -> int:
    """First period whose decision, taken ``lead_weeks`` before it, comes after the future is known."""
    if scenario.revealed is None:
        return timeline.periods
    return timeline.first_period(scenario.revealed + dt.timedelta(days=lead_days(lead_weeks)))


def can_start(timeline: Timeline, decided_on: dt.date, lead_weeks: float, first: dt.date | None) -> Bools:
    """Periods whose start is reachable by an order placed on or after ``decided_on``, (T,)."""
    earliest = decided_on + dt.timedelta(days=lead_days(lead_weeks))
    if first is not None:
        earliest = max(earliest, first)
    return np.array([start >= earliest for start in timeline.starts[:-1]])


def order_day(start: dt.date, lead_weeks: float) -> dt.date:
    """The day to order what enters service on ``start``."""
    return start - dt.timedelta(days=lead_days(lead_weeks))


def lead_days(weeks: float) -> int:
    """Whole days of a lead time, rounded up."""
    return math.ceil(days_from_weeks(weeks) - 1e-9)


def available(timeline: Timeline, first: dt.date | None, last: dt.date | None) -> Bools:
    """Periods on all of whose days something is available, (T,)."""
    return np.array(
        [
            (first is None or first <= start) and (last is None or end <= last + dt.timedelta(days=1))
            for start, end in timeline.spans
        ]
    )


def price_path(scenario: Scenario, catalog: Catalog) -> PricePath:
    """The scenario's price path; ``flat`` is there whether or not a catalog lists it."""
    name = scenario.finance.price_path
    return FLAT if name == FLAT.name and name not in catalog.price_paths else catalog.price_paths[name]
