"""Rules of money: budgets of cash and commitments, by calendar year or over the reported periods."""

from __future__ import annotations

from functools import partial

import numpy as np

from planner.accounts.account import Account
from planner.accounts.cashflow import CAPEX, OPEX, entries, totals_of
from planner.accounts.contracts import commitments_by_period
from planner.accounts.inputs import Floats, Premises
from planner.audit.findings import Findings, Told, figure
from planner.kinds.limits import BUDGET
from planner.scenario.models import YearlyLimit


def check_money(account: Account, findings: Findings, claimed_cost_usd: float | None) -> None:
    """Budgets, and the cost that the plan claims."""
    cash = {category: usd for category, usd, _ in entries(account)}
    shape = (len(account.premises.futures), account.premises.timeline.periods)
    capex = sum((cash[category] for category in CAPEX), start=np.zeros(shape))
    opex = sum((cash[category] for category in OPEX), start=np.zeros(shape))
    budget = account.scenario.budget
    for what, limit, usd in (
        ("capex", budget.capex_usd, capex),
        ("opex", budget.opex_usd, opex),
        ("cash", budget.total_usd, capex + opex),
        ("value of contracts started", budget.commitments_usd, commitments_by_period(account)),
    ):
        _within_budget(account.premises, findings, what, limit, usd)
    if claimed_cost_usd is not None:
        _claimed(account, findings, claimed_cost_usd)


def yearly_limit(limit: dict[int, float], year: int) -> float:
    """The limit of a year: its own, else that of the last year before it that has one, else none."""
    named = [other for other in limit if other <= year]
    return limit[max(named)] if named else np.inf


def _within_budget(premises: Premises, findings: Findings, what: str, limit: YearlyLimit, usd: Floats) -> None:
    """USD by period (F, T), summed over each calendar year or all reported periods ≤ the limit."""
    if limit is None:
        return
    timeline = premises.timeline
    if isinstance(limit, dict):
        spans = [(str(year), timeline.years == year, yearly_limit(limit, year)) for year in np.unique(timeline.years)]
    else:
        spans = [("the reported periods", ~timeline.lookahead, float(limit))]
    for name, counted, most in spans:
        total = usd[:, counted].sum(axis=1)

        def told(total: Floats, name: str, most: float, future: int) -> Told:
            sentence = f"{what} of {name}{premises.where_several(future)} is {figure(total[future])} USD, "
            sentence += f"the budget is {figure(most)}"
            return Told(what, name if name.isdigit() else "", sentence)

        findings.at_most(BUDGET.family, total, most, partial(told, total, name, most))


def _claimed(account: Account, findings: Findings, claimed_cost_usd: float) -> None:
    """The claimed cost is the recomputed expectation of the discounted cost, revenue left out."""
    cost = totals_of(account).cost_usd

    def told() -> Told:
        sentence = f"the plan claims a cost of {figure(claimed_cost_usd)} USD, its tables say {figure(cost)}"
        return Told("cost", "", sentence)

    findings.equal("totals", claimed_cost_usd, cost, told)
