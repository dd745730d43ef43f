"""Levelised cost of the reported periods: what they cost when each is charged for what serves in it.

The NPV of the solved horizon counts payments when they are made, and prices the horizon's end. This figure does
neither: what is paid for service in other periods is spread over the service it buys, so that it does not hang on how
far a plan looks ahead. Everything is charged by the hour of service, at a rate that stays the same and is worth what
was paid for it when it began (an annuity at the discount rate):

- systems bought: their capex, over their life, at whose end they are worth nothing;
- a conversion: its cost, over the service of the systems that need it;
- existing systems: what their resale value loses while they are kept, with interest; nothing where they are not sold;
- contracts: upfront payments, over the term; all else when it is due.

Were every life and term over within the reported periods, with no deposit before them, it would be their NPV.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from planner import bits
from planner.accounts import tokens
from planner.accounts.account import Account
from planner.accounts.capital import price_paid
from planner.accounts.cashflow import entries
from planner.accounts.contracts import lot_value_usd, payments, signed_usd
from planner.accounts.holdings import running, term_periods
from planner.accounts.inputs import Floats, Inputs
from planner.catalog.models import System
from planner.frozen import dataclass
from planner.kinds import cash
from planner.rules.dates import service_days
from planner.rules.residual import existing_credit_usd
from planner.timeline import Timeline
from planner.units import MONTHS_PER_YEAR, mtok_from_tokens

# What existing systems lose in resale value; every other part is named as the category of cash that it spreads.
EXISTING = "existing"


@dataclass(frozen=True, eq=False)
class Reported:
    """Discounted sums over the reported periods, each (F,): cost in USD by part, and tokens served."""

    parts: dict[str, Floats]
    output_tokens: Floats
    total_tokens: Floats


def figures(account: Account, future: int | None = None) -> dict[str, float | None]:
    """The key figures of one future (its index), or expected over all: cost, and cost per token, of these periods."""
    found = reported(account)
    weight = account.inputs.probability if future is None else np.eye(len(account.inputs.futures))[future]
    cost = float(bits.dot(weight, sum(found.parts.values(), start=np.zeros(len(weight)))))
    output, total = (float(bits.dot(weight, made)) for made in (found.output_tokens, found.total_tokens))
    return {
        "reported_cost_usd": cost,
        "reported_levelised_usd_per_mtok_output": cost / mtok_from_tokens(output) if output else None,
        "reported_levelised_usd_per_mtok_total": cost / mtok_from_tokens(total) if total else None,
    }


def parts_usd(account: Account) -> dict[str, float]:
    """What the expected cost of the reported periods is made of, by part, discounted; none at zero."""
    weight = account.inputs.probability
    parts = {name: float(bits.dot(weight, usd)) for name, usd in reported(account).parts.items()}
    return {name: usd for name, usd in parts.items() if usd}


@lru_cache(maxsize=2)
def reported(account: Account) -> Reported:
    """The levelised cost of the reported periods and what they serve."""
    inputs = account.inputs
    discount = inputs.timeline.discount_middle * ~inputs.timeline.lookahead
    parts = {name: bits.dot(usd, discount) for name, usd in charges(account).items()}
    made = bits.dot(tokens.requests(account, account.service.served), discount)
    into, out = tokens.tokens_per_request(inputs)
    return Reported(parts, bits.dot(made, out), bits.dot(made, into + out))


def charges(account: Account) -> dict[str, Floats]:
    """What each period of the solved horizon is charged, by part, (F, T), undiscounted."""
    due = {category: usd for category, usd, _ in entries(account)}
    found = _bought(account)
    found[cash.CONVERSION.key] = _converted(account)
    found[EXISTING] = _existing(account)
    found |= {category: due[category] for category in cash.OPEX}
    found[cash.RESERVED.key] = _contracts(account)
    return found


def _bought(account: Account) -> dict[str, Floats]:
    """Capital charges of systems bought, by category of capex."""
    inputs, timeline = account.inputs, account.inputs.timeline
    bought, paid = account.holdings.buy.sum(axis=1), price_paid(inputs)
    keys = (cash.HARDWARE.key, cash.NETWORK.key, cash.INSTALLATION.key)
    found = {key: np.zeros((len(bought), timeline.periods)) for key in keys}
    for index, system in enumerate(inputs.systems):
        life = inputs.life_periods(system)
        price = paid[index] * _worth_of_payments(inputs, system)
        shares = (1.0, system.network_capex_share, system.installation_capex_share)
        for key, share in zip(keys, shares, strict=True):
            found[key] += running(bought[:, index] * _per_hour(timeline, price * share, life), life) * timeline.hours
    return found


def _worth_of_payments(inputs: Inputs, system: System) -> Floats:
    """What 1 USD of price is worth at the horizon's start by the period in service, the deposit paid at the order."""
    timeline = inputs.timeline
    orders = inputs.order_days(inputs.purchase_lead_weeks(system))
    ordered = timeline.discount_start[[timeline.period_of(day) for day in orders]]
    return system.deposit_share * ordered + (1 - system.deposit_share) * timeline.discount_start


def _per_hour(timeline: Timeline, worth: Floats, periods: int) -> Floats:
    """The charge an hour over ``periods`` from each period on that is worth ``worth`` (T,) at the horizon's start."""
    calendar = timeline.extended(periods)
    hours = np.concatenate([[0.0], np.cumsum(calendar.hours * calendar.discount_middle)])
    starts = np.arange(timeline.periods)
    return np.asarray(worth / (hours[starts + periods] - hours[starts]))


def _converted(account: Account) -> Floats:
    """Charges of hall conversions, over the service of the systems that need them."""
    inputs, timeline = account.inputs, account.inputs.timeline
    found = np.zeros((len(inputs.futures), timeline.periods))
    for future, index, period in zip(*np.nonzero(account.holdings.convert), strict=True):
        conversion = inputs.sites[index].conversion
        assert conversion is not None
        last = max(_last_use(account, int(future), int(index)), int(period) + 1)
        usd = conversion.cost_usd * timeline.discount_start
        each = _per_hour(timeline, usd, last - int(period))[period]
        found[future, period:last] += each * timeline.hours[period:last]
    return found


def _last_use(account: Account, future: int, site: int) -> int:
    """The period after the last one in which a system serves that the converted hall alone can cool.

    Of those in service within the reported periods; where there are none, of all, and at least to the last of them.
    """
    inputs, timeline = account.inputs, account.inputs.timeline
    ends: list[tuple[int, int]] = []
    for index, system in enumerate(inputs.systems):
        if system.cooling not in inputs.sites[site].cooling:
            starts = np.flatnonzero(account.holdings.buy[future, site, index])
            ends += [(int(start), int(start) + inputs.life_periods(system)) for start in starts]
    for index, group in enumerate(inputs.groups):
        system = inputs.systems[inputs.system_index[group.existing.system]]
        kept = np.flatnonzero(account.holdings.keep[future, index])
        if group.site == site and system.cooling not in inputs.sites[site].cooling and len(kept):
            until = service_days(group.existing, system)[1]
            months = (
                (until.year - timeline.starts[0].year) * int(MONTHS_PER_YEAR) + until.month - timeline.starts[0].month
            )
            ends.append((int(kept[0]), months // timeline.months_per_period))
    early = [end for start, end in ends if start < timeline.reported]
    return max(early or [*(end for _, end in ends), timeline.reported])


def _existing(account: Account) -> Floats:
    """What the resale value of existing systems loses in each period that they are kept, with interest."""
    inputs, timeline = account.inputs, account.inputs.timeline
    on_sale = np.append(timeline.discount_start, timeline.discount_end)
    found = np.zeros((len(inputs.futures), timeline.periods))
    for index, group in enumerate(inputs.groups):
        worth = existing_credit_usd(inputs.scenario, inputs.catalog, group.existing, timeline) * on_sale
        found += account.holdings.keep[:, index] * (worth[:-1] - worth[1:]) / timeline.discount_middle
    return found


def _contracts(account: Account) -> Floats:
    """Contracts by the hours held: what is due by the hour, and upfront payments over the term."""
    inputs, timeline = account.inputs, account.inputs.timeline
    found = np.tile(signed_usd(inputs).sum(axis=0), (len(inputs.futures), 1))
    for index, terms in enumerate(inputs.contract_terms):
        sign, term = account.holdings.sign[:, index], term_periods(inputs, terms.term_months)
        if not terms.reserved or not sign.any():
            continue
        _, hourly, _ = payments(inputs, terms, sign)
        upfront = lot_value_usd(inputs, terms) * terms.upfront_share * timeline.discount_start
        found += hourly[:, : timeline.periods]
        found += running(sign * _per_hour(timeline, upfront, term), term) * timeline.hours
    return found
