"""An infeasible scenario in a planner's words and numbers: what would have to give, where and by how much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.errors import Relaxation
from planner.kinds.limits import BUDGET
from planner.milp import Model
from planner.milp.elastic import Elastic, LimitGroup
from planner.milp.matrix import LimitRows
from planner.milp.vector import values
from planner.problem import Problem

Floats = NDArray[np.float64]
NOTICEABLE = 1e-6


def relaxations(model: Model, elastic: Elastic, x: Floats) -> list[Relaxation]:
    """One sentence per relaxed group of an elastic solution ``x``, the group's worst place in it."""
    found = []
    for group, column in zip(elastic.groups, elastic.relaxed, strict=True):
        if x[column] < 0.5:
            continue
        relaxed = _sla(model, group, x) if group.kind.gated else _limit(model, elastic, group, x)
        if relaxed is not None:
            found.append(relaxed)
    return found


def _limit(model: Model, elastic: Elastic, group: LimitGroup, x: Floats) -> Relaxation | None:
    worst: tuple[float, LimitRows, int] | None = None
    for block in model.milp.limits:
        if block.kind is not group.kind:
            continue
        for index, (row, subject) in enumerate(zip(block.rows, block.subject, strict=True)):
            excess = float(x[elastic.row_excess[int(row)]])
            # The first of equals: which of them an engine exceeds by a hair more is chance.
            if subject == group.subject and excess > max(NOTICEABLE, worst[0] * (1 + 1e-6) if worst else 0.0):
                worst = (excess, block, index)
    if worst is None:
        return None
    _, block, index = worst
    row = int(block.rows[index])
    activity = model.milp.activity(x[: model.milp.columns])[row]
    kind = group.kind
    over = (activity - model.milp.row_upper[row]) * float(block.per_row_unit[index])
    limit = float(block.limit[index])
    if over <= 0:
        return None
    period = _period(model, int(block.period[index]))
    needed = limit - over if kind.floor else limit + over
    if kind.of_fleet:
        needed = _share_of(model, group.subject, int(block.future[index]), int(block.period[index]), x)
    sentence = kind.sentence(group.subject, period, needed, limit) + held_on(model.problem, group)
    return Relaxation(kind.key, group.subject, period, float(needed), limit, kind.unit, sentence)


def held_on(problem: Problem, group: LimitGroup) -> str:
    """Where a budget's figure is that of an earlier year, and whether any reported period is in its year; else ''."""
    for spent in problem.limits.spend if group.kind is BUDGET else ():
        if spent.label == group.subject and spent.held_from is not None:
            ahead = "" if spent.periods[: problem.timeline.reported].any() else "; it lies in the lookahead"
            return f" (that of {spent.held_from}, the last year that budget.{spent.kind.field} names{ahead})"
    return ""


def _sla(model: Model, group: LimitGroup, x: Floats) -> Relaxation | None:
    problem, variables = model.problem, model.variables
    assignments = problem.assignments
    used = values(x[: model.milp.columns], variables.gpus).sum(axis=(1, 2, 3)) > NOTICEABLE
    worst = max(
        (
            candidate
            for candidate, busy in zip(assignments.candidates, used, strict=True)
            if busy and problem.demand.names[candidate.workload] == group.subject
        ),
        key=lambda candidate: candidate.sla_excess,
        default=None,
    )
    kind = group.kind
    if worst is None or worst.sla_excess <= 0:
        api_used = values(x[: model.milp.columns], variables.api).sum(axis=(1, 2, 3)) > NOTICEABLE
        missed = max((float(e) for e in problem.api.sla_excess[api_used]), default=0.0)
        sentence = kind.sentence(group.subject, "", missed, 0.0)
        return Relaxation(kind.key, group.subject, "", missed, 0.0, kind.unit, sentence)
    ttft = "" if np.isnan(worst.ttft_ms) else f"TTFT {worst.ttft_ms / 1e3:.3g} s and "
    sentence = (
        f"{group.subject}: its latency targets would have to allow {ttft}TPOT {worst.tpot_ms:.3g} ms, "
        f"{worst.sla_excess:.0%} over the tighter of them"
    )
    return Relaxation(kind.key, group.subject, "", worst.sla_excess, 0.0, kind.unit, sentence)


def _period(model: Model, index: int) -> str:
    return model.problem.timeline.names[index] if index >= 0 else ""


def _share_of(model: Model, provider: str, future: int, period: int, x: Floats) -> float:
    """The share of all GPUs in service that ``provider`` rents out in a period; of shares by block the largest."""
    problem, variables = model.problem, model.variables
    supply, inner, weight = problem.supply, x[: model.milp.columns], problem.timeline.block_share
    # Providers ('' for what is owned) with their GPUs by block.
    counts: list[tuple[str, Floats]] = []
    held, rented = values(inner, variables.under_contract), values(inner, variables.rent)
    flat = np.ones(len(weight))
    counts += [
        (item.offer.provider, held[index, future, period] * item.offer.lot_gpus * flat)
        for index, item in enumerate(supply.reservations)
    ]
    counts += [
        (item.offer.provider, rented[index, future, period] * item.offer.lot_gpus)
        for index, item in enumerate(supply.hourly)
    ]
    counts += [(item.contract.provider, item.gpus[period] * flat) for item in supply.signed]
    owned = np.concatenate([values(inner, variables.own), values(inner, variables.keep)])[:, future, period]
    counts += [("", count * asset.system.gpus * flat) for count, asset in zip(owned, supply.assets, strict=True)]
    total = np.sum([gpus for _, gpus in counts], axis=0)
    own = np.sum([gpus for name, gpus in counts if name == provider], axis=0)
    if not problem.limits.share_at_the_peak:
        own, total = np.array([own @ weight]), np.array([total @ weight])
        weight = np.ones(1)
    there = (weight > 0) & (total > 0)
    return float((own[there] / total[there]).max(initial=0.0))
