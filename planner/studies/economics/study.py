"""What a plan earns: margin, profit per MW, payback, NPV, IRR, and the token price at which it breaks even.

All by the audit's own cash flow. The IRR is fed every payment of the ledger on its own day, so it counts the same days,
tails and residuals as the plan's NPV: as the discount rate it makes that zero. The payback is fed the undiscounted cash
of each period, which comes evenly over the period; resale and other values at the horizon's end are left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from planner.accounts import Account, totals_of
from planner.catalog import Catalog
from planner.errors import InputError
from planner.finance import irr, payback
from planner.frozen import dataclass
from planner.kinds.cash import END_OF_HORIZON, REVENUE
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.plan.ledger import ledger_of
from planner.render.figures import digits, money
from planner.render.hints import SCENARIO, hint
from planner.rules.budgets import year_of_period
from planner.scenario import Scenario, scenario_digest
from planner.studies.command import Progress
from planner.studies.result import Study, limit_of, told
from planner.units import mtok_from_tokens


@dataclass(frozen=True)
class Economics(Study):
    """``figures`` (figure, value, unit) and ``cash`` by period.

    ``cash`` has period, cost_usd, revenue_usd, net_usd, cumulative_usd, years (from the horizon's start) and year (the
    fiscal one): undiscounted, expected over the futures, what falls after the horizon left out.
    """

    command = "economics"

    figures: pd.DataFrame
    cash: pd.DataFrame


def economics(
    scenario: Scenario,
    catalog: Catalog | None = None,
    *,
    gap: float | None = None,
    time_limit_s: float | None = None,
    progress: Progress = lambda words: None,
) -> Economics:
    """The plan of ``scenario`` as an investment. Raises InputError where nothing it serves has a price."""
    priced = [workload for workload in scenario.workloads if workload.price_usd_per_mtok is not None]
    if not priced:
        name = scenario.workloads[0].name
        priced_so = f"workloads.{name}.price_usd_per_mtok={{input: 0.5, output: 2}}"
        raise InputError(
            "plan economics needs revenue, and no workload has a price; state one, such as "
            f"{hint('economics', SCENARIO, '--set', priced_so)}"
        )
    catalog = catalog_of(scenario) if catalog is None else catalog
    progress(f"{scenario.name}: solving")
    plan = solve(scenario, catalog, gap=gap, time_limit_s=limit_of(scenario, time_limit_s))
    progress(f"{scenario.name}: the rate of return")
    return of_plan(scenario, catalog, plan)


def of_plan(scenario: Scenario, catalog: Catalog, plan: Plan) -> Economics:
    """``economics`` of a plan that is there already."""
    kpis = plan.kpis
    cost, revenue, profit = kpis["npv_usd"], kpis["npv_revenue_usd"], kpis["npv_profit_usd"]
    totals = totals_of(Account(scenario, catalog, plan.decisions))
    mtok = mtok_from_tokens(totals.output_tokens)
    cash = cash_by_period(scenario, plan)
    peak_mw = kpis["peak_provisioned_utility_mw"]
    paid = ledger_of(plan, scenario, catalog).dated
    rate = irr(paid["years"].to_numpy(dtype=float), -paid["usd"].to_numpy(dtype=float))
    back = payback(cash["years"].to_numpy(dtype=float), cash["cumulative_usd"].to_numpy(dtype=float), evenly=True)
    even = cost / revenue if revenue > 0 else np.nan
    rows: list[tuple[str, float | None, str]] = [
        ("NPV of profit", profit, "USD"),
        ("NPV of revenue", revenue, "USD"),
        ("NPV of cost", cost, "USD"),
        ("margin", profit / mtok if mtok else None, "USD per Mtok output"),
        ("margin of revenue", profit / revenue if revenue > 0 else None, "share"),
        ("profit per MW", profit / peak_mw if peak_mw else None, "USD NPV per MW at the peak"),
        ("payback", back, "years from the horizon's start"),
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
    sentences = told(_said(scenario, profit, even, rate, back), stopped)
    return Economics(scenario.name, scenario_digest(scenario), sentences, figures=table, cash=cash, stopped=stopped)


def cash_by_period(scenario: Scenario, plan: Plan) -> pd.DataFrame:
    """Undiscounted cash of the solved horizon by period, the mean over the futures."""
    weights = dict.fromkeys(plan.futures, 1.0)
    if "futures" in plan.kpis:
        weights = {item["name"]: item["probability"] for item in plan.kpis["futures"]}
    rows = plan.cashflow[~plan.cashflow["category"].isin(END_OF_HORIZON)].copy()
    rows["usd"] *= rows["future"].map(weights)
    earned = rows["category"] == REVENUE.key
    spent = rows[~earned].groupby("period")["usd"].sum().reindex(list(plan.periods)).fillna(0.0)
    revenue = -rows[earned].groupby("period")["usd"].sum().reindex(list(plan.periods)).fillna(0.0)
    found = pd.DataFrame({"period": plan.periods, "cost_usd": spent.to_numpy(), "revenue_usd": revenue.to_numpy()})
    found["net_usd"] = found["revenue_usd"] - found["cost_usd"]
    found["cumulative_usd"] = found["net_usd"].cumsum()
    months = {"month": 1, "quarter": 3, "year": 12}[scenario.horizon.period]
    found["years"] = (np.arange(len(found)) + 1) * months / 12
    found["year"] = [year_of_period(period, scenario.budget.fiscal_year_start) for period in plan.periods]
    return found


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
        sentences.append(f"Its internal rate of return is {100 * rate:,.1f} % a year.")
    if payback is None:
        sentences.append("It does not pay back within the solved horizon, resale left out.")
    if unpriced:
        sentences.append(f"Served without revenue, at a cost that is counted: {', '.join(unpriced)}.")
    if scenario.sites and any(site.existing for site in scenario.sites):
        sentences.append("What is owned already is sunk: it earns, and its price is not counted.")
    return tuple(sentences)
