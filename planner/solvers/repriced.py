"""One LP solved again and again with another cost, each time from where the last one ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.milp.matrix import Milp
from planner.solvers.answer import Basis, Floats, Options

Ints = NDArray[np.int64]


class Repriced(Protocol):
    """The LP at any cost of its varying columns."""

    def solve(self, cost: Floats) -> Floats | None:
        """Values of the columns that were asked for, the varying ones at ``cost``; None where there is no optimum."""


def repriced(milp: Milp, varying: Ints, wanted: Ints, options: Options, start: Basis | None = None) -> Repriced:
    """The relaxation of ``milp``: ``varying`` columns change their cost, ``wanted`` are those to tell, once each.

    The first solve begins at the basis ``start``.
    """
    if solvers.has_ortools():
        from planner.solvers import ortools

        return ortools.Incremental(milp.relaxed(), varying, wanted, options, start)
    return _Anew(milp.relaxed(), varying, wanted, options)


class _Anew:
    """Where OR-Tools runs in a process of its own: every solve from the start."""

    def __init__(self, milp: Milp, varying: Ints, wanted: Ints, options: Options) -> None:
        self.milp, self.varying, self.wanted, self.options = milp, varying, wanted, options

    def solve(self, cost: Floats) -> Floats | None:
        every = self.milp.cost.copy()
        every[self.varying] = cost
        found = solvers.run(replace(self.milp, cost=every), "glop", self.options)
        return None if found.x is None or found.status != "optimal" else found.x[self.wanted]
