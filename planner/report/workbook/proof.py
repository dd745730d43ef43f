"""How far the plan is proven, what it was made from, and its headline recomputed by formulas over the cash flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from planner._version import __version__
from planner.fields import fields_of, unit_of
from planner.plan import Plan
from planner.plan.ledger import Ledger
from planner.render.words import header as heading
from planner.report.workbook.cash_flow import CashFlow
from planner.report.workbook.names import CASH, category
from planner.report.workbook.sheet import WIDEST, WorkbookSheet
from planner.schema.result import Figures
from planner.units import TOKENS_PER_MTOK

PEAK = {
    "in_service": "GPUs in service at the peak",
    "owned": "of them owned",
    "signed": "of them under contract",
    "hourly": "of them by the hour",
    "unpromised": "of them by the hour, promised by nobody",
}
_MORE = (
    ("reported_levelised_usd_per_mtok_output", "price"),
    ("reported_levelised_usd_per_mtok_total", "price"),
    ("reported_cost_usd", "money"),
    ("peak_provisioned_utility_mw", "number"),
    ("served_share", "share"),
    ("peak_cumulative_cash_usd", "money"),
    ("energy_mwh", "number"),
    ("usd_per_gpu_hour", "price"),
    ("usd_per_gpu_hour_owned", "price"),
    ("idle_cost_usd", "money"),
)


def proof(sheet: WorkbookSheet, found: Ledger, flow: CashFlow) -> None:
    """Fill the sheet."""
    plan = found.plan
    sheet.put(0, 0, "Proof: how far the figures can be relied on", "title")
    row = _told(sheet, found) + 2
    for column, head in enumerate(("Figure", "The plan's", "Recomputed here", "Difference")):
        sheet.put(row, column, head, "header right" if column else "header")
    for label, figure, formula, value, kind in _figures(plan, flow):
        row += 1
        sheet.put(row, 0, label)
        sheet.put(row, 1, figure, kind)
        sheet.compute(row, 2, formula, value, kind)
        if figure is not None and value is not None:
            sheet.compute(row, 3, f"=ROUND(C{row + 1}-B{row + 1},6)", round(value - figure, 6) + 0.0, kind)
    row += 2
    for column, head in enumerate(("More of the headline", "The plan's")):
        sheet.put(row, column, head, "header right" if column else "header")
    for label, of_plan, kind in _more(plan):
        row += 1
        sheet.put(row, 0, label)
        sheet.put(row, 1, of_plan, kind)
    sheet.widths[1] = min(sheet.widths[1], WIDEST)
    sheet.finish()


def _told(sheet: WorkbookSheet, found: Ledger) -> int:
    """What the plan is, a line each; the last row of it."""
    plan, scenario = found.plan, found.account.scenario
    proven = plan.proof
    told: list[tuple[str, object, str]] = [
        ("Scenario", plan.scenario, "text"),
        ("Decided on", scenario.horizon.decided_on, "text"),
        ("Periods", f"{plan.periods[0]} to {plan.periods[-1]}, {scenario.horizon.lookahead} of them lookahead", "text"),
        ("Futures", ", ".join(plan.futures), "text"),
        ("Status", plan.status, "text"),
        ("Gap proven", proven.gap, "gap"),
        ("Gap asked for", proven.gap_asked, "gap"),
        ("Objective", proven.objective.replace("_", " "), "text"),
        ("No plan is below (NPV), $", proven.best_bound_usd, "money left"),
        ("Audit", f"{'passed' if plan.audit.passed else 'refused'}: {plan.audit.checks:,} checks", "text"),
        ("Digest of the scenario", plan.scenario_digest, "text"),
        ("Digest of the catalog", plan.catalog_digest, "text"),
        ("Planner", __version__, "text"),
        ("Solver", f"{proven.name} ({proven.version})", "text"),
    ]
    row = 1
    for label, value, kind in told:
        if value is not None:
            row += 1
            sheet.put(row, 0, label, "bold")
            sheet.put(row, 1, value, kind)
    return row


def _more(plan: Plan) -> list[tuple[str, object, str]]:
    """The rest of the headline: label, figure, format."""
    fields = fields_of(Figures)
    found: list[tuple[str, object, str]] = []
    for name, kind in _MORE:
        found.append((heading(name, unit_of(fields[name])), plan.kpis.get(name), kind))
    found += [(words, plan.kpis["peak_gpus"][name], "whole") for name, words in PEAK.items()]
    found += [
        (f"Cost of the reported periods, $: {category(part)}", usd, "money")
        for part, usd in plan.kpis["reported_cost_by_part_usd"].items()
    ]
    for basis, shares in plan.kpis["evidence_share"].items():
        found += [(f"Share of {basis} by evidence: {evidence}", share, "share") for evidence, share in shares.items()]
    return found


def _figures(plan: Plan, flow: CashFlow) -> list[tuple[str, float | None, str, float | None, str]]:
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
    kpis: dict[str, Any], prefix: str, flow: CashFlow, weight: str, weights: pd.Series[float]
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
        ("NPV of all cost, $ per Mtok output", "levelised_usd_per_mtok_output", "mtok_output_discounted"),
        (
            "NPV of all cost, $ per Mtok total (input + output)",
            "levelised_usd_per_mtok_total",
            "mtok_total_discounted",
        ),
    ):
        made = whole(tokens)
        ratio = cost[1] / made[1] if made[1] else None
        found.append((label, kpis[key], f'=IF({made[0]}=0,"",{cost[0]}/{made[0]})', ratio, "price"))
    found += [
        ("NPV of all cost, $", kpis["npv_usd"], f"={cost[0]}", cost[1], "money"),
        ("NPV of revenue, $", kpis["npv_revenue_usd"], f"={revenue[0]}", revenue[1], "money"),
        ("NPV of profit, $", kpis["npv_profit_usd"], f"={revenue[0]}-{cost[0]}", revenue[1] - cost[1], "money"),
    ]
    for label, key, column in (
        ("Cash of the reported periods, $", "cash_usd", "cash"),
        ("Capex of the reported periods, $", "capex_usd", "capex"),
        ("Opex of the reported periods, $", "opex_usd", "opex"),
        ("Revenue of the reported periods, $", "revenue_usd", "revenue"),
    ):
        formula, value = shown(column)
        found.append((label, kpis[key], f"={formula}", value, "money"))
    for label, key, column in (
        ("Output tokens of the reported periods, Mtok", "tokens_output", "mtok_output"),
        ("Tokens of the reported periods, Mtok", "tokens_total", "mtok_total"),
    ):
        formula, value = shown(column)
        found.append((label, kpis[key] / TOKENS_PER_MTOK, f"={formula}", value, "money"))
    return [(f"{prefix}{label}", *rest) for label, *rest in found]  # type: ignore[misc]
