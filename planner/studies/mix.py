"""A plan's fleet in one line: the mean GPUs of each system, owned, under contract or by the hour."""

from __future__ import annotations

import numpy as np

from planner.catalog import Catalog
from planner.plan import Plan
from planner.plan.tables import ALL
from planner.report.view import probabilities, timeline_of
from planner.scenario import Scenario
from planner.units import HOURS_PER_DAY

MEAN_GPUS = "mean_gpus"


def mix(plan: Plan, scenario: Scenario, catalog: Catalog) -> dict[str, float]:
    """Mean GPUs over the reported hours by source (``own gb300-nvl72``, ``contract …``, ``hourly …``), expected."""
    timeline = timeline_of(scenario, catalog)
    index = {name: position for position, name in enumerate(timeline.names)}
    blocks = {name: position for position, name in enumerate(timeline.blocks)}
    reported = ~timeline.lookahead
    whole = float(timeline.hours[reported].sum())
    weight = probabilities(plan) | {ALL: 1.0}
    hours: dict[str, float] = {}

    def add(source: str, gpu_hours: float) -> None:
        hours[source] = hours.get(source, 0.0) + gpu_hours

    for row in plan.table("fleet").rows():
        if not row.lookahead:
            gpus = catalog.systems[row.system].gpus * row.count * weight[row.future]
            add(f"own {row.system}", gpus * float(timeline.hours[index[row.period]]))
    for row in plan.table("on_demand").rows():
        if not row.lookahead:
            block = timeline.block_hours[index[row.period], blocks[row.block]]
            add(f"hourly {row.system}", row.gpus * weight[row.future] * float(block))
    first, last = timeline.starts[0], timeline.starts[int(reported.sum())]
    signed = [(row.system, row.gpus * weight[row.future], row.start, row.end) for row in plan.table("contracts").rows()]
    signed += [(item.system, item.gpus, item.start, item.end) for item in scenario.contracts]
    for system, gpus, start, end in signed:
        days = max((min(end, last) - max(start, first)).days, 0)
        add(f"contract {system}", gpus * days * HOURS_PER_DAY)
    return {source: float(np.round(sum_ / whole, 6)) for source, sum_ in sorted(hours.items()) if sum_ > 0}
