"""The LP relaxation at other values of an assumption: its least cost, and the orders due that it makes.

Orders of two relaxations are others where, of some system, the GPUs bought or the GPUs signed for, of all sites and all
providers together, differ by a whole system or more and by a tenth of all GPUs due or more. So it is no change which of
two equal vendors comes first, nor what the relaxation moves in parts of systems. And since an optimum of an LP is
seldom the only one, they are others only where keeping today's costs more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from planner import solvers
from planner.catalog import Catalog
from planner.errors import ScenarioError, SolverFailure
from planner.milp import ABSENT, Milp, Model, build_model
from planner.milp.matrix import with_rows
from planner.problem import build_problem
from planner.rules.dates import order_day
from planner.scenario import Scenario
from planner.solvers import Answer, Options
from planner.solvers.clock import no_plan
from planner.solvers.optimise import scale_of
from planner.solvers.repriced import repriced

Floats = NDArray[np.float64]
Key = tuple[str, str]

# Orders due within so many days of the decision are those that cannot wait for more to be known.
DUE_DAYS = 90
# Less of the GPUs due than this, or less than one system, is within what parts of systems leave open.
NOTICEABLE = 0.1
# Of the least cost: what an engine's tolerances leave open of whether keeping an order costs more.
TIE = 1e-6
# Of what counts as a change, so that the last digit of a sum decides nothing.
HAIR = 1e-6


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

    ``milp`` is its matrix and ``value`` its least cost, in units of which ``scale`` make a dollar; ``columns`` are its
    orders. The value is not a number where nobody asked for it.
    """

    milp: Milp
    scale: float
    columns: dict[int, Order]
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
    """The LP relaxation of today's world, and of others beside it.

    Raises StoppedByClock where the clock ended a search, SolverFailure where one has no answer.
    """

    def __init__(self, today: World, options: Options) -> None:
        self.options = options
        self.due_by = today.scenario.horizon.decided_on + dt.timedelta(days=DUE_DAYS)
        self._gpus = {name: row.gpus for name, row in today.catalog.systems.items()}
        model = _model(today)
        self._scale, lp = scale_of(model.milp, options)
        scaled = model.milp.scaled(self._scale).relaxed()
        self.today = self._relaxed(scaled, orders_due(model, self.due_by), lp)
        if not self.today.feasible:
            raise SolverFailure("the relaxation is infeasible")

    def at(self, world: World) -> Relaxed:
        """The relaxation of another world."""
        return self._solved(_model(world))

    def priced(self, none: World, whole: World) -> Callable[[float], Relaxed]:
        """The relaxation at a share between two worlds that differ in cost alone, and linearly.

        Each is solved from where the last one ended. Raises ValueError where the worlds differ in more than cost.
        """
        models = [_model(world) for world in (none, whole)]
        first, last = (model.milp for model in models)
        if not _alike(first, last):
            raise ValueError("the two worlds differ in more than cost")
        columns = orders_due(models[0], self.due_by)
        varying = np.flatnonzero(last.cost - first.cost)
        scaled = replace(first.relaxed(), cost=first.cost * self._scale, constant=0.0)
        slope = (last.cost - first.cost)[varying] * self._scale
        lp = repriced(scaled, varying, np.array(list(columns), dtype=np.int64), self.options)

        def at(share: float) -> Relaxed:
            cost = scaled.cost.copy()
            cost[varying] += share * slope
            values = lp.solve(cost[varying])
            if values is None:
                raise no_plan(self.options.time_limit_s)
            milp = replace(scaled, cost=cost, constant=first.constant * self._scale)
            found = Relaxed(milp, self._scale, columns, np.nan, _sums(columns, values))
            # The cost itself takes reading every column, and matters only where the orders are others.
            return self._run(milp, columns) if self._differences(found) else found

        return at

    def changes(self, found: Relaxed) -> tuple[Change, ...]:
        """How the orders due differ from today's; none where as cheap a plan keeps them, or there is no plan."""
        if not found.feasible:
            return ()
        changes = self._differences(found)
        return () if changes and self._kept(found) else changes

    def _differences(self, found: Relaxed) -> tuple[Change, ...]:
        return tuple(
            Change(verb, system, round(before, 6), round(after, 6))
            for verb, system, before, after in self._pairs(found)
            if abs(after - before) >= self._room(system) * (1 - HAIR)
        )

    def _pairs(self, found: Relaxed) -> list[tuple[str, str, float, float]]:
        keys = sorted({*self.today.orders, *found.orders})
        return [(*key, self.today.orders.get(key, 0.0), found.orders.get(key, 0.0)) for key in keys]

    def _room(self, system: str) -> float:
        """GPUs of a system by which orders have to differ to be others."""
        return max(self._gpus[system], NOTICEABLE * sum(self.today.orders.values()))

    def _kept(self, found: Relaxed) -> bool:
        """Whether a plan as cheap as the cheapest makes today's orders."""
        rows = []
        for verb, system, before, _ in self._pairs(found):
            mine = [(column, order.gpus) for column, order in found.columns.items() if order.key == (verb, system)]
            room = self._room(system) * (1 - 2 * HAIR)
            if not mine and before > room:
                return False
            columns, gpus = (np.array(part) for part in zip(*mine, strict=True)) if mine else (np.zeros(0, int),) * 2
            if mine:
                rows.append((columns.astype(np.int64), gpus / room, before / room - 1.0, before / room + 1.0))
        answer = solvers.run(with_rows(found.milp, rows, "kept"), "glop", self.options)
        if answer.wall_clock_stop:
            raise no_plan(self.options.time_limit_s)
        return answer.x is not None and answer.objective <= found.value + TIE * max(abs(found.value), 1.0)

    def _solved(self, model: Model) -> Relaxed:
        return self._run(model.milp.scaled(self._scale).relaxed(), orders_due(model, self.due_by))

    def _run(self, milp: Milp, columns: dict[int, Order]) -> Relaxed:
        return self._relaxed(milp, columns, solvers.run(milp, "glop", self.options))

    def _relaxed(self, milp: Milp, columns: dict[int, Order], answer: Answer) -> Relaxed:
        if answer.wall_clock_stop:
            raise no_plan(self.options.time_limit_s)
        if answer.x is None:
            if answer.status != "infeasible":
                raise SolverFailure(f"the relaxation is {answer.status}")
            return Relaxed(milp, self._scale, columns, np.inf)
        return Relaxed(milp, self._scale, columns, milp.objective(answer.x), _sums(columns, answer.x[list(columns)]))


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


def _model(world: World) -> Model:
    try:
        return build_model(build_problem(world.scenario, world.catalog, whole=False))
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
