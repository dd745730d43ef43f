"""Deals: catalog offers and the scenario's quotes on one footing, with the days at which they may start."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from planner.catalog.models import Catalog, Kind, Offer
from planner.scenario.models import Procurement, Quote, Scenario
from planner.units import DAYS_PER_WEEK

MONTHS_PER_TERM_YEAR = 12


@dataclass(frozen=True)
class Deal:
    """What a provider sells, from the catalog or from a quote.

    ``lead_weeks`` is the one that counts (quote, scenario, catalog, in this order). ``path_moves_rate`` is false
    for quotes. ``capabilities`` is None where any stack may run. ``max_lots`` is infinite where there is none.
    """

    name: str
    provider: str
    region: str
    system: str
    kind: Kind
    term_months: int
    usd_per_gpu_hour: float
    lot_gpus: int
    min_lots: int
    max_lots: float
    upfront_share: float
    lead_weeks: float
    usable_share: float | None
    availability: float
    capabilities: frozenset[str] | None
    rdma: bool
    available_from: dt.date
    available_until: dt.date
    path_moves_rate: bool

    @property
    def reserved(self) -> bool:
        """Whether it is signed for a term rather than rented by the hour."""
        return self.kind == "reserved"


def lead_days(weeks: float) -> int:
    """Whole days of a lead time; a part of a day counts as a day."""
    return math.ceil(weeks * DAYS_PER_WEEK - 1e-9)


def order_day(start: dt.date, weeks: float) -> dt.date:
    """Last day to order what is to start on ``start``."""
    return start - dt.timedelta(days=lead_days(weeks))


def stack(service: str, capabilities: tuple[str, ...]) -> frozenset[str] | None:
    """What runs on a supply: None for anything (bare metal), else the capabilities of the endpoint."""
    return None if service == "bare_metal" else frozenset(capabilities)


def deals(scenario: Scenario, catalog: Catalog) -> dict[str, Deal]:
    """Every offer and quote by name; a quote replaces a catalog offer of its name."""
    procurement = scenario.procurement
    found = [_of_offer(offer, procurement) for offer in catalog.offers.values()]
    found += [_of_quote(quote, procurement) for quote in scenario.quotes]
    return {deal.name: deal for deal in found}


def _lead_weeks(procurement: Procurement, term_months: int, own: float) -> float:
    """Lead weeks of a reserved contract: by months, by years, else ``own``."""
    years, months = divmod(term_months, MONTHS_PER_TERM_YEAR)
    by_years = procurement.lead_weeks.get(f"reserved_{years}y", own) if not months else own
    return procurement.lead_weeks.get(f"reserved_{term_months}m", by_years)


def _of_offer(offer: Offer, procurement: Procurement) -> Deal:
    term = offer.term_months or 0
    lead = _lead_weeks(procurement, term, offer.lead_weeks) if offer.kind == "reserved" else 0.0
    return Deal(
        name=offer.name,
        provider=offer.provider,
        region=offer.region,
        system=offer.system,
        kind=offer.kind,
        term_months=term,
        usd_per_gpu_hour=offer.usd_per_gpu_hour,
        lot_gpus=offer.lot_gpus,
        min_lots=offer.min_lots or 0,
        max_lots=math.inf if offer.max_lots is None else offer.max_lots,
        upfront_share=offer.upfront_share,
        lead_weeks=lead,
        usable_share=offer.usable_share,
        availability=1.0 if offer.availability is None else offer.availability,
        capabilities=stack(offer.service, offer.capabilities),
        rdma=offer.interconnect == "rdma",
        available_from=offer.available_from or dt.date.min,
        available_until=offer.available_until or dt.date.max,
        path_moves_rate=True,
    )


def _of_quote(quote: Quote, procurement: Procurement) -> Deal:
    own = quote.lead_weeks
    return Deal(
        name=f"{quote.provider}/{quote.region}/{quote.system}/{quote.kind}-{quote.term_months}m",
        provider=quote.provider,
        region=quote.region,
        system=quote.system,
        kind=quote.kind,
        term_months=quote.term_months,
        usd_per_gpu_hour=quote.usd_per_gpu_hour,
        lot_gpus=quote.lot_gpus,
        min_lots=quote.min_lots or 0,
        max_lots=math.inf if quote.max_lots is None else quote.max_lots,
        upfront_share=quote.upfront_share,
        lead_weeks=_lead_weeks(procurement, quote.term_months, 0.0) if own is None else own,
        usable_share=quote.usable_share,
        availability=1.0,
        capabilities=stack(quote.service, quote.capabilities),
        rdma=quote.interconnect == "rdma",
        available_from=dt.date.min,
        available_until=quote.expires or dt.date.max,
        path_moves_rate=False,
    )
