"""Residual value: what hardware is worth by age, and what a plan is credited for it.

One rule for systems bought, kept and retired. The catalog's curve says what share of a new system's price one of some
age fetches; ``finance.residual_of`` says which price that is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import Catalog, System
from planner.rules.tariffs import price_factors
from planner.scenario.models import Existing, Finance, Scenario
from planner.timeline import Timeline
from planner.units import years_from_days

Floats = NDArray[np.float64]


def residual_share(system: System, age_years: Floats) -> Floats:
    """Resale value by age as a share of the price of a new system, before the scenario's haircut.

    1 when new, linear between the catalog's ages, linear to 0 at the end of life and 0 from there on.
    """
    life = system.life_years
    curve = {age: share for age, share in system.residual_share_by_age_years.items() if 0 < age < life}
    curve |= {0.0: 1.0, life: 0.0}
    ages = sorted(curve)
    return np.interp(age_years, ages, [curve[age] for age in ages])


def new_price_usd(scenario: Scenario, catalog: Catalog, system: System, days: Sequence[dt.date]) -> Floats:
    """Hardware price of a new system on each of ``days``, by the factor of its calendar year."""
    years = np.array([day.year for day in days], dtype=np.int64)
    return system.price_usd * price_factors(scenario, catalog, "hardware", years)


def residual_credit_usd(
    paid_usd: Floats, new_usd: Floats, finance: Finance, system: System, age_years: Floats
) -> Floats:
    """What a plan is credited for hardware sold at an age: its resale value times the haircut.

    ``paid_usd`` is what was paid for it, ``new_usd`` what a new one costs on the day of the sale. The curve is taken
    of one of the two, never of both: the price path moves the price of a new one, the curve what age takes off it.
    Nothing is worth more than was paid for it.
    """
    share = residual_share(system, age_years)
    worth = paid_usd * share if finance.residual_of == "price_paid" else np.minimum(paid_usd, new_usd * share)
    return np.asarray(worth * finance.residual_haircut)


def existing_price_usd(existing: Existing, system: System) -> float:
    """What was paid for one system of an existing group: its own price, else the catalog's."""
    return system.price_usd if existing.price_usd is None else existing.price_usd


def existing_credit_usd(scenario: Scenario, catalog: Catalog, existing: Existing, timeline: Timeline) -> Floats:
    """What one system of an existing group is credited on each period's first day, and at the horizon's end, (T + 1,).

    Nothing where the scenario does not sell what is already there.
    """
    if not scenario.finance.resell_existing:
        return np.zeros(timeline.periods + 1)
    system = catalog.systems[existing.system]
    days = np.array([(day - existing.in_service).days for day in timeline.starts], dtype=float)
    ages = np.maximum(years_from_days(days), 0.0)
    paid = np.full(len(ages), existing_price_usd(existing, system))
    new = new_price_usd(scenario, catalog, system, timeline.starts)
    return residual_credit_usd(paid, new, scenario.finance, system, ages)
