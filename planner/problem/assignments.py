"""Assignments: which workloads may use which pools, and at which serving points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.problem.pools import PoolIndex
from planner.problem.serving import Candidate, Found
from planner.rules.hosting import crowds, domains_taken
from planner.rules.survival import replicas_lost
from planner.scenario.models import Scenario
from planner.timeline import Timeline

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


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
