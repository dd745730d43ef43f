"""What providers offer: contracts to sign, contracts signed, GPUs by the hour, and what they cost."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog import Catalog
from planner.catalog.models import Offer
from planner.problem.availability import (
    allowed_provider,
    allowed_system,
    available,
    can_start,
    order_day,
    price_path,
    revealed_period,
)
from planner.problem.supply import Hourly, Reservation, Signed
from planner.scenario.models import Contract, Quote, Scenario
from planner.timeline import Timeline
from planner.units import HOURS_PER_DAY

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def reservations(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> tuple[list[Reservation], list[str]]:
    """Contracts that can be signed in some period, by name, and a line for each offer whose term does not fit."""
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
        + bits.dot(inside, timeline.discount_middle)
        + charged * bits.dot(after, later)
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


def signed(contract: Contract, catalog: Catalog, timeline: Timeline) -> Signed:
    """The GPUs and payments of a contract already signed: there in periods it covers wholly, paid by the day."""
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


def hourly(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> list[Hourly]:
    """On-demand and spot offers that are there in some period, by name."""
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
