"""Limits as numbers: what sites can carry, what may be spent, how much may rest on a provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from planner.frozen import dataclass
from planner.kinds import limits
from planner.kinds.limits import LimitKind, Spending
from planner.problem.supply import Supply
from planner.rules.budgets import budget_spans
from planner.rules.dates import can_start, here_and_now_until
from planner.rules.offers import hourly_depth
from planner.rules.tariffs import lease_usd
from planner.scenario.models import Budget, Scenario, Site
from planner.schedule import Schedule
from planner.timeline import Timeline
from planner.units import kw_from_mw

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SiteLimits:
    """What a site can feed by period, (T,), inf where there is no limit; its lease's rent and its conversion.

    ``cap_kw`` is on the side of the meter that the scenario names, derated; ``lease_usd`` (T,) is due anyway.
    ``conversion_exists`` (T,) marks the periods a conversion can take effect in.
    """

    name: str
    cap_kw: Floats
    lease_it_kw: Floats
    lease_usd: Floats
    conversion_usd: float
    conversion_liquid_it_kw: float
    conversion_exists: Bools
    conversion_here_and_now_until: int


@dataclass(frozen=True)
class SiteLimit:
    """A kind of limit on what stands and serves at the sites, in row units.

    ``each`` (A + G, T) is what one system in service takes, ``busy`` (A + G, T) what one of its GPUs takes besides for
    an hour's serving; both are added up over each of ``spans``, of which ``span_of`` (T,) is a period's. ``most``
    (S, spans) is inf where there is none.
    """

    kind: LimitKind
    spans: tuple[str, ...]
    span_of: Ints
    each: Floats
    busy: Floats
    most: Floats

    def subjects(self, sites: Sequence[str]) -> list[str]:
        """What the limits of ``sites`` belong to: the site, whose rows have a period, or the site in each span."""
        if self.kind.over == "period":
            return list(sites)
        return [f"{site} in {span}" for site in sites for span in self.spans]

    @property
    def counts_serving(self) -> Bools:
        """Sites where it matters how many GPUs serve, (S,)."""
        return np.asarray(np.isfinite(self.most).any(axis=1) & self.busy.any())


@dataclass(frozen=True)
class SpendLimit:
    """One limit on undiscounted cash: the periods (T,) whose cash it adds up.

    ``held_from`` is the last year that the budget names, where its figure holds on in a later one; None elsewhere.
    """

    kind: Spending
    label: str
    periods: Bools
    usd: float
    held_from: str | None = None


@dataclass(frozen=True)
class QuotaLimit:
    """GPUs of a system running at once at a provider."""

    provider: str
    system: str
    gpus: float


@dataclass(frozen=True)
class DepthLimit:
    """GPUs of a system that a provider has by the hour at once, over the ``offers`` (names) that count towards it."""

    provider: str
    system: str
    gpus: float
    offers: tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """Every limit that a planner can be asked to relax, but the service itself."""

    sites: tuple[SiteLimits, ...]
    on_sites: tuple[SiteLimit, ...]
    spend: tuple[SpendLimit, ...]
    quotas: tuple[QuotaLimit, ...]
    depths: tuple[DepthLimit, ...]
    max_share: float | None
    share_at_the_peak: bool


def build_limits(scenario: Scenario, supply: Supply, timeline: Timeline) -> Limits:
    """All limits of a scenario, in periods."""
    sites = tuple(_site(scenario, site, timeline) for site in scenario.sites)
    return Limits(
        sites=sites,
        on_sites=tuple(_on_sites(scenario, sites, supply, timeline)),
        spend=tuple(_spend(scenario.budget, timeline)),
        quotas=tuple(_quotas(scenario, supply)),
        depths=tuple(_depths(scenario, supply)),
        max_share=scenario.procurement.providers.max_share,
        share_at_the_peak=scenario.procurement.providers.max_share_of == "gpus_peak",
    )


def _on_sites(
    scenario: Scenario, sites: Sequence[SiteLimits], supply: Supply, timeline: Timeline
) -> Iterator[SiteLimit]:
    """The limits of sites, kind by kind."""
    assets = supply.assets

    def stated(field: str) -> list[Floats]:
        return [_least(getattr(site, field), timeline) for site in scenario.sites]

    def cooled(cooling: str) -> list[float]:
        return [asset.it_kw * (asset.system.cooling == cooling) for asset in assets]

    yield _summed(timeline, limits.POWER, [site.cap_kw for site in sites], [asset.cap_kw for asset in assets])
    yield _summed(timeline, limits.LEASE, [site.lease_it_kw for site in sites], [asset.it_kw for asset in assets])
    yield _summed(timeline, limits.LIQUID, stated("liquid_it_kw"), cooled("liquid"))
    yield _summed(timeline, limits.AIR, stated("air_it_kw"), cooled("air"))
    yield _summed(timeline, limits.POSITIONS, stated("rack_positions"), [asset.positions for asset in assets])


def _summed(
    timeline: Timeline,
    kind: LimitKind,
    most: Sequence[Floats],
    each: Sequence[float | Floats],
    busy: Sequence[float | Floats] = (),
) -> SiteLimit:
    """A kind of limit over its spans: ``most`` of each site by period, of which the least holds over a span.

    ``each`` and ``busy`` are what each asset takes, once for all periods or by period.
    """
    periods = timeline.periods
    spans, span_of = timeline.names, np.arange(periods)
    if kind.over == "year":
        years, span_of = np.unique(timeline.years, return_inverse=True)
        spans = tuple(str(year) for year in years)
    by_period = np.array(most).reshape(len(most), periods)
    least = [by_period[:, span_of == span].min(axis=1) for span in range(len(spans))]
    taken = [np.broadcast_to(amount, periods) for amount in each]
    serving = [np.broadcast_to(amount, periods) for amount in busy or np.zeros(len(each))]
    return SiteLimit(
        kind=kind,
        spans=spans,
        span_of=span_of,
        each=np.array(taken, dtype=float).reshape(len(each), periods),
        busy=np.array(serving, dtype=float).reshape(len(each), periods),
        most=np.stack(least, axis=1),
    )


def _least(schedule: Schedule | None, timeline: Timeline) -> Floats:
    """A limit's least value in each period, (T,), inf where there is none."""
    if schedule is None:
        return np.full(timeline.periods, np.inf)
    return np.array([schedule.step_min(*span) for span in timeline.spans])


def _site(scenario: Scenario, site: Site, timeline: Timeline) -> SiteLimits:
    conversion = site.conversion
    exists = np.zeros(timeline.periods, dtype=bool)
    until = timeline.periods
    if conversion is not None:
        exists = can_start(timeline, scenario.horizon.decided_on, conversion.lead_weeks)
        until = here_and_now_until(scenario, timeline, conversion.lead_weeks)
    return SiteLimits(
        name=site.name,
        cap_kw=kw_from_mw(_least(site.power_mw, timeline)) * site.usable_share,
        lease_it_kw=_least(site.lease.it_kw if site.lease else None, timeline),
        lease_usd=lease_usd(site, timeline),
        conversion_usd=conversion.cost_usd if conversion else 0.0,
        conversion_liquid_it_kw=(conversion.liquid_it_kw or np.inf) if conversion else np.inf,
        conversion_exists=exists,
        conversion_here_and_now_until=until,
    )


def _spend(budget: Budget, timeline: Timeline) -> list[SpendLimit]:
    found = []
    for kind in limits.SPENDING:
        for span in budget_spans(getattr(budget, kind.field), timeline, budget.fiscal_year_start):
            if np.isfinite(span.usd):
                label = f"{kind.key} over the horizon" if span.year is None else f"{kind.key} in {span.year}"
                found.append(SpendLimit(kind, label, span.periods, span.usd, span.held_from))
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


def _depths(scenario: Scenario, supply: Supply) -> list[DepthLimit]:
    """Of each provider and system, as far as it has offers that state no limit of their own."""
    found: dict[tuple[str, str, float], list[str]] = {}
    for item in supply.hourly:
        offer = item.offer
        gpus = hourly_depth(scenario.procurement, offer.provider, offer.max_lots)
        if np.isfinite(gpus):
            found.setdefault((offer.provider, offer.system, gpus), []).append(offer.name)
    return [DepthLimit(*key, tuple(names)) for key, names in sorted(found.items())]
