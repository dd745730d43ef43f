"""Running cost of systems in service: support, licence, staff, colocation or lease, energy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.accounts.account import Account
from planner.accounts.capital import price_paid
from planner.accounts.energy import electricity_usd_per_mwh
from planner.accounts.fleet import energy_mwh, it_kw
from planner.accounts.holdings import running
from planner.accounts.inputs import Floats, Inputs
from planner.rules.tariffs import lease_usd
from planner.units import HOURS_PER_MONTH, HOURS_PER_YEAR, KW_PER_MW


def running_cost(account: Account) -> Iterator[tuple[str, Floats, Floats]]:
    """(category, USD, USD discounted), each (F, T): spread over periods, so discounted at their middle."""
    inputs = account.inputs
    discount = inputs.timeline.discount_middle
    years = inputs.timeline.hours / HOURS_PER_YEAR
    months = inputs.timeline.hours / HOURS_PER_MONTH
    installed_kw = np.einsum("fskt,k->fst", account.holdings.installed, it_kw(inputs))
    staff = np.array([site.staff_usd_per_mw_year for site in inputs.sites]) / KW_PER_MW
    colocation = np.array([site.colocation_usd_per_kw_month for site in inputs.sites])
    licence = np.array([system.licence_usd_per_gpu_year * system.gpus for system in inputs.systems])
    for category, usd in (
        ("support", _support_a_year(account) * years),
        ("licence", np.einsum("fskt,k->ft", account.holdings.installed, licence) * years),
        ("staff", np.einsum("fst,s->ft", installed_kw, staff) * years),
        ("colocation", np.einsum("fst,s->ft", installed_kw, colocation) * months),
        ("lease", np.tile(leases_usd(inputs).sum(axis=0), (len(inputs.futures), 1))),
        ("energy", np.einsum("fskt,st->ft", energy_mwh(account), electricity_usd_per_mwh(inputs))),
    ):
        yield category, usd, usd * discount


def _support_a_year(account: Account) -> Floats:
    """USD a year for the support of all systems in service, (F, T)."""
    inputs, held = account.inputs, account.holdings
    total = np.zeros((len(inputs.futures), inputs.timeline.periods))
    paid = held.buy.sum(axis=1) * price_paid(inputs)[None]
    for index, system in enumerate(inputs.systems):
        in_service = running(paid[:, index], inputs.life_periods(system))
        total += system.support_share_per_year * in_service
    for index, group in enumerate(inputs.groups):
        system = inputs.systems[inputs.system_index[group.existing.system]]
        price = system.price_usd if group.existing.price_usd is None else group.existing.price_usd
        total += system.support_share_per_year * price * held.keep[:, index]
    return total


def leases_usd(inputs: Inputs) -> Floats:
    """USD due for each site's lease by period, (S, T)."""
    due = [lease_usd(site, inputs.timeline) for site in inputs.sites]
    return np.array(due).reshape(len(inputs.sites), inputs.timeline.periods)
