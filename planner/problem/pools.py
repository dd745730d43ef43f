"""Pools: GPUs that serving cannot tell apart."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import Offer, System
from planner.frozen import dataclass
from planner.problem.limits import Limits
from planner.problem.serving import Candidate
from planner.problem.supply import Supply
from planner.rules.eligibility import pool_ruled_out
from planner.rules.hosting import Hosting
from planner.rules.offers import stack, usable_share
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
