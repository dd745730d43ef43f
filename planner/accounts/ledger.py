"""The ledger's lines: a plan's money decision by decision, each payment with its day.

Every figure comes from the accounts' own cash flow, asked about one decision at a time: what a purchase, a contract or
a token API pays does not depend on the others. Energy does, and is told by site and system.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.accounts.account import Account
from planner.accounts.capital import invested, sales_of_existing
from planner.accounts.contracts import payments, rate, rented, signed_usd
from planner.accounts.energy import electricity_usd_per_mwh
from planner.accounts.fleet import energy_mwh
from planner.accounts.holdings import term_periods
from planner.accounts.inputs import Floats
from planner.accounts.running import leases_usd, system_cost
from planner.accounts.tokens import requests, tokens_per_request, traded
from planner.frozen import dataclass
from planner.kinds.cash import (
    CAPEX,
    CONTRACT_TAIL,
    CONVERSION,
    ENERGY,
    HARDWARE_SALE,
    LEASE,
    PREPAYMENT_CREDIT,
    RESERVED,
    RESIDUAL,
    REVENUE,
    TOKEN_API,
)
from planner.timeline import Timeline
from planner.units import HOURS_PER_MONTH, TOKENS_PER_MTOK

START, MIDDLE = "start", "middle"
GPU_HOURS = "GPU-Hours"
# What floating-point sums may differ by.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Resource:
    """What is paid for. ``key`` is one of its kind; ``who`` is the provider, or the site for what stands there.

    ``kind`` is own, existing, site, reserved, signed, hourly, api or revenue. ``gpus`` (F, T) are in service.
    ``start`` is the period that its service or term begins in, for ``periods`` periods; None where there is no term.
    ``used`` (F, T) is the share of a contract's usable GPU-hours that serve.
    """

    kind: str
    key: str
    who: str
    region: str
    system: str
    gpus: Floats
    start: int | None = None
    periods: int = 0
    workload: str = ""
    used: Floats | None = None


@dataclass(frozen=True)
class Line:
    """One category of a resource's money, (F, periods): periods after the solved horizon go on counting.

    ``timing`` is the day of a period that it falls on: its first (start) or its middle (middle). ``usd`` is the cash,
    ``accrued_usd`` what of it the service of each period uses up. ``quantity`` of ``unit`` is what ``usd`` buys.
    """

    resource: Resource
    category: str
    timing: str
    usd: Floats
    accrued_usd: Floats
    quantity: Floats
    unit: str


def ledger_lines(account: Account) -> Iterator[Line]:
    """Every line of a plan's money; what is no decision's own is booked by site (energy, leases) or as a whole."""
    yield from _purchases(account)
    yield from _conversions(account)
    yield from _existing(account)
    yield from _sites(account)
    yield from _signed(account)
    yield from _reserved(account)
    yield from _hourly(account)
    yield from _apis(account)
    yield from _revenue(account)


def _purchases(account: Account) -> Iterator[Line]:
    inputs = account.inputs
    timeline = inputs.timeline
    for (site, system, period), rows in account.decided.buys.groups(["site", "system", "period"]):
        start = int(str(period))
        alone = account.with_only("buys", rows)
        item = inputs.systems[inputs.system_index[str(system)]]
        there = alone.holdings.installed.sum(axis=(1, 2))
        bought = alone.holdings.buy.sum(axis=(1, 2, 3))
        resource = Resource(
            kind="own",
            key=f"own:{site}/{system}/{timeline.names[start]}",
            who=str(site),
            region=_region(account, str(site)),
            system=str(system),
            gpus=there * item.gpus,
            start=start,
            periods=inputs.life_periods(item),
        )
        for category, usd, _ in invested(alone):
            if category == RESIDUAL.key:
                yield from _line(resource, category, START, _at_end(usd.sum(axis=1), timeline), unit="Systems")
            elif category in CAPEX:
                total = usd.sum(axis=1, keepdims=True)
                share = np.divide(usd, total, out=np.zeros_like(usd), where=total != 0)
                spread = total * _straight_line(timeline, start, resource.periods)
                yield from _line(resource, category, START, usd, spread, share * bought[:, None], "Systems")
        yield from _running(alone, resource, there)


def _running(alone: Account, resource: Resource, there: Floats) -> Iterator[Line]:
    """Running cost that is booked under systems in service."""
    hours = there * alone.inputs.timeline.hours
    for category, usd in system_cost(alone).items():
        yield from _line(resource, category, MIDDLE, usd, usd, hours, "System-Hours")


def _conversions(account: Account) -> Iterator[Line]:
    timeline = account.inputs.timeline
    for (site, period), rows in account.decided.conversions.groups(["site", "period"]):
        start = int(str(period))
        alone = account.with_only("conversions", rows)
        resource = Resource(
            kind="site",
            key=f"conversion:{site}",
            who=str(site),
            region=_region(account, str(site)),
            system="",
            gpus=np.zeros_like(alone.holdings.convert.sum(axis=1)),
            start=start,
            periods=timeline.periods - start,
        )
        for category, usd, _ in invested(alone):
            if category == CONVERSION.key:
                spread = usd.sum(axis=1, keepdims=True) * _straight_line(timeline, start, timeline.periods - start)
                yield from _line(resource, category, START, usd, spread, (usd != 0).astype(float), "Conversions")


def _existing(account: Account) -> Iterator[Line]:
    """What existing groups cost while they are kept, and bring when they are sold."""
    inputs = account.inputs
    keeps, sales = account.decided.keeps, sales_of_existing(account)
    for index, group in enumerate(inputs.groups):
        site = inputs.sites[group.site]
        mine = (keeps["site"] == site.name) & (keeps["group"] == group.index)
        alone = account.with_only("keeps", keeps.take(mine))
        there = alone.holdings.installed.sum(axis=(1, 2))
        item = inputs.systems[inputs.system_index[group.existing.system]]
        key = f"existing:{site.name}/{group.index}"
        resource = Resource("existing", key, site.name, site.region, item.system, there * item.gpus)
        yield from _running(alone, resource, there)
        brought, worth = -sales[:, index, :-1], -sales[:, index, -1]
        yield from _line(resource, HARDWARE_SALE.key, START, brought, brought, unit="Systems")
        yield from _line(resource, RESIDUAL.key, START, _at_end(worth, inputs.timeline), unit="Systems")


def _sites(account: Account) -> Iterator[Line]:
    """Energy by site and system, leases by site."""
    inputs = account.inputs
    mwh, price = energy_mwh(account), electricity_usd_per_mwh(inputs)
    months = inputs.timeline.hours / HOURS_PER_MONTH
    leases = leases_usd(inputs)
    nothing = np.zeros((len(inputs.futures), inputs.timeline.periods))
    for index, site in enumerate(inputs.sites):
        for kind, system in enumerate(inputs.systems):
            drawn = mwh[:, index, kind]
            resource = Resource(
                "site", f"energy:{site.name}/{system.system}", site.name, site.region, system.system, nothing
            )
            usd = drawn * price[index]
            yield from _line(resource, ENERGY.key, MIDDLE, usd, usd, drawn, "Megawatt-Hours")
        resource = Resource("site", f"lease:{site.name}", site.name, site.region, "", nothing)
        usd = nothing + leases[index]
        yield from _line(resource, LEASE.key, MIDDLE, usd, usd, nothing + months, "Months")


def _signed(account: Account) -> Iterator[Line]:
    """Contracts already signed."""
    inputs = account.inputs
    timeline = inputs.timeline
    nothing = np.zeros((len(inputs.futures), timeline.periods))
    for index, (contract, due) in enumerate(zip(inputs.contracts, signed_usd(inputs), strict=True)):
        if not contract.usd_per_gpu_hour:
            continue
        hours = nothing + due / contract.usd_per_gpu_hour
        resource = Resource(
            kind="signed",
            key=f"contract:{index}",
            who=contract.provider,
            region=contract.region,
            system=contract.system,
            gpus=hours / timeline.hours,
            start=timeline.period_of(contract.start),
            used=_used(account, f"contract:{index}"),
        )
        yield from _line(resource, RESERVED.key, MIDDLE, nothing + due, nothing + due, hours, GPU_HOURS)


def _reserved(account: Account) -> Iterator[Line]:
    inputs = account.inputs
    timeline = inputs.timeline
    indices = {terms.name: index for index, terms in enumerate(inputs.contract_terms)}
    tail_share = inputs.scenario.finance.contract_tail_share
    for (offer, period), rows in account.decided.signs.groups(["offer", "period"]):
        start, index = int(str(period)), indices[str(offer)]
        terms = inputs.contract_terms[index]
        alone = account.with_only("signs", rows)
        ahead, hourly, prepaid = payments(inputs, terms, alone.holdings.sign[:, index])
        resource = Resource(
            kind="reserved",
            key=f"{terms.name}/{timeline.names[start]}",
            who=terms.provider,
            region=terms.region,
            system=terms.system,
            gpus=alone.holdings.under_contract[:, index] * terms.lot_gpus,
            start=start,
            periods=term_periods(inputs, terms.term_months),
            used=_used(account, f"offer:{terms.name}"),
        )
        price = float(rate(inputs, terms)[start])
        solved = slice(0, timeline.periods)
        for timing, usd, accrued in ((START, ahead, prepaid), (MIDDLE, hourly, hourly)):
            mine = usd[:, solved]
            yield from _line(resource, RESERVED.key, timing, mine, accrued[:, solved], mine / price, GPU_HOURS)
        later = hourly.copy()
        later[:, solved] = 0
        yield from _line(resource, CONTRACT_TAIL.key, MIDDLE, later * tail_share, unit=GPU_HOURS)
        left = prepaid[:, timeline.periods :].sum(axis=1) * (1 - tail_share)
        yield from _line(resource, PREPAYMENT_CREDIT.key, START, _at_end(-left, timeline), unit=GPU_HOURS)


def _hourly(account: Account) -> Iterator[Line]:
    inputs = account.inputs
    indices = {terms.name: index for index, terms in enumerate(inputs.contract_terms)}
    for (offer,), rows in account.decided.rents.groups(["offer"]):
        index = indices[str(offer)]
        terms = inputs.contract_terms[index]
        alone = account.with_only("rents", rows)
        hours = (alone.holdings.rent[:, index] * inputs.timeline.block_hours).sum(axis=2) * terms.lot_gpus
        gpus = hours / inputs.timeline.hours
        resource = Resource("hourly", terms.name, terms.provider, terms.region, terms.system, gpus)
        for category, usd, _ in rented(alone):
            if category == terms.kind:
                yield from _line(resource, category, MIDDLE, usd, usd, hours, GPU_HOURS)


def _apis(account: Account) -> Iterator[Line]:
    inputs = account.inputs
    names = [workload.name for workload in inputs.workloads]
    per_request = sum(tokens_per_request(inputs))
    apis = {api.name: api for api in inputs.apis}
    for (workload, api), rows in account.decided.api.groups(["workload", "api"]):
        alone = account.with_only("api", rows)
        served = requests(alone, alone.service.to_api).sum(axis=2)[:, names.index(str(workload))]
        nothing = np.zeros_like(served)
        row, key = apis[str(api)], f"{api}/{workload}"
        resource = Resource("api", key, row.provider, "", row.model, nothing, workload=str(workload))
        mtok = served * np.asarray(per_request)[names.index(str(workload))] / TOKENS_PER_MTOK
        for category, usd, _ in traded(alone):
            if category == TOKEN_API.key:
                yield from _line(resource, category, MIDDLE, usd, usd, mtok, "1000000 Tokens")


def _revenue(account: Account) -> Iterator[Line]:
    for category, usd, _ in traded(account):
        if category == REVENUE.key:
            resource = Resource("revenue", "tokens sold", "", "", "", np.zeros_like(usd))
            yield from _line(resource, category, MIDDLE, usd)


def _line(
    resource: Resource,
    category: str,
    timing: str,
    usd: Floats,
    accrued_usd: Floats | None = None,
    quantity: Floats | None = None,
    unit: str = "",
) -> Iterator[Line]:
    """The line, where it has any money."""
    if np.any(usd):
        none = np.zeros_like(usd)
        accrued = none if accrued_usd is None else accrued_usd
        yield Line(resource, category, timing, usd, accrued, none if quantity is None else quantity, unit)


def _used(account: Account, key: str) -> Floats:
    """Share of a supply's usable GPU-hours that serve, (F, T)."""
    flow = account.supply
    index = next(index for index, source in enumerate(flow.sources) if source.key == key)
    usable = (flow.usable[:, index] * account.inputs.timeline.block_hours).sum(axis=2)
    busy = account.busy_gpu_hours[:, index]
    share = np.divide(busy, usable, out=np.zeros_like(busy), where=usable > 0)
    # Sums that miss a whole by a bit are one.
    return np.asarray(np.where(share > 1 - TOLERANCE, 1.0, share))


def _region(account: Account, site: str) -> str:
    return next(item.region for item in account.inputs.sites if item.name == site)


def _at_end(usd: Floats, timeline: Timeline) -> Floats:
    """USD (F,) on the first day after the solved horizon, (F, T + 1)."""
    found = np.zeros((len(usd), timeline.periods + 1))
    found[:, -1] = usd
    return found


def _straight_line(timeline: Timeline, start: int, periods: int) -> Floats:
    """Share of each period of the solved horizon in ``periods`` from ``start``, by days, (T,)."""
    hours = timeline.extended(periods).hours
    share = np.zeros(len(hours))
    share[start : start + periods] = hours[start : start + periods]
    return np.asarray((share / share.sum())[: timeline.periods])
