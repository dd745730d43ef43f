"""What spending more now brings later: internal rate of return and payback of one plan's cash against another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.accounts.cashflow import CAPEX, END_OF_HORIZON, REVENUE
from planner.plan import Plan
from planner.report.view import probabilities
from planner.timeline import Timeline
from planner.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]
# Rates searched, per year: beyond them a rate of return says nothing.
LOWEST, HIGHEST = -0.99, 100.0


@dataclass(frozen=True)
class Return:
    """``irr`` per year and ``payback_years`` from the horizon's start; None where there is none."""

    irr: float | None
    payback_years: float | None


def flows(plan: Plan, timeline: Timeline, rate: float) -> pd.DataFrame:
    """Expected cash by day: years (from the horizon's start) and usd, out positive, the horizon's end included.

    Revenue counts against cost. Each row's day is the one at which ``rate``, the scenario's, discounts it to its NPV.
    """
    rows = plan.cashflow
    index = {name: place for place, name in enumerate(timeline.names)}
    at = rows["period"].map(index).to_numpy(dtype=int)
    weight = rows["future"].map(probabilities(plan)).to_numpy(dtype=float)
    usd = rows["usd"].to_numpy(dtype=float)
    years = _calendar_years(rows, at, timeline)
    if rate > 0:
        ratio = np.divide(rows["npv_usd"].to_numpy(dtype=float), usd, out=np.zeros_like(usd), where=usd != 0)
        known = ratio > 0
        years[known] = -np.log(ratio[known]) / np.log1p(rate)
    return pd.DataFrame({"years": years, "usd": usd * weight})


def _calendar_years(rows: pd.DataFrame, at: NDArray[np.int64], timeline: Timeline) -> Floats:
    starts = np.array([(day - timeline.starts[0]).days for day in timeline.starts]) / DAYS_PER_YEAR
    middle = (starts[:-1] + starts[1:])[at] / 2
    first = rows["category"].isin(CAPEX).to_numpy()
    last = rows["category"].isin(END_OF_HORIZON).to_numpy()
    found = np.where(first, starts[:-1][at], np.where(last, starts[-1], middle))
    return np.asarray(found, dtype=float)


def gain(investing: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """What the first of two plans' flows brings against the other's, in positive, by day in order."""
    both = pd.concat([investing.assign(usd=-investing["usd"]), other])
    both["years"] = both["years"].round(9)
    return both.groupby("years", as_index=False)["usd"].sum()


def return_of(gained: pd.DataFrame) -> Return:
    """The internal rate of return of flows, and when their undiscounted sum turns positive for good.

    There is no rate where the flows never change sign over the rates searched, or where several rates would do.
    """
    return Return(irr(gained), payback_years(gained))


def irr(gained: pd.DataFrame) -> float | None:
    """The one rate per year at which the flows are worth nothing; None where there is none, or more than one."""
    from scipy.optimize import brentq

    years, usd = gained["years"].to_numpy(dtype=float), gained["usd"].to_numpy(dtype=float)

    def worth(rate: float) -> float:
        return float(usd @ np.power(1.0 + rate, -years))

    grid = np.concatenate([np.linspace(LOWEST, 1.0, 200), np.geomspace(1.01, HIGHEST, 60)])
    gains = np.array([worth(rate) >= 0 for rate in grid])
    changes = np.flatnonzero(gains[1:] != gains[:-1])
    if len(changes) != 1:
        return None
    return float(brentq(worth, grid[changes[0]], grid[changes[0] + 1], xtol=1e-12))


def payback_years(gained: pd.DataFrame) -> float | None:
    """Years until the undiscounted sum stays positive; None where it never goes below zero or never comes back."""
    years, total = gained["years"].to_numpy(dtype=float), gained["usd"].to_numpy(dtype=float).cumsum()
    below = np.flatnonzero(total < 0)
    if not len(below) or below[-1] + 1 == len(total):
        return None
    return float(years[below[-1] + 1])


def undiscounted(plan: Plan, categories: tuple[str, ...]) -> float:
    """Expected USD of these categories over the solved horizon."""
    rows = plan.cashflow[plan.cashflow["category"].isin(categories) & (plan.cashflow["category"] != REVENUE)]
    return float((rows["usd"] * rows["future"].map(probabilities(plan))).sum())
