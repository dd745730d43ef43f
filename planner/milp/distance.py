"""Totals of a plan as near to given numbers as a limit on the cost allows.

A total is a sum of whole columns, such as the systems of one kind ordered within a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.milp.matrix import Milp
from planner.milp.widened import with_columns, with_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Total:
    """A sum of ``columns``, none named twice, that is to be ``wanted``, a whole number; ``weight`` of one amiss."""

    columns: Ints
    wanted: float
    weight: float

    def amiss(self, x: Floats) -> float:
        """By how much the total of a vector is another."""
        return abs(float(x[self.columns].sum()) - self.wanted)


def with_distance(milp: Milp, totals: Sequence[Total], most_usd: float) -> Milp:
    """``milp`` of plans that cost at most ``most_usd``, which minimises by how much its totals are amiss, by weight.

    The last columns are what each total is amiss.
    """
    first = milp.columns
    amiss = first + np.arange(len(totals))
    weights = np.array([total.weight for total in totals])
    # Of whole columns they are whole too; told so, an engine knows that its objective moves in steps.
    widened = with_columns(replace(milp, cost=np.zeros(first), constant=0.0), weights, "amiss", integer=True)
    rows = [cost_row(milp, most_usd)]
    for total, column in zip(totals, amiss, strict=True):
        columns, ones = np.append(total.columns, column), np.ones(len(total.columns))
        rows += [
            (columns, np.append(ones, 1.0), total.wanted, np.inf),
            (columns, np.append(ones, -1.0), -np.inf, total.wanted),
        ]
    return with_rows(widened, rows, "distance")


def cost_row(milp: Milp, most_usd: float) -> tuple[Ints, Floats, float, float]:
    """The row that the cost of ``milp`` is at most ``most_usd``, in shares of that."""
    columns = np.flatnonzero(milp.cost)
    scale = abs(most_usd - milp.constant) or 1.0
    return columns, milp.cost[columns] / scale, -np.inf, (most_usd - milp.constant) / scale
