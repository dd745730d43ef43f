"""Cost by tag and fiscal year, as cost centres and products are told it."""

from __future__ import annotations

import pandas as pd

from planner.plan import Plan
from planner.render.figures import money_unit
from planner.render.sheet import Sheet, left, right
from planner.report.cash import MOST_YEARS, shown_years
from planner.scenario import Scenario

NONE = "(none)"
ADDS_UP = (
    "Every dollar bears the tags of what is paid for, then those of the workloads that it serves; the values of a tag "
    "add up to all cost."
)


def tag_sheets(plan: Plan, scenario: Scenario) -> list[Sheet]:
    """Cash of the reported periods by each tag's values and by year, and their NPV; nothing where there are no tags."""
    table = plan.cost_by_tag
    if table.empty:
        return []
    named = shown_years(plan, scenario, MOST_YEARS - 1)
    years = list(dict.fromkeys(named.values()))
    reported = table[~table["lookahead"].astype(bool)]
    cash = reported.assign(year=reported["period"].map(named)).pivot_table(
        index=["tag", "value"], columns="year", values="usd", aggfunc="sum", fill_value=0.0
    )
    npv = table.groupby(["tag", "value"], sort=False)["npv_usd"].sum()
    cash = cash.reindex(index=npv.index, columns=years, fill_value=0.0)
    unit = money_unit([*cash.to_numpy().ravel(), *npv])

    def line(head: tuple[str, str], by_year: pd.Series[float], present: float) -> tuple[str, ...]:
        return (*head, *(unit.of(float(usd)) for usd in by_year), unit.of(float(by_year.sum())), unit.of(present))

    keys = list(npv.index)
    lines = [line((str(tag), str(value) or NONE), cash.loc[(tag, value)], npv[(tag, value)]) for tag, value in keys]
    first = [key for key in keys if key[0] == keys[0][0]]
    lines.append(line(("all", ""), cash.loc[first].sum(), float(npv.loc[first].sum())))
    expected = "Expected cash" if len(plan.futures) > 1 else "Cash"
    columns = (left("tag"), left("value"), *(right(year) for year in years), right("sum"), right("NPV"))
    return [Sheet(f"{expected} out by tag and year, {unit.name}:", columns, tuple(lines), (ADDS_UP,))]
