"""Running cost of systems in service: support, licence, staff, colocation or lease, energy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.accounts.account import Account
from planner.accounts.capital import price_paid
from planner.accounts.energy import electricity_usd_per_mwh
from planner.accounts.fleet import energy_mwh, it_kw
from planner.accounts.holdings import running
from planner.accounts.inputs import Floats, Premises
from planner.rules.tariffs import lease_usd
from planner.units import HOURS_PER_MONTH, HOURS_PER_YEAR, KW_PER_MW


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
        ("lease", np.tile(leases_usd(premises).sum(axis=0), (len(premises.futures), 1))),
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


def leases_usd(premises: Premises) -> Floats:
    """USD due for each site's lease by period, (S, T)."""
    due = [lease_usd(site, premises.timeline) for site in premises.sites]
    return np.array(due).reshape(len(premises.sites), premises.timeline.periods)
