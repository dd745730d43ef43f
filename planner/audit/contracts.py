"""Contracts: what reserved, signed and hourly GPUs cost, in the horizon and after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner import bits
from planner.audit.account import Account
from planner.audit.deals import Deal
from planner.audit.holdings import running, term_periods
from planner.audit.premises import Floats, Premises
from planner.timeline import Timeline
from planner.units import HOURS_PER_DAY


def rented(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T); what falls after the horizon stands in the last period."""
    premises = account.premises
    timeline = premises.timeline
    shape = (len(premises.futures), timeline.periods)
    upfront, spread, tail, tail_npv, credit = (np.zeros(shape) for _ in range(5))
    spread += signed_usd(premises).sum(axis=0)
    tail_share = premises.scenario.finance.contract_tail_share
    for place, deal in enumerate(premises.deals):
        if not deal.reserved:
            continue
        ahead, hourly, prepaid = payments(premises, deal, account.holdings.sign[:, place])
        calendar = timeline.extended(ahead.shape[1] - timeline.periods)
        upfront += ahead[:, : timeline.periods]
        spread += hourly[:, : timeline.periods]
        later = hourly[:, timeline.periods :] * tail_share
        tail[:, -1] += later.sum(axis=1)
        tail_npv[:, -1] += bits.dot(later, calendar.discount_middle[timeline.periods :])
        credit[:, -1] -= prepaid[:, timeline.periods :].sum(axis=1) * (1 - tail_share)
    now, middle = timeline.discount_start, timeline.discount_middle
    yield "reserved", upfront + spread, upfront * now + spread * middle
    yield "contract_tail", tail, tail_npv
    yield "prepayment_credit", credit, credit * timeline.discount_end
    for category, usd in _hourly(account).items():
        yield category, usd, usd * middle


def commitments(account: Account) -> pd.DataFrame:
    """Whole value of the contracts that start in a year: columns future, year, usd."""
    value = commitments_by_period(account)
    future, period = np.nonzero(value)
    frame = pd.DataFrame(
        {
            "future": account.premises.names["future"].take(future),
            "year": account.premises.timeline.years[period],
            "usd": value[future, period],
        }
    )
    return frame.groupby(["future", "year"], sort=True)["usd"].sum().reset_index()


def commitments_by_period(account: Account) -> Floats:
    """Rate × hours of the term × GPUs of the contracts that start in each period, (F, T)."""
    premises = account.premises
    total = np.zeros((len(premises.futures), premises.timeline.periods))
    for place, deal in enumerate(premises.deals):
        if deal.reserved:
            total += account.holdings.sign[:, place] * _lot_value(premises, deal)
    return total


def rate(premises: Premises, deal: Deal) -> Floats:
    """USD per GPU-hour of a deal that starts, or runs, in each period, before a future's factor, (T,)."""
    path = premises.rent_path if deal.path_moves_rate else np.ones(premises.timeline.periods)
    return deal.usd_per_gpu_hour * path


def _calendar(premises: Premises, deal: Deal) -> Timeline:
    """The calendar to the end of the last contract that can start."""
    return premises.timeline.extended(term_periods(premises, deal.term_months))


def _lot_value(premises: Premises, deal: Deal) -> Floats:
    """USD of one lot over its whole term, by the period it starts in, (T,)."""
    hours, term = _calendar(premises, deal).hours, term_periods(premises, deal.term_months)
    passed = np.concatenate([[0.0], np.cumsum(hours)])
    starts = np.arange(premises.timeline.periods)
    return np.asarray(rate(premises, deal) * deal.lot_gpus * (passed[starts + term] - passed[starts]))


def payments(premises: Premises, deal: Deal, sign: Floats) -> tuple[Floats, Floats, Floats]:
    """Upfront payments, hourly payments and prepayment used up, by period beyond the horizon, each (F, T + term)."""
    calendar, term = _calendar(premises, deal), term_periods(premises, deal.term_months)
    beyond = [(0, 0), (0, calendar.periods - premises.timeline.periods)]
    upfront = np.pad(sign * _lot_value(premises, deal) * deal.upfront_share, beyond)
    per_hour = running(np.pad(sign * rate(premises, deal) * deal.lot_gpus, beyond), term)
    worth = per_hour * calendar.hours
    return upfront, worth * (1 - deal.upfront_share), worth * deal.upfront_share


def signed_usd(premises: Premises) -> Floats:
    """USD due for each contract already signed, pro rata by the hours it runs in each period, (C, T)."""
    due = np.zeros((len(premises.contracts), premises.timeline.periods))
    for place, contract in enumerate(premises.contracts):
        for period, (first, after) in enumerate(premises.timeline.spans):
            days = max(0, (min(after, contract.end) - max(first, contract.start)).days)
            due[place, period] = contract.usd_per_gpu_hour * contract.gpus * days * HOURS_PER_DAY
    return due


def _hourly(account: Account) -> dict[str, Floats]:
    """USD of on-demand and spot lots for the hours they run, (F, T)."""
    premises = account.premises
    factor = np.stack([premises.price(future.rent_price) for future in premises.futures])
    usd = {kind: np.zeros(factor.shape) for kind in ("on_demand", "spot")}
    for place, deal in enumerate(premises.deals):
        if deal.kind in usd:
            lot_hours = (account.holdings.rent[:, place] * premises.timeline.block_hours).sum(axis=2)
            usd[deal.kind] += lot_hours * deal.lot_gpus * rate(premises, deal) * factor
    return usd
