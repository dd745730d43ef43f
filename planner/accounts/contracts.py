"""Contracts: what reserved, signed and hourly GPUs cost, in the horizon and after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner import bits
from planner.accounts.account import Account
from planner.accounts.holdings import running, term_periods
from planner.accounts.inputs import Floats, Inputs
from planner.accounts.terms import ContractTerms
from planner.kinds import cash
from planner.rules.budgets import fiscal_year
from planner.table import Table
from planner.timeline import Timeline
from planner.units import HOURS_PER_DAY


def rented(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T); what falls after the horizon stands in the last period."""
    inputs = account.inputs
    timeline = inputs.timeline
    shape = (len(inputs.futures), timeline.periods)
    upfront, spread, tail, tail_npv, credit = (np.zeros(shape) for _ in range(5))
    spread += signed_usd(inputs).sum(axis=0)
    tail_share = inputs.scenario.finance.contract_tail_share
    for index, terms in enumerate(inputs.contract_terms):
        sign = account.holdings.sign[:, index]
        if not terms.reserved or not sign.any():
            continue
        ahead, hourly, prepaid = payments(inputs, terms, sign)
        calendar = timeline.extended(ahead.shape[1] - timeline.periods)
        upfront += ahead[:, : timeline.periods]
        spread += hourly[:, : timeline.periods]
        later = hourly[:, timeline.periods :] * tail_share
        tail[:, -1] += later.sum(axis=1)
        tail_npv[:, -1] += bits.dot(later, calendar.discount_middle[timeline.periods :])
        credit[:, -1] -= prepaid[:, timeline.periods :].sum(axis=1) * (1 - tail_share)
    now, middle = timeline.discount_start, timeline.discount_middle
    yield cash.RESERVED.key, upfront + spread, upfront * now + spread * middle
    yield cash.CONTRACT_TAIL.key, tail, tail_npv
    yield cash.PREPAYMENT_CREDIT.key, credit, credit * timeline.discount_end
    for category, usd in _hourly(account).items():
        yield category, usd, usd * middle


def commitments(account: Account) -> Table:
    """Whole value of the contracts that start in a fiscal year: columns future, year, usd."""
    value = commitments_by_period(account)
    month = account.scenario.budget.fiscal_year_start
    years = np.array([fiscal_year(first, month) for first in account.inputs.timeline.starts[:-1]], dtype=np.int64)
    future, period = np.nonzero(value)
    rows = Table(
        {
            "future": account.inputs.names["future"].take(future),
            "year": years[period],
            "usd": value[future, period],
        }
    )
    return rows.sums(["future", "year"], "usd")


def commitments_by_period(account: Account) -> Floats:
    """Rate × hours of the term × GPUs of the contracts that start in each period, (F, T)."""
    inputs = account.inputs
    total = np.zeros((len(inputs.futures), inputs.timeline.periods))
    for index, terms in enumerate(inputs.contract_terms):
        if terms.reserved:
            total += account.holdings.sign[:, index] * lot_value_usd(inputs, terms)
    return total


def rate(inputs: Inputs, terms: ContractTerms) -> Floats:
    """USD per GPU-hour of an offer that starts, or runs, in each period, before a future's factor, (T,)."""
    path = inputs.rent_path if terms.path_moves_rate else np.ones(inputs.timeline.periods)
    return terms.usd_per_gpu_hour * path


def _calendar(inputs: Inputs, terms: ContractTerms) -> Timeline:
    """The calendar to the end of the last contract that can start."""
    return inputs.timeline.extended(term_periods(inputs, terms.term_months))


def lot_value_usd(inputs: Inputs, terms: ContractTerms) -> Floats:
    """USD of one lot over its whole term, by the period it starts in, (T,)."""
    hours, term = _calendar(inputs, terms).hours, term_periods(inputs, terms.term_months)
    passed = np.concatenate([[0.0], np.cumsum(hours)])
    starts = np.arange(inputs.timeline.periods)
    return np.asarray(rate(inputs, terms) * terms.lot_gpus * (passed[starts + term] - passed[starts]))


def payments(inputs: Inputs, terms: ContractTerms, sign: Floats) -> tuple[Floats, Floats, Floats]:
    """Upfront payments, hourly payments and prepayment used up, by period beyond the horizon, each (F, T + term)."""
    calendar, term = _calendar(inputs, terms), term_periods(inputs, terms.term_months)
    beyond = [(0, 0), (0, calendar.periods - inputs.timeline.periods)]
    upfront = np.pad(sign * lot_value_usd(inputs, terms) * terms.upfront_share, beyond)
    per_hour = running(np.pad(sign * rate(inputs, terms) * terms.lot_gpus, beyond), term)
    worth = per_hour * calendar.hours
    return upfront, worth * (1 - terms.upfront_share), worth * terms.upfront_share


def signed_usd(inputs: Inputs) -> Floats:
    """USD due for each contract already signed, pro rata by the hours it runs in each period, (C, T)."""
    due = np.zeros((len(inputs.contracts), inputs.timeline.periods))
    for index, contract in enumerate(inputs.contracts):
        for period, (first, after) in enumerate(inputs.timeline.spans):
            days = max(0, (min(after, contract.end) - max(first, contract.start)).days)
            due[index, period] = contract.usd_per_gpu_hour * contract.gpus * days * HOURS_PER_DAY
    return due


def _hourly(account: Account) -> dict[str, Floats]:
    """USD of on-demand and spot lots for the hours they run, (F, T)."""
    inputs = account.inputs
    factor = np.stack([inputs.price(future.rent_price) for future in inputs.futures])
    usd = {kind: np.zeros(factor.shape) for kind in (cash.ON_DEMAND.key, cash.SPOT.key)}
    for index, terms in enumerate(inputs.contract_terms):
        if terms.kind in usd:
            lot_hours = (account.holdings.rent[:, index] * inputs.timeline.block_hours).sum(axis=2)
            usd[terms.kind] += lot_hours * terms.lot_gpus * rate(inputs, terms) * factor
    return usd
