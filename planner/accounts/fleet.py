"""Fleet: systems in service at the sites, the power provisioned for them and the energy they draw."""

from __future__ import annotations

import numpy as np
import pandas as pd

from planner.accounts.account import Account
from planner.accounts.energy import idle_utility_kw, pue, serving_utility_kw
from planner.accounts.inputs import Floats, Premises
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


def it_kw(premises: Premises) -> Floats:
    """Provisioned IT kW of one system, (K,)."""
    return np.array([system.provisioned_it_kw for system in premises.systems])


def utility_kw(premises: Premises) -> Floats:
    """Provisioned utility kW of one system at design PUE, (S, K)."""
    design = [[pue(site, system).design for system in premises.systems] for site in premises.sites]
    shape = (len(premises.sites), len(premises.systems))
    return np.array(design, dtype=float).reshape(shape) * it_kw(premises)[None, :]


def power_limit_mw(premises: Premises) -> Floats:
    """MW that a plan may provision, on the side of the meter that the site names, (S, T)."""
    limits = [premises.limit(site.power_mw) * site.usable_share for site in premises.sites]
    return np.array(limits).reshape(len(premises.sites), premises.timeline.periods)


def energy_mwh(account: Account) -> Floats:
    """Utility MWh drawn by each site's systems, (F, S, K, T)."""
    premises, installed = account.premises, account.holdings.installed
    idle = installed * idle_utility_kw(premises)[None, :, :, None] * premises.timeline.hours
    busy = np.zeros(installed.shape)
    for place, source in enumerate(account.supply.sources):
        if source.site >= 0:
            busy[:, source.site, source.system] += account.busy_gpu_hours[:, place]
    serving = busy * serving_utility_kw(premises)[None, :, :, None]
    return np.asarray((idle + serving) / KW_PER_MW)


def fleet(account: Account) -> pd.DataFrame:
    """Systems in service: columns as in ``COLUMNS``, one row per future, site, period and system in service.

    ``provisioned_utility_mw`` is at design PUE; ``limit_mw`` is the site's cap on the side that ``cap_at`` names.
    """
    premises, installed = account.premises, account.holdings.installed
    future, site, system, period = np.nonzero(installed)
    count = installed[future, site, system, period]
    frame = pd.DataFrame(
        {
            "future": premises.names["future"].take(future),
            "site": premises.names["site"].take(site),
            "period": period,
            "system": premises.names["system"].take(system),
            "count": count,
            "provisioned_it_mw": count * it_kw(premises)[system] / KW_PER_MW,
            "provisioned_utility_mw": count * utility_kw(premises)[site, system] / KW_PER_MW,
            "limit_mw": power_limit_mw(premises)[site, period],
            "energy_mwh": energy_mwh(account)[future, site, system, period],
        },
        columns=list(COLUMNS),
    )
    return frame.sort_values(["future", "site", "period", "system"], kind="stable", ignore_index=True)
