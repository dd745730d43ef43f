"""The verdict on a plan in three sentences: what to sign, what the alternative costs, what the plan rests on."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from planner.frozen import dataclass
from planner.kinds.cash import RESIDUAL
from planner.kinds.evidence import WEAK
from planner.plan import Plan
from planner.render.figures import count, money, percent, price, short, within
from planner.render.words import upper
from planner.report.orders import MONTH, Order, common, orders
from planner.report.ways import ALONE, BESIDE, THROUGHOUT
from planner.scenario import Scenario

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
MOST_ORDERS, MOST_GROUNDS = 3, 2
# What each option of a comparison is called, the ones that a reader asks for first.
OPTIONS = ALONE | {"hopper": "Hopper systems alone", "blackwell": "Blackwell systems alone"}
MOST_OPTIONS = 2
# A plan compared that is further than this from the plan itself is another.
FAR = 0.05
_SHARE = re.compile(r"\b0\.\d+\b")
# An assumption as what the plan counts on, by its key; {stated} is its value, {rests} what of the plan rests on it.
COUNTS_ON = {
    "hourly_supply": "renting {rests} by the hour, which no provider has promised",
    "resale": "reselling its hardware at the end for {stated}",
    "contract_tail": "paying of what contracts still cost after the end no more than {stated}",
    "headroom": "keeping no more in reserve than {stated}",
    "unmeasured_points": "throughputs that nobody has measured, {rests}",
    "prices": "prices staying {stated}",
}
# Where a quota or an offer's own limit stands behind each of them.
PROMISED = "renting {rests} by the hour, as the given quotas and offers allow"
NONE_AT_THE_PEAK = "0 of "
# What it would cost otherwise: behind the amount, or where there is no plan then.
OTHERWISE = {
    "hourly_supply": "without them {effect}",
    "resale": "were it worth nothing then, {effect}",
    "contract_tail": "were all of it due, {effect}",
    "unmeasured_points": "without them {effect}",
}


@dataclass(frozen=True)
class Ground:
    """An assumption of a plan: its ``key``, how it is ``stated``, what of the plan ``rests`` on it in words.

    ``more_usd`` is what the least cost would be more, USD NPV, ``away`` from it; infinite where there is no plan then.
    """

    key: str
    label: str
    stated: str
    rests: str
    more_usd: float
    away: str = "without"


@dataclass(frozen=True)
class Signatures:
    """Orders due ``until`` a month after the decision, the earliest first, and those ``later``."""

    until: dt.date
    due: tuple[Order, ...]
    later: tuple[Order, ...]

    @property
    def usd(self) -> float:
        """What those due cost."""
        return math.fsum(order.usd for order in self.due)


@dataclass(frozen=True)
class Verdict:
    """Three sentences that each stand alone."""

    sign: str
    instead: str
    rests: str

    @property
    def sentences(self) -> tuple[str, str, str]:
        """All three, in the order that a reader asks."""
        return self.sign, self.instead, self.rests


def verdict(
    plan: Plan, scenario: Scenario, options: Sequence[Mapping[str, Any]] = (), grounds: Sequence[Ground] | None = None
) -> Verdict:
    """The verdict; ``options`` are a comparison's rows with the plan first, ``grounds`` None where nobody looked."""
    return Verdict(to_sign(plan, scenario), instead(options, plan.kpis["npv_usd"]), rests_on(plan, grounds))


def signatures(plan: Plan, scenario: Scenario) -> Signatures:
    """What is to be ordered and signed whatever comes, this month's apart from what can wait."""
    until = scenario.horizon.decided_on + MONTH
    dated = [(order.by, order) for order in common(plan, orders(plan, scenario)) if order.by is not None]
    dated.sort(key=lambda item: (item[0], -item[1].usd, item[1].words))
    return Signatures(
        until,
        tuple(order for by, order in dated if by <= until),
        tuple(order for by, order in dated if by > until),
    )


def to_sign(plan: Plan, scenario: Scenario) -> str:
    """What to buy and sign and by when, what else runs, and what it all costs."""
    return f"{to_order(plan, scenario)}; {to_pay(plan, scenario)}."


def to_order(plan: Plan, scenario: Scenario) -> str:
    """What to buy and sign and by when, and what else runs; without its full stop."""
    found = signatures(plan, scenario)
    if found.due:
        words = f"{_orders(found.due)}: {money(found.usd)} in all" if len(found.due) > 1 else _orders(found.due)
    elif found.later:
        words = (
            f"nothing has to be signed until {day(found.until)}; the first order is to {said_with_day(found.later[0])}"
        )
    else:
        words = "nothing is to be bought or signed"
    hourly = float(plan.kpis["peak_gpus"]["hourly"])
    beside = "; besides," if found.due or found.later else ":"
    rented = f"{beside} rent up to {count(hourly)} GPUs by the hour when demand peaks" if hourly >= 0.5 else ""
    return f"{upper(words)}{rented}"


def instead(options: Sequence[Mapping[str, Any]], npv_usd: float) -> str:
    """What the alternatives cost against the plan, from rows of a comparison of which the plan is the first.

    ``npv_usd`` is what the plan itself costs: where the one compared is far from it, the sentence says so.
    """
    if not options:
        return "What renting or buying alone would cost was not compared for this page; plan compare works it out."
    base, *others = options
    if base["npv_usd"] is None or math.isnan(base["npv_usd"]):
        return "What renting or buying alone would cost more is not known: the plan was not found again to compare."
    told = [_option(row, base) for row in sorted(others, key=asked_for)[:MOST_OPTIONS]]
    if not told:
        return "There is no alternative to hold it against."
    compared = float(base["npv_usd"])
    apart = abs(compared - npv_usd) > FAR * abs(npv_usd)
    parts = f" (all in fractions of servers, of which this plan would cost {money(compared)})" if apart else ""
    return f"Instead of this plan, {'; '.join(told)}{parts}."


def asked_for(row: Mapping[str, Any]) -> int:
    """The place of an option among those that a reader asks for."""
    return list(OPTIONS).index(row["name"]) if row["name"] in OPTIONS else len(OPTIONS)


def option_name(row: Mapping[str, Any]) -> str:
    """An option of a comparison, by its row, as a reader says it."""
    name = str(row["name"])
    if row["rents_until"] == THROUGHOUT and name in BESIDE:
        return BESIDE[name]
    return OPTIONS.get(name, f"{name} alone")


def beyond_limits(row: Mapping[str, Any]) -> bool:
    """Whether an option needs more than the limits that were given; until when it rents is a detail."""
    return bool(row["supply_factor"] > 1 or row["budget_factor"] > 1)


def rests_on(plan: Plan, grounds: Sequence[Ground] | None) -> str:
    """What would cost the most were it otherwise, and how much of the cost nobody has published or measured."""
    weak = math.fsum(plan.kpis["evidence_share"]["cost"].get(name, 0.0) for name in WEAK)
    priced = (
        f"{percent(weak)} of its cost rests on estimated prices, for which to get quotes"
        if weak >= 0.005
        else "none of its cost rests on estimated prices"
    )
    if grounds is None:
        return f"What the plan rests on was not looked into; as for prices, {priced}."
    worse = sorted((one for one in grounds if one.more_usd > 0), key=lambda one: -one.more_usd)[:MOST_GROUNDS]
    if not worse:
        return f"No single assumption carries a noticeable part of the plan; {priced}."
    promised = plan.kpis["peak_gpus"]["unpromised"] < 0.5
    return f"The plan counts on {', and on '.join(_ground(one, promised) for one in worse)}; {priced}."


def day(date: dt.date) -> str:
    """``4 December 2026``."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def per_token(basis: str) -> str:
    """What a levelised cost is per, on the scenario's token basis."""
    return "per million output tokens" if basis == "output" else "per million tokens, input and output"


def _orders(due: Sequence[Order]) -> str:
    shown, rest = due[:MOST_ORDERS], due[MOST_ORDERS:]
    words = [said_with_day(order) for order in shown]
    if rest:
        words.append(f"{len(rest)} more until {day(max(order.by for order in rest if order.by))}")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def said(order: Order) -> str:
    """``buy 4 hgx-h200 systems (32 GPUs) for hall``, as who signs it says it."""
    if order.verb == "buy":
        systems = "system" if order.number == 1 else "systems"
        return f"buy {count(order.number)} {order.what} {systems} ({count(order.gpus)} GPUs) {order.where}"
    if order.verb == "sign":
        system = order.what.removesuffix(" GPUs").rpartition(" ")[2]
        return f"sign for {count(order.gpus)} {system} GPUs {order.where}"
    return f"{order.verb} {order.what} {order.where}"


def said_with_day(order: Order) -> str:
    """``buy 4 hgx-h200 systems (32 GPUs) for hall by 4 December 2026 ($1.50 M)``."""
    assert order.by is not None
    return f"{said(order)} by {day(order.by)} ({money(order.usd)})"


def to_pay(plan: Plan, scenario: Scenario) -> str:
    """What it all costs, and what a token; without its capital and its full stop."""
    basis = scenario.finance.token_basis
    per = plan.kpis[f"reported_levelised_usd_per_mtok_{basis}"]
    expected = "is expected to cost" if len(plan.futures) > 1 else "costs"
    until = f"{plan.periods[0]} to {plan.periods[-1]}"
    last = plan.periods[scenario.horizon.periods - 1]
    charged = "hardware charged over its life"
    each = "" if per is None else f"; {per_token(basis)} that is {price(per)} until {last}, {charged}"
    deducted = resale_deducted(plan)
    whole = f"{money(plan.kpis['npv_usd'])} in today's money{', ' if deducted else ''}{deducted}"
    return f"everything from {until} {expected} {whole}{each}"


def resale_deducted(plan: Plan) -> str:
    """Said behind a cost from which the worth of hardware at the end is taken off; nothing otherwise."""
    return "resale deducted" if RESIDUAL.key in plan.table("cashflow")["category"] else ""


def _option(row: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    who = option_name(row)
    if row["status"] == "infeasible":
        return f"{who} is not possible within the limits given"
    low, high, more = (float(row[name]) for name in ("npv_more_low_usd", "npv_more_high_usd", "npv_more_usd"))
    if low <= 0 <= high:
        words = "the same as far as is proven"
    else:
        share = f" ({percent(abs(more) / base['npv_usd'])})" if base["npv_usd"] > 0 else ""
        words = f"{money(abs(more))} {'more' if more > 0 else 'less'}{share}"
    if not beyond_limits(row):
        return f"{who} would cost {words}"
    return f"{who} is not possible: it would need {beyond(row)}, and cost {words}"


def beyond(row: Mapping[str, Any]) -> str:
    """What an option takes beyond the limits that were given."""
    least = "" if row["factors_proven"] else "at most "
    supply, budget = float(row["supply_factor"]), float(row["budget_factor"])
    gpus = f"{least}{short(supply, 2)} times as many GPUs as providers are assumed to have for us" if supply > 1 else ""
    spent = f"{least}{short(budget, 2)} times the budget" if budget > 1 else ""
    return " and ".join(filter(None, (gpus, spent)))


def _ground(one: Ground, promised: bool) -> str:
    rests = "GPUs" if not one.rests or one.rests.startswith(NONE_AT_THE_PEAK) else one.rests
    if one.key in COUNTS_ON:
        stated = _SHARE.sub(lambda found: percent(float(found[0])), one.stated)
        stated = stated.replace("of its curve", "of the price expected then")
        words = PROMISED if one.key == "hourly_supply" and promised else COUNTS_ON[one.key]
        what = words.format(stated=stated.removesuffix(" of what they owe after the end"), rests=rests)
    else:
        what = f"{one.label} {one.stated}" + (f", {one.rests}" if one.rests else "")
    effect = "no plan is possible" if math.isinf(one.more_usd) else f"the plan would cost {money(one.more_usd)} more"
    away = one.away.replace("on ", "were they to follow the price path ", 1)
    otherwise = OTHERWISE.get(one.key, f"{{effect}} {away}")
    return f"{what} ({otherwise.format(effect=effect)})"


def proven(plan: Plan) -> str:
    """How good the plan is at the least, in words."""
    gap = within(plan.proof.gap)
    if plan.proof.objective == "cost":
        return (
            "no plan within these limits is cheaper"
            if gap == "0 %"
            else f"no plan within these limits is more than {gap} cheaper"
        )
    return f"within {gap} of the best"
