"""What a run has bought, signed, converted and retired by a day, as bounds on the matrix of a plan for the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.errors import InputError
from planner.frozen import dataclass
from planner.history.run import Run
from planner.milp import ABSENT, Milp, Model
from planner.problem import Problem
from planner.render.figures import times
from planner.rules.dates import order_day
from planner.scenario import Scenario
from planner.scenario.site import Existing
from planner.timeline import Timeline, build_timeline

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ORDER_COLUMNS = ("kind", "item", "future", "period", "number", "order_by")


@dataclass(frozen=True)
class Decided:
    """Decisions of an earlier plan that hold for a plan made on ``as_of``.

    ``orders`` has a row for each system, contract and conversion ordered before that day: kind (buy, sign, convert),
    item (as the matrix names it), future, period (index), number, order_by. ``kept`` has the number of each existing
    group still there: site, group, future, period, count; ``groups`` are the groups themselves by site and index.
    ``hall_lead_weeks`` are those of conversions as they are known today, by site.
    """

    name: str
    as_of: dt.date
    orders: pd.DataFrame
    kept: pd.DataFrame
    groups: dict[tuple[str, int], Existing]
    hall_lead_weeks: dict[str, float]

    def in_future(self, name: str) -> Decided:
        """What holds in one of several futures, the one that came true."""
        orders, kept = (table[table["future"] == name] for table in (self.orders, self.kept))
        return replace(self, orders=orders, kept=kept)

    def widened(self, problem: Problem) -> Problem:
        """The problem with room for all of it: what stands there may be more than a plan made today would need."""
        gpus = {item.asset.supply.removeprefix("own:"): item.asset.system.gpus for item in problem.supply.purchases}
        gpus |= {item.offer.name: item.offer.lot_gpus for item in problem.supply.reservations}
        there = (self.orders["number"] * self.orders["item"].map(gpus)).sum()
        return replace(problem, gpus_ever_needed=problem.gpus_ever_needed + float(there))

    def fix(self, model: Model) -> Milp:
        """The matrix with all of it as it was decided, and out of reach what had to be ordered earlier and was not.

        Raises InputError where something decided has no place in the model.
        """
        lower, upper = model.milp.lower.copy(), model.milp.upper.copy()
        for part in self._parts(model):
            missing = np.argwhere((part.number > 0) & (part.ids == ABSENT))
            if len(missing):
                item, future, period = missing[0]
                what = times(part.number[item, future, period], part.names[item])
                raise self._no_place(part.verb, what, f"in service {model.problem.timeline.names[period]}")
            fixed = (part.late[:, None, :] | (part.number > 0)) & (part.ids != ABSENT)
            lower[part.ids[fixed]] = upper[part.ids[fixed]] = part.number[fixed]
        return replace(model.milp, lower=lower, upper=upper)

    def _no_place(self, verb: str, what: str, when: str) -> InputError:
        return InputError(f"{self.name} {verb} {what}, {when}, which the scenario does not know or allow any more")

    def _parts(self, model: Model) -> Iterator[_Part]:
        """The decisions by kind, on the axes of the model."""
        problem, variables, timeline = model.problem, model.variables, model.problem.timeline
        supply, sites = problem.supply, problem.limits.sites
        bought = [item.asset.supply.removeprefix("own:") for item in supply.purchases]
        late = [self._late(timeline, item.lead_weeks) for item in supply.purchases]
        yield self._part(model, "buy", "bought", bought, variables.buy, late)
        signed = [item.offer.name for item in supply.reservations]
        late = [self._late(timeline, item.lead_weeks) for item in supply.reservations]
        yield self._part(model, "sign", "signed", signed, variables.sign, late)
        late = [self._late(timeline, self.hall_lead_weeks.get(site.name, 0.0)) for site in sites]
        yield self._part(model, "convert", "converted", [site.name for site in sites], variables.convert, late)
        yield self._kept(model)

    def _late(self, timeline: Timeline, lead_weeks: float) -> Bools:
        """Periods for which one would have had to order before the day, (T,)."""
        return np.array([order_day(start, lead_weeks) < self.as_of for start in timeline.starts[:-1]], dtype=bool)

    def _part(self, model: Model, kind: str, verb: str, names: list[str], ids: Ints, late: list[Bools]) -> _Part:
        rows = self.orders[self.orders["kind"] == kind]
        number = np.zeros(ids.shape)
        for row in rows.itertuples():
            if row.item not in names or row.period >= model.problem.timeline.periods:
                raise self._no_place(verb, times(row.number, row.item), f"ordered by {row.order_by}")
            number[names.index(row.item), self._futures(model, row.future), row.period] += row.number
        return _Part(verb, names, ids, number, np.array(late, dtype=bool).reshape(ids.shape[0], ids.shape[2]))

    def _kept(self, model: Model) -> _Part:
        """Existing groups as they stood in the periods begun by then; groups that the scenario words anew are free."""
        problem, ids = model.problem, model.variables.keep
        number, late = np.zeros(ids.shape), np.zeros((ids.shape[0], ids.shape[2]), dtype=bool)
        names = []
        for index, group in enumerate(problem.supply.groups):
            key = (problem.limits.sites[group.asset.site].name, group.index)
            names.append(f"{group.asset.system.system} at {key[0]}")
            before = self.groups.get(key)
            if before is None or before.system != group.asset.system.system or before.count != group.count:
                continue
            late[index] = self._late(problem.timeline, 0.0) & group.exists
            mine = self.kept[(self.kept["site"] == key[0]) & (self.kept["group"] == group.index)]
            for row in mine.itertuples():
                if row.period < ids.shape[2] and late[index, row.period]:
                    number[index, self._futures(model, row.future), row.period] = row.count
        return _Part("kept", names, ids, number, late)

    def _futures(self, model: Model, name: str) -> Sequence[int]:
        """The futures of the model that a row holds in: all of them where the run knew only one."""
        futures = model.problem.futures
        if name in futures:
            return [futures.index(name)]
        decided_for = {*self.orders["future"], *self.kept["future"]}
        if len(decided_for) <= 1:
            return list(range(len(futures)))
        known = ", ".join(sorted(decided_for))
        raise InputError(f"{self.name} was decided for the futures {known}; say with --future which one came true")


@dataclass(frozen=True)
class _Part:
    """Decisions of one kind: columns (N, F, T) and their ``number``; ``late`` (N, T) can no longer be decided."""

    verb: str
    names: list[str]
    ids: Ints
    number: Floats
    late: Bools


def ordered_before(rows: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """The rows whose ``order_by`` lies before ``day``."""
    return rows[np.array([by < day for by in rows["order_by"]], dtype=bool)]


def decided(run: Run, scenario: Scenario, today: Scenario, as_of: dt.date) -> Decided:
    """What ``run``, whose scenario is ``scenario``, had ordered before ``as_of``, for a plan of ``today``."""
    timeline = build_timeline(scenario.horizon, {"all": 1.0}, scenario.finance.discount_rate)
    before, result = run.decided(), run.result
    days: dict[tuple[str, str, str], dt.date] = {}
    for row in result["purchases"]:
        days["buy", f"{row['site']}/{row['system']}", row["period"]] = dt.date.fromisoformat(row["order_by"])
    for row in result["contracts"]:
        offer = f"{row['provider']}/{row['region']}/{row['system']}/{row['kind']}-{row['term_months']:g}m"
        days["sign", offer, row["period"]] = dt.date.fromisoformat(row["order_by"])
    orders = [
        ("buy", f"{row.site}/{row.system}", row.future, row.period, row.count) for row in before.buys.itertuples()
    ]
    orders += [("sign", row.offer, row.future, row.period, row.lots) for row in before.signs.itertuples()]
    leads = _hall_leads(scenario)
    for row in before.conversions.itertuples():
        name = timeline.names[row.period]
        days["convert", row.site, name] = order_day(timeline.starts[row.period], leads[row.site])
        orders.append(("convert", row.site, row.future, row.period, 1.0))
    rows = [(*order, days[order[0], order[1], timeline.names[order[3]]]) for order in orders]
    frame = pd.DataFrame(rows, columns=list(ORDER_COLUMNS))
    return Decided(
        name=f"run {run.id}",
        as_of=as_of,
        orders=ordered_before(frame, as_of),
        kept=before.keeps,
        groups={(site.name, index): item for site in scenario.sites for index, item in enumerate(site.existing)},
        hall_lead_weeks=_hall_leads(today),
    )


def _hall_leads(scenario: Scenario) -> dict[str, float]:
    return {site.name: site.conversion.lead_weeks for site in scenario.sites if site.conversion is not None}
