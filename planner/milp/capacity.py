"""GPUs that serve come from GPUs that are there: per pool, period and load block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.milp.demand import add_otherwise, served_by_gpu
from planner.milp.matrix import ABSENT, Builder, Ints
from planner.milp.variables import Variables, stacked
from planner.problem import Problem
from planner.rules.hosting import lots_taken

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Demand below this share of what any replica makes is within the tolerances of engines.
SLIVER = 1e-6


@dataclass(frozen=True)
class _Brought:
    """What one unit of each supply brings to its pool: purchases, groups, reservations, signed (T), hourly (B)."""

    owned: Floats
    kept: Floats
    held: Floats
    signed: Floats
    hourly: Floats


def add_replicas(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Where replicas are whole they have room for their GPUs, and a workload's fewest run in every block.

    Replicas by the job run for a part of a block, and do not count towards the fewest.

    ::

        whole replicas   G·replicas ≥ gpus          every f,w,c,q,t,b
        fewest replicas  Σ replicas ≥ min_replicas  every f,w,t,b
        slivers          Σ replicas + (Σ api + unserved) ÷ λ ≥ 1  every f,w,t,b of next to no demand
    """
    assignments, demand = problem.assignments, problem.demand
    axes = (_assignment_axis(problem), problem.futures, problem.timeline.names, problem.timeline.blocks)
    rows = builder.constraints(
        "replica_gpus", axes, lower=0.0, exists=(variables.replicas != ABSENT) & (variables.gpus != ABSENT)
    )
    builder.add(rows, variables.replicas, assignments.gpus_per_replica[:, None, None, None])
    builder.add(rows, variables.gpus, -1.0)
    least = demand.min_replicas[:, None, None, None]
    share = problem.timeline.block_share
    standing = builder.constraints(
        "min_replicas", (demand.names, *axes[1:]), lower=least, exists=(least > 0) & (share > 0)
    )
    throughout = np.where(by_job(problem)[:, None, None, None], ABSENT, variables.replicas)
    builder.add(standing[assignments.workload], throughout, 1.0)
    _add_slivers(builder, problem, variables)


def _add_slivers(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Demand so small that its GPUs are within an engine's tolerance of none has a replica, or is answered otherwise.

    It follows from the other rows; engines overlook it there.
    """
    assignments, asked = problem.assignments, problem.demand.requests_per_s
    made = served_by_gpu(assignments) * assignments.gpus_per_replica[:, None, None]
    least = np.full((len(problem.demand.names), *made.shape[1:]), np.inf)
    np.minimum.at(least, assignments.workload, np.where(made > 0, made, np.inf))
    whole = (problem.demand.whole_replicas & ~problem.demand.fungible)[:, None, None, None]
    exists = whole & (asked > 0) & np.isfinite(least)[:, None] & (asked < SLIVER * least[:, None])
    rows = builder.constraints(
        "sliver",
        (problem.demand.names, problem.futures, problem.timeline.names, problem.timeline.blocks),
        lower=1.0,
        exists=exists & (problem.timeline.block_share > 0),
    )
    builder.add(rows[assignments.workload], variables.replicas, 1.0)
    add_otherwise(builder, problem, variables, rows, 1 / np.where(asked > 0, asked, 1.0))


def add_capacity(builder: Builder, problem: Problem, variables: Variables) -> None:
    """What serves in a pool is there: usable GPUs of its supplies in parts of replicas, else all that they host.

    ::

        capacity  Σ gpus ≤ Σ u·n·(own + keep) + Σ u·lot·(held + rent) + signed before  every f,q,t,b
        hosted    Σ G·replicas ≤ Σ H·(own + keep + held + rent) + signed before        every f,q,t,b
        by job    Σ (lots of a replica)·gpus ÷ G ≤ Σ rent                              every f,q,t,b
    """
    assignments = problem.assignments
    brought = _hosted(problem) if problem.whole else _usable(problem)
    there = _signed(problem, brought.signed)
    rows = builder.constraints("capacity", _pool_axes(problem), upper=there, exists=_used(problem, variables))
    jobs = by_job(problem)[:, None, None, None]
    standing = np.where(jobs, ABSENT, variables.replicas)
    serving = np.where(standing != ABSENT, ABSENT, variables.gpus)
    builder.add(rows[assignments.pool], serving, np.where(jobs, crowding(problem)[:, None, None, None], 1.0))
    builder.add(rows[assignments.pool], standing, assignments.gpus_per_replica[:, None, None, None])
    _add_supplies(builder, problem, variables, rows, brought)


def add_domains(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A domain has room for whole workers only. With whole replicas G·replicas stands for gpus.

    ::

        domains  Σ (gpus ÷ G)·workers ÷ ⌊domain ÷ worker⌋ ≤ domains of the pool  every f,q,t,b
    """
    assignments = problem.assignments
    # Only where whole workers leave GPUs of a domain over does this say more than capacity.
    crowded = np.zeros(len(problem.pools.pools), dtype=bool)
    crowded[assignments.pool[assignments.crowded & ~by_job(problem)]] = True
    brought = _domains(problem)
    rows = builder.constraints(
        "domains",
        _pool_axes(problem),
        upper=_signed(problem, brought.signed),
        exists=_used(problem, variables) & crowded[:, None, None, None],
    )
    # What leaves nothing over is counted by its GPUs, beside what does.
    per_gpu = (assignments.domains_per_gpu * assignments.crowded)[:, None, None, None]
    uses_replicas = variables.replicas != ABSENT
    builder.add(rows[assignments.pool], np.where(uses_replicas, ABSENT, variables.gpus), per_gpu)
    builder.add(rows[assignments.pool], variables.replicas, per_gpu * assignments.gpus_per_replica[:, None, None, None])
    _add_supplies(builder, problem, variables, rows, brought)


def add_jobs(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Lots by the job are whole while they run, and host the whole replicas that run at once: GPUs, and lots.

    ::

        at once  Σ (lots of a replica)·replicas ≤ Σ at_once  every f,q,t,b
        running  rent ≤ at_once                              every f,o,t,b
        most     rent + at_once ≤ max_lots                   every f,o,t,b
    """
    assignments, hourly = problem.assignments, problem.supply.hourly
    pools = np.zeros(len(problem.pools.pools), dtype=bool)
    pools[assignments.pool[by_job(problem)]] = True
    rows = builder.constraints(
        "at_once", _pool_axes(problem), upper=0.0, exists=_used(problem, variables) & pools[:, None, None, None]
    )
    taken = crowding(problem) * assignments.gpus_per_replica
    builder.add(rows[assignments.pool], variables.replicas, taken[:, None, None, None])
    hosted = np.array([item.hosting.gpus for item in hourly], dtype=float)[:, None, None, None]
    builder.add(rows[problem.pools.hourly], variables.at_once, -hosted)
    axes = ([item.supply for item in hourly], problem.futures, problem.timeline.names, problem.timeline.blocks)
    running = builder.constraints("running", axes, lower=0.0, exists=variables.at_once != ABSENT)
    builder.add(running, variables.at_once, 1.0)
    builder.add(running, variables.rent, -1.0)
    names = sorted({item.offer.name for item in hourly if item.by_job and item.offer.max_lots})
    place = {name: index for index, name in enumerate(names)}
    most = {item.offer.name: float(item.offer.max_lots or 0) for item in hourly}
    limit = np.array([most[name] for name in names], dtype=float)[:, None, None, None]
    together = builder.constraints("max_lots", (names, *axes[1:]), upper=limit, exists=problem.timeline.block_share > 0)
    both = [index for index, item in enumerate(hourly) if item.offer.name in place]
    rows_of = together[[place[hourly[index].offer.name] for index in both]]
    builder.add(rows_of, variables.lots_at_once[both], 1.0)


def _add_supplies(builder: Builder, problem: Problem, variables: Variables, rows: Ints, brought: _Brought) -> None:
    """Minus what each supply brings per unit, into the rows of its pool."""
    pools = problem.pools
    for pool, ids, each in (
        (pools.purchases, variables.own, brought.owned),
        (pools.groups, variables.keep, brought.kept),
        (pools.reservations, variables.under_contract, brought.held),
    ):
        builder.add(rows[pool], ids[..., None], -each[:, None, None, None])
    builder.add(rows[pools.hourly], variables.rent, -brought.hourly[:, None, None, :])


def _usable(problem: Problem) -> _Brought:
    """GPUs that may serve, on the mean."""
    supply, blocks = problem.supply, len(problem.timeline.blocks)
    return _Brought(
        owned=np.array([item.asset.usable_gpus for item in supply.purchases], dtype=float),
        kept=np.array([item.asset.usable_gpus for item in supply.groups], dtype=float),
        held=np.array([item.usable_gpus for item in supply.reservations], dtype=float),
        signed=np.array([item.usable_gpus for item in supply.signed]),
        hourly=stacked([item.usable_gpus for item in supply.hourly], blocks),
    )


def _hosted(problem: Problem) -> _Brought:
    """GPUs that replicas can be put on."""
    return _of_hosting(problem, "gpus")


def _domains(problem: Problem) -> _Brought:
    """NVLink domains."""
    return _of_hosting(problem, "domains")


def _of_hosting(problem: Problem, what: str) -> _Brought:
    supply, blocks = problem.supply, len(problem.timeline.blocks)
    hourly = np.array([getattr(item.hosting, what) for item in supply.hourly], dtype=float)
    return _Brought(
        owned=np.array([getattr(item.asset.hosting, what) for item in supply.purchases], dtype=float),
        kept=np.array([getattr(item.asset.hosting, what) for item in supply.groups], dtype=float),
        held=np.array([getattr(item.hosting, what) for item in supply.reservations], dtype=float),
        signed=np.array([getattr(item.hosting, what) * (item.gpus > 0) for item in supply.signed]),
        hourly=np.repeat(hourly[:, None], blocks, axis=1),
    )


def by_job(problem: Problem) -> Bools:
    """Assignments whose pool is of lots by the job, (L,)."""
    return np.array([pool.by_job for pool in problem.pools.pools], dtype=bool)[problem.assignments.pool]


def crowding(problem: Problem) -> Floats:
    """GPUs of lots by the job that one GPU of a replica takes, by the least favourable lot of its pool, (L,)."""
    assignments = problem.assignments
    lots: dict[int, list[int]] = {}
    for position, pool in enumerate(problem.pools.hourly):
        lots.setdefault(int(pool), []).append(position)
    taken = np.ones(len(assignments))
    for index in np.flatnonzero(by_job(problem)):
        candidate = assignments.candidates[index]
        size = candidate.gpus_per_replica
        taken[index] = max(
            lots_taken(size, candidate.workers, candidate.worker_gpus, hosting) * hosting.gpus / size
            for hosting in {problem.supply.hourly[o].hosting for o in lots.get(int(assignments.pool[index]), [])}
        )
    return taken


def _pool_axes(problem: Problem) -> tuple[list[str], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return (
        [pool.name for pool in problem.pools.pools],
        problem.futures,
        problem.timeline.names,
        problem.timeline.blocks,
    )


def _assignment_axis(problem: Problem) -> list[str]:
    assignments, pools = problem.assignments, problem.pools.pools
    return [
        f"{problem.demand.names[c.workload]},{pools[q].name},{c.name}"
        for c, q in zip(assignments.candidates, assignments.pool, strict=True)
    ]


def _signed(problem: Problem, gpus: Floats) -> Floats:
    """GPUs (S, T) of contracts already signed, summed by pool, (Q, 1, T, 1)."""
    total = np.zeros((len(problem.pools.pools), problem.timeline.periods))
    np.add.at(total, problem.pools.signed, gpus.reshape(len(problem.supply.signed), problem.timeline.periods))
    return total[:, None, :, None]


def _used(problem: Problem, variables: Variables) -> NDArray[np.bool_]:
    """Pools that some workload can use, by future, period and block."""
    futures, periods, blocks = problem.shape
    used = np.zeros((len(problem.pools.pools), futures, periods, blocks), dtype=bool)
    np.logical_or.at(used, problem.assignments.pool, (variables.gpus != ABSENT) | (variables.replicas != ABSENT))
    return used
