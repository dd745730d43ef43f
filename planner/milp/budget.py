"""Budgets: undiscounted cash of a calendar year, or of the reported horizon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.milp.cash import fixed_opex_usd, lasting_usd, running_usd
from planner.milp.matrix import Builder, Ints
from planner.milp.variables import Variables, stacked
from planner.problem import Problem

Floats = NDArray[np.float64]
USD_PER_ROW_UNIT = 1e6


def add_budgets(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Σ cash paid in the periods of a limit ≤ the limit (10⁶ USD), for capex, opex, total and commitments."""
    limits, timeline = problem.limits.spend, problem.timeline
    if not limits:
        return
    labels = [limit.label for limit in limits]
    counted = stacked([limit.periods for limit in limits], timeline.periods)
    usd = np.array([limit.usd for limit in limits], dtype=float)
    capex = np.array([limit.kind in ("capex", "total") for limit in limits], dtype=float)
    opex = np.array([limit.kind in ("opex", "total") for limit in limits], dtype=float)
    commitments = np.array([limit.kind == "commitments" for limit in limits], dtype=float)
    room = usd - opex * bits.dot(counted, fixed_opex_usd(problem))
    rows = builder.constraints("budget", (labels, problem.futures), upper=(room / USD_PER_ROW_UNIT)[:, None])
    for cash in lasting_usd(problem, variables):
        share = counted * (capex if cash.capex else opex)[:, None]
        paid = np.einsum("ndp,lp->lnd", cash.usd, share)
        _add(builder, rows, cash.columns, paid)
    for columns, running in running_usd(problem, variables):
        share = counted * opex[:, None]
        weights = share.reshape(len(limits), 1, 1, -1, *[1] * (columns.ndim - 3))
        builder.add(
            rows.reshape(len(limits), 1, -1, *[1] * (columns.ndim - 2)),
            columns,
            weights * running / USD_PER_ROW_UNIT,
        )
    value = stacked([item.commitment_usd for item in problem.supply.reservations], timeline.periods)
    _add(builder, rows, variables.sign, value * (counted * commitments[:, None])[:, None, :])
    builder.limit(
        "budget", rows, labels, (usd / USD_PER_ROW_UNIT)[:, None], unit="USD",
        per_row_unit=USD_PER_ROW_UNIT, periods=False,
    )  # fmt: skip


def _add(builder: Builder, rows: Ints, columns: Ints, usd: Floats) -> None:
    """``usd`` (limits, N, T) of ``columns`` (N, F, T) into ``rows`` (limits, F)."""
    builder.add(rows[:, None, :, None], columns[None], usd[:, :, None, :] / USD_PER_ROW_UNIT)
