"""The first sheet: what to decide, by when and for how much; cost by workload, power and money used; the charts."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.plan.ledger import Ledger
from planner.render.figures import count, money, price
from planner.render.sheet import plain
from planner.render.words import upper
from planner.report.limits import budget_use
from planner.report.orders import MONTH, Order
from planner.report.verdict import Ground, day, per_token, signatures, verdict
from planner.report.workbook import charts
from planner.report.workbook.by_period import Power, Stack
from planner.report.workbook.cash_flow import CashFlow
from planner.report.workbook.charts import Bars
from planner.report.workbook.names import CASH, COLUMNS, POWER_BY_PERIOD, PROOF, TABLES
from planner.report.workbook.sheet import LINE, WorkbookSheet, letter

WIDTHS = (22, 44, 16, 16, 13)
# Letters of a sentence that one line across all columns takes, and one of the words of an order.
LETTERS, BOLD_LETTERS = 135, 100
WORDS = 54
# Figures stand from this column on.
FIGURES = 2
MOST_POWER = 2
CHARTS_AT = len(WIDTHS) + 1


@dataclass
class Page:
    """The sheet and the next free row on it."""

    sheet: WorkbookSheet
    row: int = 0

    def sentence(self, text: str, kind: str = "sentence") -> None:
        """A sentence across all columns, as high as it needs."""
        lines = math.ceil(len(text) / (BOLD_LETTERS if kind == "first" else LETTERS)) or 1
        # merge_range would take text that begins with = for a formula.
        look = self.sheet.formats[kind]
        self.sheet.sheet.merge_range(self.row, 0, self.row, len(WIDTHS) - 1, "", look)
        self.sheet.sheet.write_string(self.row, 0, text, look)
        self.sheet.sheet.set_row(self.row, LINE * lines + 3)
        self.row += 1

    def section(self, title: str, heads: Sequence[str] = ()) -> None:
        """A heading, after an empty row, and those of its table."""
        self.row += 1
        self.sheet.put(self.row, 0, title, "section")
        self.row += 1
        if heads:
            for column, head in enumerate(heads):
                self.sheet.put(self.row, column, head, "header" if column < FIGURES else "header right")
            self.row += 1

    def note(self, text: str) -> None:
        """A remark below a table."""
        self.sentence(text, "remark")


def decision(
    sheet: WorkbookSheet,
    found: Ledger,
    flow: CashFlow,
    power: Sequence[Power],
    options: Sequence[Mapping[str, Any]] = (),
    grounds: Sequence[Ground] | None = None,
) -> None:
    """All of the sheet but its charts; ``options`` are a comparison's rows with the plan first."""
    plan, scenario = found.plan, found.account.scenario
    page = Page(sheet)
    sheet.put(0, 0, plan.scenario, "title")
    page.row = 1
    of = f", {len(plan.futures)} futures" if len(plan.futures) > 1 else ""
    last = plan.periods[scenario.horizon.periods - 1]
    about = f"decided on {day(scenario.horizon.decided_on)}, {plan.periods[0]} to {last}{of}"
    page.sentence(f"{scenario.description} Plan {about}." if scenario.description else f"Plan {about}.", "remark")
    page.row += 1
    first, *others = verdict(plan, scenario, options, grounds).sentences
    page.sentence(plain(first), "first")
    for sentence in others:
        page.sentence(plain(sentence))
    _orders(page, found)
    _workloads(page, found)
    _power(page, power)
    _money(page, found, flow)
    page.row += 1
    page.note(f"Sheet {PROOF} recomputes the figures and says how far they are proven; {COLUMNS} says what each is.")
    for column, width in enumerate(WIDTHS):
        sheet.widths[column] = width
    sheet.widths[len(WIDTHS)] = 2
    sheet.finish()
    sheet.sheet.fit_to_pages(1, 1)
    sheet.sheet.hide_gridlines(2)
    sheet.sheet.set_margins(0.4, 0.4, 0.4, 0.4)


def _orders(page: Page, found: Ledger) -> None:
    """What is due this month and the next, each with a sum; what comes later in a sentence."""
    plan, scenario = found.plan, found.account.scenario
    signed = signatures(plan, scenario)
    until = signed.until + MONTH
    soon = [order for order in signed.later if order.by is not None and order.by <= until]
    _due(page, f"To order and sign by {day(signed.until)}", signed.due)
    _due(page, f"And by {day(until)}", soon)
    later = signed.later[len(soon) :]
    if later:
        nearest = later[0]
        assert nearest.by is not None
        more = f", and {count(len(later) - 1)} more later" if len(later) > 1 else ""
        page.note(
            f"After that, {plain(nearest.words)} by {day(nearest.by)} ({money(nearest.usd)}){more}: "
            f"sheets {TABLES['purchases']} and {TABLES['contracts']}."
        )
    if len(plan.futures) > 1:
        page.note("These hold whatever comes; what one future alone asks for is on the sheets with its name.")


def _due(page: Page, title: str, due: Sequence[Order]) -> None:
    if not due:
        page.section(title)
        page.note("Nothing is due.")
        return
    page.section(title, ("Last day", "Order or signature", "Amount, $", "GPUs"))
    first = page.row
    for order in due:
        assert order.by is not None
        page.sheet.put(page.row, 0, dt.datetime.combine(order.by, dt.time()), "day")
        text = plain(order.words)
        page.sheet.put(page.row, 1, upper(text), "wrapped")
        page.sheet.put(page.row, 2, order.usd, "dollars")
        page.sheet.put(page.row, 3, order.gpus, "whole")
        page.sheet.sheet.set_row(page.row, LINE * math.ceil(len(text) / WORDS))
        page.row += 1
    if len(due) > 1:
        page.sheet.put(page.row, 1, "Together", "bold")
        usd, gpus = sum(order.usd for order in due), sum(order.gpus for order in due)
        for column, total, kind in ((2, usd, "dollars total"), (3, gpus, "whole total")):
            name = letter(column)
            page.sheet.compute(page.row, column, f"=SUM({name}{first + 1}:{name}{page.row})", total, kind)
        page.row += 1


def _workloads(page: Page, found: Ledger) -> None:
    """NPV of all cost by workload and per million tokens, from the sheet that has them."""
    plan, scenario = found.plan, found.account.scenario
    basis = scenario.finance.token_basis
    table = plan.workload_cost
    columns = list(table.columns)
    hours = bool(table["usd_per_gpu_hour"].notna().any())
    heads = ["Workload", "Model", "$/Mtok output" if basis == "output" else "$/Mtok", "Cost (NPV), $", "Share"]
    page.section("What each workload costs", heads)
    sheet, total = TABLES["workload_cost"], float(table["npv_usd"].sum())
    first = page.row
    for index, row in enumerate(table.to_dict(orient="records")):
        page.sheet.put(page.row, 0, row["workload"])
        page.sheet.put(page.row, 1, row["model"] or "GPU-hours")

        def cell(name: str, at: int = index) -> str:
            return f"='{sheet}'!${letter(columns.index(name))}${at + 2}"

        per, usd = f"usd_per_mtok_{basis}", float(row["npv_usd"])
        if not pd.isna(row[per]):
            page.sheet.compute(page.row, 2, cell(per), float(row[per]), "price")
        page.sheet.compute(page.row, 3, cell("npv_usd"), usd, "dollars")
        of = f"SUM($D${first + 1}:$D${first + len(table)})"
        share = usd / total if total else None
        page.sheet.compute(page.row, 4, f'=IF({of}=0,"",D{page.row + 1}/{of})', share, "share")
        page.row += 1
    whole, reported = (plan.kpis[f"{kind}_usd_per_mtok_{basis}"] for kind in ("levelised", "reported_levelised"))
    if reported is not None and price(reported) != price(whole):
        last = plan.periods[scenario.horizon.periods - 1]
        page.note(
            f"Over {plan.periods[0]} to {plan.periods[-1]}, resale at the end included: {price(whole)} in all. "
            f"{price(reported)} is the levelised cost until {last}, hardware charged over its life."
        )
    if hours:
        page.note(f"GPU-hours have their price on the sheet {sheet}.")


def _power(page: Page, power: Sequence[Power]) -> None:
    if not power:
        return
    page.section("Power used", ("Site", "Fullest period", "Provisioned, MW", "Cap, MW", "Share"))
    # Columns of the sheet that has them all: the last three.
    for one in power:
        page.sheet.put(page.row, 0, plain(one.site))
        of = f" ({plain(one.future)})" if len({other.future for other in power}) > 1 else ""
        page.sheet.put(page.row, 1, one.period + of if one.used_mw else "nothing provisioned")
        cap = letter(one.stack.cap or 0)
        used = letter((one.stack.cap or 0) - 1)
        row, kind = one.row + 1, "number" if one.cap_mw >= 1 else "fine"
        page.sheet.compute(page.row, 2, f"='{POWER_BY_PERIOD}'!${used}${row}", one.used_mw, kind)
        page.sheet.compute(page.row, 3, f"='{POWER_BY_PERIOD}'!${cap}${row}", one.cap_mw, kind)
        share = one.used_mw / one.cap_mw if one.cap_mw else None
        page.sheet.compute(page.row, 4, f'=IF(D{page.row + 1}=0,"",C{page.row + 1}/D{page.row + 1})', share, "share")
        page.row += 1


def _money(page: Page, found: Ledger, flow: CashFlow) -> None:
    """Cash by fiscal year, from the sums of the cash flow, and what is used of each budget."""
    expected = "Expected cash" if len(found.plan.futures) > 1 else "Cash"
    page.section(f"{expected} by fiscal year", ("Fiscal year", "", "Capex, $", "Opex, $", "Cash, $"))
    for year, row in flow.years.items():
        page.sheet.put(page.row, 0, year)
        for column, name in enumerate(("capex", "opex", "cash"), start=2):
            cell = f"='{CASH}'!${flow.letters[name]}${row + 1}"
            page.sheet.compute(page.row, column, cell, flow.by_year[year][name], "dollars")
        page.row += 1
    lines = budget_use(found.plan, found.account.scenario, found.account.inputs.timeline)
    if not lines:
        return
    worst = ", in the future that takes most" if len(found.plan.futures) > 1 else ""
    page.section(f"Budgets used{worst}", ("Budget", "", "Used, $", "Limit, $", "Share"))
    for label, used, limit in lines:
        page.sheet.put(page.row, 0, upper(label))
        page.sheet.put(page.row, 2, used, "dollars")
        page.sheet.put(page.row, 3, limit, "dollars")
        share = used / limit if limit else None
        page.sheet.compute(page.row, 4, f'=IF(D{page.row + 1}=0,"",C{page.row + 1}/D{page.row + 1})', share, "share")
        page.row += 1


def workload_bars(found: Ledger) -> Bars | None:
    """Cost per token by workload, from the sheet of that table; None where no tokens are served."""
    basis = found.account.scenario.finance.token_basis
    per, table = f"usd_per_mtok_{basis}", found.plan.workload_cost
    columns, there = list(table.columns), table[table[per].notna()]
    if there.empty:
        return None
    unit = f"$ {per_token(basis)}"
    dear, cheap = (there.loc[there[per].idxmax()], there.loc[there[per].idxmin()])
    title = f"Cost {per_token(basis)}: {price(dear[per])} of {plain(str(dear['workload']))}"
    if len(there) > 1:
        title += f" is the most, {price(cheap[per])} of {plain(str(cheap['workload']))} the least"
    known = np.flatnonzero(table[per].notna())
    rows = (1 + int(known[0]), 1 + int(known[-1]))
    return Bars(TABLES["workload_cost"], title, rows, columns.index("workload"), columns.index(per), unit)


def draw(
    book: Any,
    sheet: WorkbookSheet,
    found: Ledger,
    cash: Stack | None,
    gpus: Stack | None,
    power: Sequence[Power],
) -> None:
    """The charts, beside what the sheet says, in the order that it says it in."""
    length = found.account.scenario.horizon.period.capitalize()
    made: list[tuple[Any, str]] = []
    borne = workload_bars(found)
    if borne is not None:
        made.append((charts.bars(book, borne), borne.title))
    drawn = [one for one in power if one.stack.columns]
    drawn.sort(key=lambda one: -one.used_mw)
    stacks = [(one.stack, "power") for one in drawn[:MOST_POWER]]
    stacks += [(stack, kind) for stack, kind in ((cash, "cash"), (gpus, "GPUs")) if stack is not None]
    made += [(charts.stacked(book, stack, kind, length), stack.title) for stack, kind in stacks]
    charts.put(sheet.sheet, CHARTS_AT, made)
