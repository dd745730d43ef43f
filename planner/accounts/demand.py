"""Demand: the rate that every workload asks for, by future, period and load block."""

from __future__ import annotations

import numpy as np

from planner.accounts.inputs import Floats, Premises
from planner.scenario.models import Workload
from planner.units import HOURS_PER_DAY, requests_per_s_from_mtok_per_day

FLAT = "flat"


def demand_rates(premises: Premises) -> Floats:
    """Requests/s (gpu_hours workloads: weighted GPUs) asked for, (F, W, T, B)."""
    mean = np.stack([_forecast(premises, workload) for workload in premises.workloads])
    factor = np.stack(
        [
            [_factor(premises, place, workload.name) for workload in premises.workloads]
            for place in range(len(premises.futures))
        ]
    )
    levels = np.stack([_levels(premises, workload) for workload in premises.workloads])
    rates = _held_in_lookahead(premises, factor * mean[None])
    return np.asarray(rates[..., None] * levels[None, :, None, :])


def _forecast(premises: Premises, workload: Workload) -> Floats:
    """Mean rate of each period, before the futures' factors, (T,)."""
    demand = workload.demand
    if demand.gpu_hours_per_day is not None:
        return premises.by_period(demand.gpu_hours_per_day.growth_mean) / HOURS_PER_DAY
    if demand.requests_per_s is not None:
        return premises.by_period(demand.requests_per_s.growth_mean)
    assert demand.output_mtok_per_day is not None
    assert workload.tokens is not None
    mtok_per_day = premises.by_period(demand.output_mtok_per_day.growth_mean)
    return requests_per_s_from_mtok_per_day(mtok_per_day, workload.tokens.output)


def _factor(premises: Premises, future: int, workload: str) -> Floats:
    """Factor of a future on a workload's forecast, (T,)."""
    outlook = premises.futures[future]
    factor = premises.price(outlook.demand)
    own = outlook.demand_by_workload.get(workload)
    return factor if own is None else factor * premises.price(own)


def _held_in_lookahead(premises: Premises, rates: Floats) -> Floats:
    """The rates with every lookahead period at the last reported one, (F, W, T)."""
    last = premises.timeline.reported - 1
    return np.where(premises.timeline.lookahead, rates[..., last : last + 1], rates)


def _levels(premises: Premises, workload: Workload) -> Floats:
    """Demand level of each load block, (B,). ``flat`` is 1 in every block of any partition."""
    shapes = premises.scenario.load_shapes
    if workload.load in shapes:
        level = shapes[workload.load]
    elif workload.load == FLAT:
        level = dict.fromkeys(premises.timeline.blocks, 1.0)
    else:
        level = premises.catalog.load_shapes[workload.load].level
    return np.array([level[block] for block in premises.timeline.blocks])
