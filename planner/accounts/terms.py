"""Contract terms: catalog offers and the scenario's quotes on one footing, with the days at which they may start."""

from __future__ import annotations

import datetime as dt
import math

from planner.catalog.models import Catalog, Kind
from planner.frozen import dataclass
from planner.rules.hosting import Hosting, lot_hosting
from planner.rules.offers import Sold, offers_by_name, stack, usable_share_by_block
from planner.scenario.models import Scenario


@dataclass(frozen=True)
class ContractTerms:
    """What a provider sells, from the catalog or from a quote.

    ``lead_weeks`` is the one that counts (quote, scenario, catalog, in this order). ``path_moves_rate`` is false
    for quotes. ``usable_share`` is that of each load block, what is lost of spot included. ``capabilities`` is None
    where any stack may run. ``max_lots`` is infinite where there is none.
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
    usable_share: tuple[float, ...]
    capabilities: frozenset[str] | None
    rdma: bool
    available_from: dt.date
    available_until: dt.date
    path_moves_rate: bool
    hosting: Hosting

    @property
    def reserved(self) -> bool:
        """Whether it is signed for a term rather than rented by the hour."""
        return self.kind == "reserved"


def contract_terms(scenario: Scenario, catalog: Catalog, blocks: tuple[str, ...]) -> dict[str, ContractTerms]:
    """Every offer and quote by name; a quote replaces a catalog offer of its name."""
    found = offers_by_name(scenario, catalog)
    return {name: _terms(scenario, catalog, sold, blocks) for name, sold in found.items()}


def _terms(scenario: Scenario, catalog: Catalog, sold: Sold, blocks: tuple[str, ...]) -> ContractTerms:
    offer = sold.offer
    return ContractTerms(
        name=offer.name,
        provider=offer.provider,
        region=offer.region,
        system=offer.system,
        kind=offer.kind,
        term_months=offer.term_months or 0,
        usd_per_gpu_hour=offer.usd_per_gpu_hour,
        lot_gpus=offer.lot_gpus,
        min_lots=offer.min_lots or 0,
        max_lots=math.inf if offer.max_lots is None else offer.max_lots,
        upfront_share=offer.upfront_share,
        lead_weeks=sold.lead_weeks,
        usable_share=tuple(usable_share_by_block(scenario, offer, catalog.systems[offer.system], blocks)),
        capabilities=stack(offer),
        rdma=offer.interconnect == "rdma",
        available_from=offer.available_from or dt.date.min,
        available_until=offer.available_until or dt.date.max,
        path_moves_rate=not sold.quoted,
        hosting=lot_hosting(offer, catalog.systems[offer.system]),
    )
