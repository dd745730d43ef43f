"""The first sheet: what the plan is, and its headline recomputed by formulas over the cash flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from planner._version import __version__
from planner.plan import Plan
from planner.plan.ledger import Ledger
from planner.report.workbook.cash_flow import CASH, CashFlow
from planner.report.workbook.sheet import WIDEST, WorkbookSheet
from planner.units import TOKENS_PER_MTOK

PEAK = ("in_service", "owned", "signed", "hourly", "unpromised")
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


def cover(sheet: WorkbookSheet, found: Ledger, flow: CashFlow) -> None:
    """Fill the first sheet."""
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
    for name in PEAK:
        row += 1
        sheet.put(row, 0, f"peak_gpus.{name}")
        sheet.put(row, 1, plan.kpis["peak_gpus"][name], "number")
    for part, usd in plan.kpis["reported_cost_by_part_usd"].items():
        row += 1
        sheet.put(row, 0, f"reported_cost_usd: {part}")
        sheet.put(row, 1, usd, "money")
    for basis, shares in plan.kpis["evidence_share"].items():
        for evidence, share in shares.items():
            row += 1
            sheet.put(row, 0, f"evidence, {basis}: {evidence}")
            sheet.put(row, 1, share, "share")
    sheet.widths[1] = min(sheet.widths[1], WIDEST)
    sheet.finish()


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
        ("NPV of all cost, USD per Mtok output", "levelised_usd_per_mtok_output", "mtok_output_discounted"),
        (
            "NPV of all cost, USD per Mtok total (input + output)",
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
