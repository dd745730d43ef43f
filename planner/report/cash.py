"""Cash by category and fiscal year, and each category's part of the NPV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from planner.kinds.cash import COSTS, END_OF_HORIZON, REVENUE, in_words
from planner.plan import Plan
from planner.render.figures import Unit, money_unit
from planner.render.sheet import Sheet, left, right
from planner.report.view import probabilities
from planner.rules.budgets import year_of_period
from planner.scenario import Scenario
from planner.table import Table, isin, mapped, sums

# As many as fit beside the category, the total and the NPV.
MOST_YEARS = 6


def shown_years(plan: Plan, scenario: Scenario, most: int) -> dict[str, str]:
    """The fiscal year that each reported period is shown under: ``most`` of them, late ones together."""
    named = {
        name: year_of_period(name, scenario.budget.fiscal_year_start)
        for name in plan.periods[: scenario.horizon.periods]
    }
    years = list(dict.fromkeys(named.values()))
    shown = years if len(years) <= most else [*years[: most - 1], f"{years[most - 1]} on"]
    return {name: shown[min(years.index(year), len(shown) - 1)] for name, year in named.items()}


def cash_sheet(plan: Plan, scenario: Scenario) -> Sheet:
    """Expected cash of the reported horizon by category and year, out positive."""
    named = shown_years(plan, scenario, MOST_YEARS)
    rows = plan.table("cashflow")
    weight = mapped(rows["future"], probabilities(plan))
    rows = rows.with_columns(usd=rows["usd"] * weight, npv_usd=rows["npv_usd"] * weight)
    reported = rows.take(~rows["lookahead"].astype(bool) & ~isin(rows["category"], END_OF_HORIZON))
    npv = dict(rows.sums(["category"], "npv_usd").rows())
    shown = list(dict.fromkeys(named.values()))
    known, by_year = by_years(reported, ["category"], named, shown)
    cash = {name: usd for (name,), usd in zip(known, by_year, strict=True)}
    unit = money_unit([*by_year.sum(axis=0), *npv.values()])
    none = np.zeros(len(shown))
    costs = [name for name in COSTS if name in npv]
    lines = [_line(in_words(name), cash.get(name, none), npv[name], unit) for name in costs]
    in_total = sum((cash[name] for name in cash if name in costs), start=none)
    lines.append(_line("cost", in_total, float(np.sum([npv[name] for name in costs])), unit))
    if REVENUE.key in npv:
        lines.append(_line(REVENUE.words, -cash.get(REVENUE.key, none), -npv[REVENUE.key], unit))
    columns = (left("category"), *(right(year) for year in shown), right("sum"), right("NPV"))
    expected = "Expected cash" if len(plan.futures) > 1 else "Cash"
    notes = ["Years are undiscounted and reported periods only; NPV is over the solved horizon and its end."]
    if scenario.horizon.lookahead:
        after = plan.periods[scenario.horizon.periods - 1]
        notes = [f"Years are undiscounted, without the lookahead after {after}; NPV includes it and the horizon's end."]
    return Sheet(f"{expected} by category and year, {unit.name}:", columns, tuple(lines), tuple(notes))


def by_years(
    rows: Table, by: Sequence[str], named: Mapping[str, str], years: Sequence[str]
) -> tuple[list[tuple[str, ...]], NDArray[np.float64]]:
    """USD of rows by what is alike in ``by``, which comes first, and by the year that their periods are shown under."""
    known, first = rows.numbered(by)
    keys = [tuple(row) for row in rows.only(by).take(first).rows()]
    places = {name: years.index(year) for name, year in named.items()}
    cells = known * len(years) + mapped(rows["period"], places, int)
    return keys, sums(rows["usd"], cells, len(keys) * len(years)).reshape(len(keys), len(years))


def _line(name: str, by_year: NDArray[np.float64], npv: float, unit: Unit) -> tuple[str, ...]:
    return (name, *(unit.of(float(usd)) for usd in by_year), unit.of(float(by_year.sum())), unit.of(npv))
