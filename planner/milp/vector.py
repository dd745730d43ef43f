"""Reading and tidying a vector: whole integers, no dust, stocks that follow from what was bought and signed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.milp.build import Model
from planner.milp.capacity import by_job, crowding
from planner.milp.matrix import ABSENT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Less than this of the most that a column can be, or of one (of lots, of one GPU), is nothing.
DUST = 1e-9
# A count this close to a whole number is that number.
WHOLE = 1e-6


def values(x: Floats, ids: Ints) -> Floats:
    """The entries of ``x`` at ``ids``, 0 where the column is absent."""
    return np.where(ids == ABSENT, 0.0, np.append(x, 0.0)[ids])


def tidy(model: Model, x: Floats) -> Floats:
    """``x`` with whole integers, no dust, and own, held and keep following from buy and sign."""
    x = np.where(model.milp.integer, np.round(x), x)
    x = np.where(np.abs(x) < DUST * np.minimum(model.milp.upper, _one_gpu(model)), 0.0, x)
    x = np.clip(x, model.milp.lower, model.milp.upper)
    variables, supply = model.variables, model.problem.supply
    for stock, inflow, lives in (
        (variables.own, variables.buy, [item.life_periods for item in supply.purchases]),
        (variables.under_contract, variables.sign, [item.term_periods for item in supply.reservations]),
    ):
        present = stock != ABSENT
        x[stock[present]] = _stock(values(x, inflow), lives)[present]
    _tidy_replicas(model, x)
    if any(pool.by_job for pool in model.problem.pools.pools):
        _tidy_jobs(model, x)
    return x


def _one_gpu(model: Model) -> Floats:
    """One in each column's unit, (columns,): of lots by the hour a GPU, so that those stay that work runs on."""
    found = np.ones(model.milp.columns)
    for item, ids in zip(model.problem.supply.hourly, model.variables.rent, strict=True):
        found[ids[ids != ABSENT]] = 1 / item.offer.lot_gpus
    return found


def _tidy_replicas(model: Model, x: Floats) -> None:
    """No more replicas than their work takes: spare ones that nothing asks for cost nothing, so any number may do.

    Counts only fall, so that no limit is broken.
    """
    variables, assignments, demand = model.variables, model.problem.assignments, model.problem.demand
    spare = (demand.min_replicas > 0) | demand.has_to_survive
    tidied = by_job(model.problem) | ~spare[assignments.workload]
    mine = tidied[:, None, None, None] & (variables.replicas != ABSENT)
    size = assignments.gpus_per_replica[:, None, None, None]
    fewest = _fewest(values(x, variables.gpus) / size)
    x[variables.replicas[mine]] = np.minimum(fewest, values(x, variables.replicas))[mine]


def _fewest(parts: Floats) -> Floats:
    """The least whole numbers that hold ``parts``, of which none is dust: one where there is anything at all."""
    return np.maximum(np.ceil(parts - WHOLE), parts > 0)


def _tidy_jobs(model: Model, x: Floats) -> None:
    """No more lots by the job at once than their replicas take, which cost nothing either."""
    variables, problem = model.variables, model.problem
    assignments, pools = problem.assignments, problem.pools
    jobs = by_job(problem)
    lots = variables.at_once != ABSENT
    most, mean = values(x, variables.at_once), values(x, variables.rent)
    found = np.minimum(_fewest(mean), most) if problem.whole_on_demand_lots else np.minimum(mean, most)
    needed = np.zeros((len(pools.pools), *most.shape[1:]))
    np.add.at(needed, assignments.pool[jobs], _job_gpus(model, x)[jobs])
    hosted = np.array([item.hosting.gpus for item in problem.supply.hourly], dtype=float)
    # Offers that work already come before those that would be taken for the count alone.
    for working in (True, False):
        for index, pool in enumerate(pools.hourly):
            together = pools.hourly == pool
            there = np.tensordot(hosted * together, found, axes=1)
            lacking = np.ceil(np.maximum(needed[pool] - there, 0.0) / hosted[index] - WHOLE)
            room = most[index] - found[index]
            found[index] += np.where((mean[index] > 0) == working, np.minimum(lacking, room), 0.0)
    x[variables.at_once[lots]] = found[lots]


def _job_gpus(model: Model, x: Floats) -> Floats:
    """GPUs of lots that replicas take where they run by the job, (L, F, T, B)."""
    taken = crowding(model.problem) * model.problem.assignments.gpus_per_replica
    return np.asarray(values(x, model.variables.replicas) * taken[:, None, None, None])


def _stock(inflow: Floats, lives: Sequence[int]) -> Floats:
    """What is there of an inflow (N, F, T) that stays for ``lives`` periods."""
    total = np.cumsum(inflow, axis=-1)
    gone = np.zeros_like(total)
    for index, life in enumerate(lives):
        if life < total.shape[-1]:
            gone[index, :, life:] = total[index, :, :-life]
    return total - gone
