"""Capital: what bought systems and hall conversions cost, and what hardware brings when it is sold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from planner import bits
from planner.accounts.account import Account
from planner.accounts.inputs import Floats, Inputs
from planner.kinds import cash
from planner.rules.dates import first_period
from planner.rules.residual import existing_credit_usd, new_price_usd, residual_credit_usd
from planner.units import years_from_days


@lru_cache(maxsize=2)
def price_paid(inputs: Inputs) -> Floats:
    """Hardware price of one system put in service in each period, at its order year's factor, (K, T).

    Those of the latest inputs are kept, for nobody to change.
    """
    prices = np.zeros((len(inputs.systems), inputs.timeline.periods))
    for index, system in enumerate(inputs.systems):
        orders = inputs.order_days(inputs.purchase_lead_weeks(system))
        prices[index] = new_price_usd(inputs.scenario, inputs.catalog, system, orders)
    return prices


def capital(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): on the first day of periods, the horizon's end in the last."""
    timeline = account.inputs.timeline
    sales = sales_of_existing(account).sum(axis=1)
    yield cash.HARDWARE_SALE.key, -sales[:, :-1], -sales[:, :-1] * timeline.discount_start
    for category, usd, npv in invested(account):
        if category == cash.RESIDUAL.key:
            usd[:, -1] -= sales[:, -1]
            npv[:, -1] -= sales[:, -1] * timeline.discount_end
        yield category, usd, npv


def invested(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """``capital`` of what is bought and converted alone, without the existing groups."""
    inputs = account.inputs
    timeline = inputs.timeline
    bought = account.holdings.buy.sum(axis=1)
    paid = _when_paid(inputs, bought * price_paid(inputs)[None])
    shares = {
        cash.HARDWARE.key: [1.0 for _ in inputs.systems],
        cash.NETWORK.key: [system.network_capex_share for system in inputs.systems],
        cash.INSTALLATION.key: [system.installation_capex_share for system in inputs.systems],
    }
    for category, share in shares.items():
        usd = np.einsum("fkt,k->ft", paid, np.array(share))
        yield category, usd, usd * timeline.discount_start
    charges = [site.conversion.cost_usd if site.conversion else 0.0 for site in inputs.sites]
    usd = np.einsum("fst,s->ft", account.holdings.convert, np.array(charges))
    yield cash.CONVERSION.key, usd, usd * timeline.discount_start
    worth = np.zeros(usd.shape)
    worth[:, -1] = -bits.dot(bought, residual_of_bought(inputs)).sum(axis=1)
    yield cash.RESIDUAL.key, worth, worth * timeline.discount_end


def sales_of_existing(account: Account) -> Floats:
    """USD that each group brings on the first day of periods, and is worth at the horizon's end, (F, G, T + 1)."""
    inputs, keep = account.inputs, account.holdings.keep
    found = np.zeros((*keep.shape[:2], inputs.timeline.periods + 1))
    for index, group in enumerate(inputs.groups):
        gone = _sold(group.existing.count, first_period(inputs.group_window(group)), keep[:, index])
        credit = existing_credit_usd(inputs.scenario, inputs.catalog, group.existing, inputs.timeline)
        found[:, index] = gone * credit
    return found


def _sold(count: float, first: int, kept: Floats) -> Floats:
    """Systems of a group that leave on each period's first day, and that are left at the horizon's end, (F, T + 1).

    ``count`` of them are there from period ``first`` on, ``kept`` (F, T) stay in service. A group that is gone before
    any period (``first`` = T) is no longer there to be sold.
    """
    left = np.zeros((len(kept), kept.shape[1] + 1))
    if first == kept.shape[1]:
        return left
    left[:, 1:] = kept
    left[:, :-1] -= kept
    left[:, first] += count
    return left


def present_value_of_sales(inputs: Inputs, usd: Floats) -> Floats:
    """Σ of USD on each period's first day and at the horizon's end (..., T + 1), discounted to its start."""
    return bits.dot(usd, np.append(inputs.timeline.discount_start, inputs.timeline.discount_end))


def npv_of_existing_at_first(inputs: Inputs) -> float:
    """What all existing systems would bring on the first day that they are there, discounted, USD."""
    timeline, total = inputs.timeline, 0.0
    for group in inputs.groups:
        first = first_period(inputs.group_window(group))
        if first < timeline.periods:
            credit = existing_credit_usd(inputs.scenario, inputs.catalog, group.existing, timeline)
            total += group.existing.count * float(credit[first] * timeline.discount_start[first])
    return total


@lru_cache(maxsize=2)
def residual_of_bought(inputs: Inputs) -> Floats:
    """What one system is worth at the horizon's end, by the period that it was put in service in, (K, T); kept too."""
    timeline = inputs.timeline
    days = np.array([(timeline.end - first).days for first, _ in timeline.spans], dtype=float)
    ages, paid = years_from_days(days), price_paid(inputs)
    worth = np.zeros(paid.shape)
    for index, system in enumerate(inputs.systems):
        new = new_price_usd(inputs.scenario, inputs.catalog, system, [timeline.end])
        worth[index] = residual_credit_usd(paid[index], new, inputs.scenario.finance, system, ages)
    return worth


def _when_paid(inputs: Inputs, bought: Floats) -> Floats:
    """Price of systems by the period in service (F, K, T), moved to when it is paid: the deposit at the order."""
    timeline = inputs.timeline
    paid = np.zeros(bought.shape)
    for index, system in enumerate(inputs.systems):
        orders = inputs.order_days(inputs.purchase_lead_weeks(system))
        at_order = [timeline.period_of(day) for day in orders]
        paid[:, index] += bought[:, index] * (1 - system.deposit_share)
        for period, ordered in enumerate(at_order):
            paid[:, index, ordered] += bought[:, index, period] * system.deposit_share
    return paid
