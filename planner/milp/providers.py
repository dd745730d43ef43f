"""How much may rest on one provider: shares of the fleet, quotas by system, what it has by the hour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.kinds import limits
from planner.milp.matrix import ABSENT, Builder
from planner.milp.variables import Variables
from planner.problem import Problem

Floats = NDArray[np.float64]


def add_provider_share(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A provider rents out no more than its share of all GPUs in service, in every block or weighted by hours: GPUs.

    What is in service is one column, not the sum once per provider.

    ::

        of gpus_peak    in_service = Σ n·(own + keep) + Σ lot·(held + rent) + signed before  every f,t,b
        of gpu_hours    in_service = Σ n·(own + keep) + Σ lot·(held + mean_b rent) + signed before  every f,t
        provider share  Σ GPUs rented of a provider ≤ max_share·in_service  for each in_service, provider
    """
    if problem.limits.max_share is None:
        return
    share, blocks = problem.timeline.block_share, problem.timeline.blocks
    if not problem.limits.share_at_the_peak:
        _add_share(builder, problem, variables, share, ())
        return
    for block in np.flatnonzero(share > 0):
        _add_share(builder, problem, variables, np.arange(len(blocks)) == block, (blocks[block],))


def _add_share(
    builder: Builder, problem: Problem, variables: Variables, weight: ArrayLike, block: tuple[str, ...]
) -> None:
    """The rows of one weighting of the load blocks (B,), named after the ``block`` that alone counts, if one does."""
    share, supply, timeline = problem.limits.max_share, problem.supply, problem.timeline
    assert share is not None
    reserved = [item.offer.provider for item in supply.reservations]
    hourly = [item.offer.provider for item in supply.hourly]
    signed = [item.contract.provider for item in supply.signed]
    providers = sorted({*reserved, *hourly, *signed})
    signed_gpus = np.array([item.gpus for item in supply.signed]).reshape(len(signed), timeline.periods)
    lots = np.array([item.offer.lot_gpus for item in supply.reservations], dtype=float)
    hourly_lots = np.array([item.offer.lot_gpus for item in supply.hourly], dtype=float)
    owned = np.array([asset.system.gpus for asset in supply.assets], dtype=float)
    counted, at = np.asarray(weight, dtype=float), " at ".join(("", *block))

    axes = (problem.futures, timeline.names)
    total = builder.variables(f"in_service{at}", axes, _most_in_service(problem))
    count = builder.constraints(f"gpus_in_service{at}", axes, signed_gpus.sum(axis=0), signed_gpus.sum(axis=0))
    builder.add(count, total, 1.0)
    builder.add(count, variables.under_contract, -lots[:, None, None])
    # At an instant, of what runs by the job only the provider's own is there for certain, and counts on both sides.
    by_job = np.array([item.by_job for item in supply.hourly], dtype=bool)[:, None, None, None]
    rented = np.where(by_job, ABSENT, variables.rent) if block else variables.rent
    builder.add(count[..., None], rented, -hourly_lots[:, None, None, None] * counted)
    builder.add(count, np.concatenate([variables.own, variables.keep]), -owned[:, None, None])

    own_signed = _match(providers, signed) @ signed_gpus
    rows = builder.constraints(f"{limits.PROVIDER_SHARE.key}{at}", (providers, *axes), upper=-own_signed[:, None, :])
    builder.add(rows, total, -share)
    builder.add(rows[:, None], variables.under_contract[None], (_match(providers, reserved) * lots)[:, :, None, None])
    counts = _match(providers, hourly) * hourly_lots
    own = np.where(by_job, 1.0 - share, 1.0) if block else np.ones_like(by_job, dtype=float)
    lots_running = variables.lots_at_once if block else variables.rent
    builder.add(rows[:, None, :, :, None], lots_running[None], counts[:, :, None, None, None] * own[None] * counted)
    builder.limit(limits.PROVIDER_SHARE, rows, providers, share)


def add_quotas(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A provider's GPUs of a system that run at once are within its quota, in every block.

    ::

        quota  Σ lot·(held + rent + at_once) + signed before ≤ quota  every f,t,b, provider and system
    """
    quotas, supply, timeline = problem.limits.quotas, problem.supply, problem.timeline
    labels = [f"{quota.provider} {quota.system}" for quota in quotas]
    keys = [(quota.provider, quota.system) for quota in quotas]
    gpus = np.array([quota.gpus for quota in quotas], dtype=float)
    signed = [(item.contract.provider, item.contract.system) for item in supply.signed]
    signed_gpus = np.array([item.gpus for item in supply.signed]).reshape(len(signed), timeline.periods)
    room = gpus[:, None] - _match(keys, signed) @ signed_gpus
    rows = builder.constraints(
        limits.QUOTA.key,
        (labels, problem.futures, timeline.names, timeline.blocks),
        upper=room[:, None, :, None],
        exists=timeline.block_share > 0,
    )
    reserved = [(item.offer.provider, item.offer.system) for item in supply.reservations]
    hourly = [(item.offer.provider, item.offer.system) for item in supply.hourly]
    lots = np.array([item.offer.lot_gpus for item in supply.reservations], dtype=float)
    hourly_lots = np.array([item.offer.lot_gpus for item in supply.hourly], dtype=float)
    builder.add(
        rows[:, None],
        variables.under_contract[None, ..., None],
        (_match(keys, reserved) * lots)[:, :, None, None, None],
    )
    builder.add(
        rows[:, None], variables.lots_at_once[None], (_match(keys, hourly) * hourly_lots)[:, :, None, None, None]
    )
    for block in range(len(timeline.blocks)):
        builder.limit(limits.QUOTA, rows[..., block], labels, gpus[:, None, None])


def add_hourly_depth(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A provider's GPUs of a system by the hour are within what it is taken to have, in every block.

    Offers with ``max_lots`` are limited by that, as the bound of their column, and do not count.

    ::

        hourly depth  Σ lot·(rent + at_once) of offers without max_lots ≤ hourly depth  every f,t,b, provider and system
    """
    depths, timeline, hourly = problem.limits.depths, problem.timeline, problem.supply.hourly
    gpus = np.array([depth.gpus for depth in depths], dtype=float)
    counts = np.array([[float(item.offer.name in depth.offers) for item in hourly] for depth in depths])
    lots = counts.reshape(len(depths), len(hourly)) * np.array([item.offer.lot_gpus for item in hourly], dtype=float)
    there = lots @ np.array([item.exists for item in hourly], dtype=float).reshape(len(hourly), timeline.periods)
    labels = [f"{depth.provider} {depth.system}" for depth in depths]
    rows = builder.constraints(
        limits.HOURLY_DEPTH.key,
        (labels, problem.futures, timeline.names, timeline.blocks),
        upper=gpus[:, None, None, None],
        exists=(there > 0)[:, None, :, None] & (timeline.block_share > 0),
    )
    builder.add(rows[:, None], variables.lots_at_once[None], lots[:, :, None, None, None])
    for block in range(len(timeline.blocks)):
        builder.limit(limits.HOURLY_DEPTH, rows[..., block], labels, gpus[:, None, None])


def _most_in_service(problem: Problem) -> float:
    """More GPUs than every supply at its bound brings: the column's bound never binds."""
    items = len(problem.supply.assets) + len(problem.supply.offers)
    largest = max([asset.system.gpus for asset in problem.supply.assets], default=0)
    existing = sum(group.count * group.asset.system.gpus for group in problem.supply.groups)
    signed = sum(float(item.gpus.max(initial=0.0)) for item in problem.supply.signed)
    return items * (problem.gpus_ever_needed + max(largest, 72)) + existing + signed


def _match(rows: Sequence[object], columns: Sequence[object]) -> Floats:
    """1.0 where a row's key is a column's, (rows, columns)."""
    return np.array([[float(row == column) for column in columns] for row in rows]).reshape(len(rows), len(columns))
