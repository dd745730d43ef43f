"""What a plan orders and signs early on, so that plans can be compared by their decisions."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.milp import ABSENT, Model
from planner.plan import Plan
from planner.rules.dates import order_days

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Orders:
    """The columns that are ordered or signed under one name until a day, and how many GPUs one of them has."""

    columns: Ints
    gpus: float


def ordered(plan: Plan, until: dt.date) -> dict[str, float]:
    """Systems and lots by what is ordered or signed until a day; of several futures the first's."""
    return {name: count for name, (count, _) in _rows(plan, until).items()}


def gpus_each(plan: Plan, until: dt.date) -> dict[str, float]:
    """GPUs of a system or lot, by the names of ``ordered``."""
    return {name: gpus / count for name, (count, gpus) in _rows(plan, until).items() if count}


def _rows(plan: Plan, until: dt.date) -> dict[str, tuple[float, float]]:
    """Number and GPUs by what is ordered or signed until a day."""
    found: dict[str, tuple[float, float]] = {}
    first = (plan.futures[0], "all")

    def add(name: str, count: float, gpus: float) -> None:
        before = found.get(name, (0.0, 0.0))
        found[name] = before[0] + count, before[1] + gpus

    for row in plan.table("purchases").rows():
        if row.order_by <= until and row.future in first:
            add(_bought(row.system, row.site), row.count, row.gpus)
    for row in plan.table("contracts").rows():
        if row.order_by <= until and row.future in first:
            add(_signed(row.system, row.provider, row.term_months), row.lots, row.gpus)
    return found


def order_columns(model: Model, until: dt.date) -> dict[str, Orders]:
    """What ``ordered`` counts, as columns of a model; lots of several sizes under one name count as the smallest."""
    problem, variables = model.problem, model.variables
    supply = problem.supply
    sites = [site.name for site in problem.limits.sites]
    bought = [
        (_bought(row.asset.system.system, sites[row.asset.site]), row.asset.system.gpus, row.lead_weeks)
        for row in supply.purchases
    ]
    signed = [
        (_signed(row.offer.system, row.offer.provider, row.offer.term_months or 0), row.offer.lot_gpus, row.lead_weeks)
        for row in supply.reservations
    ]
    found: dict[str, Orders] = {}
    for ids, rows in ((variables.buy, bought), (variables.sign, signed)):
        for place, (name, gpus, lead_weeks) in enumerate(rows):
            early = [day <= until for day in order_days(problem.timeline, lead_weeks)]
            columns = ids[place, 0][early]
            columns = columns[columns != ABSENT]
            if len(columns):
                before = found.get(name, Orders(np.zeros(0, dtype=np.int64), gpus))
                found[name] = Orders(np.union1d(before.columns, columns), min(before.gpus, gpus))
    return found


def _bought(system: str, site: str) -> str:
    return f"buy {system} for {site}"


def _signed(system: str, provider: str, term_months: float) -> str:
    return f"sign {system} at {provider}, {term_months:g} months"
