"""What is asked for: requests/s per workload, future, period and load block; and the token APIs that may answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.models import QuotedApi
from planner.frozen import dataclass
from planner.rules.dates import on_all_days
from planner.rules.demand import demand_rates, least_served
from planner.rules.eligibility import api_ruled_out, provider_ruled_out
from planner.rules.latency import api_excess
from planner.rules.survival import Survive, has_to_survive
from planner.rules.tariffs import (
    api_usd_per_request,
    price_factors,
    revenue_usd_per_request,
    unserved_usd_per_request,
)
from planner.scenario.models import Scenario
from planner.timeline import Timeline
from planner.units import mtok_from_tokens

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Demand:
    """Workloads as columns of length W.

    ``requests_per_s`` (W, F, T, B); for GPU-hour workloads the unit is weighted GPUs. ``fungible`` (W,) demand may be
    met in any block of its period. ``output_tokens`` and ``total_tokens`` (W,) per request; ``revenue_usd`` and
    ``unserved_usd``, the value of one that is not served, (W, T) per request. ``min_served`` (W,) share per period.
    Those that have to ``survive`` are served with the largest one gone of what it names, ``has_to_survive`` (W,).
    """

    names: tuple[str, ...]
    requests_per_s: Floats
    fungible: Bools
    min_served: Floats
    output_tokens: Floats
    total_tokens: Floats
    revenue_usd: Floats
    unserved_usd: Floats
    whole_replicas: Bools
    min_replicas: Ints
    has_to_survive: Bools
    survive: Survive


@dataclass(frozen=True)
class ApiAssignments:
    """Workload × token API, as columns of length J.

    ``usd_per_request`` and ``exists`` (J, T); ``sla_excess`` (J,) as for serving points; ``api`` (J,) indexes
    ``names``, ``providers``, ``models`` and ``max_mtok_per_day``; ``mtok_per_request`` (J,) input and output together.
    """

    workload: Ints
    api: Ints
    usd_per_request: Floats
    exists: Bools
    sla_excess: Floats
    mtok_per_request: Floats
    names: tuple[str, ...]
    providers: tuple[str, ...]
    models: tuple[str, ...]
    max_mtok_per_day: Floats

    def __len__(self) -> int:
        return len(self.workload)


def build_demand(scenario: Scenario, catalog: Catalog, timeline: Timeline, *, whole: bool) -> Demand:
    """The demand of every workload in every future; without ``whole``, to be served in parts of replicas."""
    workloads = scenario.workloads
    return Demand(
        names=tuple(workload.name for workload in workloads),
        requests_per_s=demand_rates(scenario, catalog, timeline),
        fungible=np.array([workload.kind != "interactive" for workload in workloads]),
        min_served=np.array([least_served(scenario, workload) for workload in workloads], dtype=float),
        output_tokens=np.array([w.tokens.output if w.tokens else 0.0 for w in workloads]),
        total_tokens=np.array([w.tokens.input + w.tokens.output if w.tokens else 0.0 for w in workloads]),
        revenue_usd=np.array([revenue_usd_per_request(workload, timeline) for workload in workloads]),
        whole_replicas=np.array([whole and workload.whole_replicas for workload in workloads]),
        min_replicas=np.array([workload.min_replicas * whole for workload in workloads], dtype=np.int64),
        has_to_survive=np.array([whole and has_to_survive(scenario, workload) for workload in workloads], dtype=bool),
        survive=scenario.service.survive if whole else "none",
        unserved_usd=np.array([unserved_usd_per_request(workload, timeline) for workload in workloads]),
    )


def build_api_assignments(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> ApiAssignments:
    """Token APIs that may answer a workload, those that miss its targets included (``sla_excess``)."""
    rules = scenario.procurement
    apis = sorted(
        (a for a in catalog.token_apis.values() if rules.token_api and not provider_ruled_out(scenario, a.provider)),
        key=lambda api: api.name,
    )
    assignments = [
        (index, position, workload, api)
        for index, workload in enumerate(scenario.workloads)
        for position, api in enumerate(apis)
        if api_ruled_out(scenario, workload, api) in ("", "latency")
    ]
    factor, fixed = price_factors(scenario, catalog, "api", timeline.years), np.ones(timeline.periods)
    prices = [api_usd_per_request(workload, api) for _, _, workload, api in assignments]
    excess = [api_excess(workload, api, scenario.tail_ratio) for _, _, workload, api in assignments]
    exists = [on_all_days(timeline, None, api.available_until) for _, _, _, api in assignments]
    tokens = [w.tokens.input + w.tokens.output for _, _, w, _ in assignments if w.tokens]
    periods = timeline.periods
    return ApiAssignments(
        workload=np.array([index for index, _, _, _ in assignments], dtype=np.int64),
        api=np.array([position for _, position, _, _ in assignments], dtype=np.int64),
        usd_per_request=np.array(prices).reshape(-1, 1)
        * np.array([fixed if isinstance(api, QuotedApi) else factor for *_, api in assignments]).reshape(-1, periods),
        exists=np.array(exists, dtype=bool).reshape(len(assignments), periods),
        sla_excess=np.array(excess, dtype=float),
        mtok_per_request=mtok_from_tokens(np.array(tokens, dtype=float)),
        names=tuple(api.name for api in apis),
        providers=tuple(api.provider for api in apis),
        models=tuple(api.model for api in apis),
        max_mtok_per_day=np.array([api.max_mtok_per_day or np.inf for api in apis]),
    )
