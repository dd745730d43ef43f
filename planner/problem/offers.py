"""What providers offer: contracts to sign, contracts signed, GPUs by the hour, and what they cost."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog import Catalog
from planner.catalog.models import Offer
from planner.problem.supply import Hourly, Reservation, Signed
from planner.rules.dates import can_start, here_and_now_until, lies_within, on_all_days, order_days
from planner.rules.eligibility import provider_ruled_out, system_ruled_out
from planner.rules.hosting import lot_hosting
from planner.rules.offers import offers_by_name, usable_share, usable_share_by_block
from planner.rules.tariffs import price_factors
from planner.scenario.models import Contract, Scenario
from planner.timeline import Timeline
from planner.units import HOURS_PER_DAY

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def reservations(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> tuple[list[Reservation], list[str]]:
    """Contracts that can be signed in some period, by name, and a line for each offer whose term does not fit."""
    found, left_out = [], []
    if "reserved" not in scenario.procurement.rent:
        return [], []
    for _, (offer, lead, quoted) in sorted(offers_by_name(scenario, catalog).items()):
        system = catalog.systems[offer.system]
        if offer.kind != "reserved" or provider_ruled_out(scenario, offer.provider):
            continue
        if system_ruled_out(scenario, system, named=quoted):
            continue
        assert offer.term_months is not None
        if offer.term_months % timeline.months_per_period:
            left_out.append(f"{offer.name}: its term is not a whole number of periods")
            continue
        exists = can_start(timeline, scenario.horizon.decided_on, lead, offer.available_from)
        if offer.available_until is not None:
            exists &= np.array([day <= offer.available_until for day in order_days(timeline, lead)])
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
    factor = np.ones(periods) if quoted else price_factors(scenario, catalog, "rent", timeline.years)
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
    return Reservation(
        offer=offer,
        quoted=quoted,
        usable_gpus=offer.lot_gpus * usable_share(offer, catalog.systems[offer.system]),
        hosting=lot_hosting(offer, catalog.systems[offer.system]),
        term_periods=term,
        exists=exists,
        opex_usd=inside + np.diag(upfront),
        npv_usd=npv,
        commitment_usd=value,
        lead_weeks=lead_weeks,
        here_and_now_until=here_and_now_until(scenario, timeline, lead_weeks),
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
    there = lies_within(timeline, contract.start, contract.end).astype(float)
    overlap = [max(0, (min(end, contract.end) - max(start, contract.start)).days) for start, end in timeline.spans]
    usable = usable_share(contract, catalog.systems[contract.system])
    return Signed(
        contract=contract,
        gpus=there * contract.gpus,
        usable_gpus=there * (contract.gpus * usable),
        hosting=lot_hosting(contract, catalog.systems[contract.system]),
        opex_usd=np.array(overlap) * HOURS_PER_DAY * contract.gpus * contract.usd_per_gpu_hour,
    )


def hourly(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> list[Hourly]:
    """On-demand and spot offers that are there in some period, by name."""
    factor = price_factors(scenario, catalog, "rent", timeline.years)
    futures = np.ones((max(1, len(scenario.futures)), timeline.periods))
    for index, future in enumerate(scenario.futures):
        futures[index] = [future.rent_price.step_mean(*span) for span in timeline.spans]
    found = []
    for offer in sorted(catalog.offers.values(), key=lambda offer: offer.name):
        system = catalog.systems[offer.system]
        if offer.kind == "reserved" or offer.kind not in scenario.procurement.rent:
            continue
        if provider_ruled_out(scenario, offer.provider) or system_ruled_out(scenario, system):
            continue
        exists = on_all_days(timeline, offer.available_from, offer.available_until)
        if exists.any():
            found.append(
                Hourly(
                    offer=offer,
                    usable_gpus=offer.lot_gpus * usable_share_by_block(scenario, offer, system, timeline.blocks),
                    hosting=lot_hosting(offer, system),
                    exists=exists,
                    usd_per_hour=offer.usd_per_gpu_hour * offer.lot_gpus * factor * futures,
                )
            )
    return found
