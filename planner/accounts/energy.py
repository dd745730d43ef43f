"""Energy: what a kW drawn at a site costs, idle and busy."""

from __future__ import annotations

import numpy as np

from planner.accounts.inputs import Floats, Inputs
from planner.rules import running, tariffs
from planner.units import KW_PER_MW


def electricity_usd_per_mwh(inputs: Inputs) -> Floats:
    """Price of electricity by site and period, (S, T)."""
    prices = [tariffs.electricity_usd_per_mwh(site, inputs.catalog, inputs.timeline) for site in inputs.sites]
    return np.array(prices).reshape(len(inputs.sites), inputs.timeline.periods)


def idle_utility_kw(inputs: Inputs) -> Floats:
    """Utility kW drawn by one idle system at annual PUE, network adder included, (S, K)."""
    return _utility_kw(inputs, [system.idle_it_kw for system in inputs.systems])


def serving_utility_kw(inputs: Inputs) -> Floats:
    """Utility kW that one GPU draws more when it serves, (S, K)."""
    return _utility_kw(inputs, [running.busy_it_kw_per_gpu(system) for system in inputs.systems])


def usd_per_gpu_hour(inputs: Inputs) -> Floats:
    """What one GPU costs more for an hour when it serves, (S, K, T)."""
    prices = electricity_usd_per_mwh(inputs)
    return serving_utility_kw(inputs)[..., None] * prices[:, None, :] / KW_PER_MW


def _utility_kw(inputs: Inputs, it_kw: list[float]) -> Floats:
    """Utility kW at annual PUE of IT kW drawn by each system, (S, K)."""
    shape = (len(inputs.sites), len(inputs.systems))
    overhead = [[running.utility_per_it(site, system) for system in inputs.systems] for site in inputs.sites]
    return np.asarray(np.array(overhead, dtype=float).reshape(shape) * np.array(it_kw)[None, :])
