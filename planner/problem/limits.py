"""Limits as numbers: what sites can carry, what may be spent, how much may rest on a provider."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.problem.availability import can_start, revealed_period
from planner.problem.supply import Supply
from planner.scenario.models import Budget, Scenario, Site, YearlyLimit
from planner.timeline import Timeline
from planner.units import HOURS_PER_MONTH, kw_from_mw, years_from_days

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class SiteLimits:
    """Limits of a site by period, (T,), inf where there is none.

    ``cap_kw`` is on the side of the meter that the scenario names, derated; ``lease_usd`` (T,) is due anyway.
    ``conversion_exists`` (T,) marks the periods a conversion can take effect in.
    """

    name: str
    cap_kw: Floats
    lease_it_kw: Floats
    lease_usd: Floats
    liquid_it_kw: Floats
    air_it_kw: Floats
    rack_positions: Floats
    conversion_usd: float
    conversion_liquid_it_kw: float
    conversion_exists: Bools
    conversion_common_until: int


@dataclass(frozen=True)
class SpendLimit:
    """One limit on undiscounted cash: the periods (T,) whose cash it adds up."""

    kind: str
    label: str
    periods: Bools
    usd: float


@dataclass(frozen=True)
class QuotaLimit:
    """GPUs of a system running at once at a provider."""

    provider: str
    system: str
    gpus: float


@dataclass(frozen=True)
class Limits:
    """Every limit that a planner can be asked to relax, but the service itself."""

    sites: tuple[SiteLimits, ...]
    spend: tuple[SpendLimit, ...]
    quotas: tuple[QuotaLimit, ...]
    max_share: float | None


def build_limits(scenario: Scenario, supply: Supply, timeline: Timeline) -> Limits:
    """All limits of a scenario, in periods."""
    return Limits(
        sites=tuple(_site(scenario, site, timeline) for site in scenario.sites),
        spend=tuple(_spend(scenario.budget, timeline)),
        quotas=tuple(_quotas(scenario, supply)),
        max_share=scenario.procurement.providers.max_share,
    )


def _site(scenario: Scenario, site: Site, timeline: Timeline) -> SiteLimits:
    unlimited = np.full(timeline.periods, np.inf)

    def at_least(schedule: object) -> Floats:
        if schedule is None:
            return unlimited
        return np.array([schedule.step_min(*span) for span in timeline.spans])  # type: ignore[attr-defined]

    conversion = site.conversion
    exists = np.zeros(timeline.periods, dtype=bool)
    common_until = timeline.periods
    if conversion is not None:
        exists = can_start(timeline, scenario.horizon.decided_on, conversion.lead_weeks, None)
        common_until = revealed_period(scenario, timeline, conversion.lead_weeks)
    return SiteLimits(
        name=site.name,
        cap_kw=kw_from_mw(at_least(site.power_mw)) * site.usable_share,
        lease_it_kw=at_least(site.lease.it_kw) if site.lease else unlimited,
        lease_usd=lease_usd(site, timeline),
        liquid_it_kw=at_least(site.liquid_it_kw),
        air_it_kw=at_least(site.air_it_kw),
        rack_positions=at_least(site.rack_positions),
        conversion_usd=conversion.cost_usd if conversion else 0.0,
        conversion_liquid_it_kw=(conversion.liquid_it_kw or np.inf) if conversion else np.inf,
        conversion_exists=exists,
        conversion_common_until=common_until,
    )


def lease_usd(site: Site, timeline: Timeline) -> Floats:
    """Take-or-pay rent of a site by period, (T,), escalated on each anniversary of the horizon's start."""
    if site.lease is None:
        return np.zeros(timeline.periods)
    elapsed = np.array([(start - timeline.starts[0]).days for start in timeline.starts[:-1]], dtype=float)
    anniversaries = np.floor(years_from_days(elapsed) + 1 / 365.25)
    kw = np.array([site.lease.it_kw.step_days(*span, before=0.0).mean() for span in timeline.spans])
    rate = site.lease.usd_per_kw_month * bits.power(1 + site.lease.escalator_per_year, anniversaries)
    return np.asarray(kw * rate * timeline.hours / HOURS_PER_MONTH)


def _spend(budget: Budget, timeline: Timeline) -> list[SpendLimit]:
    found = []
    for kind in ("capex", "opex", "total", "commitments"):
        limit: YearlyLimit = getattr(budget, f"{kind}_usd")
        if isinstance(limit, dict):
            for year in np.unique(timeline.years):
                named = [known for known in limit if known <= year]
                if named:
                    periods = timeline.years == year
                    found.append(SpendLimit(kind, f"{kind} in {year}", periods, float(limit[max(named)])))
        elif limit is not None:
            found.append(SpendLimit(kind, f"{kind} over the horizon", ~timeline.lookahead, float(limit)))
    return found


def _quotas(scenario: Scenario, supply: Supply) -> list[QuotaLimit]:
    rented = {(offer.provider, offer.system) for offer in supply.offers}
    rented |= {(item.contract.provider, item.contract.system) for item in supply.signed}
    return [
        QuotaLimit(provider, system, quota.gpus)
        for quota in scenario.procurement.quotas
        for provider, system in sorted(rented)
        if system == quota.system and quota.provider in (None, provider)
    ]
