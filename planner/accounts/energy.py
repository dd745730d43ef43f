"""Energy: what a kW drawn at a site costs, idle and busy."""

from __future__ import annotations

import numpy as np

from planner.accounts.inputs import Floats, Inputs
from planner.catalog.models import System
from planner.rules import tariffs
from planner.scenario.models import Pue, Site
from planner.units import KW_PER_MW


def pue(site: Site, system: System) -> Pue:
    """PUE of a system at a site. A cooling the hall lacks takes the hall's first: cooling is a limit of its own."""
    return site.pue.get(system.cooling) or next(iter(site.pue.values()))


def electricity_usd_per_mwh(inputs: Inputs) -> Floats:
    """Price of electricity by site and period, (S, T)."""
    prices = [tariffs.electricity_usd_per_mwh(site, inputs.catalog, inputs.timeline) for site in inputs.sites]
    return np.array(prices).reshape(len(inputs.sites), inputs.timeline.periods)


def idle_utility_kw(inputs: Inputs) -> Floats:
    """Utility kW drawn by one idle system at annual PUE, network adder included, (S, K)."""
    return _utility_kw(inputs, [system.idle_it_kw for system in inputs.systems])


def serving_utility_kw(inputs: Inputs) -> Floats:
    """Utility kW that one GPU draws more when it serves, (S, K)."""
    return _utility_kw(inputs, [(s.busy_it_kw - s.idle_it_kw) / s.gpus for s in inputs.systems])


def usd_per_gpu_hour(inputs: Inputs) -> Floats:
    """What one GPU costs more for an hour when it serves, (S, K, T)."""
    prices = electricity_usd_per_mwh(inputs)
    return serving_utility_kw(inputs)[..., None] * prices[:, None, :] / KW_PER_MW


def _utility_kw(inputs: Inputs, it_kw: list[float]) -> Floats:
    """Utility kW at annual PUE of IT kW drawn by each system, (S, K)."""
    shape = (len(inputs.sites), len(inputs.systems))
    overhead = [
        [pue(site, system).annual * (1 + system.network_kw_share) for system in inputs.systems] for site in inputs.sites
    ]
    return np.asarray(np.array(overhead, dtype=float).reshape(shape) * np.array(it_kw)[None, :])
