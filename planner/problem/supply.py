"""What GPUs can come from: racks to buy, groups already owned, contracts, hourly offers; and what they cost.

Arrays have the axes A (site × system to buy), G (existing groups), R (reserved offers), S (contracts already signed),
O (hourly offers), F (futures), T (periods), B (load blocks). Money is USD.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.models import Offer, PricePath, System
from planner.scenario.models import Contract, Existing, Quote, Scenario, Site
from planner.schedule import add_months
from planner.timeline import Timeline
from planner.units import (
    DAYS_PER_YEAR,
    HOURS_PER_DAY,
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    MONTHS_PER_YEAR,
    days_from_weeks,
    mw_from_kw,
    mwh_from_kw_hours,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Asset:
    """A system at a site: bought in some period, or an existing group. One unit is one system.

    ``running_usd`` (T,) is what one system costs in service over a period: staff, licence, colocation, idle
    energy, and for existing groups support. ``busy_usd_per_gpu_hour`` (T,) is the energy of a GPU that serves.
    """

    site: int
    system: System
    supply: str
    running_usd: Floats
    busy_usd_per_gpu_hour: Floats
    cap_kw: float
    it_kw: float
    positions: float
    needs_conversion: bool


@dataclass(frozen=True)
class Purchase:
    """A system that can be bought for a site.

    ``exists`` (T,) marks the periods it can enter service in; ``capex_usd`` and ``support_usd`` (T, T) are cash by
    period bought × period paid; ``npv_usd`` (T,) capex and support less residual, discounted; ``common_until`` is
    the first period whose purchase is ordered after the future is known.
    """

    asset: Asset
    exists: Bools
    life_periods: int
    capex_usd: Floats
    support_usd: Floats
    npv_usd: Floats
    lead_weeks: float
    common_until: int


@dataclass(frozen=True)
class Group:
    """Systems already owned: in service in ``exists`` (T,) unless retired."""

    asset: Asset
    index: int
    count: int
    exists: Bools


@dataclass(frozen=True)
class Reservation:
    """A reserved offer; one unit is one lot.

    ``opex_usd`` (T, T) is cash by period signed × period paid inside the horizon; ``npv_usd`` (T,) all of it
    and the tail; ``commitment_usd`` (T,) the whole contract's value.
    """

    offer: Offer
    quoted: bool
    usable_gpus: float
    term_periods: int
    exists: Bools
    opex_usd: Floats
    npv_usd: Floats
    commitment_usd: Floats
    lead_weeks: float
    common_until: int


@dataclass(frozen=True)
class Signed:
    """A contract already signed; ``gpus`` and ``usable_gpus`` (T,) there, ``opex_usd`` (T,) due."""

    contract: Contract
    gpus: Floats
    usable_gpus: Floats
    opex_usd: Floats


@dataclass(frozen=True)
class Hourly:
    """An on-demand or spot offer; one unit is one lot running through a block.

    ``usable_gpus`` (B,) per lot; ``exists`` (T,); ``usd_per_hour`` (F, T) per lot.
    """

    offer: Offer
    usable_gpus: Floats
    exists: Bools
    usd_per_hour: Floats


@dataclass(frozen=True)
class Supply:
    """Everything GPUs can come from, and the offers left out with the reason."""

    purchases: tuple[Purchase, ...]
    groups: tuple[Group, ...]
    reservations: tuple[Reservation, ...]
    signed: tuple[Signed, ...]
    hourly: tuple[Hourly, ...]
    left_out: tuple[str, ...]

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Systems at sites, those to buy before those already owned."""
        bought = tuple(item.asset for item in self.purchases)
        return bought + tuple(group.asset for group in self.groups)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Offers that may be signed or rented, reserved before hourly."""
        reserved = tuple(item.offer for item in self.reservations)
        return reserved + tuple(item.offer for item in self.hourly)

    @property
    def systems(self) -> set[str]:
        """Keys of the systems that any supply brings."""
        owned = {asset.system.system for asset in self.assets}
        rented = {offer.system for offer in self.offers}
        return owned | rented | {item.contract.system for item in self.signed}


def build_supply(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> Supply:
    """All supplies of a scenario, before any reduction."""
    reservations, left_out = _reservations(scenario, catalog, timeline)
    return Supply(
        purchases=tuple(_purchases(scenario, catalog, timeline)),
        groups=tuple(_groups(scenario, catalog, timeline)),
        reservations=tuple(reservations),
        signed=tuple(_signed(contract, catalog, timeline) for contract in scenario.contracts),
        hourly=tuple(_hourly(scenario, catalog, timeline)),
        left_out=tuple(left_out),
    )


def allowed_system(scenario: Scenario, system: System) -> bool:
    """Whether the scenario lets a plan buy or rent ``system``."""
    rule = scenario.procurement.systems
    if system.announced and system.system not in rule.include:
        return False
    return system.system not in rule.deny and (rule.allow is None or system.system in rule.allow)


def allowed_provider(scenario: Scenario, provider: str) -> bool:
    """Whether the scenario lets a plan sign, rent or call ``provider``."""
    rule = scenario.procurement.providers
    return provider not in rule.deny and (rule.allow is None or provider in rule.allow)


def revealed_period(scenario: Scenario, timeline: Timeline, lead_weeks: float) -> int:
    """First period whose decision, taken ``lead_weeks`` before it, comes after the future is known."""
    if scenario.revealed is None:
        return timeline.periods
    return timeline.first_period(scenario.revealed + dt.timedelta(days=lead_days(lead_weeks)))


def can_start(timeline: Timeline, decided_on: dt.date, lead_weeks: float, first: dt.date | None) -> Bools:
    """Periods whose start is reachable by an order placed on or after ``decided_on``, (T,)."""
    earliest = decided_on + dt.timedelta(days=lead_days(lead_weeks))
    if first is not None:
        earliest = max(earliest, first)
    return np.array([start >= earliest for start in timeline.starts[:-1]])


def order_day(start: dt.date, lead_weeks: float) -> dt.date:
    """The day to order what enters service on ``start``."""
    return start - dt.timedelta(days=lead_days(lead_weeks))


def lead_days(weeks: float) -> int:
    """Whole days of a lead time, rounded up."""
    return math.ceil(days_from_weeks(weeks) - 1e-9)


def price_path(scenario: Scenario, catalog: Catalog) -> PricePath:
    """The scenario's price path."""
    return catalog.price_paths[scenario.finance.price_path]


def electricity_usd_per_mwh(site: Site, catalog: Catalog, timeline: Timeline) -> Floats:
    """Price of energy at ``site`` by period, (T,)."""
    if site.electricity_usd_per_mwh is not None:
        schedule = site.electricity_usd_per_mwh
        return np.array([schedule.step_mean(*span) for span in timeline.spans])
    price = catalog.energy[site.region].usd_per_mwh
    assert price is not None
    return np.full(timeline.periods, price)


def system_lead_weeks(scenario: Scenario, system: System) -> float:
    """Weeks from order to service of a bought system."""
    return scenario.procurement.lead_weeks.get(system.system, system.lead_weeks)


def offer_lead_weeks(scenario: Scenario, offer: Offer, own: float | None = None) -> float:
    """Weeks from signing to service of a reserved offer; ``own`` is a quote's own figure."""
    if own is not None:
        return own
    assert offer.term_months is not None
    named = scenario.procurement.lead_weeks
    for key in (f"reserved_{offer.term_months}m", f"reserved_{offer.term_months / 12:g}y"):
        if key in named:
            return named[key]
    return offer.lead_weeks


def quote_offer(quote: Quote, as_of: dt.date) -> Offer:
    """The row of offers.csv that a quote is, as of the day the plan is decided."""
    return Offer(
        **quote.model_dump(exclude={"expires", "lead_weeks"}),
        lead_weeks=quote.lead_weeks or 0.0,
        available_until=quote.expires,
        source=("quote",),
        as_of=as_of,
        evidence="vendor",
    )


def _asset(scenario: Scenario, catalog: Catalog, timeline: Timeline, index: int, system: System, supply: str) -> Asset:
    site = scenario.sites[index]
    pue = site.pue.get(system.cooling)
    design, annual = (pue.design, pue.annual) if pue else (1.0, 1.0)
    it_kw = system.provisioned_it_kw
    energy = electricity_usd_per_mwh(site, catalog, timeline) * annual * (1 + system.network_kw_share)
    idle = mwh_from_kw_hours(system.idle_it_kw, timeline.hours) * energy
    share_of_year = timeline.hours / HOURS_PER_YEAR
    months = timeline.hours / HOURS_PER_MONTH
    running = idle + share_of_year * (
        system.licence_usd_per_gpu_year * system.gpus + site.staff_usd_per_mw_year * mw_from_kw(it_kw)
    )
    running = running + months * site.colocation_usd_per_kw_month * it_kw
    busy_kw_per_gpu = (system.busy_it_kw - system.idle_it_kw) / system.gpus
    positions = 0.0
    if site.kw_per_rack_position is not None:
        fitting = 1 if system.gpus > 8 else int(site.kw_per_rack_position / it_kw + 1e-9)
        fitting = 0 if it_kw > site.kw_per_rack_position * (1 + 1e-9) else fitting
        positions = 1 / fitting if fitting else np.inf
    return Asset(
        site=index,
        system=system,
        supply=supply,
        running_usd=running,
        busy_usd_per_gpu_hour=mwh_from_kw_hours(busy_kw_per_gpu, 1.0) * energy,
        cap_kw=it_kw * (design if site.cap_at == "utility" else 1.0),
        it_kw=it_kw,
        positions=positions,
        needs_conversion=system.cooling not in site.cooling,
    )


def _purchases(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> list[Purchase]:
    if not scenario.procurement.buy:
        return []
    found = []
    for index, site in enumerate(scenario.sites):
        for _, system in sorted(catalog.systems.items()):
            convertible = site.conversion is not None and system.cooling == "liquid"
            if not allowed_system(scenario, system) or not (system.cooling in site.cooling or convertible):
                continue
            asset = _asset(scenario, catalog, timeline, index, system, f"own:{site.name}/{system.system}")
            if not np.isfinite(asset.positions):
                continue
            lead = system_lead_weeks(scenario, system)
            exists = can_start(timeline, scenario.horizon.decided_on, lead, system.available_from)
            if exists.any():
                found.append(_purchase(scenario, catalog, timeline, asset, exists, lead))
    return found


def _purchase(
    scenario: Scenario, catalog: Catalog, timeline: Timeline, asset: Asset, exists: Bools, lead_weeks: float
) -> Purchase:
    system, periods = asset.system, timeline.periods
    path = price_path(scenario, catalog)
    orders = [order_day(start, lead_weeks) for start in timeline.starts[:-1]]
    paid = system.price_usd * path.factors("hardware", np.array([day.year for day in orders]))
    life = max(1, round(system.life_years * MONTHS_PER_YEAR / timeline.months_per_period))
    bought = np.arange(periods)
    capex = np.zeros((periods, periods))
    ordered = np.array([timeline.period_of(day) for day in orders])
    full = paid * system.capex_factor
    np.add.at(capex, (bought, ordered), full * system.deposit_share)
    np.add.at(capex, (bought, bought), full * (1 - system.deposit_share))
    in_service = (bought[None, :] >= bought[:, None]) & (bought[None, :] < bought[:, None] + life)
    support = in_service * (paid * system.support_share_per_year)[:, None] * (timeline.hours / HOURS_PER_YEAR)
    ages = np.array([(timeline.end - start).days for start in timeline.starts[:-1]]) / DAYS_PER_YEAR
    residual = paid * residual_share(system, ages) * scenario.finance.residual_haircut
    npv = capex @ timeline.discount_start + support @ timeline.discount_middle - residual * timeline.discount_end
    return Purchase(
        asset=asset,
        exists=exists,
        life_periods=life,
        capex_usd=capex,
        support_usd=support,
        npv_usd=npv,
        lead_weeks=lead_weeks,
        common_until=revealed_period(scenario, timeline, lead_weeks),
    )


def residual_share(system: System, age_years: Floats) -> Floats:
    """Resale value by age as a share of the hardware price paid: 1 when new, 0 at the end of life."""
    curve = {0.0: 1.0, **system.residual_share_by_age_years}
    curve = {age: share for age, share in curve.items() if age < system.life_years} | {system.life_years: 0.0}
    ages = sorted(curve)
    return np.interp(age_years, ages, [curve[age] for age in ages])


def _groups(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> list[Group]:
    found = []
    for index, site in enumerate(scenario.sites):
        for position, existing in enumerate(site.existing):
            system = catalog.systems[existing.system]
            asset = _asset(scenario, catalog, timeline, index, system, f"existing:{site.name}/{position}")
            support = (existing.price_usd or system.price_usd) * system.support_share_per_year
            running = asset.running_usd + support * timeline.hours / HOURS_PER_YEAR
            # What stands there already takes a position, whether or not one more could be fed.
            positions = asset.positions if np.isfinite(asset.positions) else 1.0
            asset = replace(asset, running_usd=running, positions=positions)
            first, until = service_days(existing, system)
            exists = np.array([start >= first and end <= until for start, end in timeline.spans])
            found.append(Group(asset=asset, index=position, count=existing.count, exists=exists))
    return found


def service_days(existing: Existing, system: System) -> tuple[dt.date, dt.date]:
    """First day in service and first day out of it."""
    until = existing.until or add_months(existing.in_service, round(MONTHS_PER_YEAR * system.life_years))
    return existing.in_service, until


def _reservations(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> tuple[list[Reservation], list[str]]:
    rows: dict[str, tuple[Offer, float | None, bool]] = {
        offer.name: (offer, None, False) for offer in catalog.offers.values() if offer.kind == "reserved"
    }
    # A quote stands in the place of the catalog's row for the same thing.
    for quote in scenario.quotes:
        offer = quote_offer(quote, scenario.horizon.decided_on)
        rows[offer.name] = (offer, quote.lead_weeks, True)
    found, left_out = [], []
    for _, (offer, own_lead, quoted) in sorted(rows.items()):
        system = catalog.systems[offer.system]
        if "reserved" not in scenario.procurement.rent or not allowed_provider(scenario, offer.provider):
            continue
        if not (allowed_system(scenario, system) or (quoted and system.announced)):
            continue
        assert offer.term_months is not None
        if offer.term_months % timeline.months_per_period:
            left_out.append(f"{offer.name}: its term is not a whole number of periods")
            continue
        lead = offer_lead_weeks(scenario, offer, own_lead)
        exists = can_start(timeline, scenario.horizon.decided_on, lead, offer.available_from)
        if offer.available_until is not None:
            exists &= np.array([order_day(start, lead) <= offer.available_until for start in timeline.starts[:-1]])
        if exists.any():
            found.append(_reservation(scenario, catalog, timeline, offer, quoted, exists, lead))
    return found, left_out


def _reservation(
    scenario: Scenario,
    catalog: Catalog,
    timeline: Timeline,
    offer: Offer,
    quoted: bool,
    exists: Bools,
    lead_weeks: float,
) -> Reservation:
    assert offer.term_months is not None
    term, periods = offer.term_months // timeline.months_per_period, timeline.periods
    hours, later = _hours_of_term(timeline, term)
    path = price_path(scenario, catalog)
    factor = np.ones(periods) if quoted else path.factors("rent", timeline.years)
    usd_per_hour = offer.usd_per_gpu_hour * offer.lot_gpus * factor
    value = usd_per_hour * hours.sum(axis=1)
    upfront = value * offer.upfront_share
    monthly = usd_per_hour[:, None] * hours * (1 - offer.upfront_share)
    inside, after = monthly[:, :periods], monthly[:, periods:]
    unexpired = hours[:, periods:].sum(axis=1) / hours.sum(axis=1)
    charged = scenario.finance.contract_tail_share
    npv = (
        upfront * timeline.discount_start
        + inside @ timeline.discount_middle
        + charged * (after @ later)
        - (1 - charged) * upfront * unexpired * timeline.discount_end
    )
    usable = offer.usable_share if offer.usable_share is not None else catalog.systems[offer.system].usable_share
    return Reservation(
        offer=offer,
        quoted=quoted,
        usable_gpus=offer.lot_gpus * usable,
        term_periods=term,
        exists=exists,
        opex_usd=inside + np.diag(upfront),
        npv_usd=npv,
        commitment_usd=value,
        lead_weeks=lead_weeks,
        common_until=revealed_period(scenario, timeline, lead_weeks),
    )


@lru_cache(maxsize=16)
def _hours_of_term(timeline: Timeline, term: int) -> tuple[Floats, Floats]:
    """Hours of a term by period signed × period run (T, T + term), and the discount of those after the horizon."""
    periods = timeline.periods
    calendar = timeline.extended(term)
    signed, paid = np.arange(periods), np.arange(periods + term)
    running = (paid[None, :] >= signed[:, None]) & (paid[None, :] < signed[:, None] + term)
    return running * calendar.hours, calendar.discount_middle[periods:]


def _signed(contract: Contract, catalog: Catalog, timeline: Timeline) -> Signed:
    there = np.array([contract.start <= start and end <= contract.end for start, end in timeline.spans])
    overlap = [max(0, (min(end, contract.end) - max(start, contract.start)).days) for start, end in timeline.spans]
    system = catalog.systems[contract.system]
    usable = contract.usable_share if contract.usable_share is not None else system.usable_share
    return Signed(
        contract=contract,
        gpus=there * float(contract.gpus),
        usable_gpus=there * (contract.gpus * usable),
        opex_usd=np.array(overlap) * HOURS_PER_DAY * contract.gpus * contract.usd_per_gpu_hour,
    )


def _hourly(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> list[Hourly]:
    path = price_path(scenario, catalog)
    factor = path.factors("rent", timeline.years)
    futures = np.ones((max(1, len(scenario.futures)), timeline.periods))
    for index, future in enumerate(scenario.futures):
        futures[index] = [future.rent_price.step_mean(*span) for span in timeline.spans]
    found = []
    for offer in sorted(catalog.offers.values(), key=lambda offer: offer.name):
        system = catalog.systems[offer.system]
        if offer.kind == "reserved" or offer.kind not in scenario.procurement.rent:
            continue
        if not allowed_provider(scenario, offer.provider) or not allowed_system(scenario, system):
            continue
        exists = available(timeline, offer.available_from, offer.available_until)
        usable = offer.usable_share if offer.usable_share is not None else system.usable_share
        share = np.full(len(timeline.blocks), usable)
        if offer.kind == "spot":
            per_block = [scenario.procurement.spot_availability.get(block, 1.0) for block in timeline.blocks]
            share = share * (offer.availability or 1.0) * np.array(per_block)
        if exists.any():
            found.append(
                Hourly(
                    offer=offer,
                    usable_gpus=offer.lot_gpus * share,
                    exists=exists,
                    usd_per_hour=offer.usd_per_gpu_hour * offer.lot_gpus * factor * futures,
                )
            )
    return found


def available(timeline: Timeline, first: dt.date | None, last: dt.date | None) -> Bools:
    """Periods on all of whose days something is available, (T,)."""
    return np.array(
        [
            (first is None or first <= start) and (last is None or end <= last + dt.timedelta(days=1))
            for start, end in timeline.spans
        ]
    )
