"""The plan as an Excel workbook: a sheet per table, and sums that a reader can follow to the cent.

Every payment of the ledger is a value; the cash flow by period, discount factors, NPV, tokens and cost per token are
formulas over it. Each formula has its figure cached, for viewers that do not recalculate. Text is always text: a
scenario named ``=1+1`` is that, not 2.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner._version import __version__
from planner.accounts.cashflow import CAPEX, OPEX
from planner.accounts.tokens import requests, tokens_per_request
from planner.catalog import Catalog
from planner.export.ledger import START, Ledger, ledger
from planner.export.target import check_ending
from planner.plan import Plan
from planner.render.files import write_bytes
from planner.scenario import Scenario
from planner.units import TOKENS_PER_MTOK

ENDINGS = (".xlsx",)
CASH, PAYMENTS = "Cash flow", "Ledger"
UPFRONT = "reserved_upfront"
# What falls on the first day of a period, and what is spread over it; both as conventions.md has them.
AT_START = (*CAPEX, UPFRONT, "residual", "prepayment_credit")
OVER_PERIOD = (*OPEX, "contract_tail")
# Columns whose sum means something, by table.
SUMMED = {
    "purchases": ("count", "gpus", "cost_usd"),
    "retirements": ("count",),
    "contracts": ("lots", "gpus", "cost_usd", "remaining_commitment_usd"),
    "on_demand": ("cost_usd",),
    "token_api": ("mtok_input", "mtok_output", "cost_usd"),
    "fleet": ("energy_mwh",),
    "cashflow": ("usd", "npv_usd"),
}
MONEY = "#,##0.00;[Red]-#,##0.00;0.00"
WIDEST = 60
_HEAD = 5
# Columns of the cash flow up to its factors.
_FACTORS = 9


@dataclass(frozen=True)
class _Sheet:
    """A sheet of XlsxWriter with its formats, and how wide its columns have to be."""

    sheet: Any
    formats: dict[str, Any]
    widths: dict[int, int]

    def put(self, row: int, column: int, value: object, kind: str = "text") -> None:
        """A value as what it is: text never becomes a formula, nothing becomes an empty cell."""
        look = self.formats[kind]
        if value is None or value is pd.NaT or (isinstance(value, float) and not np.isfinite(value)):
            self.sheet.write_blank(row, column, None, look)
            return
        if isinstance(value, bool | np.bool_):
            self.sheet.write_boolean(row, column, bool(value), look)
        elif isinstance(value, dt.date):
            self.sheet.write_datetime(row, column, value, self.formats["date"])
        elif isinstance(value, int | float | np.number):
            self.sheet.write_number(row, column, float(value), look)
        else:
            self.sheet.write_string(row, column, str(value), look)
        if kind not in ("title", "note"):
            self._widen(column, value)

    def compute(self, row: int, column: int, formula: str, value: float | None, kind: str = "money") -> None:
        """A live formula with the figure that it comes to."""
        self.sheet.write_formula(row, column, formula, self.formats[kind], "" if value is None else float(value))
        self._widen(column, 0.0 if value is None else value)

    def _widen(self, column: int, value: object) -> None:
        length = len(f"{value:,.2f}") if isinstance(value, float | int | np.number) else len(str(value))
        self.widths[column] = max(self.widths.get(column, 8), min(length + 2, WIDEST))

    def finish(self, pages_wide: int = 1) -> None:
        """Set the columns' widths and how the sheet prints."""
        for column, width in self.widths.items():
            self.sheet.set_column(column, column, width)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(pages_wide, 0)


@dataclass(frozen=True)
class _Flow:
    """Where the cash flow stands: first and last row (from 1), the column letter of each of its columns, its values."""

    first: int
    last: int
    letters: dict[str, str]
    values: pd.DataFrame

    def span(self, column: str) -> str:
        """The cells of a column, as formulas on other sheets name them."""
        letter = self.letters[column]
        return f"'{CASH}'!${letter}${self.first}:${letter}${self.last}"


def write_workbook(plan: Plan, scenario: Scenario, path: str | Path, catalog: Catalog | None = None) -> None:
    """Write the workbook of ``plan`` at ``path`` (.xlsx), whole or not at all.

    ``scenario`` and ``catalog`` have to be those that the plan was made from. Raises InputError where they are others
    and where the file cannot be written.
    """
    path = Path(path)
    check_ending(path, ENDINGS, "--xlsx")
    write_bytes(path, workbook_bytes(plan, scenario, catalog))


def workbook_bytes(plan: Plan, scenario: Scenario, catalog: Catalog | None = None) -> bytes:
    """The bytes of such a file; the same plan gives the same bytes."""
    return workbook_of(ledger(plan, scenario, catalog))


def workbook_of(found: Ledger) -> bytes:
    """The workbook of a ledger."""
    import xlsxwriter

    plan, scenario = found.plan, found.account.scenario
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    decided = dt.datetime.combine(scenario.horizon.decided_on, dt.time())
    book.set_properties(
        {"title": plan.scenario, "comments": f"token-factory-planner {__version__}", "created": decided}
    )
    formats = _formats(book)
    sheets = {name: _Sheet(book.add_worksheet(name), formats, {}) for name in ("Cover", CASH, PAYMENTS)}
    book.define_name("discount_rate", f"='{CASH}'!$B$2")
    book.define_name("horizon_start", f"='{CASH}'!$B$3")
    flow = _cash_flow(sheets[CASH], sheets[PAYMENTS], found)
    _cover(sheets["Cover"], found, flow)
    for name, frame in plan.tables.items():
        _table(_Sheet(book.add_worksheet(name), formats, {}), name, frame, plan.futures)
    sheets["Cover"].sheet.activate()
    book.close()
    return buffer.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    looks: dict[str, dict[str, object]] = {
        "text": {},
        "title": {"bold": True, "font_size": 16},
        "bold": {"bold": True},
        "note": {"italic": True, "font_color": "#555555"},
        "header": {"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "text_wrap": True, "valign": "top"},
        "date": {"num_format": "yyyy-mm-dd", "align": "left"},
        "money": {"num_format": MONEY},
        "price": {"num_format": "0.000000"},
        "number": {"num_format": "#,##0.00##"},
        "whole": {"num_format": "#,##0"},
        "share": {"num_format": "0.0%"},
        "gap": {"num_format": "0.0000%"},
        "factor": {"num_format": "0.00000000"},
        "total": {"num_format": MONEY, "bold": True, "top": 1},
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def _kind(column: str, cells: Sequence[object]) -> str:
    """How figures of a column look, by the unit that its name ends with and whether all are whole."""
    if column.endswith(("_per_mtok", "_per_gpu_hour")):
        return "price"
    if column.endswith("usd") or column == "marginal_usd_lp":
        return "money"
    if column.endswith("share"):
        return "share"
    whole = all(isinstance(cell, int | float) and float(cell).is_integer() for cell in cells)
    return "whole" if whole else "number"


def _header(sheet: _Sheet, row: int, names: Sequence[str]) -> None:
    for column, name in enumerate(names):
        sheet.put(row, column, name, "header")
    sheet.sheet.repeat_rows(row)


def _table(sheet: _Sheet, name: str, frame: pd.DataFrame, futures: Sequence[str]) -> None:
    columns = [str(column) for column in frame.columns]
    _header(sheet, 0, columns)
    for place, column in enumerate(columns):
        cells = frame[column].tolist()
        kind = _kind(column, cells)
        for row, value in enumerate(cells, start=1):
            sheet.put(row, place, value, kind)
    sheet.sheet.freeze_panes(1, 0)
    sheet.sheet.autofilter(0, 0, max(len(frame), 1), len(columns) - 1)
    if len(frame):
        _totals(sheet, name, frame, columns, futures)
    sheet.finish()


def _totals(sheet: _Sheet, name: str, frame: pd.DataFrame, columns: list[str], futures: Sequence[str]) -> None:
    """A row of sums; with several futures one for each, what holds in all of them included."""
    summed = [column for column in SUMMED.get(name, ()) if column in columns]
    if not summed:
        return
    last = len(frame) + 1
    for number, future in enumerate(futures):
        row = last + 1 + number
        several = len(futures) > 1
        sheet.put(row, 0, future if several else "total", "bold")
        mine = frame[frame["future"].isin([future, "all"])] if several else frame
        for column in summed:
            place = columns.index(column)
            letter = _letter(place)
            cells = f"{letter}$2:{letter}${last}"
            formula = f"=SUBTOTAL(109,{cells})"
            if several:
                own = f'EXACT($A$2:$A${last},$A${row + 1})+EXACT($A$2:$A${last},"all")'
                formula = f"=SUMPRODUCT(({own})*{cells})"
            sheet.compute(row, place, formula, float(mine[column].sum()), "total")


def _cash_flow(sheet: _Sheet, payments: _Sheet, found: Ledger) -> _Flow:
    """Both sheets: the payments as values, and what the periods pay, discounted, as formulas over them."""
    values = _values(found)
    names = list(values.columns)
    letters = {name: _letter(place) for place, name in enumerate(names)}
    flow = _Flow(_HEAD + 1, _HEAD + len(values), letters, values)
    rows = _ledger_rows(found, values)
    _ledger_sheet(payments, rows, flow)
    timeline = found.timeline
    sheet.put(0, 0, "Cash flow by period, its NPV and the tokens it pays for", "title")
    sheet.put(1, 0, "discount rate", "bold")
    sheet.put(1, 1, timeline.discount_rate, "share")
    sheet.put(2, 0, "horizon starts", "bold")
    sheet.put(2, 1, timeline.starts[0])
    sheet.put(1, 3, "USD undiscounted, out positive; columns up to prepayment_credit fall on the first day,", "note")
    sheet.put(
        2, 3, "those up to contract_tail in the middle of a period. Columns that are 0 throughout are hidden.", "note"
    )
    _header(sheet, _HEAD - 1, names)
    spans = {key: _cells(PAYMENTS, place, len(rows) + 1) for key, place in (("usd", 12), ("line", 0), ("column", 4))}
    for place in range(len(values)):
        row = _HEAD + place
        cell = {name: f"{letter}{row + 1}" for name, letter in letters.items()}
        for column, name in enumerate(names):
            value = values[name].iloc[place]
            formula = _formula(name, cell, letters, spans)
            if formula is None:
                look = {"probability": "share", "line": "whole"}.get(name, "number")
                sheet.put(row, column, value, look)
            else:
                sheet.compute(row, column, formula, float(value), _look(name))
    last = _HEAD + len(values) + 1
    sheet.put(last, 0, "expected", "bold")
    for column, name in enumerate(names[_FACTORS:], start=_FACTORS):
        formula = f"=SUMPRODUCT(${letters['probability']}${flow.first}:${letters['probability']}${flow.last},"
        formula += f"{letters[name]}{flow.first}:{letters[name]}{flow.last})"
        sheet.compute(last, column, formula, float(values["probability"] @ values[name]), "total")
    sheet.sheet.freeze_panes(_HEAD, 4)
    sheet.sheet.autofilter(_HEAD - 1, 0, flow.last - 1, len(names) - 1)
    sheet.widths[0] = 16
    sheet.widths.update({column: max(sheet.widths.get(column, 0), 14) for column in range(1, len(names))})
    sheet.finish(pages_wide=3)
    sheet.sheet.repeat_columns(0, 3)
    for column, name in enumerate(names):
        if name in (*AT_START, *OVER_PERIOD, "revenue", "npv_revenue") and not values[name].any():
            sheet.sheet.set_column(column, column, None, None, {"hidden": True})
    return flow


def _look(name: str) -> str:
    return "factor" if name.startswith("factor") else "money"


def _formula(name: str, cell: dict[str, str], letters: dict[str, str], spans: dict[str, str]) -> str | None:
    """The formula of one cell of the cash flow; None where it is a value."""
    first, after = cell["first_day"], cell["first_day_after"]

    def all_of(columns: Sequence[str]) -> str:
        return f"SUM({cell[columns[0]]}:{cell[columns[-1]]})"

    if name in (*AT_START, *OVER_PERIOD, "revenue"):
        sign = "-" if name == "revenue" else ""
        heading = f"{letters[name]}${_HEAD}"
        return f"={sign}SUMIFS({spans['usd']},{spans['line']},${cell['line']},{spans['column']},{heading})"
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
    paid = {name: np.zeros((len(inputs.futures), timeline.periods)) for name in (*AT_START, *OVER_PERIOD, "revenue")}
    for line in found.lines:
        sign = -1.0 if line.category == "revenue" else 1.0
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
                }
            )
    return pd.DataFrame(rows)


def _counts(found: Ledger, period: int) -> str:
    if period >= found.solved:
        return "after"
    return "lookahead" if found.account.inputs.timeline.lookahead[period] else "reported"


def _column(category: str, timing: str) -> str:
    """The column of the cash flow that a payment stands in."""
    return UPFRONT if category == "reserved" and timing == START else category


def _ledger_rows(found: Ledger, values: pd.DataFrame) -> pd.DataFrame:
    rows = found.table
    place = dict(zip(zip(values["future"], values["period"], strict=True), values["line"], strict=True))
    lines = [place[key] for key in zip(rows["future"], rows["period"], strict=True)]
    columns = [_column(*key) for key in zip(rows["category"], rows["timing"], strict=True)]
    rows = rows.drop(columns="category")
    rows.insert(0, "line", lines)
    rows.insert(4, "column", columns)
    return rows


def _ledger_sheet(sheet: _Sheet, rows: pd.DataFrame, flow: _Flow) -> None:
    _header(sheet, 0, list(rows.columns))
    first, middle = flow.letters["factor_first_day"], flow.letters["factor_middle"]
    factors = f"'{CASH}'!${first}${flow.first}:${middle}${flow.last}"
    for place, column in enumerate(rows.columns):
        for row, value in enumerate(rows[column].tolist(), start=1):
            if column == "npv_usd":
                formula = f'=M{row + 1}*INDEX({factors},A{row + 1},IF(F{row + 1}="{START}",1,2))'
                sheet.compute(row, place, formula, value)
            else:
                sheet.put(row, place, value, "money" if column == "usd" else "whole")
    sheet.sheet.freeze_panes(1, 0)
    sheet.sheet.autofilter(0, 0, max(len(rows), 1), len(rows.columns) - 1)
    sheet.finish()


def _cover(sheet: _Sheet, found: Ledger, flow: _Flow) -> None:
    plan, scenario = found.plan, found.account.scenario
    sheet.put(0, 0, plan.scenario, "title")
    proof = plan.proof
    told: list[tuple[str, object, str]] = [
        ("description", scenario.description or None, "text"),
        ("decided on", scenario.horizon.decided_on, "text"),
        ("periods", f"{plan.periods[0]} to {plan.periods[-1]}, {scenario.horizon.lookahead} of them lookahead", "text"),
        ("status", plan.status, "text"),
        ("gap proven", proof.gap, "gap"),
        ("gap asked for", proof.gap_asked, "gap"),
        ("objective", proof.objective, "text"),
        ("no plan is below, USD NPV", proof.best_bound_usd, "money"),
        ("audit", f"{'passed' if plan.audit.passed else 'refused'}: {plan.audit.checks:,} checks", "text"),
        ("scenario digest", plan.scenario_digest, "text"),
        ("catalog digest", plan.catalog_digest, "text"),
        ("planner", __version__, "text"),
        ("solver", f"{proof.name} ({proof.version})", "text"),
        ("futures", ", ".join(plan.futures), "text"),
    ]
    row = 1
    for label, value, kind in told:
        if value is not None:
            row += 1
            sheet.put(row, 0, label, "bold")
            sheet.put(row, 1, value, kind)
    row += 2
    for column, heading in enumerate(("figure", "the plan's", "recomputed here", "difference")):
        sheet.put(row, column, heading, "header")
    for label, figure, formula, value, kind in _figures(plan, flow):
        row += 1
        sheet.put(row, 0, label)
        sheet.put(row, 1, figure, kind)
        sheet.compute(row, 2, formula, value, kind)
        if figure is not None and value is not None:
            sheet.compute(row, 3, f"=ROUND(C{row + 1}-B{row + 1},6)", round(value - figure, 6) + 0.0, kind)
    row += 2
    for column, heading in enumerate(("more of the headline", "the plan's")):
        sheet.put(row, column, heading, "header")
    for name, kind in _MORE:
        row += 1
        sheet.put(row, 0, name)
        sheet.put(row, 1, plan.kpis.get(name), kind)
    for basis, shares in plan.kpis["evidence_share"].items():
        for evidence, share in shares.items():
            row += 1
            sheet.put(row, 0, f"evidence, {basis}: {evidence}")
            sheet.put(row, 1, share, "share")
    sheet.widths[1] = min(sheet.widths[1], WIDEST)
    sheet.finish()


_MORE = (
    ("peak_provisioned_utility_mw", "number"),
    ("served_share", "share"),
    ("peak_cumulative_cash_usd", "money"),
    ("energy_mwh", "number"),
    ("usd_per_gpu_hour", "price"),
    ("usd_per_gpu_hour_owned", "price"),
    ("idle_cost_usd", "money"),
)


def _figures(plan: Plan, flow: _Flow) -> list[tuple[str, float | None, str, float | None, str]]:
    """Label, the plan's figure, the formula that recomputes it, what that comes to, and its format."""
    values = flow.values
    found = _of(plan.kpis, "", flow, flow.span("probability"), values["probability"])
    if len(plan.futures) > 1:
        for figures in plan.kpis["futures"]:
            # The first line of a future names it; EXACT, since = does not tell Boom from boom.
            line = int(np.flatnonzero(values["future"] == figures["name"])[0]) + flow.first
            own = f"(--EXACT({flow.span('future')},'{CASH}'!${flow.letters['future']}${line}))"
            found += _of(figures, f"{figures['name']}: ", flow, own, (values["future"] == figures["name"]) * 1.0)
    return found


def _of(
    kpis: dict[str, Any], prefix: str, flow: _Flow, weight: str, weights: pd.Series[float]
) -> list[tuple[str, float | None, str, float | None, str]]:
    """The figures of the expectation or of one future, whose rows have ``weight``."""
    values = flow.values
    reported = (values["counts"] == "reported") * 1.0

    def whole(column: str) -> tuple[str, float]:
        return f"SUMPRODUCT({weight},{flow.span(column)})", float(weights @ values[column])

    def shown(column: str) -> tuple[str, float]:
        formula = f'SUMPRODUCT({weight},--({flow.span("counts")}="reported"),{flow.span(column)})'
        return formula, float((weights * reported) @ values[column])

    cost, revenue = whole("npv_cost"), whole("npv_revenue")
    found: list[tuple[str, float | None, str, float | None, str]] = []
    for label, key, tokens in (
        ("levelised cost, USD per Mtok output", "levelised_usd_per_mtok_output", "mtok_output_discounted"),
        (
            "levelised cost, USD per Mtok total (input + output)",
            "levelised_usd_per_mtok_total",
            "mtok_total_discounted",
        ),
    ):
        made = whole(tokens)
        ratio = cost[1] / made[1] if made[1] else None
        found.append((label, kpis[key], f'=IF({made[0]}=0,"",{cost[0]}/{made[0]})', ratio, "price"))
    found += [
        ("NPV of all cost, USD", kpis["npv_usd"], f"={cost[0]}", cost[1], "money"),
        ("NPV of revenue, USD", kpis["npv_revenue_usd"], f"={revenue[0]}", revenue[1], "money"),
        ("NPV of profit, USD", kpis["npv_profit_usd"], f"={revenue[0]}-{cost[0]}", revenue[1] - cost[1], "money"),
    ]
    for label, key, column in (
        ("cash of the reported periods, USD", "cash_usd", "cash"),
        ("capex of the reported periods, USD", "capex_usd", "capex"),
        ("opex of the reported periods, USD", "opex_usd", "opex"),
        ("revenue of the reported periods, USD", "revenue_usd", "revenue"),
    ):
        formula, value = shown(column)
        found.append((label, kpis[key], f"={formula}", value, "money"))
    for label, key, column in (
        ("output tokens of the reported periods, Mtok", "tokens_output", "mtok_output"),
        ("tokens of the reported periods, Mtok", "tokens_total", "mtok_total"),
    ):
        formula, value = shown(column)
        found.append((label, kpis[key] / TOKENS_PER_MTOK, f"={formula}", value, "money"))
    return [(f"{prefix}{label}", *rest) for label, *rest in found]  # type: ignore[misc]


def _cells(sheet: str, column: int, last: int) -> str:
    letter = _letter(column)
    return f"{sheet}!${letter}$2:${letter}${max(last, 2)}"


def _letter(column: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    column, rest = divmod(column, 26)
    return (_letter(column - 1) if column else "") + chr(ord("A") + rest)
