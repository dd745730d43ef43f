"""Capital: what bought systems and hall conversions cost, and what hardware is worth at the horizon's end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.accounts.account import Account
from planner.accounts.inputs import Floats, Premises
from planner.catalog.models import System
from planner.kinds import cash
from planner.units import years_from_days


def price_paid(premises: Premises) -> Floats:
    """Hardware price of one system put in service in each period, at its order year's factor, (K, T)."""
    prices = np.zeros((len(premises.systems), premises.timeline.periods))
    for index, system in enumerate(premises.systems):
        orders = premises.order_days(premises.purchase_lead_weeks(system))
        prices[index] = system.price_usd * premises.path_factor("hardware", [day.year for day in orders])
    return prices


def capital(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): paid at the start of periods, the residual in the last."""
    premises = account.premises
    discount = premises.timeline.discount_start
    bought = account.holdings.buy.sum(axis=1) * price_paid(premises)[None]
    paid = _when_paid(premises, bought)
    shares = {
        cash.HARDWARE.key: [1.0 for _ in premises.systems],
        cash.NETWORK.key: [system.network_capex_share for system in premises.systems],
        cash.INSTALLATION.key: [system.installation_capex_share for system in premises.systems],
    }
    for category, share in shares.items():
        usd = np.einsum("fkt,k->ft", paid, np.array(share))
        yield category, usd, usd * discount
    charges = [site.conversion.cost_usd if site.conversion else 0.0 for site in premises.sites]
    usd = np.einsum("fst,s->ft", account.holdings.convert, np.array(charges))
    yield cash.CONVERSION.key, usd, usd * discount
    yield cash.RESIDUAL.key, *_residual(premises, bought)


def _when_paid(premises: Premises, bought: Floats) -> Floats:
    """Price of systems by the period in service (F, K, T), moved to when it is paid: the deposit at the order."""
    timeline = premises.timeline
    paid = np.zeros(bought.shape)
    for index, system in enumerate(premises.systems):
        orders = premises.order_days(premises.purchase_lead_weeks(system))
        at_order = [timeline.period_of(day) for day in orders]
        paid[:, index] += bought[:, index] * (1 - system.deposit_share)
        for period, ordered in enumerate(at_order):
            paid[:, index, ordered] += bought[:, index, period] * system.deposit_share
    return paid


def _residual(premises: Premises, bought: Floats) -> tuple[Floats, Floats]:
    """Credit for hardware at the horizon's end, in the last period, (F, T) undiscounted and discounted."""
    timeline = premises.timeline
    days = np.array([(timeline.end - first).days for first, _ in timeline.spans], dtype=float)
    ages = years_from_days(days)
    share = np.array([residual_share(system, ages) for system in premises.systems])
    share = share.reshape(len(premises.systems), timeline.periods) * premises.scenario.finance.residual_haircut
    credit = np.zeros((bought.shape[0], timeline.periods))
    credit[:, -1] = -(bought * share[None]).sum(axis=(1, 2))
    return credit, credit * timeline.discount_end


def residual_share(system: System, ages: Floats) -> Floats:
    """Share of the price paid that hardware is worth at ``ages`` in years: 1 at 0, 0 from the end of life."""
    life = system.life_years
    knots = {0.0: 1.0} | {age: share for age, share in system.residual_share_by_age_years.items() if age < life}
    knots[life] = 0.0
    at = sorted(knots)
    return np.interp(ages, at, [knots[age] for age in at])
