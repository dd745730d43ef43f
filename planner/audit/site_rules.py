"""Rules of sites: fleet, keeping, lead times, power, leases, cooling, conversions, rack positions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from planner.accounts.account import Account
from planner.accounts.fleet import it_kw, power_limit_mw, utility_kw
from planner.accounts.inputs import Floats, Inputs
from planner.audit.findings import Findings, Told, figure
from planner.audit.reasons import system_fault
from planner.frozen import dataclass
from planner.kinds import limits
from planner.kinds.limits import LimitKind
from planner.rules.dates import can_start
from planner.rules.halls import rack_positions
from planner.scenario.site import Site
from planner.schedule import Schedule
from planner.units import KW_PER_MW


def check_sites(account: Account, findings: Findings) -> None:
    """Everything that limits what stands at a site."""
    for check in (
        _bought_whole,
        _bought_in_time,
        _kept,
        _within_limits,
        _converted,
        _fed,
    ):
        check(account, findings)


def _bought_whole(account: Account, findings: Findings) -> None:
    """Counts of systems, bought and kept, are whole."""
    inputs, time = account.inputs, account.inputs.timeline

    def bought(future: int, site: int, system: int, period: int) -> Told:
        where = f"{inputs.sites[site].name}/{inputs.systems[system].system}"
        count = account.holdings.buy[future, site, system, period]
        sentence = f"{where} buys {count:g} systems in {inputs.when(future, period)}, not whole"
        return Told(where, time.names[period], sentence)

    def kept(future: int, group: int, period: int) -> Told:
        where = _group_name(inputs, group)
        count = account.holdings.keep[future, group, period]
        sentence = f"{where} keeps {count:g} systems in {inputs.when(future, period)}, not whole"
        return Told(where, time.names[period], sentence)

    findings.whole("fleet", account.holdings.buy, bought)
    findings.whole("keep", account.holdings.keep, kept)


def _bought_in_time(account: Account, findings: Findings) -> None:
    """Buying is on, the system allowed, ordered on or after the decision and available when in service."""
    inputs, time = account.inputs, account.inputs.timeline
    decided = inputs.scenario.horizon.decided_on
    for index, system in enumerate(inputs.systems):
        counts = account.holdings.buy[:, :, index]
        fault = system_fault(inputs, system)
        if not inputs.scenario.procurement.buy:
            fault = "procurement.buy is off"
        orders = inputs.order_days(inputs.purchase_lead_weeks(system))
        late = np.array([day < decided for day in orders])
        early = np.array([first < system.available_from for first, _ in time.spans])

        def told(reason: str, name: str, future: int, site: int, period: int) -> Told:
            where = f"{inputs.sites[site].name}/{name}"
            sentence = f"{where} cannot enter service in {inputs.when(future, period)}: {reason}"
            return Told(where, time.names[period], sentence)

        name = system.system
        findings.forbidden("fleet", counts, bool(fault), partial(told, fault, name))
        order = f"it would be ordered before {decided}"
        findings.forbidden("lead_time", counts, late, partial(told, order, name))
        from_day = f"it is available from {system.available_from}"
        findings.forbidden("lead_time", counts, early, partial(told, from_day, name))


def _group_name(inputs: Inputs, group: int) -> str:
    found = inputs.groups[group]
    return f"{inputs.sites[found.site].name}/existing {found.index} ({found.existing.system})"


def _kept(account: Account, findings: Findings) -> None:
    """An existing group stays within its count and its dates and never grows once it is there."""
    inputs, keep = account.inputs, account.holdings.keep
    names = inputs.timeline.names
    for index, group in enumerate(inputs.groups):
        window = inputs.group_window(group)
        counts = keep[:, index]
        limit = np.where(window, float(group.existing.count), 0.0)
        where = _group_name(inputs, index)

        def above(counts: Floats, limit: Floats, where: str, future: int, period: int) -> Told:
            sentence = f"{where} keeps {figure(counts[future, period])} in {inputs.when(future, period)}, "
            sentence += f"{figure(limit[period])} are there"
            return Told(where, names[period], sentence)

        findings.at_most("keep", counts, limit[None], partial(above, counts, limit, where))
        # What was there in the period before; ahead of the first period in service all of it may come.
        before = np.concatenate([np.full((len(counts), 1), np.inf), counts[:, :-1]], axis=1)
        entering = window & ~np.concatenate([[False], window[:-1]])
        before = np.where(entering[None], np.inf, before)

        def grows(counts: Floats, where: str, future: int, period: int) -> Told:
            sentence = f"{where} grows to {figure(counts[future, period])} in {inputs.when(future, period)}; "
            return Told(where, names[period], sentence + "what was retired does not come back")

        findings.at_most("keep", counts, before, partial(grows, counts, where))


def _within_limits(account: Account, findings: Findings) -> None:
    """What every kind of limit of a site counts ≤ the limit, in every period or, added up, in every calendar year."""
    inputs = account.inputs
    for rule in SITE_RULES:
        amount, limit = rule.amount(account), rule.limit(account)
        spans: tuple[str, ...] = inputs.timeline.names
        if rule.kind.over == "year":
            years = np.unique(inputs.timeline.years)
            spans = tuple(str(year) for year in years)
            counted = [inputs.timeline.years == year for year in years]
            amount = np.stack([amount[..., chosen].sum(axis=-1) for chosen in counted], axis=-1)
            limit = np.stack([limit[..., chosen].min(axis=-1) for chosen in counted], axis=-1)
        limit = np.broadcast_to(limit, amount.shape)
        findings.at_most(rule.kind.family, amount, limit, partial(_over, inputs, rule, spans, amount, limit))


def _over(inputs: Inputs, rule: SiteRule, spans: tuple[str, ...], amount: Floats, limit: Floats, *index: int) -> Told:
    future, site, span = index
    words = {"amount": figure(amount[index]), "limit": figure(limit[index])}
    words |= {"site": inputs.sites[site].name, "when": spans[span] + inputs.where_several(future)}
    return Told(words["site"], spans[span], rule.sentence.format(**words))


def _installed_kw(account: Account, cooling: str | None = None) -> Floats:
    """Installed IT kW, of one kind of cooling or all, (F, S, T)."""
    inputs = account.inputs
    counted = np.array([cooling in (None, system.cooling) for system in inputs.systems])
    return np.asarray(np.einsum("fskt,k->fst", account.holdings.installed, it_kw(inputs) * counted))


def _provisioned_mw(account: Account) -> Floats:
    """Utility MW at design PUE, IT MW where the cap is at IT, (F, S, T)."""
    inputs = account.inputs
    at_utility = np.array([site.cap_at == "utility" for site in inputs.sites], dtype=bool)
    per_system = np.where(at_utility[:, None], utility_kw(inputs), it_kw(inputs)[None]) / KW_PER_MW
    return np.asarray(np.einsum("fskt,sk->fst", account.holdings.installed, per_system))


def _stated(account: Account, field: Callable[[Site], Schedule | None]) -> Floats:
    """A limit that sites state, its least value in each period, (S, T)."""
    inputs = account.inputs
    rows = [inputs.limit(field(site)) for site in inputs.sites]
    return np.array(rows).reshape(len(inputs.sites), inputs.timeline.periods)


def _cooled_kw(account: Account, cooling: str) -> Floats:
    """IT kW that a hall can cool so, within its limits, its kinds of cooling and its conversion, (F, S, T)."""
    inputs = account.inputs
    converted = np.cumsum(account.holdings.convert, axis=-1) > 0
    limit = np.zeros(converted.shape)
    for index, site in enumerate(inputs.sites):
        own = inputs.limit(site.liquid_it_kw if cooling == "liquid" else site.air_it_kw)
        hall = np.full(converted[:, index].shape, np.inf if cooling in site.cooling else 0.0)
        if cooling == "liquid" and site.conversion and cooling not in site.cooling:
            added = site.conversion.liquid_it_kw
            hall = np.where(converted[:, index], np.inf if added is None else added, 0.0)
        limit[:, index] = np.minimum(own[None], hall)
    return limit


def _positions(account: Account) -> Floats:
    """Rack positions taken, (F, S, T): nodes share one; a system that it cannot feed and that is there has its own."""
    inputs = account.inputs
    taken = [[rack_positions(site, system) for system in inputs.systems] for site in inputs.sites]
    each = np.array(taken, dtype=float).reshape(len(inputs.sites), len(inputs.systems))
    each = np.where(np.isfinite(each), each, 1.0)
    return np.asarray(np.einsum("fskt,sk->fst", account.holdings.installed, each))


@dataclass(frozen=True)
class SiteRule:
    """What a kind of limit counts at each site and period, (F, S, T), and what it may be, (S, T) or (F, S, T).

    ``sentence`` says of a site when the amount is over the limit.
    """

    kind: LimitKind
    amount: Callable[[Account], Floats]
    limit: Callable[[Account], Floats]
    sentence: str


SITE_RULES = (
    SiteRule(
        limits.POWER,
        _provisioned_mw,
        lambda account: power_limit_mw(account.inputs),
        "{site} provisions {amount} MW in {when}, the cap is {limit}",
    ),
    SiteRule(
        limits.LEASE,
        _installed_kw,
        lambda account: _stated(account, lambda site: site.lease.it_kw if site.lease else None),
        "{site} installs {amount} IT kW under its lease in {when}, the limit is {limit}",
    ),
    SiteRule(
        limits.AIR,
        lambda account: _installed_kw(account, "air"),
        lambda account: _cooled_kw(account, "air"),
        "{site} installs {amount} IT kW cooled by air in {when}, the limit is {limit}",
    ),
    SiteRule(
        limits.LIQUID,
        lambda account: _installed_kw(account, "liquid"),
        lambda account: _cooled_kw(account, "liquid"),
        "{site} installs {amount} IT kW cooled by liquid in {when}, the limit is {limit}",
    ),
    SiteRule(
        limits.POSITIONS,
        _positions,
        lambda account: _stated(account, lambda site: site.rack_positions),
        "{site} takes {amount} rack positions in {when}, the limit is {limit}",
    ),
)


def _converted(account: Account, findings: Findings) -> None:
    """A hall is converted at most once, only where it can be, and from its lead time on."""
    inputs = account.inputs
    names = inputs.timeline.names
    convert = account.holdings.convert
    for index, site in enumerate(inputs.sites):
        limit = np.zeros(len(names))
        if site.conversion:
            decided = inputs.scenario.horizon.decided_on
            limit = can_start(inputs.timeline, decided, site.conversion.lead_weeks).astype(float)

        def told(name: str, future: int, period: int) -> Told:
            return Told(name, names[period], f"{name} cannot be converted in {inputs.when(future, period)}")

        def once(name: str, future: int) -> Told:
            return Told(name, "", f"{name} is converted more than once{inputs.where_several(future)}")

        findings.at_most("conversion", convert[:, index], limit[None], partial(told, site.name))
        findings.at_most("conversion", convert[:, index].sum(axis=1), 1.0, partial(once, site.name))


def _fed(account: Account, findings: Findings) -> None:
    """What a rack position cannot feed is not bought."""
    inputs = account.inputs
    for index, site in enumerate(inputs.sites):

        def unfed(name: str, future: int, system: int, period: int) -> Told:
            where = f"{name}/{inputs.systems[system].system}"
            return Told(where, inputs.timeline.names[period], f"{where} needs more kW than a rack position feeds")

        if site.kw_per_rack_position is None:
            continue
        ruled_out = np.isinf([rack_positions(site, system) for system in inputs.systems])[None, :, None]
        bought = account.holdings.buy[:, index]
        findings.forbidden(limits.POSITIONS.family, bought, ruled_out, partial(unfed, site.name))
