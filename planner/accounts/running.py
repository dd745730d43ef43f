"""Running cost of systems in service and of their sites: the rules' prices times what is counted in service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from planner.accounts.account import Account
from planner.accounts.capital import price_paid
from planner.accounts.energy import electricity_usd_per_mwh
from planner.accounts.fleet import energy_mwh, it_kw
from planner.accounts.holdings import running
from planner.accounts.inputs import Floats, Inputs
from planner.catalog.models import System
from planner.kinds import cash
from planner.rules.running import SHARE_A_YEAR, USD_A_YEAR, USD_PER_KW_MONTH
from planner.rules.tariffs import lease_usd
from planner.scenario.models import Scenario, Site
from planner.units import HOURS_PER_MONTH, HOURS_PER_YEAR


def running_cost(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): spread over periods, so discounted at their middle."""
    inputs = account.inputs
    due = system_cost(account)
    due[cash.LEASE.key] = np.tile(leases_usd(inputs).sum(axis=0), (len(inputs.futures), 1))
    due[cash.ENERGY.key] = np.einsum("fskt,st->ft", energy_mwh(account), electricity_usd_per_mwh(inputs))
    for category, usd in due.items():
        yield category, usd, usd * inputs.timeline.discount_middle


def system_cost(account: Account) -> dict[str, Floats]:
    """Running cost that is a system's own, USD by category, (F, T): all but leases and energy."""
    inputs = account.inputs
    years = inputs.timeline.hours / HOURS_PER_YEAR
    months = inputs.timeline.hours / HOURS_PER_MONTH
    due = {key: _upkeep_a_year(account, share) * years for key, share in SHARE_A_YEAR.items()}
    due |= {key: _a_year(account, usd) * years for key, usd in USD_A_YEAR.items()}
    return due | {key: _a_month(account, usd) * months for key, usd in USD_PER_KW_MONTH.items()}


def _a_year(account: Account, usd: Callable[[Scenario, Site, System], float]) -> Floats:
    """USD a year of all systems in service at the rate of one, (F, T)."""
    inputs = account.inputs
    shape = (len(inputs.sites), len(inputs.systems))
    rates = [[usd(inputs.scenario, site, system) for system in inputs.systems] for site in inputs.sites]
    found = np.einsum("fskt,sk->ft", account.holdings.installed, np.array(rates, dtype=float).reshape(shape))
    return np.asarray(found)


def _a_month(account: Account, usd: Callable[[Scenario, Site], float]) -> Floats:
    """USD a month for the kW of all systems in service, (F, T)."""
    inputs = account.inputs
    installed_kw = np.einsum("fskt,k->fst", account.holdings.installed, it_kw(inputs))
    rates = np.array([usd(inputs.scenario, site) for site in inputs.sites], dtype=float)
    return np.asarray(np.einsum("fst,s->ft", installed_kw, rates))


def _upkeep_a_year(account: Account, share: Callable[[Scenario, System], float]) -> Floats:
    """USD a year of all systems in service at a share of the price paid for each, (F, T)."""
    inputs, holdings = account.inputs, account.holdings
    total = np.zeros((len(inputs.futures), inputs.timeline.periods))
    paid = holdings.buy.sum(axis=1) * price_paid(inputs)[None]
    for index, system in enumerate(inputs.systems):
        in_service = running(paid[:, index], inputs.life_periods(system))
        total += share(inputs.scenario, system) * in_service
    for index, group in enumerate(inputs.groups):
        system = inputs.systems[inputs.system_index[group.existing.system]]
        price = system.price_usd if group.existing.price_usd is None else group.existing.price_usd
        total += share(inputs.scenario, system) * price * holdings.keep[:, index]
    return total


def leases_usd(inputs: Inputs) -> Floats:
    """USD due for each site's lease by period, (S, T)."""
    due = [lease_usd(site, inputs.timeline) for site in inputs.sites]
    return np.array(due).reshape(len(inputs.sites), inputs.timeline.periods)
