"""How much may rest on one provider: shares of the fleet, and quotas by system."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.milp.matrix import Builder
from planner.milp.variables import Variables
from planner.problem import Problem

Floats = NDArray[np.float64]


def add_provider_share(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ GPUs rented of a provider ≤ max_share·Σ GPUs in service, time-weighted, per period (GPUs)."""
    share, supply = problem.limits.max_share, problem.supply
    if share is None:
        return
    reserved = [item.offer.provider for item in supply.reservations]
    hourly = [item.offer.provider for item in supply.hourly]
    signed = [item.contract.provider for item in supply.signed]
    providers = sorted({*reserved, *hourly, *signed})
    signed_gpus = np.array([item.gpus for item in supply.signed]).reshape(len(signed), problem.timeline.periods)
    own_signed = _match(providers, signed) @ signed_gpus
    rows = builder.constraints(
        "provider_share",
        (providers, problem.futures, problem.timeline.names),
        upper=(share * signed_gpus.sum(axis=0) - own_signed)[:, None, :],
    )
    lots = np.array([item.offer.lot_gpus for item in supply.reservations], dtype=float)
    hourly_lots = np.array([item.offer.lot_gpus for item in supply.hourly], dtype=float)
    counts = (_match(providers, reserved) - share) * lots
    builder.add(rows[:, None], variables.held[None], counts[:, :, None, None])
    hours = problem.timeline.block_share
    counts = (_match(providers, hourly) - share) * hourly_lots
    builder.add(rows[:, None, :, :, None], variables.rent[None], counts[:, :, None, None, None] * hours)
    for family, ids in ((supply.purchases, variables.own), (supply.groups, variables.keep)):
        gpus = np.array([item.asset.system.gpus for item in family], dtype=float)
        builder.add(rows[:, None], ids[None], -share * gpus[None, :, None, None])
    builder.limit("provider_share", rows, providers, share, unit="share of GPUs")


def add_quotas(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ lot·(held + rent) + signed ≤ quota of a provider and system, in every block (GPUs)."""
    quotas, supply, timeline = problem.limits.quotas, problem.supply, problem.timeline
    labels = [f"{quota.provider} {quota.system}" for quota in quotas]
    keys = [(quota.provider, quota.system) for quota in quotas]
    gpus = np.array([quota.gpus for quota in quotas], dtype=float)
    signed = [(item.contract.provider, item.contract.system) for item in supply.signed]
    signed_gpus = np.array([item.gpus for item in supply.signed]).reshape(len(signed), timeline.periods)
    room = gpus[:, None] - _match(keys, signed) @ signed_gpus
    rows = builder.constraints(
        "quota",
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
        variables.held[None, ..., None],
        (_match(keys, reserved) * lots)[:, :, None, None, None],
    )
    builder.add(rows[:, None], variables.rent[None], (_match(keys, hourly) * hourly_lots)[:, :, None, None, None])
    for block in range(len(timeline.blocks)):
        builder.limit("quota", rows[..., block], labels, gpus[:, None, None], unit="GPUs")


def _match(rows: Sequence[object], columns: Sequence[object]) -> Floats:
    """1.0 where a row's key is a column's, (rows, columns)."""
    return np.array([[float(row == column) for column in columns] for row in rows]).reshape(len(rows), len(columns))
