"""The problem: the sets and the numbers of model.md. Nothing here knows about a solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.problem.assignments import Assignments, build_assignments
from planner.problem.demand import ApiAssignments, Demand, build_api_assignments, build_demand
from planner.problem.limits import Limits, build_limits
from planner.problem.offers import hourly, reservations, signed
from planner.problem.ownership import groups, purchases
from planner.problem.pools import PoolIndex, build_pools
from planner.problem.reduce import Reductions, prune_apis, prune_offers
from planner.problem.serving import Found, found
from planner.problem.supply import Supply
from planner.problem.visible import check_visible
from planner.rules.dates import here_and_now_until
from planner.rules.hosting import hosts_whole
from planner.rules.latency import SLACK
from planner.scenario.models import Scenario
from planner.timeline import Timeline, scenario_timeline

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Everything the matrix needs.

    ``whole`` is False where every workload is planned in parts of replicas, as the scenario asks or as a relaxation.
    ``probability`` (F,) of ``futures``. ``gpus_ever_needed`` bounds the GPUs, usable or not, that any
    optimal plan has in service. ``left_out`` says in a line each what the reductions and rules dropped. ``found`` is
    what could serve, for problems much like this one.
    """

    timeline: Timeline
    futures: tuple[str, ...]
    probability: Floats
    supply: Supply
    pools: PoolIndex
    assignments: Assignments
    api: ApiAssignments
    demand: Demand
    limits: Limits
    whole_on_demand_lots: bool
    revealed_period: int
    token_weight: Floats
    gpus_ever_needed: float
    left_out: tuple[str, ...]
    found: Found
    whole: bool = False
    elastic: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Futures, periods, blocks."""
        return len(self.futures), self.timeline.periods, len(self.timeline.blocks)


def build_problem(
    scenario: Scenario,
    catalog: Catalog,
    reductions: Reductions | None = None,
    *,
    whole: bool = True,
    elastic: bool = False,
    like: Problem | None = None,
) -> Problem:
    """The problem of ``scenario`` over ``catalog``.

    Without ``whole`` it is relaxed to parts of replicas and of hourly lots: no plan costs less. With ``elastic``
    points and APIs that miss a latency target stay in, marked, for finding out which limits to relax. ``reductions``
    switches the exact reductions off in tests. ``like`` is one of a scenario much like this one: what could serve is
    not looked for again where nothing that decides it is other.
    """
    reductions = reductions or Reductions()
    timeline = scenario_timeline(scenario, catalog)
    whole = whole and hosts_whole(scenario)
    supply = build_supply(scenario, catalog, timeline, whole=whole)
    left_out = list(supply.left_out)
    limits = build_limits(scenario, supply, timeline)
    whole_lots = scenario.procurement.whole_on_demand_lots and (whole or not hosts_whole(scenario))
    if reductions.offers:
        alike = build_pools(scenario, catalog.systems, supply, limits, timeline, merge=True, whole=False)
        supply, dropped = _without_dominated_offers(supply, alike, limits, whole_lots, whole)
        left_out += dropped
    pools = build_pools(scenario, catalog.systems, supply, limits, timeline, merge=reductions.pools, whole=whole)
    before = None if like is None else like.found
    serving = found(scenario, catalog, timeline, supply.systems, late=elastic, like=before)
    assignments = build_assignments(scenario, pools, serving, timeline, prune=reductions.points, whole=whole)
    api = build_api_assignments(scenario, catalog, timeline)
    api = _api_subset(api, np.isfinite(api.sla_excess) if elastic else api.sla_excess <= SLACK)
    if reductions.offers:
        keep, dropped = prune_apis(api)
        api = _api_subset(api, keep)
        left_out += dropped
    demand = build_demand(scenario, catalog, timeline, whole=whole)
    check_visible(scenario, demand, assignments, whole)
    basis = demand.output_tokens if scenario.finance.token_basis == "output" else demand.total_tokens
    return Problem(
        timeline=timeline,
        futures=tuple(future.name for future in scenario.futures) or ("base",),
        probability=np.array([future.probability for future in scenario.futures] or [1.0]),
        supply=supply,
        pools=pools,
        assignments=assignments,
        api=api,
        demand=demand,
        limits=limits,
        whole_on_demand_lots=whole_lots,
        revealed_period=here_and_now_until(scenario, timeline, 0.0),
        token_weight=basis,
        gpus_ever_needed=_gpus_ever_needed(
            supply, pools, assignments, demand, limits, timeline, tight=reductions.bounds and not elastic
        ),
        left_out=tuple(left_out),
        found=serving,
        whole=whole,
        elastic=elastic,
    )


def build_supply(scenario: Scenario, catalog: Catalog, timeline: Timeline, *, whole: bool) -> Supply:
    """All supplies of a scenario, before any reduction.

    Where replicas are ``whole``, an hourly offer is there twice: for whole blocks, and by the job of batch work.
    """
    offered, left_out = reservations(scenario, catalog, timeline)
    by_hour = tuple(hourly(scenario, catalog, timeline))
    jobs = whole and any(w.whole_replicas and w.kind != "interactive" for w in scenario.workloads)
    return Supply(
        purchases=tuple(purchases(scenario, catalog, timeline)),
        groups=tuple(groups(scenario, catalog, timeline)),
        reservations=tuple(offered),
        signed=tuple(signed(contract, catalog, timeline) for contract in scenario.contracts),
        hourly=by_hour + tuple(replace(item, by_job=True) for item in by_hour if jobs),
        left_out=tuple(left_out),
    )


def _without_dominated_offers(
    supply: Supply, alike: PoolIndex, limits: Limits, whole_lots: bool, whole: bool
) -> tuple[Supply, list[str]]:
    reserved, by_hour, left_out = prune_offers(supply, alike, limits, whole_lots, whole)
    kept = replace(
        supply,
        reservations=tuple(item for item, keep in zip(supply.reservations, reserved, strict=True) if keep),
        hourly=tuple(item for item, keep in zip(supply.hourly, by_hour, strict=True) if keep),
    )
    return kept, left_out


def _api_subset(api: ApiAssignments, keep: NDArray[np.bool_]) -> ApiAssignments:
    return replace(
        api,
        workload=api.workload[keep],
        api=api.api[keep],
        usd_per_request=api.usd_per_request[keep],
        exists=api.exists[keep],
        sla_excess=api.sla_excess[keep],
        mtok_per_request=api.mtok_per_request[keep],
    )


def _gpus_ever_needed(
    supply: Supply,
    pools: PoolIndex,
    assignments: Assignments,
    demand: Demand,
    limits: Limits,
    timeline: Timeline,
    *,
    tight: bool,
) -> float:
    """GPUs in service that no optimal plan exceeds.

    Every cost is at least zero, so capacity beyond the demand at the slowest point is of use only to dilute a
    provider's share: rented ÷ share is then enough. One lot of every kind is added for rounding up.
    """
    needed = float(np.sum(_peak_rate(demand, timeline) / _slowest_rate(assignments, pools, len(demand.names))))
    if demand.whole_replicas.any() and len(assignments):
        needed += float(assignments.gpus_per_replica.max()) * float(np.sum(1 + demand.min_replicas))
    if demand.survive == "provider":
        needed *= 2
    elif demand.has_to_survive.any() and len(assignments):
        largest = float((assignments.gpus_per_replica * assignments.replicas_lost).max())
        needed += largest * float(demand.has_to_survive.sum())
    needed /= min(_usable_shares(supply), default=1.0)
    needed += sum(float(item.gpus.max(initial=0.0)) for item in supply.signed)
    if limits.max_share:
        needed /= limits.max_share
    lots = sum(item.offer.lot_gpus * (item.offer.min_lots or 1) for item in supply.reservations)
    lots += sum(item.offer.lot_gpus for item in supply.hourly)
    lots += sum(item.asset.system.gpus for item in supply.purchases)
    return (needed + lots) * (1.0 if tight else 10.0)


def _peak_rate(demand: Demand, timeline: Timeline) -> Floats:
    """The most requests/s a workload can ask for in any block, (W,): fungible demand all in the shortest one."""
    share = timeline.block_share
    shortest = share[share > 0].min()
    fungible = bits.dot(demand.requests_per_s, share).max(axis=(1, 2)) / shortest
    return np.asarray(np.where(demand.fungible, fungible, demand.requests_per_s.max(axis=(1, 2, 3))))


def _slowest_rate(assignments: Assignments, pools: PoolIndex, workloads: int) -> Floats:
    """Requests/s per GPU of each workload's slowest point, domains taken up included; inf where it has none."""
    slowest = np.full(workloads, np.inf)
    for assignment, candidate in enumerate(assignments.candidates):
        gpus = pools.pools[assignments.pool[assignment]].system.gpus
        taken = assignments.domains_per_gpu[assignment] * gpus
        crowding = max(1.0, taken) if assignments.crowded[assignment] else 1.0
        slowest[candidate.workload] = min(slowest[candidate.workload], candidate.rate.min() / crowding)
    return slowest


def _usable_shares(supply: Supply) -> list[float]:
    """Usable share of every supply that has any."""
    shares = [item.usable_gpus / item.offer.lot_gpus for item in supply.reservations]
    shares += [float(share) for item in supply.hourly for share in item.usable_gpus / item.offer.lot_gpus]
    shares += [asset.system.usable_share for asset in supply.assets]
    shares += [item.usable_gpus.max() / item.gpus.max() for item in supply.signed if item.gpus.any()]
    return [share for share in shares if share > 0]
