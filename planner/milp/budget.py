"""Budgets: undiscounted cash of a fiscal year, or of the reported horizon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.kinds.limits import BUDGET
from planner.milp.cash import fixed_opex_usd, lasting_usd, running_usd
from planner.milp.matrix import Builder, Ints
from planner.milp.variables import Variables, stacked
from planner.problem import Problem

Floats = NDArray[np.float64]

# How many times larger or smaller than the largest payment a limit counts as it is.
IN_SIGHT = 2.0**20


def add_budgets(builder: Builder, problem: Problem, variables: Variables) -> None:
    """Undiscounted cash is within each budget, and the value of contracts signed within that of commitments.

    Each row has a unit of its own.

    ::

        budget  Σ cash of the limit's periods ≤ limit  every f, budget
    """
    spend, timeline = problem.limits.spend, problem.timeline
    if not spend:
        return
    labels = [limit.label for limit in spend]
    counted = stacked([limit.periods for limit in spend], timeline.periods)
    usd = np.array([limit.usd for limit in spend], dtype=float)
    opex = np.array([limit.kind.opex for limit in spend], dtype=float)
    counts = list(_counted(problem, variables, counted))
    unit = row_units(usd, [paid for _, paid in counts])
    room = usd - opex * bits.dot(counted, fixed_opex_usd(problem))
    rows = builder.constraints(BUDGET.key, (labels, problem.futures), upper=(room / unit)[:, None])
    for columns, paid in counts:
        apart = (1,) * (columns.ndim - 2)
        builder.add(rows.reshape(len(spend), 1, -1, *apart), columns[None], paid / unit.reshape(-1, 1, 1, *apart))
    builder.limit(BUDGET, rows, labels, (usd / unit)[:, None], unit[:, None])


def row_units(usd: Floats, paid: Sequence[Floats]) -> Floats:
    """USD of one unit of each limit's row, (limits,): a power of two as large as the limit, so that no bit is lost.

    An engine keeps a row to a millionth of its unit or so: of 10⁶ USD that is a lot beside a budget of 120. What is
    ``paid`` (limits, …) by its columns keeps the unit of a limit of nothing, or of one that nothing reaches, in sight.
    """
    largest = np.max([np.abs(each).reshape(len(usd), -1).max(axis=1, initial=0.0) for each in paid], axis=0)
    size = np.where(usd > 0, usd, largest)
    size = np.where(largest > 0, np.clip(size, largest / IN_SIGHT, largest * IN_SIGHT), size)
    return np.array([bits.power_of_two(each) if each > 0 else 1.0 for each in size.tolist()])


def _counted(problem: Problem, variables: Variables, counted: Floats) -> Iterator[tuple[Ints, Floats]]:
    """Columns (N, F, T, …) and the USD of each that every limit counts, (limits, N, F or 1, T, …)."""
    spend, periods = problem.limits.spend, problem.timeline.periods
    capex, opex, contracts = (
        np.array([getattr(limit.kind, part) for limit in spend], dtype=float) for part in ("capex", "opex", "contracts")
    )
    for cash in lasting_usd(problem, variables):
        share = counted * (capex if cash.capex else opex)[:, None]
        yield cash.columns, np.einsum("ndp,lp->lnd", cash.usd, share)[:, :, None, :]
    for columns, running in running_usd(problem, variables):
        share = counted * opex[:, None]
        yield columns, share.reshape(len(spend), 1, 1, -1, *[1] * (columns.ndim - 3)) * running
    value = stacked([item.commitment_usd for item in problem.supply.reservations], periods)
    yield variables.sign, (value * (counted * contracts[:, None])[:, None, :])[:, :, None, :]
