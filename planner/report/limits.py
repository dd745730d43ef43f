"""How much of each limit a plan uses: power by period or year, money by year."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from planner.kinds.cash import CAPEX, OPEX
from planner.kinds.limits import SPENDING, Spending
from planner.plan import Plan
from planner.render.figures import bar, money_unit, percent
from planner.render.sheet import Sheet, left, marked, right
from planner.report.view import rows_of
from planner.rules.budgets import budget_spans
from planner.scenario import Scenario
from planner.scenario.models import YearlyLimit
from planner.table import Table, isin, mapped, sums
from planner.timeline import Timeline

MOST_ROWS = 16
# Of a limit: beyond it hardly another system has room.
REACHED = 0.98


def power_use(plan: Plan, scenario: Scenario, timeline: Timeline) -> Table:
    """Columns site, period, used_mw (the highest of all futures, on the cap's side of the meter), cap_mw; reported."""
    found: list[tuple[str, str, float, float]] = []
    fleet, places = plan.table("fleet"), {name: t for t, name in enumerate(timeline.names)}
    for site in scenario.sites:
        side = f"provisioned_{site.cap_at}_mw"
        used = np.zeros(timeline.periods)
        for future in plan.futures:
            rows = rows_of(fleet, future)
            mine = rows.take(rows["site"] == site.name)
            used = np.maximum(used, sums(mine[side], mapped(mine["period"], places, int), timeline.periods))
        found += [
            (site.name, timeline.names[t], used[t], site.power_mw.step_min(*timeline.spans[t]) * site.usable_share)
            for t in range(timeline.reported)
        ]
    return Table.of_rows(["site", "period", "used_mw", "cap_mw"], found)


def power_sheet(plan: Plan, scenario: Scenario, timeline: Timeline, length: str) -> Sheet:
    """Power provisioned against the cap, by period or, where that is long, each year's fullest period."""
    rows = power_use(plan, scenario, timeline)
    if not len(rows):
        return Sheet("No site, so no power is provisioned.")
    used, cap = rows["used_mw"], rows["cap_mw"]
    rows = rows.with_columns(share=np.divide(used, cap, out=np.zeros(len(rows)), where=cap > 0))
    by, notes = f"by {length}", []
    if len(rows) > MOST_ROWS:
        by = f"in the fullest {length} of each year"
        rows = _fullest(rows.with_columns(year=[name[:4] for name in rows["period"]]), ["site", "year"])
    if len(rows) > MOST_ROWS:
        by = f"in the fullest {length} of each site"
        rows = _fullest(rows, ["site"])
    if len(rows) > MOST_ROWS:
        notes = [f"{len(rows) - MOST_ROWS} emptier sites are not shown."]
        rows = rows.ordered(["share"], falling=["share"]).take(slice(MOST_ROWS))
    several = len(set(rows["site"])) > 1
    lines = tuple(
        (
            *((row.site,) if several else ()),
            str(row.period),
            f"{row.used_mw:,.2f}",
            f"{row.cap_mw:,.2f}",
            *_used(row.share),
        )
        for row in rows.rows()
    )
    columns = (
        *((left("site"),) if several else ()),
        left(length),
        right("used, MW"),
        right("cap, MW"),
        right("used"),
        left(),
    )
    where = "" if several else f" of {rows['site'][0]}"
    most = ", the highest of any future" if len(plan.futures) > 1 else ""
    return Sheet(f"Power{where} provisioned against the cap, {by}{most}:", columns, lines, tuple(notes))


def _fullest(rows: Table, by: Sequence[str]) -> Table:
    """The first row with the largest share of each that are alike in ``by``."""
    return Table.joined([same.take([int(same["share"].argmax())]) for _, same in rows.groups(by, as_met=True)])


def _used(share: float) -> tuple[str, ...]:
    """The share and its bar."""
    cells = percent(share), bar(share)
    return marked(cells, "reached") if share >= REACHED else cells


def budget_use(plan: Plan, scenario: Scenario, timeline: Timeline) -> list[tuple[str, float, float]]:
    """What each budget is for, the undiscounted cash that counts against it in the worst future, and its limit."""
    lines: list[tuple[str, float, float]] = []
    for kind in SPENDING:
        limit: YearlyLimit = getattr(scenario.budget, kind.field)
        if isinstance(limit, dict):
            for span in budget_spans(limit, timeline, scenario.budget.fiscal_year_start):
                inside = [name for name, counted in zip(timeline.names, span.periods, strict=True) if counted]
                if math.isfinite(span.usd) and not timeline.lookahead[span.periods].all():
                    lines.append((f"{kind.key} in {span.year}", _spent(plan, kind, inside), span.usd))
        elif limit is not None:
            reported = timeline.names[: timeline.reported]
            lines.append((f"{kind.key} over the horizon", _spent(plan, kind, reported), float(limit)))
    return lines


def budget_sheet(plan: Plan, scenario: Scenario, timeline: Timeline) -> Sheet:
    """Undiscounted cash against each budget, the highest of all futures."""
    lines = budget_use(plan, scenario, timeline)
    if not lines:
        return Sheet("No budget is set.")
    unit = money_unit(limit for _, _, limit in lines)
    rows = tuple(
        (
            label,
            unit.of(used),
            unit.of(limit),
            *_used(used / limit if limit else 0.0),
        )
        for label, used, limit in lines
    )
    columns = (left("budget"), right(f"used, {unit.name}"), right(f"limit, {unit.name}"), right("used"), left())
    most = ", the highest of any future" if len(plan.futures) > 1 else ""
    return Sheet(f"Budgets used, undiscounted{most}:", columns, rows)


def _spent(plan: Plan, kind: Spending, inside: Sequence[str]) -> float:
    """What counts against a budget of the periods ``inside``, of the worst future."""
    categories = (*(CAPEX if kind.capex else ()), *(OPEX if kind.opex else ()))
    worst = 0.0
    for future in plan.futures:
        if kind.contracts:
            rows = rows_of(plan.table("contracts"), future, lookahead=True)
            spent = rows["cost_usd"][isin(rows["period"], inside)].sum()
        else:
            rows = rows_of(plan.table("cashflow"), future, lookahead=True)
            spent = rows["usd"][isin(rows["period"], inside) & isin(rows["category"], categories)].sum()
        worst = max(worst, float(spent))
    return worst
