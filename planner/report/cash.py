"""Cash by category and fiscal year, and each category's part of the NPV."""

from __future__ import annotations

import pandas as pd

from planner.kinds.cash import COSTS, END_OF_HORIZON, REVENUE, in_words
from planner.plan import Plan
from planner.render.figures import Unit, money_unit
from planner.render.sheet import Sheet, left, right
from planner.report.view import probabilities
from planner.rules.budgets import year_of_period
from planner.scenario import Scenario

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
    rows = plan.cashflow.assign(year=plan.cashflow["period"].map(named))
    weight = rows["future"].map(probabilities(plan))
    rows = rows.assign(usd=rows["usd"] * weight, npv_usd=rows["npv_usd"] * weight)
    reported = rows[~rows["lookahead"].astype(bool) & ~rows["category"].isin(END_OF_HORIZON)]
    shown = list(dict.fromkeys(named.values()))
    by_year = reported.pivot_table(index="category", columns="year", values="usd", aggfunc="sum", fill_value=0.0)
    by_year = by_year.reindex(columns=shown, fill_value=0.0)
    npv = rows.groupby("category")["npv_usd"].sum()
    unit = money_unit([*by_year.sum(), *npv])
    costs = [name for name in COSTS if name in npv.index]
    lines = [_line(in_words(name), by_year.reindex([name], fill_value=0.0).sum(), npv[name], unit) for name in costs]
    in_total = by_year[by_year.index.isin(costs)].sum()
    lines.append(_line("cost", in_total, npv[costs].sum(), unit))
    if REVENUE.key in npv.index:
        revenue = by_year.reindex([REVENUE.key], fill_value=0.0).sum()
        lines.append(_line(REVENUE.words, -revenue, -npv[REVENUE.key], unit))
    columns = (left("category"), *(right(year) for year in shown), right("sum"), right("NPV"))
    expected = "Expected cash" if len(plan.futures) > 1 else "Cash"
    notes = ["Years are undiscounted and reported periods only; NPV is over the solved horizon and its end."]
    if scenario.horizon.lookahead:
        after = plan.periods[scenario.horizon.periods - 1]
        notes = [f"Years are undiscounted, without the lookahead after {after}; NPV includes it and the horizon's end."]
    return Sheet(f"{expected} by category and year, {unit.name}:", columns, tuple(lines), tuple(notes))


def _line(name: str, by_year: pd.Series[float], npv: float, unit: Unit) -> tuple[str, ...]:
    return (name, *(unit.of(float(usd)) for usd in by_year), unit.of(float(by_year.sum())), unit.of(float(npv)))
