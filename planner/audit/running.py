"""Running cost of systems in service: support, licence, staff, colocation or lease, energy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import numpy as np

from planner import bits
from planner.audit.account import Account
from planner.audit.capital import price_paid
from planner.audit.energy import electricity_usd_per_mwh
from planner.audit.fleet import energy_mwh, it_kw
from planner.audit.holdings import running
from planner.audit.premises import Floats, Premises
from planner.schedule import Schedule
from planner.units import HOURS_PER_MONTH, HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR


def running_cost(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): spread over periods, so discounted at their middle."""
    premises = account.premises
    discount = premises.timeline.discount_middle
    years = premises.timeline.hours / HOURS_PER_YEAR
    months = premises.timeline.hours / HOURS_PER_MONTH
    installed_kw = np.einsum("fskt,k->fst", account.holdings.installed, it_kw(premises))
    staff = np.array([site.staff_usd_per_mw_year for site in premises.sites]) / KW_PER_MW
    colocation = np.array([site.colocation_usd_per_kw_month for site in premises.sites])
    licence = np.array([system.licence_usd_per_gpu_year * system.gpus for system in premises.systems])
    for category, usd in (
        ("support", _support_a_year(account) * years),
        ("licence", np.einsum("fskt,k->ft", account.holdings.installed, licence) * years),
        ("staff", np.einsum("fst,s->ft", installed_kw, staff) * years),
        ("colocation", np.einsum("fst,s->ft", installed_kw, colocation) * months),
        ("lease", np.tile(lease_usd_a_month(premises).sum(axis=0) * months, (len(premises.futures), 1))),
        ("energy", np.einsum("fskt,st->ft", energy_mwh(account), electricity_usd_per_mwh(premises))),
    ):
        yield category, usd, usd * discount


def _support_a_year(account: Account) -> Floats:
    """USD a year for the support of all systems in service, (F, T)."""
    premises, held = account.premises, account.holdings
    total = np.zeros((len(premises.futures), premises.timeline.periods))
    paid = held.buy.sum(axis=1) * price_paid(premises)[None]
    for place, system in enumerate(premises.systems):
        in_service = running(paid[:, place], premises.life_periods(system))
        total += system.support_share_per_year * in_service
    for place, group in enumerate(premises.groups):
        system = premises.systems[premises.system_index[group.existing.system]]
        price = system.price_usd if group.existing.price_usd is None else group.existing.price_usd
        total += system.support_share_per_year * price * held.keep[:, place]
    return total


def lease_usd_a_month(premises: Premises) -> Floats:
    """USD a month for each site's lease: contracted kW, escalated on anniversaries of the horizon's start, (S, T)."""
    timeline = premises.timeline
    anniversaries = np.arange(timeline.periods) * timeline.months_per_period // int(MONTHS_PER_YEAR)
    due = np.zeros((len(premises.sites), timeline.periods))
    for place, site in enumerate(premises.sites):
        if site.lease is None:
            continue
        kw = premises.by_period(_contracted(site.lease.it_kw))
        due[place] = kw * site.lease.usd_per_kw_month * bits.power(1 + site.lease.escalator_per_year, anniversaries)
    return due


def _contracted(it_kw: Schedule) -> Callable[[dt.date, dt.date], float]:
    """Mean contracted IT kW over days; nothing is leased, so nothing billed, ahead of the first date."""
    return lambda first, after: float(it_kw.step_days(first, after, 0.0).mean())
