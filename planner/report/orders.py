"""What is to be ordered, signed, converted and retired, in the order of the days it must be done by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from planner.frozen import dataclass
from planner.plan import Plan, tables
from planner.plan.tables import ALL
from planner.render.figures import count, money, money_unit, span, times
from planner.render.sheet import Sheet, left, marked, right
from planner.rules.budgets import year_of_period
from planner.rules.dates import order_day
from planner.scenario import Scenario
from planner.scenario.models import MONTHS_PER_PERIOD
from planner.schedule import add_months

NEXT_ORDERS = 8
# Orders due within so many days of the decision are this month's.
MONTH = dt.timedelta(days=30)
FIRST_YEAR = dt.timedelta(days=366)
MOST_ROWS = 24


@dataclass(frozen=True)
class Order:
    """One step: ``by`` is the last day to order or sign it (None for retirements), ``what`` says it in a few words.

    ``end`` is the first day after a contract, None for all else.
    """

    future: str
    by: dt.date | None
    period: str
    index: int
    verb: str
    number: float
    what: str
    where: str
    gpus: float
    usd: float
    lookahead: bool
    end: dt.date | None = None

    @property
    def words(self) -> str:
        """``buy 46 × hgx-b200 for dallas``."""
        return f"{self.verb} {times(self.number, self.what)} {self.where}".rstrip()


def orders(plan: Plan, scenario: Scenario) -> list[Order]:
    """Every purchase, contract, hall conversion and retirement, by period."""
    index = {name: position for position, name in enumerate(plan.periods)}
    found = [
        Order(row.future, row.order_by, row.period, index[row.period], "buy", row.count, row.system,
              f"for {row.site}", row.gpus, row.cost_usd, row.lookahead)
        for row in plan.table("purchases").rows()
    ]  # fmt: skip
    found += [
        Order(row.future, row.order_by, row.period, index[row.period], "sign", row.lots,
              f"{count(row.gpus / row.lots)} {row.system} GPUs", f"at {row.provider} for {row.term_months:g} months",
              row.gpus, row.cost_usd, row.lookahead, row.end)
        for row in plan.table("contracts").rows()
    ]  # fmt: skip
    found += [
        Order(row.future, None, row.period, index[row.period], "retire", row.count, row.system,
              f"at {row.site}", row.gpus, 0.0, row.lookahead)
        for row in plan.table("retirements").rows()
    ]  # fmt: skip
    found += _conversions(plan, scenario)
    rank = {"retire": 0, "convert": 1, "buy": 2, "sign": 3}
    return sorted(found, key=lambda order: (order.index, rank[order.verb], order.what, order.where, order.future))


def _conversions(plan: Plan, scenario: Scenario) -> list[Order]:
    halls = {site.name: site.conversion for site in scenario.sites}
    found = []
    for row in tables.common(plan.decisions.table("conversions"), plan.futures).rows():
        conversion = halls[row.site]
        assert conversion is not None
        period = int(row.period)
        start = add_months(scenario.horizon.start, MONTHS_PER_PERIOD[scenario.horizon.period] * period)
        found.append(
            Order(row.future, order_day(start, conversion.lead_weeks), plan.periods[period], period, "convert", 1,
                  "hall to liquid cooling", f"at {row.site}", 0.0, conversion.cost_usd,
                  period >= scenario.horizon.periods)
        )  # fmt: skip
    return found


def common(plan: Plan, found: Iterable[Order]) -> list[Order]:
    """Those that hold whatever comes."""
    return [order for order in found if len(plan.futures) == 1 or order.future == ALL]


def next_orders(plan: Plan, scenario: Scenario, since: dt.date | None = None) -> Sheet:
    """What must be ordered or signed next, and by when; from ``since`` on, where the plan began earlier."""
    decided = since or scenario.horizon.decided_on
    dated = [
        (order.by, order)
        for order in common(plan, orders(plan, scenario))
        if order.by is not None and (since is None or order.by >= since)
    ]
    dated.sort(key=lambda item: (item[0], -item[1].usd, item[1].words))
    several = len(plan.futures) > 1
    sentence = f"To order or sign next{', whatever comes' if several else ''} (decided on {decided}):"
    soon = [item for item in dated if item[0] < decided + FIRST_YEAR]
    chosen = (soon or dated[:1])[:NEXT_ORDERS]
    if not chosen:
        return Sheet(f"Nothing is to be ordered or signed{f' from {since} on' if since else ''}.")
    rows = tuple(
        _due(
            (f"by {by}", f"{order.words}, {_from(order)} {order.period}{_ahead(order)}", money(order.usd)), by, decided
        )
        for by, order in chosen
    )
    later = len(dated) - len(chosen)
    notes = (f"{later} more until {dated[-1][0]}, below.",) if later else ()
    if not soon:
        notes = ("Nothing is due in the first year; this is the first order after it.", *notes)
    return Sheet(sentence, (left(), left(), right("")), rows, notes)


def _due(row: tuple[str, ...], by: dt.date, decided: dt.date) -> tuple[str, ...]:
    return marked(row, "due") if by <= decided + MONTH else row


def _from(order: Order) -> str:
    return "from" if order.verb == "sign" else "in service"


def _ahead(order: Order) -> str:
    return " (lookahead)" if order.lookahead else ""


def purchases_and_contracts(plan: Plan, scenario: Scenario, length: str) -> Sheet:
    """Purchases, contracts and retirements of the reported horizon, by period or, where they are many, by year."""
    found = common(plan, orders(plan, scenario))
    shown = [order for order in found if not order.lookahead]
    ahead = len(found) - len(shown)
    whatever = " common to all futures" if len(plan.futures) > 1 else ""
    notes, are = [], "is" if ahead == 1 else "are"
    if not shown:
        notes = [f"{ahead} in the lookahead {are} left out."] if ahead else []
        return Sheet(f"Nothing is bought, signed or retired{whatever}.", notes=tuple(notes))
    by = length
    if len(shown) > MOST_ROWS:
        shown, by = _by_year(shown, scenario.budget.fiscal_year_start), "year"
    if len(shown) > MOST_ROWS:
        dearest = sorted(shown, key=lambda order: -order.usd)[:MOST_ROWS]
        rest = [order for order in shown if order not in dearest]
        notes.append(f"{len(rest)} smaller ones ({money(sum(order.usd for order in rest))}) are not shown.")
        shown = [order for order in shown if order in dearest]
    if ahead:
        notes.append(f"{ahead} in the lookahead after {_last(plan, scenario)} {are} left out.")
    unit = money_unit(order.usd for order in shown)
    columns = (left(by), left("step"), right("GPUs"), left("order by"), right(f"cost, {unit.name}"))
    rows = tuple(
        (order.period, order.words, count(order.gpus) if order.gpus else "-", str(order.by or "-"), unit.of(order.usd))
        for order in shown
    )
    return Sheet(f"Purchases and contracts by {by}{whatever}:", columns, rows, tuple(notes))


def _by_year(found: list[Order], first_month: int) -> list[Order]:
    alike: dict[tuple[str, str, str, str], list[Order]] = {}
    for order in found:
        year = year_of_period(order.period, first_month)
        alike.setdefault((year, order.verb, order.what, order.where), []).append(order)
    return [
        Order(same[0].future, same[0].by, year, same[0].index, verb, sum(order.number for order in same), what, where,
              sum(order.gpus for order in same), sum(order.usd for order in same), False)
        for (year, verb, what, where), same in alike.items()
    ]  # fmt: skip


def _last(plan: Plan, scenario: Scenario) -> str:
    return plan.periods[scenario.horizon.periods - 1]


def own_steps(plan: Plan, scenario: Scenario, future: str) -> list[tuple[str, float, float]]:
    """What one future buys and signs that not all do: words with the periods, GPUs, USD; lookahead left out."""
    groups: dict[tuple[str, str, str], list[Order]] = {}
    for order in orders(plan, scenario):
        if order.future == future and not order.lookahead:
            groups.setdefault((order.verb, order.what, order.where), []).append(order)
    return [
        (
            f"{verb} {times(sum(order.number for order in same), what)} {where}, "
            + span([order.period for order in same]),
            sum(order.gpus for order in same),
            sum(order.usd for order in same),
        )
        for (verb, what, where), same in groups.items()
    ]
