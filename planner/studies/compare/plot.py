"""What each option costs and what for: bars of the NPV by kind of cost, end to end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from planner.kinds.cash import BY_KEY, END_OF_HORIZON, PROCEEDS, REVENUE
from planner.render.bars import Stack, stacked
from planner.render.colours import CONTRACT_COLOURS, GREY, WAY_COLOURS
from planner.render.figures import money
from planner.render.plots import Picture, dollars
from planner.render.words import upper
from planner.report.view import probabilities
from planner.report.ways import ALONE, BESIDE, THROUGHOUT
from planner.studies.compare.answer import times
from planner.studies.compare.study import Comparison
from planner.studies.compare.table import Entry

COLOURS = {
    "hardware bought": WAY_COLOURS["own"],
    "power, space, upkeep": CONTRACT_COLOURS[1],
    "contracts": CONTRACT_COLOURS[0],
    "by the hour": WAY_COLOURS["hourly"],
    "token APIs": WAY_COLOURS["api"],
    "resale and credits": GREY,
}
UPKEEP = "power, space, upkeep"
BOOKED = {"contract": "contracts", "hourly": "by the hour", "api": "token APIs"}
# Of options beside the first, those nearest to it in cost.
MOST_SAID = 2
NOTE = "Diamond: the NPV of all cost, what is resold and credited taken off."


def comparison_picture(found: Comparison) -> Picture:
    """A row for each plan: its NPV by kind of cost; one without a plan says so."""
    return cost_picture(found.table, [cost_by_kind(entry) for entry in found.entries])


def cost_by_kind(entry: Entry) -> dict[str, float]:
    """USD NPV of a plan's cost by the names of ``COLOURS``, which add up to that of all cost; none without a plan."""
    if entry.plan is None:
        return {}
    weight = probabilities(entry.plan) | {"all": 1.0}
    cash = entry.plan.cashflow
    usd = (cash["npv_usd"] * cash["future"].map(weight)).groupby(cash["category"]).sum()
    found: dict[str, float] = {}
    for category, amount in usd.items():
        if category != REVENUE.key:
            found[kind_of(str(category))] = found.get(kind_of(str(category)), 0.0) + float(amount)
    return found


def kind_of(category: str) -> str:
    """The name in ``COLOURS`` of a category of cash."""
    record = BY_KEY[category]
    if category in PROCEEDS or (category in END_OF_HORIZON and record.key != "contract_tail"):
        return "resale and credits"
    if record.group == "capex":
        return "hardware bought"
    return BOOKED.get(record.booked, UPKEEP)


def cost_picture(table: pd.DataFrame, costs: Sequence[Mapping[str, float]]) -> Picture:
    """``costs`` by kind of each row of a comparison's ``table``."""
    unit = dollars(table["npv_usd"])
    rows = [
        Stack(str(row["name"]), {kind: usd / unit.usd for kind, usd in cost.items()}, _said(row))
        for row, cost in zip(table.to_dict(orient="records"), costs, strict=True)
    ]
    return stacked(_finding(table), f"NPV of all cost, {unit.name}", rows, COLOURS, NOTE)


def _said(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["npv_usd"]):
        return "no plan"
    return ", ".join([money(row["npv_usd"]), *_needs(row)])


def _needs(row: Mapping[Any, Any]) -> Iterator[str]:
    """What a plan needs beyond the limits."""
    if row["supply_factor"] > 1:
        yield f"at {times(row['supply_factor'])} the supply"
    if row["budget_factor"] > 1:
        yield f"at {times(row['budget_factor'])} the budgets"


def _name(row: Mapping[Any, Any]) -> str:
    """An option as the answer names it, a scenario by its own name."""
    name = str(row["name"])
    beside = BESIDE.get(name) if row["rents_until"] == THROUGHOUT else None
    return beside or ALONE.get(name) or {"plan": "the plan"}.get(name, name)


def _finding(table: pd.DataFrame) -> str:
    """What the plans come to against the first one, the nearest to it first."""
    rows = table.to_dict(orient="records")
    base, others = rows[0], [row for row in rows[1:] if not pd.isna(row["npv_usd"])]
    name = _name(base)
    if pd.isna(base["npv_usd"]):
        return f"{upper(name)} has no plan to hold the others against."
    if not others:
        return f"{upper(name)} costs {money(base['npv_usd'])}; none of the others has a plan."
    told = [
        ", ".join([_against(row, name), *_needs(row)])
        for row in sorted(others, key=lambda row: abs(row["npv_more_usd"]))
    ]
    return f"{upper('; '.join(told[:MOST_SAID]))}."


def _against(row: Mapping[Any, Any], base: str) -> str:
    if row["npv_more_low_usd"] <= 0 <= row["npv_more_high_usd"]:
        return f"{_name(row)} costs the same as {base}"
    more = row["npv_more_usd"]
    return f"{_name(row)} costs {money(abs(more))} {'more' if more > 0 else 'less'} than {base}"
