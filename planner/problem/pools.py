"""Pools: GPUs that serving cannot tell apart, and the lanes on which workloads use them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import System
from planner.problem.limits import Limits
from planner.problem.serving import Candidate
from planner.problem.supply import Supply
from planner.scenario.models import Scenario
from planner.timeline import Timeline

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """Supplies of one system that serve alike. ``capabilities`` is None where any stack may run.

    ``busy_usd_per_gpu_hour`` (T,) is the energy that a serving GPU draws above idle; ``available`` (T,) marks
    the periods in which any supply of the pool can be there.
    """

    name: str
    system: System
    preemptible: bool
    rdma: bool
    capabilities: frozenset[str] | None
    busy_usd_per_gpu_hour: Floats
    available: Bools
    supplies: tuple[str, ...]

    def accepts(self, candidate: Candidate, spot_allowed: bool) -> bool:
        """Whether ``candidate`` may run here."""
        return (
            candidate.system == self.system.system
            and (self.rdma or not candidate.needs_rdma)
            and (self.capabilities is None or candidate.requires <= self.capabilities)
            and (spot_allowed or not self.preemptible)
        )


@dataclass(frozen=True)
class PoolIndex:
    """The pools, and the pool that each supply feeds, by the order of ``Supply``."""

    pools: tuple[Pool, ...]
    purchases: Ints
    groups: Ints
    reservations: Ints
    signed: Ints
    hourly: Ints

    @property
    def assets(self) -> Ints:
        """The pools of ``Supply.assets``."""
        return np.concatenate([self.purchases, self.groups])


@dataclass(frozen=True)
class Lanes:
    """Workload × pool × point, as columns of equal length L.

    ``rate`` (L, T) requests/s per GPU; ``large_workers_per_gpu`` domains that one serving GPU takes up;
    ``sla_excess`` how far the point misses the workload's latency targets (0 in an ordinary problem).
    """

    workload: Ints
    pool: Ints
    candidates: tuple[Candidate, ...]
    rate: Floats
    gpus_per_replica: Ints
    large_workers_per_gpu: Floats
    gpus_in_domain: Ints
    sla_excess: Floats

    def __len__(self) -> int:
        return len(self.candidates)


@dataclass(frozen=True)
class _Member:
    """One supply with all that decides its pool."""

    family: str
    position: int
    supply: str
    owner: str
    system: System
    preemptible: bool
    rdma: bool
    capabilities: frozenset[str] | None
    busy: Floats
    available: Bools
    apart: bool

    def key(self, merge: bool) -> tuple[Hashable, ...]:
        owned = self.family in ("purchases", "groups")
        apart = (self.owner,) if self.apart or not merge else ()
        capabilities = tuple(sorted(self.capabilities)) if self.capabilities is not None else ("any",)
        return (
            self.system.system,
            not owned,
            self.preemptible,
            not self.rdma,
            capabilities,
            tuple(np.round(self.busy, 12)),
            *apart,
        )


def build_pools(
    scenario: Scenario, systems: dict[str, System], supply: Supply, limits: Limits, timeline: Timeline, merge: bool
) -> PoolIndex:
    """Pools of ``supply``; unless ``merge`` (or with whole replicas) sites and providers stay apart.

    So do sites with a limit that counts how many GPUs serve there.
    """
    members = _members(scenario, systems, supply, limits, timeline)
    merge = merge and not any(workload.whole_replicas for workload in scenario.workloads)
    keyed = sorted(members, key=lambda member: member.key(merge))
    index = {
        "purchases": np.zeros(len(supply.purchases), dtype=np.int64),
        "groups": np.zeros(len(supply.groups), dtype=np.int64),
        "reservations": np.zeros(len(supply.reservations), dtype=np.int64),
        "signed": np.zeros(len(supply.signed), dtype=np.int64),
        "hourly": np.zeros(len(supply.hourly), dtype=np.int64),
    }
    pools: list[Pool] = []
    for _, same in groupby(keyed, key=lambda member: member.key(merge)):
        group = list(same)
        for member in group:
            index[member.family][member.position] = len(pools)
        pools.append(_pool(group, merge))
    return PoolIndex(pools=tuple(_distinct(pools)), **index)


def _pool(members: Sequence[_Member], merge: bool) -> Pool:
    first = members[0]
    owned = first.family in ("purchases", "groups")
    where = "spot" if first.preemptible else "rented"
    if owned:
        where = "+".join(sorted({member.owner for member in members}))
    elif not merge:
        where = f"{where}-{first.owner}"
    marks = [] if first.capabilities is None else sorted(first.capabilities) or ["plain"]
    marks += [] if first.rdma else ["no-rdma"]
    suffix = f"[{','.join(marks)}]" if marks else ""
    return Pool(
        name=f"{where}/{first.system.system}{suffix}",
        system=first.system,
        preemptible=first.preemptible,
        rdma=first.rdma,
        capabilities=first.capabilities,
        busy_usd_per_gpu_hour=first.busy,
        available=np.any([member.available for member in members], axis=0),
        supplies=tuple(dict.fromkeys(member.supply for member in members)),
    )


def _distinct(pools: Sequence[Pool]) -> list[Pool]:
    """The pools, with a number behind names that would stand twice."""
    seen: dict[str, int] = {}
    named = []
    for pool in pools:
        count = seen[pool.name] = seen.get(pool.name, 0) + 1
        named.append(pool if count == 1 else Pool(**{**pool.__dict__, "name": f"{pool.name}#{count}"}))
    return named


def _members(
    scenario: Scenario, systems: dict[str, System], supply: Supply, limits: Limits, timeline: Timeline
) -> list[_Member]:
    none = np.zeros(timeline.periods)
    counted = np.any([limit.counts_serving for limit in limits.on_sites], axis=0)
    found: list[_Member] = []
    owned = [
        ("purchases", position, item.asset, np.maximum.accumulate(item.exists))
        for position, item in enumerate(supply.purchases)
    ]
    owned += [("groups", position, group.asset, group.exists) for position, group in enumerate(supply.groups)]
    for family, position, asset, available in owned:
        found.append(
            _Member(
                family=family,
                position=position,
                supply=asset.supply,
                owner=scenario.sites[asset.site].name,
                system=asset.system,
                preemptible=False,
                rdma=True,
                capabilities=None,
                busy=asset.busy_usd_per_gpu_hour,
                available=available,
                apart=bool(counted[asset.site]),
            )
        )
    for position, reservation in enumerate(supply.reservations):
        offer = reservation.offer
        found.append(
            _rented("reservations", position, f"offer:{offer.name}", offer, systems, none,
                    np.maximum.accumulate(reservation.exists))
        )  # fmt: skip
    for position, signed in enumerate(supply.signed):
        found.append(
            _rented("signed", position, f"contract:{position}", signed.contract, systems, none, signed.gpus > 0)
        )
    for position, hourly in enumerate(supply.hourly):
        offer = hourly.offer
        found.append(
            _rented("hourly", position, f"offer:{offer.name}", offer, systems, none, hourly.exists,
                    preemptible=offer.kind == "spot")
        )  # fmt: skip
    return found


def _rented(
    family: str,
    position: int,
    supply: str,
    row: Any,
    systems: dict[str, System],
    busy: Floats,
    available: Bools,
    preemptible: bool = False,
) -> _Member:
    return _Member(
        family=family,
        position=position,
        supply=supply,
        owner=row.provider,
        system=systems[row.system],
        preemptible=preemptible,
        rdma=row.interconnect == "rdma",
        capabilities=None if row.service == "bare_metal" else frozenset(row.capabilities),
        busy=busy,
        available=available,
        apart=False,
    )


def build_lanes(
    scenario: Scenario, pools: PoolIndex, found: Sequence[Candidate], timeline: Timeline, prune: bool
) -> Lanes:
    """The lanes on which workloads may use pools; dominated points are left out where ``prune``."""
    chosen: list[tuple[int, Candidate]] = []
    by_workload: dict[tuple[int, str], list[Candidate]] = {}
    for candidate in found:
        by_workload.setdefault((candidate.workload, candidate.system), []).append(candidate)
    for position, pool in enumerate(pools.pools):
        for index, workload in enumerate(scenario.workloads):
            fitting = [
                candidate
                for candidate in by_workload.get((index, pool.system.system), [])
                if pool.accepts(candidate, workload.spot_allowed)
            ]
            if prune:
                fitting = undominated(fitting, workload.whole_replicas)
            chosen += [(position, candidate) for candidate in fitting]
    lanes = [candidate for _, candidate in chosen]
    return Lanes(
        workload=np.array([lane.workload for lane in lanes], dtype=np.int64),
        pool=np.array([position for position, _ in chosen], dtype=np.int64),
        candidates=tuple(lanes),
        rate=np.array([lane.rate for lane in lanes]).reshape(len(lanes), timeline.periods),
        gpus_per_replica=np.array([lane.gpus_per_replica for lane in lanes], dtype=np.int64),
        large_workers_per_gpu=np.array([c.large_workers / c.gpus_per_replica for c in lanes], dtype=float),
        gpus_in_domain=np.array([pools.pools[position].system.gpus for position, _ in chosen], dtype=np.int64),
        sla_excess=np.array([lane.sla_excess for lane in lanes], dtype=float),
    )


def undominated(found: Sequence[Candidate], whole_replicas: bool) -> list[Candidate]:
    """The points of one workload on one pool that no other makes superfluous; of equals, the lowest name."""
    ranked = sorted(found, key=lambda point: (-float(point.rate.sum()), point.sla_excess, point.name))
    kept: list[Candidate] = []
    for point in ranked:
        if not any(_dominates(better, point, whole_replicas) for better in kept):
            kept.append(point)
    return kept


def _dominates(better: Candidate, other: Candidate, whole_replicas: bool) -> bool:
    if better.sla_excess > other.sla_excess or np.any(better.rate < other.rate):
        return False
    # Domains taken per request: a faster point that spreads over whole domains is not better everywhere.
    taken, other_taken = (point.large_workers / point.gpus_per_replica / point.rate.max() for point in (better, other))
    if taken > other_taken:
        return False
    if not whole_replicas:
        return True
    g, h = better.gpus_per_replica, other.gpus_per_replica
    return h % g == 0 or (g <= h and bool(np.all(g * better.rate >= h * other.rate)))
