"""Rules of sites: fleet, keeping, lead times, power, leases, cooling, conversions, rack positions."""

from __future__ import annotations

from functools import partial

import numpy as np

from planner.accounts.account import Account
from planner.accounts.fleet import it_kw, power_limit_mw, utility_kw
from planner.accounts.inputs import Bools, Floats, Inputs
from planner.audit.findings import Findings, Told, figure
from planner.audit.reasons import system_fault
from planner.rules.dates import can_start
from planner.units import KW_PER_MW

NODE_GPUS = 8


def check_sites(account: Account, findings: Findings) -> None:
    """Everything that limits what stands at a site."""
    for check in (
        _bought_whole,
        _bought_in_time,
        _kept,
        _power,
        _leased,
        _cooled,
        _converted,
        _positions,
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


def _installed_kw(account: Account, cooling: str | None = None) -> Floats:
    """Installed IT kW, of one kind of cooling or all, (F, S, T)."""
    inputs = account.inputs
    counted = np.array([cooling in (None, system.cooling) for system in inputs.systems])
    return np.asarray(np.einsum("fskt,k->fst", account.holdings.installed, it_kw(inputs) * counted))


def _power(account: Account, findings: Findings) -> None:
    """Σ utility kW (IT kW where the cap is at IT) ≤ power_mw × usable_share, at every site in every period."""
    inputs = account.inputs
    at_utility = np.array([site.cap_at == "utility" for site in inputs.sites], dtype=bool)
    per_system = np.where(at_utility[:, None], utility_kw(inputs), it_kw(inputs)[None]) / KW_PER_MW
    mw = np.einsum("fskt,sk->fst", account.holdings.installed, per_system)
    limit = power_limit_mw(inputs)

    def told(future: int, site: int, period: int) -> Told:
        where, when = inputs.sites[site].name, inputs.when(future, period)
        sentence = f"{where} provisions {figure(mw[future, site, period])} MW in {when}, "
        sentence += f"the cap is {figure(limit[site, period])}"
        return Told(where, inputs.timeline.names[period], sentence)

    findings.at_most("power", mw, limit[None], told)


def _site_kw(account: Account, findings: Findings, family: str, kw: Floats, limit: Floats, what: str) -> None:
    """Installed IT kW (F, S, T) ≤ limit, with a sentence that names ``what`` is limited."""
    inputs = account.inputs

    def told(future: int, site: int, period: int) -> Told:
        where, when = inputs.sites[site].name, inputs.when(future, period)
        most = np.broadcast_to(limit, kw.shape)[future, site, period]
        sentence = f"{where} installs {figure(kw[future, site, period])} IT kW{what} in {when}, the limit is "
        return Told(where, inputs.timeline.names[period], sentence + figure(most))

    findings.at_most(family, kw, limit, told)


def _leased(account: Account, findings: Findings) -> None:
    """Installed IT kW ≤ contracted kW."""
    inputs = account.inputs
    limits = [inputs.limit(site.lease.it_kw if site.lease else None) for site in inputs.sites]
    limit = np.array(limits).reshape(len(inputs.sites), inputs.timeline.periods)
    _site_kw(account, findings, "lease", _installed_kw(account), limit[None], " under its lease")


def _converted_by(account: Account) -> Bools:
    """Whether a hall has been converted by each period, (F, S, T)."""
    return np.cumsum(account.holdings.convert, axis=-1) > 0


def _cooled(account: Account, findings: Findings) -> None:
    """Installed IT kW by cooling, within the hall's limits, its kinds of cooling and its conversion."""
    inputs = account.inputs
    after = _converted_by(account)
    for cooling in ("air", "liquid"):
        limit = np.zeros(after.shape)
        for index, site in enumerate(inputs.sites):
            own = inputs.limit(site.liquid_it_kw if cooling == "liquid" else site.air_it_kw)
            hall = np.full(after[:, index].shape, np.inf if cooling in site.cooling else 0.0)
            if cooling == "liquid" and site.conversion and cooling not in site.cooling:
                added = site.conversion.liquid_it_kw
                hall = np.where(after[:, index], np.inf if added is None else added, 0.0)
            limit[:, index] = np.minimum(own[None], hall)
        _site_kw(account, findings, "cooling", _installed_kw(account, cooling), limit, f" cooled by {cooling}")


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


def _positions(account: Account, findings: Findings) -> None:
    """Σ count ÷ systems per position ≤ rack positions; what a position cannot feed is not bought."""
    inputs = account.inputs
    names = inputs.timeline.names
    for index, site in enumerate(inputs.sites):
        if site.rack_positions is None or site.kw_per_rack_position is None:
            continue
        feeds = site.kw_per_rack_position / it_kw(inputs)
        nodes = np.array([system.gpus <= NODE_GPUS for system in inputs.systems])
        # A system already there that a position cannot feed still stands on one.
        per_position = np.where(nodes, np.maximum(1, np.floor(feeds + 1e-9)), 1)
        used = np.einsum("fkt,k->ft", account.holdings.installed[:, index], 1 / per_position)
        limit = inputs.limit(site.rack_positions)

        def told(name: str, used: Floats, limit: Floats, future: int, period: int) -> Told:
            sentence = f"{name} takes {figure(used[future, period])} rack positions in {inputs.when(future, period)}, "
            return Told(name, names[period], sentence + f"the limit is {figure(limit[period])}")

        def unfed(name: str, future: int, system: int, period: int) -> Told:
            where = f"{name}/{inputs.systems[system].system}"
            return Told(where, names[period], f"{where} needs more kW than a rack position feeds")

        findings.at_most("positions", used, limit[None], partial(told, site.name, used, limit))
        ruled_out = (feeds < 1 - 1e-9)[None, :, None]
        findings.forbidden("positions", account.holdings.buy[:, index], ruled_out, partial(unfed, site.name))
