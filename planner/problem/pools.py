"""Pools: GPUs that serving cannot tell apart, and the assignments of workloads to them at a serving point."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import Offer, System
from planner.frozen import dataclass
from planner.problem.limits import Limits
from planner.problem.serving import Candidate, Found
from planner.problem.supply import Supply
from planner.rules.eligibility import pool_ruled_out
from planner.rules.hosting import Hosting, crowds, domains_taken
from planner.rules.offers import stack, usable_share
from planner.rules.survival import replicas_lost
from planner.scenario.models import Contract, Scenario, Workload
from planner.timeline import Timeline

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """Supplies of one system that serve alike. ``capabilities`` is None where any stack may run.

    ``busy_usd_per_gpu_hour`` (T,) is the energy that a serving GPU draws above idle; ``available`` (T,) marks
    the periods in which any supply of the pool can be there. ``up`` (B,) is the share of the GPUs that replicas are
    put on that is up; 1 in parts of replicas, where what is down is left out of the GPUs. Lots ``by_job`` run as long
    as the batch work on them.
    """

    name: str
    system: System
    domain_gpus: int
    up: Floats
    by_job: bool
    provider: str
    preemptible: bool
    rdma: bool
    capabilities: frozenset[str] | None
    busy_usd_per_gpu_hour: Floats
    available: Bools
    supplies: tuple[str, ...]

    @property
    def kind(self) -> tuple[Hashable, ...]:
        """All of it that decides what may serve here, and what of that is superfluous."""
        return self.system.system, self.domain_gpus, self.by_job, self.preemptible, self.rdma, self.capabilities

    def accepts(self, candidate: Candidate, workload: Workload) -> bool:
        """Whether ``candidate`` may serve ``workload`` here."""
        if self.by_job and not (workload.whole_replicas and workload.kind != "interactive"):
            return False
        return candidate.system == self.system.system and not pool_ruled_out(
            candidate.requires,
            candidate.gpus_per_replica,
            candidate.worker_gpus,
            workload.spot_allowed,
            stack=self.capabilities,
            rdma=self.rdma,
            preemptible=self.preemptible,
            domain_gpus=self.domain_gpus,
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
class Assignments:
    """Workload × pool × point, as columns of equal length L.

    ``rate`` (L, T) requests/s per GPU that is up, ``up`` (L, B) the share that is; ``domains_per_gpu`` NVLink domains
    that one GPU of a replica takes up, ``crowded`` (L,) where that is more than counting GPUs says; ``replicas_lost``
    (L,) those gone with one of what service has to survive; ``sla_excess`` how far the point misses the workload's
    latency targets (0 in an ordinary problem).
    """

    workload: Ints
    pool: Ints
    candidates: tuple[Candidate, ...]
    rate: Floats
    up: Floats
    gpus_per_replica: Floats
    domains_per_gpu: Floats
    crowded: Bools
    replicas_lost: Ints
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
    provider: str
    system: System
    hosting: Hosting
    up: tuple[float, ...]
    preemptible: bool
    rdma: bool
    capabilities: frozenset[str] | None
    busy: Floats
    available: Bools
    apart: bool
    gpus_per_domain: tuple[float, ...]
    by_job: bool = False

    def key(self, merge: bool) -> tuple[Hashable, ...]:
        owned = self.family in ("purchases", "groups")
        apart = (self.owner,) if self.apart or not merge else ()
        hosting = (self.hosting.domain_gpus, self.by_job, self.up, self.gpus_per_domain)
        capabilities = tuple(sorted(self.capabilities)) if self.capabilities is not None else ("any",)
        return (
            self.system.system,
            not owned,
            self.preemptible,
            not self.rdma,
            capabilities,
            tuple(np.round(self.busy, 12)),
            *hosting,
            *apart,
        )


def build_pools(
    scenario: Scenario,
    systems: dict[str, System],
    supply: Supply,
    limits: Limits,
    timeline: Timeline,
    *,
    merge: bool,
    whole: bool,
) -> PoolIndex:
    """Pools of ``supply``; unless ``merge`` (or with ``whole`` replicas) sites and providers stay apart.

    So do sites with a limit that counts how many GPUs serve there. A whole replica is hosted by one site, or by one
    provider in one region.
    """
    members = _members(scenario, systems, supply, limits, timeline, whole)
    merge = merge and not whole
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
    where += "-by-job" if first.by_job else ""
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
        domain_gpus=first.hosting.domain_gpus,
        up=np.array(first.up),
        by_job=first.by_job,
        provider=first.provider,
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
    scenario: Scenario,
    systems: dict[str, System],
    supply: Supply,
    limits: Limits,
    timeline: Timeline,
    whole: bool,
) -> list[_Member]:
    """Every supply with all that decides its pool; where replicas are ``whole``, what hosts them too."""
    counted = np.any([limit.counts_serving for limit in limits.on_sites], axis=0)
    owned = [
        ("purchases", position, item.asset, np.maximum.accumulate(item.exists))
        for position, item in enumerate(supply.purchases)
    ]
    owned += [("groups", position, group.asset, group.exists) for position, group in enumerate(supply.groups)]
    found = [
        _Member(
            family=family,
            position=position,
            supply=asset.supply,
            owner=scenario.sites[asset.site].name,
            provider="",
            system=asset.system,
            hosting=asset.hosting,
            up=_up(asset.hosting, asset.usable_gpus, timeline, whole),
            preemptible=False,
            rdma=True,
            capabilities=None,
            busy=asset.busy_usd_per_gpu_hour,
            available=available,
            apart=bool(counted[asset.site]),
            gpus_per_domain=_gpus_per_domain(asset.hosting, asset.usable_gpus, timeline, whole),
        )
        for family, position, asset, available in owned
    ]
    return found + _rented(systems, supply, timeline, whole)


def _rented(systems: dict[str, System], supply: Supply, timeline: Timeline, whole: bool) -> list[_Member]:
    def member(
        family: str, position: int, key: str, row: Offer | Contract, hosting: Hosting,
        usable_gpus: float | Floats, available: Bools, by_job: bool = False,
    ) -> _Member:  # fmt: skip
        return _Member(
            family=family,
            position=position,
            supply=key,
            owner=f"{row.provider}/{row.region}" if whole else row.provider,
            provider=row.provider,
            system=systems[row.system],
            hosting=hosting,
            up=_up(hosting, usable_gpus, timeline, whole),
            preemptible=isinstance(row, Offer) and row.kind == "spot",
            rdma=row.interconnect == "rdma",
            capabilities=stack(row),
            busy=np.zeros(timeline.periods),
            available=available,
            apart=False,
            gpus_per_domain=_gpus_per_domain(hosting, usable_gpus, timeline, whole),
            by_job=by_job,
        )

    found = []
    for position, item in enumerate(supply.reservations):
        there, key = np.maximum.accumulate(item.exists), f"offer:{item.offer.name}"
        found.append(member("reservations", position, key, item.offer, item.hosting, item.usable_gpus, there))
    for position, signed in enumerate(supply.signed):
        contract, key = signed.contract, f"contract:{position}"
        # Also of one that is there in no period: what is up of it decides its pool.
        usable = contract.gpus * usable_share(contract, systems[contract.system])
        found.append(member("signed", position, key, contract, signed.hosting, usable, signed.gpus > 0))
    for position, hour in enumerate(supply.hourly):
        args = (hour.supply, hour.offer, hour.hosting, hour.usable_gpus, hour.exists, hour.by_job)
        found.append(member("hourly", position, *args))
    return found


def _up(hosting: Hosting, usable_gpus: float | Floats, timeline: Timeline, whole: bool) -> tuple[float, ...]:
    """The share of what hosts replicas that is up, by load block; 1 in parts of replicas, which count usable GPUs."""
    blocks = len(timeline.blocks)
    if not whole:
        return (1.0,) * blocks
    return tuple(round(hosting.up(float(usable)), 12) for usable in np.broadcast_to(usable_gpus, blocks))


def _gpus_per_domain(
    hosting: Hosting, usable_gpus: float | Floats, timeline: Timeline, whole: bool
) -> tuple[float, ...]:
    """GPUs that each NVLink domain brings into the pool's count of GPUs, by load block.

    Where it is the same, GPUs and domains of two supplies can be counted together, and what fits fits into each.
    """
    brought = np.broadcast_to(hosting.gpus if whole else usable_gpus, len(timeline.blocks))
    return tuple(round(float(gpus) / hosting.domains, 12) for gpus in brought)


def build_assignments(
    scenario: Scenario, pools: PoolIndex, found: Found, timeline: Timeline, *, prune: bool, whole: bool
) -> Assignments:
    """How workloads may use pools; dominated points are left out where ``prune``."""
    chosen: list[tuple[int, Candidate]] = []
    by_workload: dict[tuple[int, str], list[Candidate]] = {}
    for candidate in found.candidates:
        by_workload.setdefault((candidate.workload, candidate.system), []).append(candidate)
    for position, pool in enumerate(pools.pools):
        for index, workload in enumerate(scenario.workloads):
            kind = (index, *pool.kind, prune, whole)
            if kind not in found.chosen:
                fitting = [
                    candidate
                    for candidate in by_workload.get((index, pool.system.system), [])
                    if pool.accepts(candidate, workload)
                ]
                if prune:
                    fitting = undominated(fitting, pool.domain_gpus, whole and workload.whole_replicas)
                found.chosen[kind] = fitting
            chosen += [(position, candidate) for candidate in found.chosen[kind]]
    assignments = [candidate for _, candidate in chosen]
    where = [pools.pools[position] for position, _ in chosen]
    taken = [
        domains_taken(candidate.workers, candidate.worker_gpus, pool.domain_gpus) / candidate.gpus_per_replica
        for pool, candidate in zip(where, assignments, strict=True)
    ]
    crowded = [
        crowds(candidate.worker_gpus, pool.domain_gpus) for pool, candidate in zip(where, assignments, strict=True)
    ]
    survive = scenario.service.survive
    lost = [
        replicas_lost(survive, candidate.gpus_per_replica, pool.system)
        for pool, candidate in zip(where, assignments, strict=True)
    ]
    return Assignments(
        workload=np.array([assignment.workload for assignment in assignments], dtype=np.int64),
        pool=np.array([position for position, _ in chosen], dtype=np.int64),
        candidates=tuple(assignments),
        rate=np.array([assignment.rate for assignment in assignments]).reshape(len(assignments), timeline.periods),
        up=np.array([pool.up for pool in where]).reshape(len(assignments), len(timeline.blocks)),
        gpus_per_replica=np.array([assignment.gpus_per_replica for assignment in assignments], dtype=float),
        domains_per_gpu=np.array(taken, dtype=float),
        crowded=np.array(crowded, dtype=bool),
        replicas_lost=np.array(lost, dtype=np.int64),
        sla_excess=np.array([assignment.sla_excess for assignment in assignments], dtype=float),
    )


def undominated(found: Sequence[Candidate], domain_gpus: int, whole: bool) -> list[Candidate]:
    """The points of one workload on one pool that no other makes superfluous; of equals, the lowest name."""
    ranked = sorted(found, key=lambda point: (-float(point.rate.sum()), point.sla_excess, point.name))
    kept: list[Candidate] = []
    for point in ranked:
        if not any(_dominates(better, point, domain_gpus, whole) for better in kept):
            kept.append(point)
    return kept


def _dominates(better: Candidate, other: Candidate, domain_gpus: int, whole: bool) -> bool:
    if better.sla_excess > other.sla_excess or np.any(better.rate < other.rate):
        return False
    g, h = better.gpus_per_replica, other.gpus_per_replica
    taken, other_taken = (_crowding(point, domain_gpus) for point in (better, other))
    if not whole:
        # Domains taken per request: a faster point that spreads over whole domains is not better everywhere.
        return bool(np.all(taken / g * other.rate <= other_taken / h * better.rate))
    # Replica for replica, or several smaller ones in the room of one.
    if (h / g).is_integer() and taken * (h / g) <= other_taken:
        return True
    return g <= h and taken <= other_taken and bool(np.all(g * better.rate >= h * other.rate))


def _crowding(point: Candidate, domain_gpus: int) -> float:
    """Domains that a replica takes, 0 where counting GPUs says as much."""
    crowded = crowds(point.worker_gpus, domain_gpus)
    return domains_taken(point.workers, point.worker_gpus, domain_gpus) if crowded else 0.0
