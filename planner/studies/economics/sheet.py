"""``plan economics`` on a terminal: the plan as an investment."""

from __future__ import annotations

import pandas as pd

from planner.render.figures import digits, money, money_unit
from planner.render.sheet import Sheet, left, right
from planner.studies.economics.study import Economics


def economics_sheets(found: Economics) -> list[Sheet]:
    """The figures, the cash by year, and what they mean."""
    rows = tuple(
        (str(row.figure), _figure(row.value, str(row.unit)), str(row.unit)) for row in found.figures.itertuples()
    )
    cash = found.cash
    years = cash.groupby("year", sort=False)
    unit = money_unit(cash["cumulative_usd"])
    flows = tuple(
        (
            str(year),
            unit.of(part["cost_usd"].sum()),
            unit.of(part["revenue_usd"].sum()),
            unit.of(part["net_usd"].sum()),
            unit.of(part["cumulative_usd"].iloc[-1]),
        )
        for year, part in years
    )
    first, *rest = found.sentences
    heads = (left("year"), *(right(f"{name}, {unit.name}") for name in ("cost", "revenue", "net", "cumulative")))
    return [
        Sheet(first, notes=tuple(rest)),
        Sheet("The plan as an investment:", (left("figure"), right("value"), left("unit")), rows),
        Sheet("Cash, undiscounted, lookahead included, resale left out:", heads, flows),
    ]


def _figure(value: float | None, unit: str) -> str:
    if value is None or pd.isna(value):
        return "-"
    if unit in ("share", "per year"):
        return f"{100 * value:,.1f} %"
    if unit == "USD" or unit.startswith("USD NPV"):
        return money(value)
    return f"{value:.1f}" if unit.startswith("years") else digits(value)
