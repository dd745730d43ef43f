"""The limits that bind: those whose slack not one more system could use, and what the LP says they are worth."""

from __future__ import annotations

import re

import numpy as np

from planner.kinds.limits import LIMITS
from planner.plan import Plan
from planner.render.figures import digits, money, percent, short, span
from planner.render.sheet import Column, Marked, Sheet, left, right
from planner.rules.budgets import fiscal_year
from planner.scenario import Scenario
from planner.table import Table
from planner.timeline import first_day

SHOWN = 3
SHADOW_PRICE = (
    "Shadow price: the NPV that one more unit throughout would save, by the LP relaxation (in parts of racks)."
)
_YEAR = re.compile(r" in ((?:FY)?)(\d{4})$")


def binding_sheet(plan: Plan, scenario: Scenario, most: int = SHOWN) -> Sheet:
    """The ``most`` limits worth most, each over all its periods of the reported horizon."""
    rows = _reported(plan, scenario)
    if not len(rows):
        return Sheet("No limit binds in the reported horizon.")
    order = {name: index for index, name in enumerate((*plan.periods, ""))}
    ranked = []
    for (kind, where, unit), same in rows.groups(["constraint", "where", "unit"], as_met=True):
        worth = float((same["marginal_usd_lp"] * np.abs(same["limit"])).sum())
        periods = sorted(set(same["period"]), key=lambda name: order[name])
        limit = _range(float(same["limit"].min()), float(same["limit"].max()), str(unit))
        hint = _marginal(float(same["marginal_usd_lp"].sum()), str(kind), str(unit))
        words = _words(str(kind)).format(where)
        when = f"{len(periods)} ({span(periods)})" if periods[0] else "-"
        ranked.append((-worth, Marked(words, "reached"), when, limit, hint))
    ranked.sort()
    told = ranked[0][0] < 0
    columns: tuple[Column, ...] = (left("limit"), left("periods in which it binds"), right("limit is"))
    notes = []
    if told:
        columns = (*columns, right("shadow price (LP)"))
        notes.append(SHADOW_PRICE)
    if len(ranked) > most:
        notes.append(f"{len(ranked) - most} more limits bind; --json and --csv have them all, as binding.")
    lines = tuple(line[1:] if told else line[1:-1] for line in ranked[:most])
    sentence = "The limits that cost most:" if told else "Limits that bind:"
    return Sheet(sentence, columns, lines, tuple(notes))


def _reported(plan: Plan, scenario: Scenario) -> Table:
    """Binding rows of the reported horizon; a budget of a later year belongs to the lookahead."""
    last, month = first_day(plan.periods[scenario.horizon.periods - 1]), scenario.budget.fiscal_year_start
    ends = {"": last.year, "FY": fiscal_year(last, month)}
    binding = plan.table("binding")
    years = [_YEAR.search(where) for where in binding["where"]]
    later = np.array([found is not None and int(found[2]) > ends[found[1]] for found in years], dtype=bool)
    return binding.take(~binding["lookahead"].astype(bool) & ~later)


def _words(kind: str) -> str:
    """A limit by its subject; a table may be of a release that knew other kinds."""
    return LIMITS[kind].binding if kind in LIMITS else f"{kind} of {{}}"


def _range(lowest: float, highest: float, unit: str) -> str:
    return _limit(lowest, unit) if lowest == highest else f"{_limit(lowest, unit)} to {_limit(highest, unit)}"


def _limit(value: float, unit: str) -> str:
    if unit == "USD":
        return money(value)
    return percent(value) if unit.startswith("share") else f"{short(value)} {unit}"


def _marginal(usd: float, kind: str, unit: str) -> str:
    """What one more unit is worth; of a share of GPUs the unit is a GPU, of one of demand a hundredth."""
    if not usd:
        return "-"
    if unit == "USD":
        return f"${digits(usd)} per $"
    if kind in LIMITS and LIMITS[kind].of_fleet:
        return f"{money(usd)} per GPU"
    if unit.startswith("share"):
        return f"{money(usd / 100)} per 1 %"
    return f"{money(usd)} per {unit.removesuffix('s')}"
