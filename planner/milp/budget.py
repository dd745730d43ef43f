"""Budgets: undiscounted cash of a fiscal year, or of the reported horizon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.kinds.limits import BUDGET
from planner.milp.cash import fixed_opex_usd, lasting_usd, running_usd
from planner.milp.matrix import Builder, Ints
from planner.milp.variables import Variables, stacked
from planner.problem import Problem

Floats = NDArray[np.float64]


def add_budgets(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Undiscounted cash is within each budget, and the value of contracts signed within that of commitments: 10⁶ USD.

    ::

        budget  Σ cash of the limit's periods ≤ limit  every f, budget
    """
    spend, timeline = problem.limits.spend, problem.timeline
    if not spend:
        return
    labels = [limit.label for limit in spend]
    counted = stacked([limit.periods for limit in spend], timeline.periods)
    usd = np.array([limit.usd for limit in spend], dtype=float)
    capex = np.array([limit.kind.capex for limit in spend], dtype=float)
    opex = np.array([limit.kind.opex for limit in spend], dtype=float)
    contracts = np.array([limit.kind.contracts for limit in spend], dtype=float)
    room = usd - opex * bits.dot(counted, fixed_opex_usd(problem))
    rows = builder.constraints(BUDGET.key, (labels, problem.futures), upper=(room / BUDGET.per_row_unit)[:, None])
    for cash in lasting_usd(problem, variables):
        share = counted * (capex if cash.capex else opex)[:, None]
        paid = np.einsum("ndp,lp->lnd", cash.usd, share)
        _add(builder, rows, cash.columns, paid)
    for columns, running in running_usd(problem, variables):
        share = counted * opex[:, None]
        weights = share.reshape(len(spend), 1, 1, -1, *[1] * (columns.ndim - 3))
        builder.add(
            rows.reshape(len(spend), 1, -1, *[1] * (columns.ndim - 2)),
            columns,
            weights * running / BUDGET.per_row_unit,
        )
    value = stacked([item.commitment_usd for item in problem.supply.reservations], timeline.periods)
    _add(builder, rows, variables.sign, value * (counted * contracts[:, None])[:, None, :])
    builder.limit(BUDGET, rows, labels, (usd / BUDGET.per_row_unit)[:, None])


def _add(builder: Builder, rows: Ints, columns: Ints, usd: Floats) -> None:
    """``usd`` (limits, N, T) of ``columns`` (N, F, T) into ``rows`` (limits, F)."""
    builder.add(rows[:, None, :, None], columns[None], usd[:, :, None, :] / BUDGET.per_row_unit)
