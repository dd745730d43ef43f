"""The LP relaxation at other values of an assumption: its least cost, and the orders due that it makes.

Orders of two relaxations are others where, of some system, the GPUs bought or the GPUs signed for, of all sites and all
providers together, differ by a whole system or more and by a tenth of all GPUs due or more. So it is no change which of
two equal vendors comes first, nor what the relaxation moves in parts of systems. And since an optimum of an LP is
seldom the only one, of those that cost the same but for a hair the one is taken whose orders are nearest to today's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.catalog import Catalog
from planner.errors import ScenarioError, SolverFailure
from planner.frozen import dataclass
from planner.milp import ABSENT, Milp, Model, build_model
from planner.milp.widened import with_columns, with_rows
from planner.problem import Problem, build_problem
from planner.rules.dates import order_day
from planner.scenario import Scenario
from planner.solvers import Answer, Options
from planner.solvers.clock import no_plan
from planner.solvers.optimise import vertex_at
from planner.solvers.repriced import repriced
from planner.solvers.threads import WIDE, each
from planner.solvers.vertex import Vertex

Floats = NDArray[np.float64]
Key = tuple[str, str]

# Orders due within so many days of the decision are those that cannot wait for more to be known.
DUE_DAYS = 90
# Less of the GPUs due than this, or less than one system, is within what parts of systems leave open.
NOTICEABLE = 0.1
# Of the least cost, for each such part that orders differ by: what is no more is a tie, and the nearest plan is taken.
TIE = 1e-5
# Of what counts as a change, so that the last digits of a sum decide nothing.
HAIR = 1e-4


@dataclass(frozen=True)
class World:
    """A scenario and its catalog as an assumption's value makes them."""

    scenario: Scenario
    catalog: Catalog


@dataclass(frozen=True)
class Order:
    """An order due: its verb and system, and GPUs of one unit of it, expected over the futures it is decided in."""

    verb: str
    system: str
    gpus: float

    @property
    def key(self) -> Key:
        """What orders are added up by."""
        return self.verb, self.system


@dataclass(frozen=True)
class Change:
    """GPUs of one system to buy, or to sign for, among the orders due: by today's value and by the other."""

    verb: str
    system: str
    before_gpus: float
    after_gpus: float


@dataclass(frozen=True)
class Relaxed:
    """An LP relaxation solved: USD NPV, infinite where it has no plan, and GPUs of the orders due by verb and system.

    ``value`` is its least cost in units of which ``scale`` make a dollar, not a number where nobody asked for it.
    """

    scale: float
    value: float
    orders: dict[Key, float] = field(default_factory=dict)

    @property
    def npv_usd(self) -> float:
        """The least cost."""
        return self.value / self.scale

    @property
    def feasible(self) -> bool:
        """Whether there is a plan."""
        return not np.isposinf(self.value)


class Relaxations:
    """The LP relaxation of today's world, and of others beside it, each from where today's ended.

    ``model`` is today's and ``vertex`` its optimum, where they are made already.
    Raises StoppedByClock where the clock ended a search, SolverFailure where one has no answer.
    """

    def __init__(
        self, today: World, options: Options, model: Model | None = None, vertex: Vertex | None = None
    ) -> None:
        self.world, self.options = today, options
        self.due_by = today.scenario.horizon.decided_on + dt.timedelta(days=DUE_DAYS)
        self._gpus = {name: row.gpus for name, row in today.catalog.systems.items()}
        model = model or _model(today)
        self._problem, self._wide = model.problem, model.milp.columns >= WIDE
        self._vertex = vertex = vertex or vertex_at(model.milp, options)
        self._scale, columns = vertex.scale, orders_due(model, self.due_by)
        self.today = Relaxed(vertex.scale, vertex.least * vertex.scale, _sums(columns, vertex.x[list(columns)]))

    def at(self, world: World) -> Relaxed:
        """The relaxation of another world: of plans that cost the least, but for a hair, the one nearest to today's."""
        model = self._model(world)
        milp, columns = model.milp.scaled(self._scale).relaxed(), orders_due(model, self.due_by)
        return self._relaxed(milp, columns, self._vertex.solve(self._leaning(milp, columns), self.options))

    def least_usd(self, world: World, *, anew: bool = False) -> float:
        """The least cost of another world, to the cent; infinite where there is no plan.

        It is looked for ``anew`` where the other world has little of today's.
        """
        model = self._model(world)
        milp, columns = model.milp.scaled(self._scale).relaxed(), orders_due(model, self.due_by)
        answer = solvers.run(milp, "glop", self.options) if anew else self._vertex.solve(milp, self.options)
        return self._relaxed(milp, columns, answer).npv_usd

    def least_of(self, worlds: Sequence[World], *, anew: bool = False) -> list[float]:
        """``least_usd`` of each, large ones side by side."""
        return each(lambda world: self.least_usd(world, anew=anew), worlds, at_once=self._wide)

    def priced(self, none: World, whole: World) -> Callable[[float], Relaxed] | None:
        """The relaxation at a share between two worlds that differ in cost alone, and linearly; its cost is not read.

        Each is solved from where the last one ended. None where the worlds differ in more than cost: prices may decide
        what no plan needs, and that stands in no matrix.
        """
        models = [self._model(world) for world in (none, whole)]
        first, last = (model.milp.scaled(self._scale) for model in models)
        if not _alike(first, last):
            return None
        columns = orders_due(models[0], self.due_by)
        varying = np.flatnonzero(last.cost - first.cost)
        slope = (last.cost - first.cost)[varying]
        leaning = replace(self._leaning(first, columns), constant=0.0)
        start = self._vertex.basis_of(leaning)
        lp = repriced(leaning, varying, np.array(list(columns), dtype=np.int64), self.options, start)

        def at(share: float) -> Relaxed:
            values = lp.solve(first.cost[varying] + share * slope)
            if values is None:
                raise no_plan(self.options.time_limit_s)
            return Relaxed(self._scale, np.nan, _sums(columns, values))

        return at

    def changes(self, found: Relaxed) -> tuple[Change, ...]:
        """How the orders due differ from today's; nothing where there is no plan."""
        if not found.feasible:
            return ()
        keys = sorted({*self.today.orders, *found.orders})
        pairs = [(*key, self.today.orders.get(key, 0.0), found.orders.get(key, 0.0)) for key in keys]
        return tuple(
            Change(verb, system, round(before, 6), round(after, 6))
            for verb, system, before, after in pairs
            if abs(after - before) >= self._room(system) * (1 - HAIR)
        )

    def _model(self, world: World) -> Model:
        return _model(world, self._problem)

    def _room(self, system: str) -> float:
        """GPUs of a system by which orders have to differ to be others."""
        return max(self._gpus[system], NOTICEABLE * sum(self.today.orders.values()))

    def _leaning(self, milp: Milp, columns: dict[int, Order]) -> Milp:
        """``milp`` in which a change of orders due costs a hair: of plans that cost the same the nearest is found.

        ::

            kept  −1 ≤ (Σ GPUs ordered − GPUs ordered today) ÷ room − over + under ≤ 1  every verb and system
        """
        keys = sorted({order.key for order in columns.values()})
        over = milp.columns + 2 * np.arange(len(keys))
        rows = []
        for key, first in zip(keys, over, strict=True):
            mine = {column: order.gpus for column, order in columns.items() if order.key == key}
            room = self._room(key[1]) * (1 - 2 * HAIR)
            today = self.today.orders.get(key, 0.0) / room
            places = np.array([*mine, first, first + 1], dtype=np.int64)
            rows.append((places, np.array([*(gpus / room for gpus in mine.values()), -1.0, 1.0]), today - 1, today + 1))
        tie = TIE * max(abs(self.today.value), 1.0)
        return with_rows(with_columns(milp, np.full(2 * len(keys), tie), "beyond"), rows, "kept")

    def _relaxed(self, milp: Milp, columns: dict[int, Order], answer: Answer) -> Relaxed:
        """The answer of an engine to ``milp``, or to one with further columns behind its own."""
        if answer.wall_clock_stop:
            raise no_plan(self.options.time_limit_s)
        if answer.x is None:
            if answer.status != "infeasible":
                raise SolverFailure(f"the relaxation is {answer.status}")
            return Relaxed(self._scale, np.inf)
        return Relaxed(self._scale, milp.objective(answer.x[: milp.columns]), _sums(columns, answer.x[list(columns)]))


def orders_due(model: Model, due_by: dt.date) -> dict[int, Order]:
    """Purchases and contracts ordered by a day, by their column."""
    problem, variables = model.problem, model.variables
    supply = problem.supply
    bought = [("buy", row.asset.system.system, row.asset.system.gpus, row.lead_weeks) for row in supply.purchases]
    signed = [("sign", row.offer.system, row.offer.lot_gpus, row.lead_weeks) for row in supply.reservations]
    found: dict[int, Order] = {}
    for ids, rows in ((variables.buy, bought), (variables.sign, signed)):
        for place, (verb, system, gpus, weeks) in enumerate(rows):
            for future, period in zip(*np.nonzero(ids[place] != ABSENT), strict=True):
                if order_day(problem.timeline.starts[period], weeks) <= due_by:
                    column = int(ids[place, future, period])
                    # Futures that decide together have one column.
                    before = found[column].gpus if column in found else 0.0
                    found[column] = Order(verb, system, before + gpus * float(problem.probability[future]))
    return found


def _model(world: World, like: Problem | None = None) -> Model:
    try:
        return build_model(build_problem(world.scenario, world.catalog, whole=False, like=like))
    except ScenarioError as error:
        # A value may make demand too small to be seen, say; the scenario itself is none the worse for it.
        raise SolverFailure(f"a value that was tried leaves no problem: {error}") from error


def _alike(one: Milp, other: Milp) -> bool:
    """Whether two matrices differ in cost alone."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("lower", "upper", "row_lower", "row_upper", "indptr", "indices", "data")
    )


def _sums(columns: dict[int, Order], values: Floats) -> dict[Key, float]:
    """GPUs by verb and system of the orders' columns at ``values`` (orders,)."""
    found: dict[Key, float] = {}
    for order, value in zip(columns.values(), values, strict=True):
        found[order.key] = found.get(order.key, 0.0) + float(value) * order.gpus
    return found
