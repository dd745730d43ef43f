"""Rules of money: budgets of cash and commitments, by fiscal year or over the reported periods."""

from __future__ import annotations

from functools import partial

import numpy as np

from planner.accounts.account import Account
from planner.accounts.cashflow import entries, totals_of
from planner.accounts.contracts import commitments_by_period
from planner.accounts.inputs import Floats, Inputs
from planner.audit.findings import Findings, Told, figure
from planner.kinds.cash import CAPEX, OPEX
from planner.kinds.limits import BUDGET, SPENDING
from planner.rules.budgets import BudgetSpan, budget_spans
from planner.scenario.models import YearlyLimit


def check_money(account: Account, findings: Findings, claimed_cost_usd: float | None) -> None:
    """Budgets, and the cost that the plan claims."""
    cash = {category: usd for category, usd, _ in entries(account)}
    shape = (len(account.inputs.futures), account.inputs.timeline.periods)
    capex = sum((cash[category] for category in CAPEX), start=np.zeros(shape))
    opex = sum((cash[category] for category in OPEX), start=np.zeros(shape))
    contracts = commitments_by_period(account)
    for kind in SPENDING:
        usd = kind.capex * capex + kind.opex * opex + kind.contracts * contracts
        _within_budget(account.inputs, findings, kind.words, getattr(account.scenario.budget, kind.field), usd)
    if claimed_cost_usd is not None:
        _claimed(account, findings, claimed_cost_usd)


def _within_budget(inputs: Inputs, findings: Findings, what: str, limit: YearlyLimit, usd: Floats) -> None:
    """USD by period (F, T), summed over each fiscal year or all reported periods ≤ the limit."""
    for span in budget_spans(limit, inputs.timeline, inputs.scenario.budget.fiscal_year_start):
        total = usd[:, span.periods].sum(axis=1)

        def told(total: Floats, span: BudgetSpan, future: int) -> Told:
            period = span.year or ""
            counted = f"{period or 'the reported periods'}{inputs.where_several(future)}"
            sentence = f"{what} of {counted} is {figure(total[future])} USD, the budget is {figure(span.usd)}"
            return Told(what, period, sentence)

        findings.at_most(BUDGET.family, total, span.usd, partial(told, total, span))


def _claimed(account: Account, findings: Findings, claimed_cost_usd: float) -> None:
    """The claimed cost is the recomputed expectation: discounted, revenue left out, what is not served at its value."""
    totals = totals_of(account)
    cost = totals.objective_usd

    def told() -> Told:
        sentence = f"the plan claims a cost of {figure(claimed_cost_usd)} USD, its tables say {figure(cost)}"
        if totals.unserved_usd:
            sentence += f", {figure(totals.unserved_usd)} of it the value of what is not served"
        return Told("cost", "", sentence)

    findings.equal("totals", claimed_cost_usd, cost, told)
