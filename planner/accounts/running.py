"""Running cost of systems in service and of their sites: the rules' prices times what is counted in service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import numpy as np

from planner.accounts.account import Account
from planner.accounts.capital import price_paid
from planner.accounts.energy import electricity_usd_per_mwh
from planner.accounts.fleet import energy_mwh, it_kw
from planner.accounts.holdings import running
from planner.accounts.inputs import Floats, Premises
from planner.catalog.models import System
from planner.kinds import cash
from planner.rules.running import SHARE_A_YEAR, USD_A_YEAR, USD_PER_KW_MONTH
from planner.scenario.models import Scenario, Site
from planner.schedule import Schedule
from planner.units import HOURS_PER_MONTH, HOURS_PER_YEAR, MONTHS_PER_YEAR


def running_cost(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): spread over periods, so discounted at their middle."""
    premises = account.premises
    discount = premises.timeline.discount_middle
    years = premises.timeline.hours / HOURS_PER_YEAR
    months = premises.timeline.hours / HOURS_PER_MONTH
    due = {key: _upkeep_a_year(account, share) * years for key, share in SHARE_A_YEAR.items()}
    due |= {key: _a_year(account, usd) * years for key, usd in USD_A_YEAR.items()}
    due |= {key: _a_month(account, usd) * months for key, usd in USD_PER_KW_MONTH.items()}
    leases = lease_usd_a_month(premises).sum(axis=0) * months
    due[cash.LEASE.key] = np.tile(leases, (len(premises.futures), 1))
    due[cash.ENERGY.key] = np.einsum("fskt,st->ft", energy_mwh(account), electricity_usd_per_mwh(premises))
    for category, usd in due.items():
        yield category, usd, usd * discount


def _a_year(account: Account, usd: Callable[[Scenario, Site, System], float]) -> Floats:
    """USD a year of all systems in service at the rate of one, (F, T)."""
    premises = account.premises
    shape = (len(premises.sites), len(premises.systems))
    rates = [[usd(premises.scenario, site, system) for system in premises.systems] for site in premises.sites]
    found = np.einsum("fskt,sk->ft", account.holdings.installed, np.array(rates, dtype=float).reshape(shape))
    return np.asarray(found)


def _a_month(account: Account, usd: Callable[[Scenario, Site], float]) -> Floats:
    """USD a month for the kW of all systems in service, (F, T)."""
    premises = account.premises
    installed_kw = np.einsum("fskt,k->fst", account.holdings.installed, it_kw(premises))
    rates = np.array([usd(premises.scenario, site) for site in premises.sites], dtype=float)
    return np.asarray(np.einsum("fst,s->ft", installed_kw, rates))


def _upkeep_a_year(account: Account, share: Callable[[Scenario, System], float]) -> Floats:
    """USD a year of all systems in service at a share of the price paid for each, (F, T)."""
    premises, held = account.premises, account.holdings
    total = np.zeros((len(premises.futures), premises.timeline.periods))
    paid = held.buy.sum(axis=1) * price_paid(premises)[None]
    for index, system in enumerate(premises.systems):
        in_service = running(paid[:, index], premises.life_periods(system))
        total += share(premises.scenario, system) * in_service
    for index, group in enumerate(premises.groups):
        system = premises.systems[premises.system_index[group.existing.system]]
        price = system.price_usd if group.existing.price_usd is None else group.existing.price_usd
        total += share(premises.scenario, system) * price * held.keep[:, index]
    return total


def lease_usd_a_month(premises: Premises) -> Floats:
    """USD a month for each site's lease: contracted kW, escalated on anniversaries of the horizon's start, (S, T)."""
    timeline = premises.timeline
    anniversaries = np.arange(timeline.periods) * timeline.months_per_period // int(MONTHS_PER_YEAR)
    due = np.zeros((len(premises.sites), timeline.periods))
    for index, site in enumerate(premises.sites):
        if site.lease is None:
            continue
        kw = premises.by_period(_contracted(site.lease.it_kw))
        due[index] = kw * site.lease.usd_per_kw_month * (1 + site.lease.escalator_per_year) ** anniversaries
    return due


def _contracted(it_kw: Schedule) -> Callable[[dt.date, dt.date], float]:
    """Mean contracted IT kW over days; nothing is leased, so nothing billed, ahead of the first date."""
    return lambda first, after: float(it_kw.step_days(first, after, 0.0).mean())
