"""Demand: the rate that every workload asks for, by future, period and load block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import Catalog
from planner.rules.tariffs import FLAT
from planner.scenario.models import Future, Scenario, Workload
from planner.schedule import Schedule
from planner.timeline import Timeline
from planner.traffic.windows import cut
from planner.units import HOURS_PER_DAY, requests_per_s_from_mtok_per_day

Floats = NDArray[np.float64]


def demand_rates(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> Floats:
    """Requests/s (gpu_hours workloads: weighted GPUs) asked for, (W, F, T, B); one future where none is named."""
    workloads, futures = scenario.workloads, scenario.futures or (None,)
    rate = np.zeros((len(workloads), len(futures), timeline.periods, len(timeline.blocks)))
    for index, workload in enumerate(workloads):
        mean = forecast(workload, timeline)
        level = block_levels(scenario, catalog, workload, timeline)
        for position, future in enumerate(futures):
            rate[index, position] = (mean * _factor(future, workload, timeline))[:, None] * level[None, :]
    return rate


def forecast(workload: Workload, timeline: Timeline) -> Floats:
    """Mean requests/s (or weighted GPUs) by period, (T,), before the futures' factors."""
    demand = workload.demand
    if demand.gpu_hours_per_day is not None:
        return _held(demand.gpu_hours_per_day, timeline, growth=True) / HOURS_PER_DAY
    if demand.requests_per_s is not None:
        return _held(demand.requests_per_s, timeline, growth=True)
    assert demand.output_mtok_per_day is not None
    assert workload.tokens is not None
    mtok_per_day = _held(demand.output_mtok_per_day, timeline, growth=True)
    return requests_per_s_from_mtok_per_day(mtok_per_day, workload.tokens.output)


def block_levels(scenario: Scenario, catalog: Catalog, workload: Workload, timeline: Timeline) -> Floats:
    """Demand level of each load block, (B,), its mean over the hours 1.

    The scenario's own shape comes before the catalog's of the same name; ``flat`` is 1 in every block of any partition,
    and ``trace`` is that of the workload's own trace, whose busiest hours are the first block.
    """
    level = scenario.load_shapes.get(workload.load)
    if level is None:
        if workload.load == FLAT:
            return np.ones(len(timeline.blocks))
        if workload.own_levels:
            return cut(workload.own_levels, timeline.block_share.tolist())
        level = catalog.load_shapes[workload.load].level
    return np.array([level[block] for block in timeline.blocks])


def least_served(scenario: Scenario, workload: Workload) -> float:
    """Share of a workload's demand that every period has to serve.

    Its own ``min_served``; else none where what is unserved has a value, which then decides; else the scenario's.
    """
    if workload.min_served is not None:
        return workload.min_served
    return scenario.service.min_served if workload.unserved_value is None else 0.0


def _factor(future: Future | None, workload: Workload, timeline: Timeline) -> Floats:
    """Factor of a future on a workload's forecast, (T,)."""
    factor = np.ones(timeline.periods)
    if future is not None:
        for schedule in (future.demand, future.demand_by_workload.get(workload.name)):
            if schedule is not None:
                factor = factor * _held(schedule, timeline)
    return factor


def _held(schedule: Schedule, timeline: Timeline, growth: bool = False) -> Floats:
    """The schedule's mean by period, (T,), held in the lookahead at the last reported period's."""
    mean = schedule.growth_mean if growth else schedule.step_mean
    values = np.array([mean(*span) for span in timeline.spans[: timeline.reported]])
    return np.append(values, np.full(timeline.periods - timeline.reported, values[-1]))
