"""The price or the speed at which something that a plan leaves out would enter it, confirmed by solving again.

With at least one of it forced in, the least cost is a concave function of its price, and a plan's own cost a straight
line. So from a plan with one in it follows a price at which that plan costs no more than the best without; the next
solve, at that price, may find a better plan and a higher price, until none does.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.errors import StoppedByClock
from planner.frozen import dataclass
from planner.milp import ABSENT, Model, build_model
from planner.milp.widened import with_rows
from planner.problem import Reductions, build_problem
from planner.scenario import Scenario
from planner.solvers import Options
from planner.solvers.optimise import optimise
from planner.studies import changes
from planner.studies.solves import Range

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_ROUNDS = 5
# Prices closer than this are one price.
SETTLED = 0.002
GIFT = 0.01


@dataclass(frozen=True)
class EntryCandidate:
    """What may enter a plan: by buying ``system``, renting from the offers named ``offers``, or calling ``api``."""

    name: str
    system: str = ""
    offers: tuple[str, ...] = ()
    api: str = ""


@dataclass(frozen=True)
class Entry:
    """Factors on today's price: at ``enters`` or less a plan with one costs no more than the best known without.

    Above ``not_above`` no plan with one is that cheap; ``premium_usd`` is what the first one costs at today's price.
    ``possible`` is False where the limits leave no room for one; ``stopped`` is True where the clock ended the search.
    """

    possible: bool
    premium_usd: Range = (np.nan, np.nan)
    enters: float = np.nan
    not_above: float = np.nan
    settled: bool = True
    stopped: bool = False


def entry(
    scenario: Scenario, catalog: Catalog, candidate: EntryCandidate, without: Range, solver: str, options: Options
) -> Entry:
    """At which share of its price ``candidate`` enters a plan; the least cost without it lies in ``without``."""
    best = without[1]
    try:
        today = _forced(scenario, catalog, candidate, 1.0, solver, options)
    except StoppedByClock:
        return Entry(possible=True, stopped=True)
    if today is None:
        return Entry(possible=False)
    premium = (max(today.cost[0] - best, 0.0), max(today.cost[1] - without[0], 0.0))
    if today.cost[1] <= best:
        return Entry(True, premium, 1.0, np.inf, stopped=today.stopped)
    at, found = 1.0, today
    settled = False
    stopped = today.stopped
    for _ in range(0 if stopped else MOST_ROUNDS):
        price = (best - (found.cost[1] - found.slope * at)) / found.slope if found.slope > 0 else -np.inf
        if price <= GIFT:
            if at <= GIFT:
                return Entry(True, premium, 0.0, _not_above(at, found.cost[0], today.cost[0], best))
            price = GIFT
        elif at < 1 and abs(price - at) <= SETTLED * price:
            at, settled = price, True
            break
        try:
            again = _forced(scenario, catalog, candidate, price, solver, options)
        except StoppedByClock:
            stopped = True
            break
        if again is None:
            break
        at, found, stopped = price, again, again.stopped
        if stopped:
            break
    else:
        at = max((best - (found.cost[1] - found.slope * at)) / found.slope, 0.0) if found.slope > 0 else 0.0
    return Entry(True, premium, min(at, 1.0), _not_above(at, found.cost[0], today.cost[0], best), settled, stopped)


def _not_above(at: float, lower: float, lower_today: float, best: float) -> float:
    """The factor above which the chord of two lower bounds, below which no concave function is, exceeds ``best``."""
    if lower_today <= best:
        return 1.0
    if lower >= best:
        return at
    return at + (best - lower) / (lower_today - lower) * (1 - at)


@dataclass(frozen=True)
class _Forced:
    cost: Range
    slope: float
    stopped: bool


def _forced(
    scenario: Scenario, catalog: Catalog, candidate: EntryCandidate, factor: float, solver: str, options: Options
) -> _Forced | None:
    """The least cost with at least one ``candidate`` at ``factor`` times its price, and how that plan's cost moves."""
    model = _model(scenario, catalog, candidate, factor)
    columns, weights = _columns(model, candidate)
    if not len(columns):
        return None
    milp = with_rows(model.milp, [(columns, weights, 1.0, np.inf)], "forced")
    answer = optimise(model, milp, solver, options)
    if answer.x is None:
        return None
    cost = model.milp.objective(answer.x)
    other = _model(scenario, catalog, candidate, factor / 2)
    slope = (cost - other.milp.objective(answer.x)) / (factor / 2)
    return _Forced((min(answer.bound, cost), cost), slope, answer.wall_clock_stop)


def _model(scenario: Scenario, catalog: Catalog, candidate: EntryCandidate, factor: float) -> Model:
    if candidate.system:
        return build_model(build_problem(scenario, changes.with_hardware_price(catalog, factor, candidate.system)))
    if candidate.api:
        scenario, catalog = changes.with_api_price(scenario, catalog, factor, candidate.api)
    for name in candidate.offers:
        scenario, catalog = changes.with_rates(scenario, catalog, factor, name=name)
    # A dearer offer of the same kind must not take this one's column away, nor the other way round.
    return build_model(build_problem(scenario, catalog, Reductions(offers=False)))


def _columns(model: Model, candidate: EntryCandidate) -> tuple[Ints, Floats]:
    """Columns of which the weighted sum counts units.

    Systems bought, lots signed, lots rented for a mean period, percents of a workload's requests that an API answers.
    """
    supply, variables, timeline = model.problem.supply, model.variables, model.problem.timeline
    ids, weights = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for index, purchase in enumerate(supply.purchases):
        if purchase.asset.system.system == candidate.system:
            ids.append(variables.buy[index].ravel())
            weights.append(np.ones(variables.buy[index].size))
    for index, item in enumerate(supply.reservations):
        if item.offer.name in candidate.offers:
            ids.append(variables.sign[index].ravel())
            weights.append(np.ones(variables.sign[index].size))
    share = timeline.block_hours / timeline.hours.mean()
    for index, rented in enumerate(supply.hourly):
        if rented.offer.name in candidate.offers:
            ids.append(variables.rent[index].ravel())
            weights.append(np.broadcast_to(share, variables.rent[index].shape).ravel())
    for index, called in _percents(model, candidate.api):
        ids.append(variables.api[index].ravel())
        weights.append(called.ravel())
    columns, first = np.unique(np.concatenate(ids), return_index=True)
    present = columns != ABSENT
    return columns[present], np.concatenate(weights)[first][present]


def _percents(model: Model, api: str) -> Iterator[tuple[int, Floats]]:
    """Workloads that ``api`` may answer: percents of all their requests by the requests/s sent to it, (F, T, B)."""
    problem = model.problem
    hours = problem.probability[:, None, None] * problem.timeline.block_hours[None]
    for index, (workload, position) in enumerate(zip(problem.api.workload, problem.api.api, strict=True)):
        asked = float((problem.demand.requests_per_s[workload] * hours).sum())
        if problem.api.names[position] == api and asked > 0:
            yield index, 100 * hours / asked
