"""Ways of getting a system's GPUs, and what an hour of one costs: owned, under contract, on demand, as API tokens."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.models import Offer, System
from planner.errors import InputError
from planner.frozen import dataclass
from planner.rules import running
from planner.rules.eligibility import provider_ruled_out
from planner.rules.latency import SLACK, api_excess
from planner.rules.offers import offers_by_name, usable_share
from planner.rules.residual import residual_credit_usd
from planner.rules.tariffs import api_usd_per_request, electricity_usd_per_mwh
from planner.scenario import Scenario
from planner.scenario.models import Site, Workload
from planner.timeline import Timeline
from planner.units import (
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    MONTHS_PER_YEAR,
    SECONDS_PER_HOUR,
)
from planner.validation import nearest

Floats = NDArray[np.float64]
Kind = Literal["own", "reserve", "on_demand", "api"]


@dataclass(frozen=True)
class SourcingOption:
    """One way of getting GPUs. ``usd_per_gpu_hour`` (months held, from 1) is levelised over every hour held.

    ``usable`` GPUs of each one paid can serve; ``busy_usd`` is the energy of an hour in use. ``hourly`` ways are paid
    for the hours in use alone; of token APIs the price is that of a GPU's tokens.
    """

    name: str
    kind: Kind
    usd_per_gpu_hour: Floats
    usable: float = 1.0
    busy_usd: float = 0.0
    hourly: bool = False
    note: str = ""

    def used(self, utilisation: Floats | float, months: int) -> Floats:
        """USD per hour in use of a usable GPU, at a utilisation (share of usable hours in use) and months held."""
        paid = self.usd_per_gpu_hour[months - 1] / self.usable
        share = np.asarray(utilisation, dtype=float)
        used = paid + 0.0 * share if self.hourly else paid / share + self.busy_usd
        return np.asarray(used, dtype=float)


@dataclass(frozen=True)
class PriceOverrides:
    """Prices in USD per GPU-hour that stand in the place of the catalog's; None leaves it to the catalog.

    ``own`` covers everything: capex, power, staff.
    """

    own: float | None = None
    reserve: float | None = None
    on_demand: float | None = None


def _discounts(scenario: Scenario, months: int) -> tuple[Floats, Floats]:
    """Discount factors of the middle and of the end of each month, from the day service starts."""
    month = np.arange(months)
    base = 1 + scenario.finance.discount_rate
    middle = np.power(base, -(month + 0.5) / MONTHS_PER_YEAR, dtype=float)
    return middle, np.power(base, -(month + 1.0) / MONTHS_PER_YEAR, dtype=float)


def owned(
    scenario: Scenario,
    catalog: Catalog,
    timeline: Timeline,
    system: System,
    site: str | None,
    most: int,
    usd: float | None,
) -> list[SourcingOption]:
    """The system bought for the first site that can cool it, and resold; none where there is no such site."""
    if usd is not None:
        return [
            SourcingOption("own", "own", np.full(most, usd), system.usable_share, note="price given; all of owning")
        ]
    hall = _site(scenario, system, site)
    if hall is None:
        return []
    hourly, busy = running_usd_per_hour(scenario, catalog, timeline, system, hall)
    middle, end = _discounts(scenario, most)
    ages = np.arange(1, most + 1) / MONTHS_PER_YEAR
    price = np.full(most, system.price_usd)
    resale = residual_credit_usd(price, price, scenario.finance, system, ages) * end
    hours = HOURS_PER_MONTH * np.cumsum(middle)
    levelised = ((system.price_usd * system.capex_factor - resale) / hours + hourly) / system.gpus
    return [
        SourcingOption("own", "own", levelised, system.usable_share, busy, note=f"at {hall.name}, resold when it ends")
    ]


def running_usd_per_hour(
    scenario: Scenario, catalog: Catalog, timeline: Timeline, system: System, hall: Site
) -> tuple[float, float]:
    """USD an hour of one system in service, all running cost but what it draws in use, and of one GPU in use."""
    tariff = electricity_usd_per_mwh(hall, catalog, timeline)[:1]
    upkeep = system.price_usd * running.share_of_price_a_year(scenario, system) / HOURS_PER_YEAR
    standing = running.standing_usd(scenario, hall, system, np.ones(1), tariff)
    return upkeep + float(standing[0]), running.busy_usd_per_gpu_hour(hall, system, float(tariff[0]))


def _site(scenario: Scenario, system: System, name: str | None) -> Site | None:
    if name is not None and name not in {site.name for site in scenario.sites}:
        raise InputError(f"--site {name}: no such site{nearest(name, [site.name for site in scenario.sites])}")
    fitting = [site for site in scenario.sites if system.cooling in site.cooling and name in (None, site.name)]
    if name is not None and not fitting:
        raise InputError(f"--site {name}: it has no {system.cooling} cooling for {system.system}")
    return fitting[0] if fitting else None


def offers_of(scenario: Scenario, catalog: Catalog, system: str, kind: str) -> list[Offer]:
    """Offers of a system that the scenario's rules on providers allow, quotes in the place of catalog rows."""
    rows = sorted(offers_by_name(scenario, catalog).items())
    return [
        offer
        for _, (offer, _, _) in rows
        if offer.system == system and offer.kind == kind and not provider_ruled_out(scenario, offer.provider)
    ]


def reserved(
    scenario: Scenario, catalog: Catalog, system: System, most: int, usd: float | None
) -> list[SourcingOption]:
    """The cheapest contract of each term; a given price is for 36 months, 25 % of it upfront as on the market."""
    offers = offers_of(scenario, catalog, system.system, "reserved")
    cheapest: dict[int, Offer] = {}
    for offer in offers:
        term = offer.term_months or 0
        if term not in cheapest or offer.usd_per_gpu_hour < cheapest[term].usd_per_gpu_hour:
            cheapest[term] = offer
    if usd is not None:
        return [
            SourcingOption(
                "reserve 36 m",
                "reserve",
                held_by_terms(scenario, usd, 36, 0.25, most),
                system.usable_share,
                note="price given, 25 % upfront",
            )
        ]
    return [
        SourcingOption(
            f"reserve {term} m",
            "reserve",
            held_by_terms(scenario, offer.usd_per_gpu_hour, term, offer.upfront_share, most),
            usable_share(offer, system),
            note=f"{offer.provider} at ${offer.usd_per_gpu_hour:g}",
        )
        for term, offer in sorted(cheapest.items())
    ]


def held_by_terms(scenario: Scenario, usd: float, term: int, upfront: float, most: int) -> Floats:
    """USD per GPU-hour held for 1, 2, … months: whole terms are paid, whenever one stops needing them."""
    terms = -(-most // term)
    middle, _ = _discounts(scenario, terms * term)
    starts = (1 + scenario.finance.discount_rate) ** -(np.arange(terms) * term / MONTHS_PER_YEAR)
    monthly = middle.reshape(terms, term).sum(axis=1)
    paid = np.cumsum(usd * (upfront * term * starts + (1 - upfront) * monthly))
    months = np.arange(1, most + 1)
    return np.asarray(paid[-(-months // term) - 1] / np.cumsum(middle)[:most], dtype=float)


def on_demand(
    scenario: Scenario, catalog: Catalog, system: System, most: int, usd: float | None
) -> list[SourcingOption]:
    """The cheapest offer by the hour, or the price given."""
    if usd is not None:
        return [
            SourcingOption(
                "on demand", "on_demand", np.full(most, usd), system.usable_share, hourly=True, note="price given"
            )
        ]
    offers = offers_of(scenario, catalog, system.system, "on_demand")
    if not offers:
        return []
    whole = [offer for offer in offers if not offer.product]
    offer = min(whole or offers, key=lambda offer: (offer.usd_per_gpu_hour, offer.name))
    usable = usable_share(offer, system)
    note = f"{offer.provider} at ${offer.usd_per_gpu_hour:g}"
    return [
        SourcingOption("on demand", "on_demand", np.full(most, offer.usd_per_gpu_hour), usable, hourly=True, note=note)
    ]


def token_api(scenario: Scenario, catalog: Catalog, task: Workload, rate: float, most: int) -> list[SourcingOption]:
    """The cheapest token API of the model, at the price of the tokens that one usable GPU makes in an hour."""
    found = []
    for api in catalog.token_apis.values():
        if api.model == task.model and not provider_ruled_out(scenario, api.provider):
            late = api_excess(task, api, scenario.tail_ratio) > SLACK
            found.append((api_usd_per_request(task, api) * rate * SECONDS_PER_HOUR, api.name, late))
    if not found:
        return []
    usd, name, unfit = min(found)
    remark = "; its latency is unknown or above the target" if unfit else ""
    return [SourcingOption("token API", "api", np.full(most, usd), hourly=True, note=f"{name}{remark}")]
