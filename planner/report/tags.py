"""Cost by tag and fiscal year, as cost centres and products are told it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.plan import Plan
from planner.render.figures import money_unit
from planner.render.sheet import Sheet, left, right
from planner.report.cash import MOST_YEARS, by_years, shown_years
from planner.scenario import Scenario

NONE = "(none)"
_KEYS = ("tag", "value")
ADDS_UP = (
    "Every dollar bears the tags of what is paid for, then those of the workloads that it serves; the values of a tag "
    "add up to all cost."
)


def tag_sheets(plan: Plan, scenario: Scenario) -> list[Sheet]:
    """Cash of the reported periods by each tag's values and by year, and their NPV; nothing where there are no tags."""
    table = plan.table("cost_by_tag")
    if not len(table):
        return []
    named = shown_years(plan, scenario, MOST_YEARS - 1)
    years = list(dict.fromkeys(named.values()))
    known, usd = by_years(table.take(~table["lookahead"].astype(bool)), _KEYS, named, years)
    npv = {(tag, value): float(rows["npv_usd"].sum()) for (tag, value), rows in table.groups(_KEYS, as_met=True)}
    cash = {**dict.fromkeys(npv, np.zeros(len(years))), **dict(zip(known, usd, strict=True))}
    unit = money_unit([*usd.ravel(), *npv.values()])

    def line(head: tuple[str, str], by_year: NDArray[np.float64], present: float) -> tuple[str, ...]:
        return (*head, *(unit.of(float(usd)) for usd in by_year), unit.of(float(by_year.sum())), unit.of(present))

    keys = list(npv)
    lines = [line((tag, value or NONE), cash[tag, value], npv[tag, value]) for tag, value in keys]
    first = [key for key in keys if key[0] == keys[0][0]]
    all_cash = np.sum([cash[key] for key in first], axis=0)
    lines.append(line(("all", ""), all_cash, float(np.sum([npv[key] for key in first]))))
    expected = "Expected cash" if len(plan.futures) > 1 else "Cash"
    columns = (left("tag"), left("value"), *(right(year) for year in years), right("sum"), right("NPV"))
    return [Sheet(f"{expected} out by tag and year, {unit.name}:", columns, tuple(lines), (ADDS_UP,))]
