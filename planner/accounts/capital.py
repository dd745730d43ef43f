"""Capital: what bought systems and hall conversions cost, and what hardware is worth at the horizon's end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.accounts.account import Account
from planner.accounts.inputs import Floats, Inputs
from planner.kinds import cash
from planner.rules.residual import residual_credit_usd
from planner.units import years_from_days


def price_paid(inputs: Inputs) -> Floats:
    """Hardware price of one system put in service in each period, at its order year's factor, (K, T)."""
    prices = np.zeros((len(inputs.systems), inputs.timeline.periods))
    for index, system in enumerate(inputs.systems):
        orders = inputs.order_days(inputs.purchase_lead_weeks(system))
        prices[index] = system.price_usd * inputs.path_factor("hardware", [day.year for day in orders])
    return prices


def capital(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): paid at the start of periods, the residual in the last."""
    inputs = account.inputs
    discount = inputs.timeline.discount_start
    bought = account.holdings.buy.sum(axis=1) * price_paid(inputs)[None]
    paid = _when_paid(inputs, bought)
    shares = {
        cash.HARDWARE.key: [1.0 for _ in inputs.systems],
        cash.NETWORK.key: [system.network_capex_share for system in inputs.systems],
        cash.INSTALLATION.key: [system.installation_capex_share for system in inputs.systems],
    }
    for category, share in shares.items():
        usd = np.einsum("fkt,k->ft", paid, np.array(share))
        yield category, usd, usd * discount
    charges = [site.conversion.cost_usd if site.conversion else 0.0 for site in inputs.sites]
    usd = np.einsum("fst,s->ft", account.holdings.convert, np.array(charges))
    yield cash.CONVERSION.key, usd, usd * discount
    yield cash.RESIDUAL.key, *_residual(inputs, bought)


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


def _residual(inputs: Inputs, bought: Floats) -> tuple[Floats, Floats]:
    """Credit for hardware at the horizon's end, in the last period, (F, T) undiscounted and discounted."""
    timeline = inputs.timeline
    days = np.array([(timeline.end - first).days for first, _ in timeline.spans], dtype=float)
    ages = years_from_days(days)
    finance = inputs.scenario.finance
    credit = np.zeros((bought.shape[0], timeline.periods))
    for index, system in enumerate(inputs.systems):
        credit[:, -1] -= residual_credit_usd(bought[:, index], finance, system, ages).sum(axis=1)
    return credit, credit * timeline.discount_end
