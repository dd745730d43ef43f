"""A programme of variables and rows, put together one at a time, and SciPy's answer to it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp


@dataclass
class Program:
    """min cost·x + constant with bounds, rows and whole numbers, put together one variable and one row at a time.

    ``lost_mtok`` (discounted) and ``lost_mtok_flat`` are the Mtok that a unit of a variable leaves unserved,
    ``lost_revenue`` what they would have earned; ``mtok``, ``mtok_flat`` and ``revenue`` are those of all demand.
    """

    cost: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    lost_mtok: list[float] = field(default_factory=list)
    lost_mtok_flat: list[float] = field(default_factory=list)
    lost_revenue: list[float] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)
    constant: float = 0.0
    mtok: float = 0.0
    mtok_flat: float = 0.0
    revenue: float = 0.0

    def var(self, high: float = math.inf, *, whole: bool = False) -> int:
        """A new variable from 0 to ``high``."""
        for column in (self.cost, self.low, self.lost_mtok, self.lost_mtok_flat, self.lost_revenue):
            column.append(0.0)
        self.high.append(high)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, terms: Sequence[tuple[int, float]], low: float = -math.inf, high: float = math.inf) -> None:
        """low ≤ Σ value·x ≤ high."""
        added: dict[int, float] = {}
        for variable, value in terms:
            added[variable] = added.get(variable, 0.0) + value
        self.rows.append((added, low, high))

    def matrix(self) -> tuple[Any, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """The rows as a sparse matrix and their two sides."""
        entries = [(r, v, a) for r, (terms, _, _) in enumerate(self.rows) for v, a in terms.items()]
        data = ([a for _, _, a in entries], ([r for r, _, _ in entries], [v for _, v, _ in entries]))
        shape = (len(self.rows), len(self.cost))
        low, high = (np.array([row[side] for row in self.rows], dtype=float) for side in (1, 2))
        return sparse.csr_matrix(data, shape=shape), low, high

    def optimum(self, cost: Sequence[float] | None = None, constant: float | None = None) -> tuple[float, float]:
        """The interval in which the least ``cost``·x + ``constant`` lies; infinite where there is no plan."""
        wanted = np.array(self.cost if cost is None else cost, dtype=float)
        added = self.constant if constant is None else constant
        scale = 10.0 ** -math.floor(math.log10(max(np.abs(wanted).max(initial=0.0), 1e-9)) - 3)
        matrix, low, high = self.matrix()
        found = milp(
            wanted * scale,
            integrality=np.array(self.whole, dtype=int),
            bounds=Bounds(np.array(self.low), np.array(self.high)),
            constraints=LinearConstraint(matrix, low, high) if len(self.rows) else (),
            options={"mip_rel_gap": 1e-7, "time_limit": 2000},
        )
        if found.status == 2:
            return math.inf, math.inf
        assert found.x is not None, found.message
        bound = found.fun if found.mip_dual_bound is None else min(found.mip_dual_bound, found.fun)
        return bound / scale + added, found.fun / scale + added

    def enumerated(self) -> float:
        """The least cost over every combination of whole numbers, infinite where none is feasible."""
        places = [v for v, whole in enumerate(self.whole) if whole]
        ranges = [range(int(self.high[v]) + 1) for v in places]
        best = math.inf
        matrix, low, high = self.matrix()
        sides = _Sides(matrix, low, high)
        order = sorted(itertools.product(*ranges), key=lambda chosen: self._paid(places, chosen))
        for chosen in order:
            # Costs are not negative, so what the whole numbers cost alone is a bound.
            if self._paid(places, chosen) + self.constant >= best:
                break
            best = min(best, self._rest(sides, dict(zip(places, chosen, strict=True))))
        return best

    def combinations(self) -> Iterator[tuple[tuple[int, ...], float]]:
        """Every combination of whole numbers, in the order of their variables, that has a plan, and its least cost."""
        places = [v for v, whole in enumerate(self.whole) if whole]
        sides = _Sides(*self.matrix())
        for chosen in itertools.product(*(range(int(self.high[v]) + 1) for v in places)):
            cost = self._rest(sides, dict(zip(places, chosen, strict=True)))
            if math.isfinite(cost):
                yield chosen, cost

    def _paid(self, places: list[int], chosen: tuple[int, ...]) -> float:
        return sum(self.cost[v] * n for v, n in zip(places, chosen, strict=True))

    def _rest(self, sides: _Sides, chosen: dict[int, int]) -> float:
        bounds = [(chosen[v], chosen[v]) if v in chosen else (self.low[v], self.high[v]) for v in range(len(self.cost))]
        found = linprog(
            self.cost, A_ub=sides.upper, b_ub=sides.upper_at, A_eq=sides.equal, b_eq=sides.equal_at, bounds=bounds
        )
        return found.fun + self.constant if found.status == 0 else math.inf


class _Sides:
    """Rows as linprog wants them."""

    def __init__(self, matrix: Any, low: Any, high: Any) -> None:
        equal = low == high
        above, below = np.isfinite(high) & ~equal, np.isfinite(low) & ~equal
        self.upper = sparse.vstack([matrix[above], -matrix[below]]) if above.any() or below.any() else None
        self.upper_at = np.concatenate([high[above], -low[below]]) if self.upper is not None else None
        self.equal = matrix[equal] if equal.any() else None
        self.equal_at = low[equal] if equal.any() else None
