"""Cost by workload: what each bears, and what the plan would save without it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from planner.plan import Plan
from planner.render.figures import digits, money_unit, price
from planner.render.sheet import Sheet, left, right
from planner.scenario import Scenario

THOUSAND = 1e3
BORNE = "Bears: each supply at one price for every GPU-hour used of it, its idle hours in that; adds up to the NPV."
EXTRA = "Extra: what the plan would save without the workload, by the LP relaxation; little where it fills idle hours."


def workload_sheets(plan: Plan, scenario: Scenario) -> list[Sheet]:
    """A row per workload and their sum; nothing where there is but one, which bears everything."""
    table = plan.table("workload_cost")
    if len(table) < 2:
        return []
    basis = scenario.finance.token_basis
    unit = money_unit(table["npv_usd"])
    known = not np.isnan(table["incremental_npv_usd"]).all()
    lines = [_line(row, basis, unit, known) for row in table.records()]
    hours, npv, idle = (float(table[name].sum()) for name in ("gpu_hours", "npv_usd", "idle_npv_usd"))
    last = ["together", "", digits(hours / THOUSAND), unit.of(npv), unit.of(idle), ""]
    columns = [
        left("workload"),
        right("10⁹ tokens"),
        right("k GPU-hours"),
        right(f"bears, {unit.name}"),
        right("of it idle"),
        right("$/Mtok"),
    ]
    if known:
        columns += [right(f"extra, {unit.name}"), right("$/Mtok")]
        last += ["", ""]
    sentence = f"Cost by workload: NPV of the solved horizon, {basis} tokens and GPU-hours of the reported one:"
    notes = (BORNE, EXTRA) if known else (BORNE,)
    return [Sheet(sentence, tuple(columns), (*lines, tuple(last)), notes)]


def _line(row: dict[str, Any], basis: str, unit: Any, known: bool) -> tuple[str, ...]:
    cells = (
        str(row["workload"]),
        digits(row[f"mtok_{basis}"] / THOUSAND) if row["model"] else "-",
        digits(row["gpu_hours"] / THOUSAND),
        unit.of(row["npv_usd"]),
        unit.of(row["idle_npv_usd"]),
        _per_unit(row["usd_per_gpu_hour"], row[f"usd_per_mtok_{basis}"]),
    )
    if not known:
        return cells
    return (*cells, unit.of(row["incremental_npv_usd"]), _per_unit(math.nan, row[f"incremental_usd_per_mtok_{basis}"]))


def _per_unit(per_gpu_hour: float, per_mtok: float) -> str:
    """USD per Mtok; of GPU-hours USD for one."""
    if not math.isnan(per_mtok):
        return price(per_mtok)
    return "-" if math.isnan(per_gpu_hour) else f"{price(per_gpu_hour)}/GPU-h"
