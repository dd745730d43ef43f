"""Fleet: systems in service at the sites, the power provisioned for them and the energy they draw."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from planner.accounts.account import Account
from planner.accounts.energy import idle_utility_kw, serving_utility_kw
from planner.accounts.inputs import Floats, Inputs
from planner.rules.halls import pue
from planner.table import Table
from planner.units import KW_PER_MW

COLUMNS = (
    "future",
    "site",
    "period",
    "system",
    "count",
    "provisioned_it_mw",
    "provisioned_utility_mw",
    "limit_mw",
    "energy_mwh",
)


def it_kw(inputs: Inputs) -> Floats:
    """Provisioned IT kW of one system, (K,)."""
    return np.array([system.provisioned_it_kw for system in inputs.systems])


def utility_kw(inputs: Inputs) -> Floats:
    """Provisioned utility kW of one system at design PUE, (S, K)."""
    design = [[pue(site, system).design for system in inputs.systems] for site in inputs.sites]
    shape = (len(inputs.sites), len(inputs.systems))
    return np.array(design, dtype=float).reshape(shape) * it_kw(inputs)[None, :]


def power_limit_mw(inputs: Inputs) -> Floats:
    """MW that a plan may provision, on the side of the meter that the site names, (S, T)."""
    limits = [inputs.limit(site.power_mw) * site.usable_share for site in inputs.sites]
    return np.array(limits).reshape(len(inputs.sites), inputs.timeline.periods)


@lru_cache(maxsize=2)
def energy_mwh(account: Account) -> Floats:
    """Utility MWh drawn by each site's systems, (F, S, K, T); the latest accounts' are kept."""
    inputs, installed = account.inputs, account.holdings.installed
    idle = installed * idle_utility_kw(inputs)[None, :, :, None] * inputs.timeline.hours
    busy = np.zeros(installed.shape)
    for index, source in enumerate(account.supply.sources):
        if source.site >= 0:
            busy[:, source.site, source.system] += account.busy_gpu_hours[:, index]
    serving = busy * serving_utility_kw(inputs)[None, :, :, None]
    return np.asarray((idle + serving) / KW_PER_MW)


@lru_cache(maxsize=2)
def fleet(account: Account) -> Table:
    """Systems in service: columns as in ``COLUMNS``, one row per future, site, period and system in service.

    ``provisioned_utility_mw`` is at design PUE; ``limit_mw`` is the site's cap on the side that ``cap_at`` names.
    """
    inputs, installed = account.inputs, account.holdings.installed
    future, site, system, period = np.nonzero(installed)
    count = installed[future, site, system, period]
    rows = Table(
        {
            "future": inputs.names["future"].take(future),
            "site": inputs.names["site"].take(site),
            "period": period,
            "system": inputs.names["system"].take(system),
            "count": count,
            "provisioned_it_mw": count * it_kw(inputs)[system] / KW_PER_MW,
            "provisioned_utility_mw": count * utility_kw(inputs)[site, system] / KW_PER_MW,
            "limit_mw": power_limit_mw(inputs)[site, period],
            "energy_mwh": energy_mwh(account)[future, site, system, period],
        }
    )
    return rows.only(COLUMNS).ordered(["future", "site", "period", "system"])
