"""Residual value: what hardware is worth by age."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import System
from planner.scenario.models import Finance

Floats = NDArray[np.float64]


def residual_share(system: System, age_years: Floats) -> Floats:
    """Resale value by age as a share of the hardware price paid, before the scenario's haircut.

    1 when new, linear between the catalog's ages, linear to 0 at the end of life and 0 from there on.
    """
    life = system.life_years
    curve = {age: share for age, share in system.residual_share_by_age_years.items() if 0 < age < life}
    curve |= {0.0: 1.0, life: 0.0}
    ages = sorted(curve)
    return np.interp(age_years, ages, [curve[age] for age in ages])


def residual_credit_usd(paid_usd: Floats, finance: Finance, system: System, age_years: Floats) -> Floats:
    """What a plan is credited for hardware that cost ``paid_usd``, by age: resale value times the haircut."""
    return paid_usd * residual_share(system, age_years) * finance.residual_haircut
