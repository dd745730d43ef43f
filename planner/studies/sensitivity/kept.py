"""Today's orders in another world: kept until the day service starts, no more and no fewer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.milp import ABSENT, Model
from planner.plan import Plan
from planner.rules.dates import order_day
from planner.studies import changes
from planner.studies.sensitivity.worlds import World


def with_orders(model: Model, world: World, today: Plan) -> Model | None:
    """``model`` with the orders of ``today`` until service starts, no more, no fewer; None where one has no column."""
    timeline, supply, variables = model.problem.timeline, model.problem.supply, model.variables
    lower, upper = model.milp.lower.copy(), model.milp.upper.copy()
    until = changes.orders_until(world.scenario)
    kept: dict[tuple[str, str, int], float] = {}
    period_index = {name: index for index, name in enumerate(timeline.names)}
    for row in today.purchases[today.purchases["order_by"] <= until].itertuples():
        key = (row.site, row.system, period_index[row.period] + world.slip)
        if key[2] < timeline.periods:
            kept[key] = kept.get(key, 0.0) + row.count
    for row in today.contracts[today.contracts["order_by"] <= until].itertuples():
        name = f"{row.provider}/{row.region}/{row.system}/{row.kind}-{row.term_months:g}m"
        kept["", name, period_index[row.period]] = kept.get(("", name, period_index[row.period]), 0.0) + row.lots
    sites = [site.name for site in model.problem.limits.sites]
    bought = [
        (sites[item.asset.site], item.asset.system.system, item.lead_weeks, variables.buy[index])
        for index, item in enumerate(supply.purchases)
    ]
    signed = [
        ("", item.offer.name, item.lead_weeks, variables.sign[index]) for index, item in enumerate(supply.reservations)
    ]
    for site, name, lead_weeks, ids in (*bought, *signed):
        for period in range(timeline.periods):
            number = kept.pop((site, name, period), None)
            early = order_day(timeline.starts[period], lead_weeks) <= until
            columns = np.unique(ids[:, period])
            if columns[0] == ABSENT:
                if number:
                    return None
                continue
            if number is not None or early:
                lower[columns] = number or 0.0
                upper[columns] = number or 0.0
    # Stocks have bounds of their own, from caps that may be lower here; the rows decide instead.
    for stock in (variables.own, variables.under_contract):
        present = stock[stock != ABSENT]
        upper[present] = np.maximum(upper[present], model.problem.gpus_ever_needed)
    return None if kept else replace(model, milp=replace(model.milp, lower=lower, upper=upper))
