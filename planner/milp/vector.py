"""Reading and tidying a vector: whole integers, no dust, stocks that follow from what was bought and signed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.milp.build import Model
from planner.milp.matrix import ABSENT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DUST = 1e-9


def values(x: Floats, ids: Ints) -> Floats:
    """The entries of ``x`` at ``ids``, 0 where the column is absent."""
    return np.where(ids == ABSENT, 0.0, np.append(x, 0.0)[ids])


def tidy(model: Model, x: Floats) -> Floats:
    """``x`` with whole integers, no dust, and own, held and keep following from buy and sign."""
    x = np.where(model.milp.integer, np.round(x), x)
    x = np.where(np.abs(x) < DUST, 0.0, x)
    x = np.clip(x, model.milp.lower, model.milp.upper)
    variables, supply = model.variables, model.problem.supply
    for stock, inflow, lives in (
        (variables.own, variables.buy, [item.life_periods for item in supply.purchases]),
        (variables.under_contract, variables.sign, [item.term_periods for item in supply.reservations]),
    ):
        present = stock != ABSENT
        x[stock[present]] = _stock(values(x, inflow), lives)[present]
    return x


def _stock(inflow: Floats, lives: Sequence[int]) -> Floats:
    """What is there of an inflow (N, F, T) that stays for ``lives`` periods."""
    total = np.cumsum(inflow, axis=-1)
    gone = np.zeros_like(total)
    for index, life in enumerate(lives):
        if life < total.shape[-1]:
            gone[index, :, life:] = total[index, :, :-life]
    return total - gone
