"""What a plan earns: margin, profit per MW, payback, NPV, IRR, and the token price at which it breaks even.

All by the audit's own cash flow. The IRR is the discount rate at which the audit's net present value is zero, so it
counts the same days, tails and residuals as the plan's NPV.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from planner.analysis.solves import Tell
from planner.analysis.study import Study, limit_of, study
from planner.audit import Account, totals_of
from planner.audit.cashflow import END_OF_HORIZON, REVENUE
from planner.catalog import Catalog
from planner.errors import InputError
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.report.figures import digits, money
from planner.scenario import Scenario
from planner.units import mtok_from_tokens

# An IRR outside of this is no rate that anybody borrows at.
RATES = (-0.9, 100.0)


def economics(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    tell: Tell = lambda words: None,
) -> Study:
    """The plan of ``scenario`` as an investment. Raises InputError where nothing it serves has a price.

    Tables: ``figures`` (figure, value, unit) and ``cash`` (period, cost_usd, revenue_usd, net_usd, cumulative_usd:
    undiscounted, expected over the futures, what falls after the horizon left out).
    """
    priced = [workload for workload in scenario.workloads if workload.price_usd_per_mtok is not None]
    if not priced:
        name = scenario.workloads[0].name
        raise InputError(
            f"plan economics needs revenue, and no workload has a price; add --set workloads.{name}."
            "price_usd_per_mtok={input: 0.5, output: 2} or the like"
        )
    catalog = catalog_of(scenario) if catalog is None else catalog
    tell(f"{scenario.name}: solving")
    plan = solve(scenario, catalog, gap=gap, time_limit_s=limit_of(scenario, time_limit_s))
    tell(f"{scenario.name}: the rate of return")
    return of_plan(scenario, catalog, plan)


def of_plan(scenario: Scenario, catalog: Catalog, plan: Plan) -> Study:
    """``economics`` of a plan that is there already."""
    kpis = plan.kpis
    cost, revenue, profit = kpis["npv_usd"], kpis["npv_revenue_usd"], kpis["npv_profit_usd"]
    totals = totals_of(Account(scenario, catalog, plan.decisions))
    mtok = mtok_from_tokens(totals.output_tokens)
    cash = cash_by_period(scenario, plan)
    peak_mw = kpis["peak_provisioned_utility_mw"]
    rate = irr(scenario, catalog, plan)
    payback = payback_years(cash)
    even = cost / revenue if revenue > 0 else np.nan
    rows: list[tuple[str, float | None, str]] = [
        ("NPV of profit", profit, "USD"),
        ("NPV of revenue", revenue, "USD"),
        ("NPV of cost", cost, "USD"),
        ("margin", profit / mtok if mtok else None, "USD per Mtok output"),
        ("margin of revenue", profit / revenue if revenue > 0 else None, "share"),
        ("profit per MW", profit / peak_mw if peak_mw else None, "USD NPV per MW at the peak"),
        ("payback", payback, "years from the horizon's start"),
        ("IRR", rate, "per year"),
        ("break-even price", even if np.isfinite(even) else None, "times today's token prices"),
    ]
    for workload in scenario.workloads:
        price = workload.price_usd_per_mtok
        if price is not None and np.isfinite(even):
            for side, schedule in (("input", price.input), ("output", price.output)):
                rows.append((f"break-even {side} price of {workload.name}", even * schedule.values[0], "USD per Mtok"))
    table = pd.DataFrame(rows, columns=["figure", "value", "unit"])
    stopped = () if plan.proof.reproducible else ("the plan",)
    return study(
        "economics",
        scenario,
        {"figures": table, "cash": cash},
        _said(scenario, profit, even, rate, payback),
        stopped=stopped,
    )


def cash_by_period(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """Undiscounted cash of the solved horizon by period, the mean over the futures."""
    weights = dict.fromkeys(plan.futures, 1.0)
    if "futures" in plan.kpis:
        weights = {item["name"]: item["probability"] for item in plan.kpis["futures"]}
    rows = plan.cashflow[~plan.cashflow["category"].isin(END_OF_HORIZON)].copy()
    rows["usd"] *= rows["future"].map(weights)
    earned = rows["category"] == REVENUE
    spent = rows[~earned].groupby("period")["usd"].sum().reindex(list(plan.periods)).fillna(0.0)
    revenue = -rows[earned].groupby("period")["usd"].sum().reindex(list(plan.periods)).fillna(0.0)
    found = pd.DataFrame({"period": plan.periods, "cost_usd": spent.to_numpy(), "revenue_usd": revenue.to_numpy()})
    found["net_usd"] = found["revenue_usd"] - found["cost_usd"]
    found["cumulative_usd"] = found["net_usd"].cumsum()
    months = {"month": 1, "quarter": 3, "year": 12}[scenario.horizon.period]
    found["years"] = (np.arange(len(found)) + 1) * months / 12
    return found


def payback_years(cash: pd.DataFrame) -> float | None:
    """Years until the undiscounted cash stays at or above zero for good; 0 where it never is below, None where not."""
    below = np.flatnonzero(cash["cumulative_usd"].to_numpy() < 0)
    if not len(below):
        return 0.0
    last = int(below[-1])
    if last + 1 >= len(cash):
        return None
    years, held = cash["years"].to_numpy(), cash["cumulative_usd"].to_numpy()
    share = -held[last] / (held[last + 1] - held[last])
    return float(years[last] + share * (years[last + 1] - years[last]))


def irr(scenario: Scenario, catalog: Catalog, plan: Plan) -> float | None:
    """The discount rate at which the audit's NPV of profit is zero; None where there is no such rate, or several."""

    def profit(rate: float) -> float:
        finance = scenario.finance.model_copy(update={"discount_rate": rate})
        again = scenario.model_copy(update={"finance": finance})
        totals = totals_of(Account(again, catalog, plan.decisions))
        return totals.revenue_usd - totals.cost_usd

    return root(profit)


def root(profit: Callable[[float], float], steps: int = 24) -> float | None:
    """The one rate within ``RATES`` at which ``profit`` is zero; None where it has no sign change, or several."""
    low, high = RATES
    rates = np.expm1(np.linspace(np.log1p(low), np.log1p(high), steps))
    signs = np.sign([profit(float(rate)) for rate in rates])
    changes = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    if len(changes) != 1:
        return None
    place = int(changes[0])
    return float(brentq(profit, rates[place], rates[place + 1], xtol=1e-9))


def _said(scenario: Scenario, profit: float, even: float, rate: float | None, payback: float | None) -> tuple[str, ...]:
    unpriced = [workload.name for workload in scenario.workloads if workload.price_usd_per_mtok is None]
    earns = "earns" if profit >= 0 else "loses"
    sentences = [
        f"The plan {earns} {money(abs(profit))} NPV and breaks even at {digits(even, 3)} times today's token prices."
    ]
    if rate is None:
        sentences.append(
            "It has no internal rate of return: its cash never changes sign for good, or does so more than once."
        )
    else:
        sentences.append(f"Its internal rate of return is {rate:.1%} a year.")
    if payback is None:
        sentences.append("It does not pay back within the solved horizon, resale left out.")
    if unpriced:
        sentences.append(f"Served without revenue, at a cost that is counted: {', '.join(unpriced)}.")
    if scenario.sites and any(site.existing for site in scenario.sites):
        sentences.append("What is owned already is sunk: it earns, and its price is not counted.")
    return tuple(sentences)
