"""What resale carries: how much of the NPV it is, and the haircut at which the orders due next would be others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from planner.catalog import Catalog
from planner.milp import ABSENT, Model, build_model
from planner.plan import Plan
from planner.problem import build_problem
from planner.render.figures import count, money, percent
from planner.rules.dates import order_day
from planner.scenario import Scenario
from planner.solvers import Options
from planner.solvers.clock import no_plan
from planner.solvers.repriced import Repriced, repriced

# Orders due within so many days of the decision are those that cannot wait for more to be known.
DUE_DAYS = 90
# Every tenth, and what the catalog's source of resale prices says of sales: in distress, by an auction within 30 days,
# used and working.
GRID = (0.0, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.65, 0.7, 0.72, 0.8, 0.9, 1.0)
STEP = 0.01
# Less of the GPUs due than this, or less than one system, is within what parts of systems leave open.
NOTICEABLE = 0.1


@dataclass(frozen=True)
class Change:
    """GPUs of one system to buy, or to sign for, among the orders due: by today's haircut and by the other."""

    verb: str
    system: str
    before_gpus: float
    after_gpus: float


@dataclass(frozen=True)
class Switch:
    """The nearest haircut found, to a hundredth, at which the orders due are others, and which of them are."""

    haircut: float
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Resale:
    """What the plan is credited for hardware, USD NPV, at its ``haircut``; where the orders due by a day would change.

    ``below`` and ``above`` are None where no haircut of that side was found to change them; ``due`` is false where the
    relaxation orders nothing by that day at any haircut tried.
    """

    haircut: float
    credit_usd: float
    share: float | None
    due_by: dt.date
    due: bool
    below: Switch | None
    above: Switch | None

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        sides = {"below": self.below, "above": self.above}
        told = {side: None if switch is None else asdict(switch) for side, switch in sides.items()}
        return {"haircut": self.haircut, "due_by": self.due_by.isoformat(), "due": self.due, **told}

    def line(self) -> tuple[str, str]:
        """What stands beside the headline."""
        part = "" if self.share is None else f", {percent(self.share, 0)} of it"
        if self.share is not None and not 0 <= self.share <= 1:
            part = f", which would be {money(self.credit_usd / self.share + self.credit_usd)} without it"
        carried = f"{money(self.credit_usd)} off the NPV{part}, at a haircut of {self.haircut:g}"
        return "resale carries", f"{carried}; {self._switching()}"

    def _switching(self) -> str:
        if not self.due:
            return f"nothing is to be ordered by {self.due_by} at any haircut, by the LP relaxation"
        found = [(switch, side) for switch, side in ((self.below, "below"), (self.above, "above")) if switch]
        if not found:
            return f"no haircut changes the orders due by {self.due_by} by a tenth, by the LP relaxation"
        sides = " and ".join(f"at {switch.haircut:.2f} and {side} ({_words(switch)})" for switch, side in found)
        return f"the orders due by {self.due_by} change {sides}, by the LP relaxation"


def applies(scenario: Scenario) -> bool:
    """Whether there is anything to tell: the least cost is wanted, and hardware may be owned."""
    owns = scenario.procurement.buy or any(site.existing for site in scenario.sites)
    return scenario.objective == "cost" and bool(scenario.sites) and owns


def resale(scenario: Scenario, catalog: Catalog, plan: Plan, options: Options) -> Resale:
    """What resale carries in ``plan``, and the nearest haircuts at which the relaxation orders something else soon.

    The LP relaxation is solved with the cost of other haircuts, outwards from the scenario's over ``GRID`` until the
    orders change, then between the last two to a hundredth: they need not go one way, so the nearest change is told,
    on each side. Orders are others where, of some system, the GPUs bought or the GPUs signed for, of all sites and all
    providers together, differ by a whole system or more and by a tenth of all GPUs due or more. So it is no change
    which of two equal vendors comes first, nor what the relaxation moves in parts of systems.
    """
    search = _Search(scenario, catalog, options)
    own = scenario.finance.residual_haircut
    below = search.nearest([haircut for haircut in reversed(GRID) if haircut < own])
    above = search.nearest([haircut for haircut in GRID if haircut > own])
    credit = float(plan.kpis["resale_npv_usd"])
    return Resale(
        haircut=own,
        credit_usd=credit,
        share=plan.kpis["resale_share_of_npv"],
        due_by=search.due_by,
        due=search.due,
        below=below,
        above=above,
    )


@dataclass(frozen=True)
class _Order:
    """An order due: its verb and system, and GPUs of one unit of it, expected over the futures it is decided in."""

    verb: str
    system: str
    gpus: float


class _Search:
    """The relaxation at any haircut, and the orders due that it makes."""

    def __init__(self, scenario: Scenario, catalog: Catalog, options: Options) -> None:
        self.scenario = scenario
        self.due_by = scenario.horizon.decided_on + dt.timedelta(days=DUE_DAYS)
        models = [_model_at(scenario, catalog, haircut) for haircut in (0.0, 1.0)]
        without, whole = (model.milp.cost for model in models)
        # Engines want figures near one. The cost is linear in the haircut, and nothing else depends on it.
        scale = _power_of_ten(float(np.abs(without).max(initial=0.0)))
        varying = np.flatnonzero(whole - without)
        self.without, self.slope = without[varying] * scale, (whole - without)[varying] * scale
        self.orders = _orders_due(models[0], self.due_by)
        self.systems = catalog.systems
        self.options = options
        scaled = replace(models[0].milp, cost=without * scale, constant=0.0)
        self.lp: Repriced = repriced(scaled, varying, np.array(list(self.orders), dtype=np.int64), options)
        self.today = self.at(scenario.finance.residual_haircut) if self.orders else {}
        self.due = any(gpus > 0 for gpus in self.today.values())

    def at(self, haircut: float) -> dict[tuple[str, str], float]:
        """GPUs ordered by verb and system at a haircut. Raises StoppedByClock where the clock ended that."""
        values = self.lp.solve(self.without + haircut * self.slope)
        if values is None:
            raise no_plan(self.options.time_limit_s)
        found: dict[tuple[str, str], float] = {}
        for order, value in zip(self.orders.values(), values, strict=True):
            key = order.verb, order.system
            found[key] = found.get(key, 0.0) + float(value) * order.gpus
        return found

    def nearest(self, haircuts: Sequence[float]) -> Switch | None:
        """The first of ``haircuts`` at which the orders change, brought nearer by halving."""
        if not self.orders:
            return None
        same = self.scenario.finance.residual_haircut
        for haircut in haircuts:
            changes = self._changes(haircut)
            if changes:
                return self._halved(same, haircut, changes)
            same = haircut
        return None

    def _halved(self, same: float, other: float, changes: tuple[Change, ...]) -> Switch:
        while abs(other - same) > STEP * (1 + 1e-9):
            middle = round((same + other) / 2, 2)
            if middle in (same, other):
                break
            found = self._changes(middle)
            same, other, changes = (same, middle, found) if found else (middle, other, changes)
        return Switch(other, changes)

    def _changes(self, haircut: float) -> tuple[Change, ...]:
        found = self.at(haircut)
        self.due = self.due or any(gpus > 0 for gpus in found.values())
        enough = NOTICEABLE * sum(self.today.values())
        return tuple(
            Change(verb, system, round(self.today[verb, system], 6), round(gpus, 6))
            for (verb, system), gpus in sorted(found.items())
            if abs(gpus - self.today[verb, system]) >= max(self.systems[system].gpus, enough) * (1 - 1e-6)
        )


def _power_of_ten(size: float) -> float:
    """What brings ``size`` between one and ten: 1 for nothing."""
    return float(f"1e{-int(f'{size:e}'.partition('e')[2])}") if size else 1.0


def _model_at(scenario: Scenario, catalog: Catalog, haircut: float) -> Model:
    finance = scenario.finance.model_copy(update={"residual_haircut": haircut})
    return build_model(build_problem(scenario.model_copy(update={"finance": finance}), catalog, whole=False))


def _orders_due(model: Model, due_by: dt.date) -> dict[int, _Order]:
    """Purchases and contracts ordered by a day, by their column."""
    problem, variables = model.problem, model.variables
    supply = problem.supply
    bought = [("buy", row.asset.system.system, row.asset.system.gpus, row.lead_weeks) for row in supply.purchases]
    signed = [("sign", row.offer.system, row.offer.lot_gpus, row.lead_weeks) for row in supply.reservations]
    found: dict[int, _Order] = {}
    for ids, rows in ((variables.buy, bought), (variables.sign, signed)):
        for place, (verb, system, gpus, weeks) in enumerate(rows):
            for future, period in zip(*np.nonzero(ids[place] != ABSENT), strict=True):
                if order_day(problem.timeline.starts[period], weeks) <= due_by:
                    column = int(ids[place, future, period])
                    # Futures that decide together have one column.
                    before = found[column].gpus if column in found else 0.0
                    found[column] = _Order(verb, system, before + gpus * float(problem.probability[future]))
    return found


def _words(switch: Switch) -> str:
    """``buy 3,528 → 2,808 GPUs of gb300-nvl72``, the largest change first."""
    ranked = sorted(switch.changes, key=lambda change: -abs(change.after_gpus - change.before_gpus))
    first = ranked[0]
    more = f" and {len(ranked) - 1} more" if len(ranked) > 1 else ""
    before, after = (count(round(gpus)) for gpus in (first.before_gpus, first.after_gpus))
    return f"{first.verb} {before} → {after} GPUs of {first.system}{more}"
