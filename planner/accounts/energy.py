"""Energy: what a kW drawn at a site costs, idle and busy."""

from __future__ import annotations

import numpy as np

from planner.accounts.inputs import Floats, Premises
from planner.catalog.models import System
from planner.rules import tariffs
from planner.scenario.models import Pue, Site
from planner.units import KW_PER_MW


def pue(site: Site, system: System) -> Pue:
    """PUE of a system at a site. A cooling the hall lacks takes the hall's first: cooling is a limit of its own."""
    return site.pue.get(system.cooling) or next(iter(site.pue.values()))


def electricity_usd_per_mwh(premises: Premises) -> Floats:
    """Price of electricity by site and period, (S, T)."""
    prices = [tariffs.electricity_usd_per_mwh(site, premises.catalog, premises.timeline) for site in premises.sites]
    return np.array(prices).reshape(len(premises.sites), premises.timeline.periods)


def idle_utility_kw(premises: Premises) -> Floats:
    """Utility kW drawn by one idle system at annual PUE, network adder included, (S, K)."""
    return _utility_kw(premises, [system.idle_it_kw for system in premises.systems])


def serving_utility_kw(premises: Premises) -> Floats:
    """Utility kW that one GPU draws more when it serves, (S, K)."""
    return _utility_kw(premises, [(s.busy_it_kw - s.idle_it_kw) / s.gpus for s in premises.systems])


def usd_per_gpu_hour(premises: Premises) -> Floats:
    """What one GPU costs more for an hour when it serves, (S, K, T)."""
    prices = electricity_usd_per_mwh(premises)
    return serving_utility_kw(premises)[..., None] * prices[:, None, :] / KW_PER_MW


def _utility_kw(premises: Premises, it_kw: list[float]) -> Floats:
    """Utility kW at annual PUE of IT kW drawn by each system, (S, K)."""
    shape = (len(premises.sites), len(premises.systems))
    overhead = [
        [pue(site, system).annual * (1 + system.network_kw_share) for system in premises.systems]
        for site in premises.sites
    ]
    return np.asarray(np.array(overhead, dtype=float).reshape(shape) * np.array(it_kw)[None, :])
