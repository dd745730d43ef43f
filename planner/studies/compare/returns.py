"""What spending more now brings later: return and payback of one plan's cash against another's.

Both are fed every payment of the two ledgers on its own day, the horizon's end included, so that a rate of return as
the discount rate makes the two plans cost the same. Money comes on its day: a payback is a day that something falls on.
"""

from __future__ import annotations

import pandas as pd

from planner.finance import irr, payback
from planner.frozen import dataclass
from planner.plan import Plan
from planner.report.view import probabilities


@dataclass(frozen=True)
class Return:
    """``irr`` per year and ``payback_years`` from the horizon's start; None where there is none."""

    irr: float | None
    payback_years: float | None


def gain(investing: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """What the first of two plans' dated cash (years, usd, out positive) brings against the other's, in positive."""
    both = pd.concat([investing.assign(usd=-investing["usd"]), other])
    both["years"] = both["years"].round(9)
    return both.groupby("years", as_index=False)["usd"].sum()


def return_of(gained: pd.DataFrame) -> Return:
    """The internal rate of return of what is gained, and when its undiscounted sum is no loss any more."""
    years, usd = gained["years"].to_numpy(dtype=float), gained["usd"].to_numpy(dtype=float)
    return Return(irr(years, usd), payback(years, usd.cumsum(), evenly=False))


def undiscounted(plan: Plan, category: str) -> float:
    """Expected USD of a category over the solved horizon."""
    rows = plan.cashflow[plan.cashflow["category"] == category]
    return float((rows["usd"] * rows["future"].map(probabilities(plan))).sum())
