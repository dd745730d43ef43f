"""Page one: the verdict, this month's signatures, buy against rent, cost per token, power and budget used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from planner.frozen import dataclass
from planner.plan import Plan
from planner.render.bar_table import OTHER_COLOUR, PLAN_COLOUR, Bar, Bars
from planner.render.figures import money, percent, price, short
from planner.render.sheet import plain
from planner.render.words import upper
from planner.report.earned import earned_sentence
from planner.report.html.parts import Simulated
from planner.report.limits import budget_use, power_use
from planner.report.orders import Order
from planner.report.verdict import (
    MOST_OPTIONS,
    Ground,
    Signatures,
    Verdict,
    asked_for,
    beyond,
    beyond_limits,
    day,
    option_name,
    per_token,
    resale_deducted,
    said,
    said_with_day,
    signatures,
    to_order,
    to_pay,
    verdict,
)
from planner.report.ways import ALONE, THROUGHOUT
from planner.scenario import Scenario
from planner.timeline import Timeline

# Blue and orange can be told apart by everybody, on white and on black.
FULL_COLOUR = "#D55E00"
_UNIT = re.compile(r"(?<=[0-9]) (?=(%|M|k|MW|×)\b|%|×)")
# As many as one sheet of paper has room for.
MOST_SIGNED, MOST_BARS = 6, 5
FULL = 0.995
# From here on a digit more says that it is not full.
NEARLY_FULL = 0.99


@dataclass(frozen=True)
class First:
    """All of page one: what a reader asks with a sentence each, this month's signatures, pictures."""

    asked: tuple[tuple[str, str], ...]
    until: str
    signed: tuple[tuple[str, str, str], ...]
    signed_note: str
    pictures: tuple[Bars, ...]


def first_page(
    plan: Plan,
    scenario: Scenario,
    timeline: Timeline,
    options: pd.DataFrame | None,
    grounds: Sequence[Ground] | None,
    simulated: Simulated | None = None,
) -> First:
    """Page one of a plan; ``options`` is a comparison's table with the plan first, where there is one."""
    rows: list[Mapping[str, Any]] = [] if options is None else options.to_dict(orient="records")
    found = signatures(plan, scenario)
    shown = found.due[:MOST_SIGNED]
    pictures = (_options(rows, plan, scenario), _per_token(plan, scenario), _used(plan, scenario, timeline))
    return First(
        _answers(plan, scenario, verdict(plan, scenario, rows, grounds), simulated),
        day(found.until),
        tuple((day(order.by), plain(said(order)), money(order.usd)) for order in shown if order.by),
        plain(_later(found)),
        tuple(picture for picture in pictures if picture is not None),
    )


def _answers(
    plan: Plan, scenario: Scenario, found: Verdict, simulated: Simulated | None
) -> tuple[tuple[str, str], ...]:
    """The verdict's sentences under what they answer, the cost apart from what to sign."""
    seen = earned_sentence(plan) if simulated is None else simulated.sentence
    asked = (
        ("What to sign this month", f"{to_order(plan, scenario)}."),
        ("What it costs", f"{upper(to_pay(plan, scenario))}."),
        ("What if we only rent, or only buy", found.instead),
        ("What could make it wrong", f"{found.rests} {seen}".rstrip()),
    )
    return tuple((question, _tied(plain(sentence))) for question, sentence in asked)


def _tied(text: str) -> str:
    """``text`` with no line broken between a number and its unit."""
    return _UNIT.sub("\u00a0", text)


def _later(found: Signatures) -> str:
    """What of the orders the table does not show."""
    left = found.due[MOST_SIGNED:]
    words = []
    if left:
        words.append(f"{len(left)} more are due until then, {money(sum(order.usd for order in left))} together.")
    if found.later:
        words.append(f"After that, {said_with_day(found.later[0])}" + _others(found.later[1:]))
    return " ".join(words)


def _others(orders: Sequence[Order]) -> str:
    if not orders:
        return "."
    last = max(order.by for order in orders if order.by)
    number = f"{len(orders)} more {'order' if len(orders) == 1 else 'orders'}"
    return f", and {number} until {day(last)} ({money(sum(order.usd for order in orders))}). None of them is due now."


def _options(rows: Sequence[Mapping[str, Any]], plan: Plan, scenario: Scenario) -> Bars | None:
    ways = [row for row in rows[1:] if row["name"] in ALONE] or list(rows[1:])
    rows = [*rows[:1], *sorted(ways, key=asked_for)]
    there = [float(row["npv_usd"]) for row in rows if not pd.isna(row["npv_usd"])]
    if len(rows) < 2 or pd.isna(rows[0]["npv_usd"]):
        return None
    most = max(*there, 1.0)
    bars = []
    for index, row in enumerate(rows):
        name = "this plan" if index == 0 else option_name(row).rstrip(",")
        if pd.isna(row["npv_usd"]):
            bars.append(Bar(name, "not possible", 0.0, OTHER_COLOUR))
            continue
        usd = float(row["npv_usd"])
        text = _tied(money(usd) + ("" if index == 0 else _more(row, rows[0])))
        bars.append(Bar(name, text, max(usd, 0.0) / most, PLAN_COLOUR if index == 0 else OTHER_COLOUR))
    note = _needs(rows[1:])
    if money(there[0]) != money(plan.kpis["npv_usd"]):
        whole = money(plan.kpis["npv_usd"])
        note += (
            f" So that they can be compared, all these allow parts of servers; in whole ones this plan costs {whole}."
        )
    if rate := scenario.finance.discount_rate:
        note += f" In today's money, what is paid later counts less, by {short(100 * rate)} % a year."
    heads = ("option", "cost in today's money")
    span = f"{plan.periods[0]} to {plan.periods[-1]}"
    return Bars(f"Buy or rent: what each option costs in all, {span}", heads, tuple(bars), note.strip())


def _more(row: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    more = row["npv_more_usd"]
    if pd.isna(more) or pd.isna(base["npv_usd"]):
        return ""
    beyond = "; not possible within the limits" if beyond_limits(row) else ""
    if row["npv_more_low_usd"] <= 0 <= row["npv_more_high_usd"]:
        return f", the same as far as is proven{beyond}"
    return f", {money(abs(more))} {'more' if more > 0 else 'less'}{beyond}"


def _needs(rows: Sequence[Mapping[str, Any]]) -> str:
    """What options that the verdict does not tell need beyond the limits that were given."""
    told = [f"{option_name(row)} needs {beyond(row)}" for row in rows[MOST_OPTIONS:] if beyond_limits(row)]
    told += [
        f"to buy without renting by the hour, the sites would need {short(row['site_factor'], 2)} times their power"
        for row in rows
        if row["name"] == "buy" and row["rents_until"] == THROUGHOUT and row["site_factor"] > 1
    ]
    return plain(f"{'. '.join(map(upper, told))}.") if told else ""


def _per_token(plan: Plan, scenario: Scenario) -> Bars | None:
    basis = scenario.finance.token_basis
    per = f"usd_per_mtok_{basis}"
    rows = [row for row in plan.workload_cost.to_dict(orient="records") if not pd.isna(row[per])]
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: -float(row["npv_usd"]))
    most = max(*(float(row[per]) for row in rows), 0.0) or 1.0
    bars = tuple(
        Bar(plain(str(row["workload"])), price(row[per]), max(float(row[per]), 0.0) / most) for row in rows[:MOST_BARS]
    )
    left = len(rows) - MOST_BARS
    note = f"{left} workloads that cost less in all are below. " if left > 0 else ""
    reported = plan.kpis[f"reported_levelised_{per}"]
    if reported is not None and price(reported) != price(plan.kpis[f"levelised_{per}"]):
        last = plan.periods[scenario.horizon.periods - 1]
        deducted = resale_deducted(plan)
        span = f"{plan.periods[0]} to {plan.periods[-1]}" + (f" ({deducted})" if deducted else "")
        whole = price(plan.kpis[f"levelised_{per}"])
        note += (
            f"These divide the cost of {span} by the tokens of that time: {whole} on average. The {price(reported)} "
            f"of the verdict is another measure: tokens until {last}, with hardware charged over its life."
        )
    return Bars("Cost by workload", ("workload", f"$ {per_token(basis)}"), bars, note)


def _used(plan: Plan, scenario: Scenario, timeline: Timeline) -> Bars | None:
    bars = [*_power(plan, scenario, timeline), *_money(plan, scenario, timeline)]
    if not bars:
        return None
    note = f"{len(bars) - MOST_BARS} more are below." if len(bars) > MOST_BARS else ""
    return Bars("Power and budget used", ("limit", "used"), tuple(bars[:MOST_BARS]), note)


def _power(plan: Plan, scenario: Scenario, timeline: Timeline) -> Iterator[Bar]:
    """Each site in its fullest period."""
    for name, rows in power_use(plan, scenario, timeline).frame().groupby("site", sort=False):
        rows = rows[rows["cap_mw"] > 0]
        if len(rows):
            fullest = rows.loc[(rows["used_mw"] / rows["cap_mw"]).idxmax()]
            used, cap = float(fullest["used_mw"]), float(fullest["cap_mw"])
            places = 3 if used < cap and f"{used:.2f}" == f"{cap:.2f}" else 2
            full = percent(used / cap, 1 if used / cap >= NEARLY_FULL else 0)
            text = f"{used:,.{places}f} of {cap:,.{places}f} MW ({full}) in {fullest['period']}"
            yield _bar(f"power at {name}, when fullest", text, used / cap)


def _money(plan: Plan, scenario: Scenario, timeline: Timeline) -> Iterator[Bar]:
    for label, used, limit in budget_use(plan, scenario, timeline):
        share = used / limit if limit else 0.0
        yield _bar(f"{label}", f"{money(used)} of {money(limit)} ({percent(share)})", share)


def _bar(name: str, text: str, share: float) -> Bar:
    return Bar(plain(name), _tied(text), min(share, 1.0), FULL_COLOUR if share >= FULL else PLAN_COLOUR)
