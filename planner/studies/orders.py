"""What a plan orders and signs early on, so that plans can be compared by their decisions."""

from __future__ import annotations

import datetime as dt

from planner.plan import Plan


def ordered(plan: Plan, until: dt.date) -> dict[str, float]:
    """Systems and lots by what is ordered or signed until a day; of several futures the first's."""
    found: dict[str, float] = {}
    first = (plan.futures[0], "all")
    for row in plan.purchases.itertuples():
        if row.order_by <= until and row.future in first:
            name = f"buy {row.system} for {row.site}"
            found[name] = found.get(name, 0.0) + row.count
    for row in plan.contracts.itertuples():
        if row.order_by <= until and row.future in first:
            name = f"sign {row.system} at {row.provider}, {row.term_months:g} months"
            found[name] = found.get(name, 0.0) + row.lots
    return found
