"""The sheets of the ledger and of the cash flow: payments as values, sums and present values as formulas over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np
import pandas as pd

from planner.accounts.ledger import START
from planner.accounts.tokens import requests, tokens_per_request
from planner.frozen import dataclass
from planner.kinds.cash import BY_KEY, CAPEX, ON_DEMAND, OPEX, PROCEEDS, RECORDS, RESERVED, REVENUE
from planner.plan.ledger import Ledger
from planner.render.words import upper
from planner.report.workbook.names import CASH, PAYMENTS, UPFRONT, Named, category
from planner.report.workbook.sheet import WorkbookSheet, cells, filtered, header, letter
from planner.rules.budgets import year_of_period
from planner.units import TOKENS_PER_MTOK

_ENDS = [record for record in reversed(RECORDS) if record.group == "end of horizon"]
# What falls on the first day of a period, and what is spread over it; both as conventions.md has them.
AT_START = (*CAPEX, UPFRONT, *PROCEEDS, *(record.key for record in _ENDS if record.falls == "start"))
OVER_PERIOD = (*OPEX, *(record.key for record in _ENDS if record.falls == "middle"))
# Headings of the other columns, with what they mean.
HEADS = {
    "line": ("Line", "number of the row, by which the ledger names it"),
    "future": ("Future", "name of the future"),
    "probability": ("Probability", "of the future; all futures' add up to 1"),
    "period": ("Period", "2027-01, 2027-Q1 or 2027"),
    "counts": ("Counts as", "reported, lookahead, or after the solved horizon"),
    "first_day": ("First day", "of the period"),
    "first_day_after": ("First day after", "the period"),
    "factor_first_day": ("Discount factor, first day", "what a dollar due on the first day is worth"),
    "factor_middle": ("Discount factor, middle", "what a dollar due in the middle of the period is worth"),
    "capex": ("Capex, $", "hardware, network, installation, conversion"),
    "opex": ("Opex, $", "everything else, upfront payments included"),
    "cash": ("Cash, $", "capex and opex"),
    "npv_cost": ("NPV of cost, $", "all cost, discounted, resale and contract tails included"),
    "revenue": ("Revenue, $", "what customers pay for tokens served"),
    "npv_revenue": ("NPV of revenue, $", "the same, discounted"),
    "mtok_output": ("Output tokens, Mtok", "output tokens served"),
    "mtok_total": ("Input and output tokens, Mtok", "tokens served"),
    "mtok_output_discounted": ("Output tokens discounted, Mtok", "output tokens × the factor of the middle"),
    "mtok_total_discounted": ("Input and output tokens discounted, Mtok", "tokens × the factor of the middle"),
    "fiscal_year": ("Fiscal year", "in which the period lies"),
}
LEDGER_HEADS = {
    "line": ("Line", "of the sheet Cash flow"),
    "future": HEADS["future"],
    "period": HEADS["period"],
    "counts": HEADS["counts"],
    "column": ("Category", "what it is paid for"),
    "timing": ("Due", "at the start or in the middle of the period"),
    "kind": ("Kind", "what is paid for: own, existing, site, reserved, signed, hourly, API, revenue"),
    "resource": ("Resource", "what is paid for, by its name"),
    "provider": ("Provider or site", "who is paid; the site for what stands there"),
    "region": ("Region", "of provider or site"),
    "system": ("System", "or the model, of a token API"),
    "day": ("Day", "on which discounting takes it to fall due"),
    "usd": ("Cash, $", "out positive, in negative, undiscounted"),
    "npv_usd": ("NPV, $", "the same, discounted to the horizon's start"),
    "fiscal_year": HEADS["fiscal_year"],
    "tags": ("Tags", "of what is paid for, as JSON"),
}
_LEDGER_LOOKS = {"line": "whole", "usd": "money", "future": "apart", "fiscal_year": "apart"}
_HEAD = 5
# Columns of the cash flow up to its factors.
_FACTORS = 9


@dataclass(frozen=True)
class CashFlow:
    """Where the cash flow stands: first and last row (from 1), the column letter of each of its columns, its values.

    ``years`` are the rows (from 0) of the sums of each fiscal year, ``by_year`` what they come to by column.
    """

    first: int
    last: int
    letters: dict[str, str]
    values: pd.DataFrame
    years: dict[str, int] = field(default_factory=dict)
    by_year: dict[str, dict[str, float]] = field(default_factory=dict)

    def span(self, column: str) -> str:
        """The cells of a column, as formulas on other sheets name them."""
        letter = self.letters[column]
        return f"'{CASH}'!${letter}${self.first}:${letter}${self.last}"


def cash_flow(sheet: WorkbookSheet, payments: WorkbookSheet, found: Ledger) -> CashFlow:
    """Both sheets: the payments as values, and what the periods pay, discounted, as formulas over them."""
    values = _values(found)
    names = list(values.columns)
    letters = {name: letter(index) for index, name in enumerate(names)}
    flow = CashFlow(_HEAD + 1, _HEAD + len(values), letters, values)
    rows = _ledger_rows(found, values)
    _ledger_sheet(payments, rows, flow)
    timeline = found.timeline
    sheet.put(0, 0, "Cash flow by period, its NPV and the tokens it pays for, $", "title")
    sheet.put(1, 0, "Discount rate a year", "bold")
    sheet.put(1, 1, timeline.discount_rate, "share")
    sheet.put(2, 0, "Horizon starts", "bold")
    sheet.put(2, 1, timeline.starts[0])
    last, over = _heading(AT_START[-1]), _heading(OVER_PERIOD[-1])
    sheet.put(1, 3, f"Undiscounted, out positive; columns up to “{last}” fall on the first day of a period,", "note")
    sheet.put(2, 3, f"those up to “{over}” in its middle. Columns that are 0 throughout are hidden.", "note")
    header(sheet, _HEAD - 1, list(map(_heading, names)), (0, 2, *range(_FACTORS - 2, len(names) - 1)))
    spans = {key: cells(PAYMENTS, index, len(rows) + 1) for key, index in (("usd", 12), ("line", 0), ("column", 4))}
    for index in range(len(values)):
        row = _HEAD + index
        cell = {name: f"{letter}{row + 1}" for name, letter in letters.items()}
        for column, name in enumerate(names):
            value = values[name].iloc[index]
            formula = _formula(name, cell, letters, spans)
            if formula is None:
                look = {"probability": "share", "line": "whole", "future": "apart", "period": "apart"}.get(
                    name, "whole" if name.startswith("mtok") else "number"
                )
                sheet.put(row, column, value, look)
            else:
                sheet.compute(row, column, formula, float(value), _look(name))
    _sums(sheet, flow)
    sheet.sheet.freeze_panes(_HEAD, 4)
    sheet.sheet.autofilter(_HEAD - 1, 0, flow.last - 1, len(names) - 1)
    sheet.widths[0] = 26
    sheet.widths.update({column: max(sheet.widths.get(column, 0), 14) for column in range(1, len(names))})
    sheet.finish(pages_wide=3)
    sheet.sheet.repeat_columns(0, 3)
    for column, name in enumerate(names):
        if name in (*AT_START, *OVER_PERIOD, REVENUE.key, "npv_revenue") and not values[name].any():
            sheet.sheet.set_column(column, column, None, None, {"hidden": True})
    return flow


def named_columns() -> list[Named]:
    """What the columns of both sheets are."""
    found = [
        Named(CASH, _heading(key), key, _unit(key), BY_KEY[key].meaning if key in BY_KEY else "contracts, upfront")
        for key in (*AT_START, *OVER_PERIOD)
    ]
    found += [Named(CASH, head, key, _unit(key), meaning) for key, (head, meaning) in HEADS.items()]
    found += [Named(PAYMENTS, head, key, _unit(key), meaning) for key, (head, meaning) in LEDGER_HEADS.items()]
    return found


def _heading(name: str) -> str:
    """A column of the cash flow; what is a category of cash is in dollars."""
    if name in HEADS:
        return HEADS[name][0]
    return f"{upper(category(name))}, $"


def _unit(name: str) -> str:
    if name in HEADS or name in LEDGER_HEADS:
        words = (HEADS.get(name) or LEDGER_HEADS[name])[0]
        return "USD" if words.endswith("$") else "Mtok" if words.endswith("Mtok") else ""
    return "USD"


def _sums(sheet: WorkbookSheet, flow: CashFlow) -> None:
    """Below the rows: what is expected of the futures, over all of them and of the reported periods of each year."""
    values, letters = flow.values, flow.letters
    reported = values["counts"] == "reported"
    years = list(dict.fromkeys(values.loc[reported, "fiscal_year"]))
    at = _HEAD + len(values) + 1

    def rows(name: str) -> str:
        return f"${letters[name]}${flow.first}:${letters[name]}${flow.last}"

    for row, year in enumerate([None, *years], start=at):
        sheet.put(row, 0, "Expected, in all" if year is None else f"{year}, reported periods", "bold")
        counted = values["probability"] * (1.0 if year is None else reported & (values["fiscal_year"] == year))
        for column, name in enumerate(values.columns[_FACTORS:-1], start=_FACTORS):
            cells = f"{letters[name]}{flow.first}:{letters[name]}{flow.last}"
            formula = f"=SUMPRODUCT({rows('probability')},{cells})"
            if year is not None:
                only = f'({rows("counts")}="reported")*({rows("fiscal_year")}="{year}")'
                formula = f"=SUMPRODUCT({rows('probability')}*{only}*{cells})"
            look = "whole total" if name.startswith("mtok") else "money total"
            total = float(counted @ values[name])
            sheet.compute(row, column, formula, total, look)
            if year is not None:
                flow.years[year] = row
                flow.by_year.setdefault(year, {})[name] = total


def _look(name: str) -> str:
    if name.startswith("factor"):
        return "factor"
    return "whole" if name.startswith("mtok") else "money"


def _formula(name: str, cell: dict[str, str], letters: dict[str, str], spans: dict[str, str]) -> str | None:
    """The formula of one cell of the cash flow; None where it is a value."""
    first, after = cell["first_day"], cell["first_day_after"]

    def all_of(columns: Sequence[str]) -> str:
        return f"SUM({cell[columns[0]]}:{cell[columns[-1]]})"

    if name in (*AT_START, *OVER_PERIOD, REVENUE.key):
        sign = "-" if name == REVENUE.key else ""
        criteria = f'{spans["line"]},${cell["line"]},{spans["column"]},"{category(name)}"'
        return f"={sign}SUMIFS({spans['usd']},{criteria})"
    known = {
        "factor_first_day": f"=(1+discount_rate)^(-({first}-horizon_start)/365.25)",
        "factor_middle": f"=(1+discount_rate)^(-(({first}+{after})/2-horizon_start)/365.25)",
        "capex": f"={all_of(CAPEX)}",
        "opex": f"={cell[UPFRONT]}+{all_of(OPEX)}",
        "cash": f"={cell['capex']}+{cell['opex']}",
        "npv_cost": f"={all_of(AT_START)}*{cell['factor_first_day']}+{all_of(OVER_PERIOD)}*{cell['factor_middle']}",
        "npv_revenue": f"={cell['revenue']}*{cell['factor_middle']}",
        "mtok_output_discounted": f"={cell['mtok_output']}*{cell['factor_middle']}",
        "mtok_total_discounted": f"={cell['mtok_total']}*{cell['factor_middle']}",
    }
    return known.get(name)


def _values(found: Ledger) -> pd.DataFrame:
    """The cash flow as figures: what the formulas come to. One row per future and period, those after included."""
    account, timeline = found.account, found.timeline
    inputs = account.inputs
    made = requests(account, account.service.served)
    into, out = tokens_per_request(inputs)
    first, middle = timeline.discount_start, timeline.discount_middle
    mtok = {
        "mtok_output": np.einsum("fwt,w->ft", made, out) / TOKENS_PER_MTOK,
        "mtok_total": np.einsum("fwt,w->ft", made, into + out) / TOKENS_PER_MTOK,
    }
    shape, first_month = (len(inputs.futures), timeline.periods), inputs.scenario.budget.fiscal_year_start
    paid = {name: np.zeros(shape) for name in (*AT_START, *OVER_PERIOD, REVENUE.key)}
    for line in found.lines:
        sign = -1.0 if line.category == REVENUE.key else 1.0
        usd = line.usd[:, : timeline.periods]
        paid[_column(line.category, line.timing)][:, : usd.shape[1]] += sign * usd
    rows: list[dict[str, Any]] = []
    for f, future in enumerate(inputs.futures):
        for t, (begins, after) in enumerate(timeline.spans):
            money = {name: float(values[f, t]) for name, values in paid.items()}
            served = {name: float(values[f, t]) if t < found.solved else 0.0 for name, values in mtok.items()}
            capex = sum(money[name] for name in CAPEX)
            opex = money[UPFRONT] + sum(money[name] for name in OPEX)
            rows.append(
                {
                    "line": len(rows) + 1,
                    "future": future.name,
                    "probability": future.probability,
                    "period": timeline.names[t],
                    "counts": _counts(found, t),
                    "first_day": begins,
                    "first_day_after": after,
                    "factor_first_day": float(first[t]),
                    "factor_middle": float(middle[t]),
                    **{name: money[name] for name in (*AT_START, *OVER_PERIOD)},
                    "capex": capex,
                    "opex": opex,
                    "cash": capex + opex,
                    "npv_cost": sum(money[name] for name in AT_START) * float(first[t])
                    + sum(money[name] for name in OVER_PERIOD) * float(middle[t]),
                    "revenue": money["revenue"],
                    "npv_revenue": money["revenue"] * float(middle[t]),
                    **served,
                    **{f"{name}_discounted": value * float(middle[t]) for name, value in served.items()},
                    "fiscal_year": year_of_period(timeline.names[t], first_month),
                }
            )
    return pd.DataFrame(rows)


def _counts(found: Ledger, period: int) -> str:
    if period >= found.solved:
        return "after"
    return "lookahead" if found.account.inputs.timeline.lookahead[period] else "reported"


def _column(category: str, timing: str) -> str:
    """The column of the cash flow that a payment stands in."""
    return UPFRONT if category == RESERVED.key and timing == START else category


def _ledger_rows(found: Ledger, values: pd.DataFrame) -> pd.DataFrame:
    rows = found.table
    index = dict(zip(zip(values["future"], values["period"], strict=True), values["line"], strict=True))
    lines = [index[key] for key in zip(rows["future"], rows["period"], strict=True)]
    columns = [category(_column(*key)) for key in zip(rows["category"], rows["timing"], strict=True)]
    rows = rows.drop(columns="category")
    rows.insert(0, "line", lines)
    rows.insert(4, "column", columns)
    rows["kind"] = rows["kind"].replace({"api": "API"})
    # An offer's name ends with its kind.
    rows["resource"] = rows["resource"].str.replace(f"/{ON_DEMAND.key}$", f"/{ON_DEMAND.words}", regex=True)
    return rows


def _ledger_sheet(sheet: WorkbookSheet, rows: pd.DataFrame, flow: CashFlow) -> None:
    header(sheet, 0, [LEDGER_HEADS[str(column)][0] for column in rows.columns], (0, 12, 13))
    first, middle = flow.letters["factor_first_day"], flow.letters["factor_middle"]
    factors = f"'{CASH}'!${first}${flow.first}:${middle}${flow.last}"
    for index, column in enumerate(rows.columns):
        for row, value in enumerate(rows[column].tolist(), start=1):
            if column == "npv_usd":
                formula = f'=M{row + 1}*INDEX({factors},A{row + 1},IF(F{row + 1}="{START}",1,2))'
                sheet.compute(row, index, formula, value)
            else:
                sheet.put(row, index, value, _LEDGER_LOOKS.get(str(column), "text"))
    filtered(sheet, len(rows), len(rows.columns))
    sheet.finish()
