"""One LP solved again and again between other bounds, each time from the basis where the last one ended.

It speaks to OR-Tools in messages: of an answer MathOpt makes Python objects, a column at a time, and that takes ten
times as long as the solve.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import model_parameters_pb2, model_update_pb2

from planner.milp.matrix import Milp
from planner.solvers.answer import Basis, Floats, Options
from planner.solvers.glop import Glop
from planner.solvers.ortools import by_id, fill_basis

Ints = NDArray[np.int64]


class Rebounded:
    """The relaxation of ``milp``, kept by GLOP: ``varying`` columns change their bounds, and are the ones read.

    The first solve starts from ``basis``, where there is one. What it answers depends on what it was asked before, and
    on nothing else. All solves together have the time of ``options``; then StoppedByClock is raised.
    """

    def __init__(self, milp: Milp, varying: Ints, options: Options, basis: Basis | None = None) -> None:
        self._size, self._varying = milp.columns, varying
        self._lower, self._upper = milp.lower[varying], milp.upper[varying]
        self._lp = Glop(milp, options, "a dive")
        self._asked, self._asked_all = (model_parameters_pb2.ModelSolveParametersProto() for _ in range(2))
        for asked in (self._asked, self._asked_all):
            asked.dual_values_filter.filter_by_ids = asked.reduced_costs_filter.filter_by_ids = True
        self._first = model_parameters_pb2.ModelSolveParametersProto()
        if basis is not None:
            fill_basis(self._first.initial_basis, basis)
        # To hand over all columns takes longer than most solves.
        self._asked.variable_values_filter.filter_by_ids = True
        self._asked.variable_values_filter.filtered_ids.extend(np.sort(varying).tolist())

    def between(self, at: Ints, lower: Floats, upper: Floats) -> None:
        """From here on those of the varying columns are ``at`` within these bounds."""
        update = model_update_pb2.ModelUpdateProto()
        for bounds, new, message in (
            (self._lower, lower, update.variable_updates.lower_bounds),
            (self._upper, upper, update.variable_updates.upper_bounds),
        ):
            changed = np.flatnonzero(bounds[at] != new)
            changed = changed[np.argsort(self._varying[at[changed]])]
            message.ids.extend(self._varying[at[changed]].tolist())
            message.values.extend(new[changed].tolist())
            bounds[at] = new
        self._lp.change(update, "bounds")

    def solve(self) -> tuple[float, Floats] | None:
        """The optimum and the values of the varying columns; None where there is none."""
        found = self._solved(self._asked)
        return None if found is None else (found[0], found[1][self._varying])

    def everything(self) -> Floats | None:
        """All columns, at the optimum; None where there is none."""
        found = self._solved(self._asked_all)
        return None if found is None else found[1]

    def _solved(self, asked: model_parameters_pb2.ModelSolveParametersProto) -> tuple[float, Floats] | None:
        # A basis to start from is one for the first solve alone.
        asked.MergeFrom(self._first)
        found = self._lp.solve(asked)
        asked.ClearField("initial_basis")
        self._first.Clear()
        if found is None:
            return None
        primal = found.primal_solution
        return primal.objective_value, by_id(primal.variable_values, self._size)
