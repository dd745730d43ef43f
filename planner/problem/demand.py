"""What is asked for: requests/s per workload, future, period and load block; and the token APIs that may answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.models import QuotedApi, TokenApi
from planner.problem.availability import allowed_provider, available, price_path
from planner.problem.serving import sla_excess
from planner.scenario.models import Scenario, TailRatio, Workload
from planner.schedule import Schedule
from planner.timeline import Timeline
from planner.units import HOURS_PER_DAY, mtok_from_tokens, requests_per_s_from_mtok_per_day

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Demand:
    """Workloads as columns of length W.

    ``requests_per_s`` (W, F, T, B); for GPU-hour workloads the unit is weighted GPUs. ``fungible`` (W,) demand may be
    met in any block of its period. ``output_tokens`` and ``total_tokens`` (W,) per request;
    ``revenue_usd`` (W, T) per request. ``min_served`` (W,) share per period.
    """

    names: tuple[str, ...]
    requests_per_s: Floats
    fungible: Bools
    min_served: Floats
    output_tokens: Floats
    total_tokens: Floats
    revenue_usd: Floats
    whole_replicas: Bools
    min_replicas: Ints


@dataclass(frozen=True)
class ApiLanes:
    """Workload × token API, as columns of length J.

    ``usd_per_request`` and ``exists`` (J, T); ``sla_excess`` (J,) as for serving points; ``api`` (J,) indexes
    ``names`` and ``max_mtok_per_day``; ``mtok_per_request`` (J,) input and output together.
    """

    workload: Ints
    api: Ints
    usd_per_request: Floats
    exists: Bools
    sla_excess: Floats
    mtok_per_request: Floats
    names: tuple[str, ...]
    max_mtok_per_day: Floats

    def __len__(self) -> int:
        return len(self.workload)


def build_demand(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> Demand:
    """The demand of every workload in every future."""
    workloads = scenario.workloads
    futures = scenario.futures or (None,)
    rate = np.zeros((len(workloads), len(futures), timeline.periods, len(timeline.blocks)))
    revenue = np.zeros((len(workloads), timeline.periods))
    for index, workload in enumerate(workloads):
        forecast = _forecast(workload, timeline)
        level = block_levels(scenario, catalog, workload, timeline.blocks)
        for position, future in enumerate(futures):
            factor = np.ones(timeline.periods)
            if future is not None:
                factors = [future.demand, future.demand_by_workload.get(workload.name)]
                for schedule in factors:
                    if schedule is not None:
                        factor = factor * _held(schedule, timeline)
            rate[index, position] = (forecast * factor)[:, None] * level[None, :]
        if workload.price_usd_per_mtok is not None and workload.tokens is not None:
            price = workload.price_usd_per_mtok
            revenue[index] = [
                mtok_from_tokens(workload.tokens.input) * price.input.step_mean(*span)
                + mtok_from_tokens(workload.tokens.output) * price.output.step_mean(*span)
                for span in timeline.spans
            ]
    floor = scenario.service.min_served
    return Demand(
        names=tuple(workload.name for workload in workloads),
        requests_per_s=rate,
        fungible=np.array([workload.kind != "interactive" for workload in workloads]),
        min_served=np.array([floor if w.min_served is None else w.min_served for w in workloads], dtype=float),
        output_tokens=np.array([w.tokens.output if w.tokens else 0.0 for w in workloads]),
        total_tokens=np.array([w.tokens.input + w.tokens.output if w.tokens else 0.0 for w in workloads]),
        revenue_usd=revenue,
        whole_replicas=np.array([workload.whole_replicas for workload in workloads]),
        min_replicas=np.array([workload.min_replicas for workload in workloads], dtype=np.int64),
    )


def block_levels(scenario: Scenario, catalog: Catalog, workload: Workload, blocks: tuple[str, ...]) -> Floats:
    """Demand level of each block, (B,); the scenario's own shape before the catalog's of the same name."""
    shape = scenario.load_shapes.get(workload.load)
    if shape is None:
        if workload.load == "flat":
            return np.ones(len(blocks))
        shape = catalog.load_shapes[workload.load].level
    return np.array([shape[block] for block in blocks])


def _forecast(workload: Workload, timeline: Timeline) -> Floats:
    """Mean requests/s (or weighted GPUs) by period; lookahead stays at the last reported period's."""
    demand = workload.demand
    if demand.output_mtok_per_day is not None and workload.tokens is not None:
        mtok = _held(demand.output_mtok_per_day, timeline, growth=True)
        return requests_per_s_from_mtok_per_day(mtok, workload.tokens.output)
    if demand.gpu_hours_per_day is not None:
        return _held(demand.gpu_hours_per_day, timeline, growth=True) / HOURS_PER_DAY
    assert demand.requests_per_s is not None
    return _held(demand.requests_per_s, timeline, growth=True)


def _held(schedule: Schedule, timeline: Timeline, growth: bool = False) -> Floats:
    """The schedule's mean by period, held level through the lookahead."""
    mean = schedule.growth_mean if growth else schedule.step_mean
    values = np.array([mean(*span) for span in timeline.spans[: timeline.reported]])
    return np.append(values, np.full(timeline.periods - timeline.reported, values[-1]))


def build_api_lanes(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> ApiLanes:
    """Token APIs that may answer a workload, those that miss its targets included (``sla_excess``)."""
    apis = sorted(
        (api for api in catalog.token_apis.values() if allowed_provider(scenario, api.provider)),
        key=lambda api: api.name,
    )
    if not scenario.procurement.token_api:
        apis = []
    path = price_path(scenario, catalog)
    factor, fixed = path.factors("api", timeline.years), np.ones(timeline.periods)
    lanes = [
        (index, position, workload, api)
        for index, workload in enumerate(scenario.workloads)
        for position, api in enumerate(apis)
        if workload.token_api and workload.kind != "gpu_hours" and api.model == workload.model
    ]
    prices = [api_usd_per_request(workload, api) for _, _, workload, api in lanes]
    excess = [_api_excess(workload, api, scenario.tail_ratio) for _, _, workload, api in lanes]
    exists = [available(timeline, None, api.available_until) for _, _, _, api in lanes]
    tokens = [w.tokens.input + w.tokens.output for _, _, w, _ in lanes if w.tokens]
    periods = timeline.periods
    return ApiLanes(
        workload=np.array([index for index, _, _, _ in lanes], dtype=np.int64),
        api=np.array([position for _, position, _, _ in lanes], dtype=np.int64),
        usd_per_request=np.array(prices).reshape(-1, 1)
        * np.array([fixed if isinstance(api, QuotedApi) else factor for *_, api in lanes]).reshape(-1, periods),
        exists=np.array(exists, dtype=bool).reshape(len(lanes), periods),
        sla_excess=np.array(excess, dtype=float),
        mtok_per_request=mtok_from_tokens(np.array(tokens, dtype=float)),
        names=tuple(api.name for api in apis),
        max_mtok_per_day=np.array([api.max_mtok_per_day or np.inf for api in apis]),
    )


def api_usd_per_request(workload: Workload, api: TokenApi) -> float:
    """What one request of ``workload`` costs at ``api``, cached input at the cached price."""
    assert workload.tokens is not None
    cached_price = api.cached_input_usd_per_mtok
    cached = workload.cached_share * (api.input_usd_per_mtok if cached_price is None else cached_price)
    fresh = (1 - workload.cached_share) * api.input_usd_per_mtok
    return mtok_from_tokens(workload.tokens.input) * (cached + fresh) + (
        mtok_from_tokens(workload.tokens.output) * api.output_usd_per_mtok
    )


def _api_excess(workload: Workload, api: TokenApi, tail: TailRatio) -> float:
    """Relative miss of the targets: inf where an interactive target meets an unknown latency; none for batch."""
    return 0.0 if workload.kind == "batch" else sla_excess(api, workload.sla, tail)
