"""Why a system, an offer, a token API or a serving point is not in the plan, and the figure that would change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from planner.catalog import Catalog
from planner.catalog.models import Offer, ServingPoint, System, TokenApi
from planner.errors import InputError, StoppedByClock
from planner.frozen import dataclass
from planner.plan import Plan, exclusion
from planner.problem import Problem, build_problem
from planner.problem.serving import Candidate, candidates
from planner.render.figures import digits, money_range
from planner.rules.latency import SLACK
from planner.rules.offers import quote_offer
from planner.scenario import Scenario
from planner.solvers import Options
from planner.studies import changes
from planner.studies.command import Progress
from planner.studies.explain.entry import Entry, EntryCandidate, entry
from planner.studies.pool import each
from planner.studies.solves import Question, Reply, answer, refused

COLUMNS = ["name", "kind", "state", "price", "unit", "enters_at", "not_above", "sentence", "stopped"]
API_UNIT = "USD per Mtok of output"
# How a price in each unit is told, and what the least of it is that a plan can have.
PER = {
    "USD a system": (" a system", "the first one"),
    "USD per GPU-hour": (" per GPU-hour", "the first one"),
    API_UNIT: (" per Mtok of output", "the first 1 % of its workload's requests"),
}
MOST_SPEED = 16.0
SPEED_ROUNDS = 5


@dataclass(frozen=True)
class Rejected:
    """One thing asked about, with all that it takes to answer in a process of its own."""

    name: str
    scenario: Scenario
    catalog: Catalog
    base: Reply
    solver: str
    gap: float
    time_limit_s: float


def check(scenario: Scenario, catalog: Catalog, asked: Sequence[str]) -> None:
    """Raises InputError for a name that is no system, offer, token API or serving point of the scenario's catalogs."""
    known = exclusion.names(scenario, catalog, _quotes(scenario))
    for name in asked:
        if name not in known:
            raise InputError(exclusion.unknown(name, known))


def why_not(
    scenario: Scenario,
    catalog: Catalog,
    base: Reply,
    asked: Sequence[str],
    *,
    gap: float,
    time_limit_s: float,
    solver: str,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> pd.DataFrame:
    """``COLUMNS``: for each name of ``asked`` its state and a sentence.

    ``state`` is ``in the plan``, ``excluded`` by a rule, ``no room``, ``priced out``, ``at no price``, ``too slow`` or
    ``as good``, or ``not known`` where the clock ended the search (``stopped``).
    ``enters_at`` and ``not_above`` are in ``unit`` (USD a system, USD per GPU-hour, USD per Mtok of output at the same
    ratio to input, times its speed).
    """
    check(scenario, catalog, asked)
    items = [Rejected(name, scenario, catalog, base, solver, gap, time_limit_s) for name in asked]
    rows = [row for found in each(reasons, items, workers=workers, progress=progress) for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


def reasons(item: Rejected) -> list[tuple[object, ...]]:
    """Rows of ``COLUMNS`` about one name: two for a system that could be bought and rented."""
    kind, row = exclusion.names(item.scenario, item.catalog, _quotes(item.scenario))[item.name]
    problem = build_problem(item.scenario, item.catalog)
    if kind == "system":
        assert isinstance(row, System)
        return _system(item, problem, row)
    if kind == "offer":
        assert isinstance(row, Offer)
        return [_offer(item, problem, row)]
    if kind == "api":
        assert isinstance(row, TokenApi)
        return [_api(item, problem, row)]
    assert isinstance(row, ServingPoint)
    return [_point(item, problem, row)]


def _system(item: Rejected, problem: Problem, system: System) -> list[tuple[object, ...]]:
    plan = _plan(item)
    used = [
        words
        for table, words in (
            ("purchases", "bought"),
            ("contracts", "rented by contract"),
            ("on_demand", "rented by the hour"),
        )
        if (plan.tables[table]["system"] == system.system).any()
    ]
    if used:
        return [_row(item, "system", "in the plan", f"{item.name} is in the plan: {' and '.join(used)}")]
    why = exclusion.of_system(item.scenario, item.catalog, problem, system)
    if why:
        return [_row(item, "system", "excluded", f"{item.name} is excluded: {why}")]
    found = []
    if any(bought.asset.system.system == system.system for bought in problem.supply.purchases):
        candidate = EntryCandidate(item.name, system=system.system)
        found.append(_priced(item, "system", candidate, system.price_usd, "USD a system", "to buy"))
    offers = [
        offer for offer in build_problem(item.scenario, item.catalog).supply.offers if offer.system == system.system
    ]
    if offers:
        least = min(offer.usd_per_gpu_hour for offer in offers)
        candidate = EntryCandidate(item.name, offers=tuple(offer.name for offer in offers))
        found.append(
            _priced(item, "system", candidate, least, "USD per GPU-hour", "to rent, from the cheapest of its offers")
        )
    return found


def _offer(item: Rejected, problem: Problem, offer: Offer) -> tuple[object, ...]:
    plan = _plan(item)
    table = plan.contracts if offer.kind == "reserved" else plan.on_demand
    same = (table["provider"] == offer.provider) & (table["region"] == offer.region) & (table["system"] == offer.system)
    same &= table["kind"] == offer.kind
    if offer.term_months is not None:
        same &= table["term_months"] == offer.term_months
    if same.any():
        return _row(item, "offer", "in the plan", f"{item.name} is in the plan")
    why = exclusion.of_offer(item.scenario, item.catalog, problem, offer)
    if why:
        return _row(item, "offer", "excluded", f"{item.name} is excluded: {why}")
    because = _dropped(problem, offer.name)
    candidate = EntryCandidate(item.name, offers=(offer.name,))
    return _priced(item, "offer", candidate, offer.usd_per_gpu_hour, "USD per GPU-hour", "", because)


def _api(item: Rejected, problem: Problem, api: TokenApi) -> tuple[object, ...]:
    called = _plan(item).token_api
    mine = called[(called["provider"] == api.provider) & (called["model"] == api.model)]
    if len(mine):
        used = ", ".join(mine["workload"].unique())
        return _row(item, "api", "in the plan", f"{item.name} is in the plan, for {used}")
    why = exclusion.of_api(item.scenario, problem, api)
    if why:
        return _row(item, "api", "excluded", f"{item.name} is excluded: {why}")
    candidate = EntryCandidate(item.name, api=api.name)
    return _priced(item, "api", candidate, api.output_usd_per_mtok, API_UNIT, "", _dropped(problem, api.name))


def _dropped(problem: Problem, name: str) -> str:
    """What the reductions said of ``name``, where they left it out, to stand behind its price."""
    line = next((line for line in problem.left_out if line.startswith(f"{name}:")), "")
    return f", where {line.partition(': ')[2]}," if line else ""


def _priced(
    item: Rejected, kind: str, candidate: EntryCandidate, price: float, unit: str, what: str, because: str = ""
) -> tuple[object, ...]:
    """The row of something that the plan could have and does not."""
    options = Options(item.gap, item.time_limit_s, item.scenario.solve.seed)
    found: Entry = entry(item.scenario, item.catalog, candidate, item.base.range_usd, item.solver, options)
    said = f"{item.name}, {what}," if what else item.name
    if found.stopped:
        return _stopped(item, kind, said, price, unit)
    of, first = PER[unit]

    def usd(factor: float) -> str:
        return f"${digits(price * factor)}{of}"

    if not found.possible:
        return _row(item, kind, "no room", f"{said} is not in the plan: the limits leave no room for one", price, unit)
    low, high = found.premium_usd
    span = money_range(low, high)
    extra = f"at {usd(1)}{because} {first} costs {span} more than going without"
    if np.isinf(found.not_above):
        sentence = f"{said} is not in this plan, but at {usd(1)}{because} a plan with one costs no more"
        return _row(item, kind, "as good", sentence, price, unit, price, np.nan)
    if found.enters <= 0:
        sentence = f"{said} is not in the plan at any price: {extra}, and it would not pay for its place as a gift"
        return _row(item, kind, "at no price", sentence, price, unit, 0.0, price * found.not_above)
    sentence = f"{said} is not in the plan: {extra}; it would enter at {usd(found.enters)} (−{1 - found.enters:.1%})"
    sentence += _surely(found, usd)
    return _row(item, kind, "priced out", sentence, price, unit, price * found.enters, price * found.not_above)


def _surely(found: Entry, usd: Callable[[float], str]) -> str:
    if found.not_above >= 1:
        return "; the gap leaves open whether it would at a higher price"
    return "" if usd(found.not_above) == usd(found.enters) else f", and surely not above {usd(found.not_above)}"


def _point(item: Rejected, problem: Problem, point: ServingPoint) -> tuple[object, ...]:
    plan = _plan(item)
    if (plan.serving["point"] == point.name).any():
        used = ", ".join(dict.fromkeys(plan.serving.loc[plan.serving["point"] == point.name, "workload"]))
        return _row(item, "point", "in the plan", f"{item.name} is in the plan, for {used}")
    why = exclusion.of_point(item.scenario, item.catalog, problem, point)
    if not why:
        return _row(item, "point", "excluded", f"{item.name} is excluded: no workload is for its model, {point.model}")
    able = [name for name, clause in why.items() if not clause]
    if not able:
        clauses = "; ".join(f"for {name}, {clause}" for name, clause in why.items())
        return _row(item, "point", "excluded", f"{item.name} is excluded: {clauses}")
    systems = {point.system}
    timeline = problem.timeline
    mine = candidates(item.scenario, item.catalog, timeline, systems)
    rates = {name: _rates(problem, mine, point.name, name) for name in able}
    name, (own, best, rival) = max(rates.items(), key=lambda pair: pair[1][0] / pair[1][1])
    faster = changes.with_speed(item.catalog, 2.0, point.name)
    doubled = _rates(problem, candidates(item.scenario, faster, timeline, systems), point.name, name)[0]
    if doubled <= own * (1 + 1e-9):
        sentence = (
            f"{item.name} is not in the plan: it is predicted, and an independent point of {point.system} that is no "
            f"slower in TTFT and TPOT caps it at its {digits(own)} requests/s per GPU, however fast it is said to be"
        )
        return _row(item, "point", "too slow", sentence, 1.0, "times its speed")
    try:
        below, above = _speeds(item, point, max(best / own, 1.0))
    except StoppedByClock:
        return _stopped(item, "point", item.name, 1.0, "times its speed")
    lead = f"for {name} it makes {digits(own)} requests/s per GPU"
    if rival != point.name:
        lead += f", and {rival} makes {digits(best)} on the same GPUs"
    if np.isinf(above):
        sentence = f"{item.name} is not in the plan: {lead}; not even {MOST_SPEED:g} times as fast would it enter"
        return _row(item, "point", "too slow", sentence, 1.0, "times its speed", np.nan, np.nan)
    sentence = f"{item.name} is not in the plan: {lead}; at {above:.3g} times its speed it enters"
    sentence += f", at {below:.3g} times it does not" if above > 1 else ""
    return _row(item, "point", "too slow", sentence, 1.0, "times its speed", above, below)


def _speeds(item: Rejected, point: ServingPoint, rival: float) -> tuple[float, float]:
    """A speed at which the plan found does not use ``point`` and one at which it does, by bisection from a guess."""

    def used(factor: float) -> bool:
        faster = changes.with_speed(item.catalog, factor, point.name)
        reply = answer(Question(item.name, item.scenario, faster, item.gap, item.time_limit_s, item.solver))
        if reply.stopped:
            raise refused(reply)
        return reply.plan is not None and bool((reply.plan.serving["point"] == point.name).any())

    # Where another point on the same GPUs is the faster, that one's speed is the guess to confirm.
    guess = rival * 1.002
    if used(guess):
        return max(rival * 0.998, 1.0), guess
    below, above = guess, MOST_SPEED
    if not used(above):
        return above, np.inf
    for _ in range(SPEED_ROUNDS):
        middle = float(np.sqrt(below * above))
        below, above = (below, middle) if used(middle) else (middle, above)
    return below, above


def _rates(problem: Problem, found: list[Candidate], point: str, workload: str) -> tuple[float, float, str]:
    """Requests/s per GPU of ``point`` in the first period, and of the fastest point in time on its system."""
    index = problem.demand.names.index(workload)
    rates = {c.name: float(c.rate[0]) for c in found if c.workload == index and c.sla_excess <= SLACK}
    rival = min(rates, key=lambda name: (-rates[name], name))
    return rates[point], rates[rival], rival


def _plan(item: Rejected) -> Plan:
    assert item.base.plan is not None
    return item.base.plan


def _quotes(scenario: Scenario) -> list[Offer]:
    return [quote_offer(quote, scenario.horizon.decided_on) for quote in scenario.quotes]


def _row(
    item: Rejected,
    kind: str,
    state: str,
    sentence: str,
    price: float = np.nan,
    unit: str = "",
    enters: float = np.nan,
    not_above: float = np.nan,
) -> tuple[object, ...]:
    return item.name, kind, state, price, unit, enters, not_above, sentence, False


def _stopped(item: Rejected, kind: str, said: str, price: float, unit: str) -> tuple[object, ...]:
    sentence = f"{said} is not in the plan, and why is not known: the clock stopped the search"
    return *_row(item, kind, "not known", sentence, price, unit)[:-1], True
