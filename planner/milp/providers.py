"""How much may rest on one provider: shares of the fleet, and quotas by system."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.kinds import limits
from planner.milp.matrix import Builder
from planner.milp.variables import Variables
from planner.problem import Problem

Floats = NDArray[np.float64]


def add_provider_share(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A provider rents out no more than its share of all GPUs in service, weighted by hours: GPUs.

    What is in service is one column, not the sum once per provider.

    ::

        in service      in_service = Σ n·(own + keep) + Σ lot·(held + mean_b rent) + signed before  every f,t
        provider share  Σ GPUs rented of a provider ≤ max_share·in_service  every f,t, provider
    """
    share, supply, timeline = problem.limits.max_share, problem.supply, problem.timeline
    if share is None:
        return
    reserved = [item.offer.provider for item in supply.reservations]
    hourly = [item.offer.provider for item in supply.hourly]
    signed = [item.contract.provider for item in supply.signed]
    providers = sorted({*reserved, *hourly, *signed})
    signed_gpus = np.array([item.gpus for item in supply.signed]).reshape(len(signed), timeline.periods)
    lots = np.array([item.offer.lot_gpus for item in supply.reservations], dtype=float)
    hourly_lots = np.array([item.offer.lot_gpus for item in supply.hourly], dtype=float)
    owned = np.array([asset.system.gpus for asset in supply.assets], dtype=float)

    total = builder.variables("in_service", (problem.futures, timeline.names), _most_in_service(problem))
    count = builder.constraints(
        "gpus_in_service", (problem.futures, timeline.names), signed_gpus.sum(axis=0), signed_gpus.sum(axis=0)
    )
    builder.add(count, total, 1.0)
    builder.add(count, variables.under_contract, -lots[:, None, None])
    builder.add(count[..., None], variables.rent, -hourly_lots[:, None, None, None] * timeline.block_share)
    builder.add(count, np.concatenate([variables.own, variables.keep]), -owned[:, None, None])

    own_signed = _match(providers, signed) @ signed_gpus
    rows = builder.constraints(
        limits.PROVIDER_SHARE.key, (providers, problem.futures, timeline.names), upper=-own_signed[:, None, :]
    )
    builder.add(rows, total, -share)
    builder.add(rows[:, None], variables.under_contract[None], (_match(providers, reserved) * lots)[:, :, None, None])
    counts = _match(providers, hourly) * hourly_lots
    builder.add(rows[:, None, :, :, None], variables.rent[None], counts[:, :, None, None, None] * timeline.block_share)
    builder.limit(limits.PROVIDER_SHARE, rows, providers, share)


def add_quotas(builder: Builder, problem: Problem, variables: Variables) -> None:
    """A provider's GPUs of a system that run at once are within its quota, in every block.

    ::

        quota  Σ lot·(held + rent) + signed before ≤ quota  every f,t,b, provider and system
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
