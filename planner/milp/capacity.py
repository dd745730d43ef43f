"""GPUs that serve come from GPUs that are there: per pool, period and load block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.milp.matrix import ABSENT, Builder, Ints
from planner.milp.variables import Variables, stacked
from planner.problem import Problem

Floats = NDArray[np.float64]


def add_replicas(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Where replicas are whole they have room for their GPUs, and a workload's fewest run in every block.

    ::

        whole replicas   G·replicas ≥ gpus          every f,w,c,q,t,b
        fewest replicas  Σ replicas ≥ min_replicas  every f,w,t,b
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
    builder.add(standing[assignments.workload], variables.replicas, 1.0)


def add_capacity(builder: Builder, problem: Problem, variables: Variables) -> None:
    """What serves in a pool is there: usable GPUs of its supplies. With whole replicas G·replicas stands for gpus.

    ::

        capacity  Σ gpus ≤ Σ u·n·(own + keep) + Σ u·lot·(held + rent) + signed before  every f,q,t,b
    """
    supply, assignments = problem.supply, problem.assignments
    there = _signed(problem, np.array([item.usable_gpus for item in supply.signed]))
    rows = builder.constraints("capacity", _pool_axes(problem), upper=there, exists=_used(problem, variables))
    uses_replicas = variables.replicas != ABSENT
    serving = np.where(uses_replicas, ABSENT, variables.gpus)
    builder.add(rows[assignments.pool], serving, 1.0)
    builder.add(rows[assignments.pool], variables.replicas, assignments.gpus_per_replica[:, None, None, None])
    owned = [item.asset.system.gpus * item.asset.system.usable_share for item in supply.purchases]
    kept = [item.asset.system.gpus * item.asset.system.usable_share for item in supply.groups]
    held = [item.usable_gpus for item in supply.reservations]
    hourly = stacked([item.usable_gpus for item in supply.hourly], len(problem.timeline.blocks))
    _add_supplies(builder, problem, variables, rows, owned, kept, held, hourly)


def add_large_workers(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A worker over half a domain has it to itself. With whole replicas G·replicas stands for gpus.

    ::

        large workers  Σ (gpus ÷ G)·(large workers of a replica) ≤ domains of the pool  every f,q,t,b
    """
    supply, assignments = problem.supply, problem.assignments
    # Only where workers do not already fill their domains does this say more than capacity.
    matters = assignments.large_workers_per_gpu * _usable_of_domain(problem)[assignments.pool] > 1 + 1e-9
    crowded = np.zeros(len(problem.pools.pools), dtype=bool)
    crowded[assignments.pool[matters]] = True
    gpus = np.array([pool.system.gpus for pool in problem.pools.pools], dtype=float)
    there = _signed(problem, np.array([item.gpus for item in supply.signed])) / gpus[:, None, None, None]
    rows = builder.constraints(
        "large_workers",
        _pool_axes(problem),
        upper=there,
        exists=_used(problem, variables) & crowded[:, None, None, None],
    )
    uses_replicas = variables.replicas != ABSENT
    per_gpu = assignments.large_workers_per_gpu[:, None, None, None]
    builder.add(rows[assignments.pool], np.where(uses_replicas, ABSENT, variables.gpus), per_gpu)
    builder.add(rows[assignments.pool], variables.replicas, per_gpu * assignments.gpus_per_replica[:, None, None, None])
    held = [
        item.offer.lot_gpus / gpus[q] for item, q in zip(supply.reservations, problem.pools.reservations, strict=True)
    ]
    hourly = [item.offer.lot_gpus / gpus[q] for item, q in zip(supply.hourly, problem.pools.hourly, strict=True)]
    blocks = len(problem.timeline.blocks)
    _add_supplies(
        builder, problem, variables, rows,
        [1.0] * len(supply.purchases), [1.0] * len(supply.groups), held,
        np.repeat(np.array(hourly, dtype=float)[:, None], blocks, axis=1),
    )  # fmt: skip


def _add_supplies(
    builder: Builder,
    problem: Problem,
    variables: Variables,
    rows: Ints,
    owned: list[float],
    kept: list[float],
    held: list[float],
    hourly: Floats,
) -> None:
    """Minus what each supply brings per unit, into the rows of its pool."""
    pools = problem.pools
    for pool, ids, each in (
        (pools.purchases, variables.own, owned),
        (pools.groups, variables.keep, kept),
        (pools.reservations, variables.under_contract, held),
    ):
        builder.add(rows[pool], ids[..., None], -np.array(each, dtype=float)[:, None, None, None])
    builder.add(rows[pools.hourly], variables.rent, -hourly[:, None, None, :])


def _usable_of_domain(problem: Problem) -> Floats:
    """The most usable GPUs that a domain of a pool can have, whichever supply brings it, (Q,)."""
    supply, pools = problem.supply, problem.pools
    gpus = np.array([pool.system.gpus for pool in pools.pools], dtype=float)
    share = np.zeros(len(gpus))
    for pool, shares in (
        (pools.purchases, [item.asset.system.usable_share for item in supply.purchases]),
        (pools.groups, [item.asset.system.usable_share for item in supply.groups]),
        (pools.reservations, [item.usable_gpus / item.offer.lot_gpus for item in supply.reservations]),
        (pools.signed, [item.usable_gpus.max() / item.contract.gpus for item in supply.signed]),
        (pools.hourly, [item.usable_gpus.max() / item.offer.lot_gpus for item in supply.hourly]),
    ):
        np.maximum.at(share, pool, np.array(shares, dtype=float))
    return gpus * share


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
