"""Offers: quotes as rows of the catalog, the share of an offer's GPUs that may serve, what runs on them."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import Catalog, Offer, System
from planner.rules.dates import term_lead_weeks
from planner.scenario.models import Contract, Procurement, Quote, Scenario
from planner.scenario.procurement import ASSUMED_DEPTH_GPUS

Floats = NDArray[np.float64]

ALL_THE_TIME = 1.0


class Sold(NamedTuple):
    """An offer as a plan may take it: the row, its lead weeks in this scenario, and whether it is a quote."""

    offer: Offer
    lead_weeks: float
    quoted: bool


def quote_offer(quote: Quote, as_of: dt.date) -> Offer:
    """The row of offers.csv that a quote is, as of the day the plan is decided; it can be signed until it expires."""
    return Offer(
        **quote.model_dump(exclude={"expires", "lead_weeks", "tags"}),
        lead_weeks=quote.lead_weeks or 0.0,
        available_until=quote.expires,
        source=("quote",),
        as_of=as_of,
        evidence="vendor",
    )


def offers_by_name(scenario: Scenario, catalog: Catalog) -> dict[str, Sold]:
    """Everything that providers sell, allowed or not; a quote stands in the place of the catalog's row of its name."""
    procurement = scenario.procurement
    found = [Sold(offer, _lead_weeks(procurement, offer), False) for offer in catalog.offers.values()]
    for quote in scenario.quotes:
        offer = quote_offer(quote, scenario.horizon.decided_on)
        own = quote.lead_weeks
        found.append(Sold(offer, _lead_weeks(procurement, offer) if own is None else own, True))
    return {sold.offer.name: sold for sold in found}


def _lead_weeks(procurement: Procurement, offer: Offer) -> float:
    """Weeks from signing to service; 0 for what is rented by the hour."""
    return term_lead_weeks(procurement, offer.term_months, offer.lead_weeks) if offer.term_months else 0.0


def usable_share(row: Offer | Contract, system: System) -> float:
    """Share of GPUs in service that may serve: the offer's own where it states one, else the system's."""
    return system.usable_share if row.usable_share is None else row.usable_share


def usable_share_by_block(scenario: Scenario, offer: Offer, system: System, blocks: tuple[str, ...]) -> Floats:
    """``usable_share`` of an offer, for spot times the share of the hours paid for that is useful, (B,)."""
    share = np.full(len(blocks), usable_share(offer, system))
    if offer.kind != "spot":
        return share
    by_block = scenario.procurement.spot_availability
    available = ALL_THE_TIME if offer.availability is None else offer.availability
    return np.asarray(share * available * np.array([by_block.get(block, ALL_THE_TIME) for block in blocks]))


def hourly_depth(procurement: Procurement, provider: str, max_lots: float | None) -> float:
    """GPUs of one system that ``provider`` is taken to have by the hour, over its offers that state no ``max_lots``.

    Infinite where any number is taken to be there, and for an offer that has a limit of its own.
    """
    stated = procurement.hourly_depth_gpus
    if stated is None or (max_lots is not None and np.isfinite(max_lots)):
        return np.inf
    return stated.get(provider, ASSUMED_DEPTH_GPUS) if isinstance(stated, dict) else stated


def stack(row: Offer | Contract) -> frozenset[str] | None:
    """What runs on rented GPUs: None for anything (bare metal), else what the endpoint's contract enables."""
    return None if row.service == "bare_metal" else frozenset(row.capabilities)
