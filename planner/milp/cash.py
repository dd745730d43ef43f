"""What every decision costs, when: discounted for the objective, in cash for the budgets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.frozen import dataclass
from planner.milp.matrix import Builder, Ints
from planner.milp.variables import Variables, stacked
from planner.problem import Problem
from planner.units import requests_from_rate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cash:
    """Undiscounted cash of lasting decisions: ``usd`` is (N, T decided, T paid) for ``columns`` (N, F, T decided)."""

    columns: Ints
    usd: Floats
    capex: bool


def running_usd(problem: Problem, variables: Variables) -> Iterator[tuple[Ints, Floats]]:
    """Columns and the cash (same shape) that they cost in their own period, all of it opex."""
    supply, timeline = problem.supply, problem.timeline
    periods = timeline.periods
    block_hours = timeline.block_hours
    yield variables.own, stacked([i.asset.running_usd for i in supply.purchases], periods)[:, None, :]
    yield variables.keep, stacked([i.asset.running_usd for i in supply.groups], periods)[:, None, :]
    busy = stacked([pool.busy_usd_per_gpu_hour for pool in problem.pools.pools], periods)
    drawn = busy[problem.assignments.pool][:, :, None] * problem.assignments.up[:, None, :]
    yield variables.gpus, (drawn * block_hours)[:, None]
    rate = stacked([i.usd_per_hour for i in supply.hourly], len(problem.futures), periods)
    yield variables.rent, rate[..., None] * block_hours
    requests = requests_from_rate(1.0, block_hours)
    yield variables.api, (problem.api.usd_per_request[:, :, None] * requests)[:, None]


def lasting_usd(problem: Problem, variables: Variables) -> Iterator[Cash]:
    """Decisions whose cash falls into several periods, (N, T decided, T paid)."""
    supply, periods = problem.supply, problem.timeline.periods
    capex = stacked([item.capex_usd for item in supply.purchases], periods, periods)
    upkeep = stacked([item.upkeep_usd for item in supply.purchases], periods, periods)
    opex = stacked([item.opex_usd for item in supply.reservations], periods, periods)
    conversion = np.array([site.conversion_usd for site in problem.limits.sites], dtype=float)
    yield Cash(variables.buy, capex, capex=True)
    yield Cash(variables.buy, upkeep, capex=False)
    yield Cash(variables.sign, opex, capex=False)
    yield Cash(variables.convert, conversion[:, None, None] * np.eye(periods), capex=True)


def _unserved_value(problem: Problem, variables: Variables) -> tuple[Ints, Floats]:
    """Columns and the value of a request/s left unserved, as ``running_usd``: weighed with cost, but no cash."""
    requests = requests_from_rate(1.0, problem.timeline.block_hours)
    return variables.unserved, (problem.demand.unserved_usd[:, :, None] * requests)[:, None]


def fixed_opex_usd(problem: Problem) -> Floats:
    """Cash that is due whatever is decided, (T,): leases and contracts already signed."""
    due = np.zeros(problem.timeline.periods)
    for site in problem.limits.sites:
        due = due + site.lease_usd
    for item in problem.supply.signed:
        due = due + item.opex_usd
    return due


def add_cost(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ π·NPV of every decision and of what is left unserved at its value: the objective `cost`, USD at the start."""
    timeline, weight = problem.timeline, problem.probability
    middle = timeline.discount_middle
    supply, periods = problem.supply, timeline.periods
    bought = stacked([item.npv_usd for item in supply.purchases], periods)
    signed = stacked([item.npv_usd for item in supply.reservations], periods)
    converted = np.array([site.conversion_usd for site in problem.limits.sites], dtype=float)
    builder.add_cost(variables.buy, bought[:, None, :] * weight[:, None])
    builder.add_cost(variables.sign, signed[:, None, :] * weight[:, None])
    builder.add_cost(variables.convert, converted[:, None, None] * timeline.discount_start * weight[:, None])
    for columns, usd in (*running_usd(problem, variables), _unserved_value(problem, variables)):
        factor = middle.reshape(1, 1, -1, *[1] * (columns.ndim - 3))
        builder.add_cost(columns, usd * factor * weight.reshape(1, -1, *[1] * (columns.ndim - 2)))
    builder.constant += float(bits.dot(fixed_opex_usd(problem), middle))
    _add_sales(builder, problem, variables)


def _add_sales(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Existing systems are sold when they are not kept: keeping one costs what its price loses until the next period.

    No budget sees it: what a sale brings does not make room for spending.
    """
    groups, timeline = problem.supply.groups, problem.timeline
    on_sale = np.append(timeline.discount_start, timeline.discount_end)
    present = stacked([group.credit_usd for group in groups], timeline.periods + 1) * on_sale
    loss = present[:, :-1] - present[:, 1:]
    builder.add_cost(variables.keep, loss[:, None, :] * problem.probability[:, None])
    for group, usd in zip(groups, present, strict=True):
        if group.first < timeline.periods:
            builder.constant -= group.count * float(usd[group.first])
