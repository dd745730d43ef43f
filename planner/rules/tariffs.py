"""Tariffs: what a MWh, a lease, a request at a token API and a served request cost or earn, and the price path."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog.models import Catalog, TokenApi
from planner.errors import ScenarioError
from planner.scenario.models import Scenario, Site, Workload
from planner.timeline import Timeline
from planner.units import HOURS_PER_MONTH, MONTHS_PER_YEAR, SECONDS_PER_HOUR, mtok_from_tokens

Floats = NDArray[np.float64]

FLAT = "flat"


def price_factors(
    scenario: Scenario, catalog: Catalog, kind: Literal["hardware", "rent", "api"], years: NDArray[np.int64]
) -> Floats:
    """Factors of the scenario's price path on today's prices in ``years``; ``flat`` is 1 where no catalog lists it."""
    name = scenario.finance.price_path
    if name == FLAT and name not in catalog.price_paths:
        return np.ones(len(years))
    return catalog.price_paths[name].factors(kind, years)


def electricity_usd_per_mwh(site: Site, catalog: Catalog, timeline: Timeline) -> Floats:
    """Price of energy at ``site`` by period, (T,): the site's own, day-weighted, else its region's.

    Raises ScenarioError where neither is known.
    """
    if site.electricity_usd_per_mwh is not None:
        return np.array([site.electricity_usd_per_mwh.step_mean(*span) for span in timeline.spans])
    region = catalog.energy.get(site.region)
    if region is None or region.usd_per_mwh is None:
        raise ScenarioError(f"{site.name}: no electricity price, neither its own nor of {site.region}")
    return np.full(timeline.periods, region.usd_per_mwh)


def lease_usd(site: Site, timeline: Timeline) -> Floats:
    """Take-or-pay rent of a site by period, (T,): contracted kW, day-weighted, 0 ahead of the first date.

    The rate rises on each anniversary of the horizon's start.
    """
    lease = site.lease
    if lease is None:
        return np.zeros(timeline.periods)
    anniversaries = np.arange(timeline.periods) * timeline.months_per_period // int(MONTHS_PER_YEAR)
    kw = np.array([lease.it_kw.step_days(*span, before=0.0).mean() for span in timeline.spans])
    rate = lease.usd_per_kw_month * bits.power(1 + lease.escalator_per_year, anniversaries)
    return np.asarray(kw * rate * timeline.hours / HOURS_PER_MONTH)


def api_usd_per_request(workload: Workload, api: TokenApi) -> float:
    """What one request costs at ``api`` before the price path: cached input at the cached price, if it has one."""
    assert workload.tokens is not None
    cached_price = api.cached_input_usd_per_mtok
    cached = workload.cached_share * (api.input_usd_per_mtok if cached_price is None else cached_price)
    fresh = (1 - workload.cached_share) * api.input_usd_per_mtok
    return mtok_from_tokens(workload.tokens.input) * (cached + fresh) + (
        mtok_from_tokens(workload.tokens.output) * api.output_usd_per_mtok
    )


def unserved_usd_per_request(workload: Workload, timeline: Timeline) -> Floats:
    """Value of a request that is not served (gpu_hours: of a weighted GPU for a second), (T,); no cash.

    0 where the workload states none.
    """
    value, tokens = workload.unserved_value, workload.tokens
    if value is None:
        return np.zeros(timeline.periods)
    units = 1 / SECONDS_PER_HOUR if tokens is None else mtok_from_tokens(tokens.output)
    return np.array([units * value.step_mean(*span) for span in timeline.spans])


def revenue_usd_per_request(workload: Workload, timeline: Timeline) -> Floats:
    """What one request earns by period, (T,); 0 where its tokens have no price."""
    price, tokens = workload.price_usd_per_mtok, workload.tokens
    if price is None or tokens is None:
        return np.zeros(timeline.periods)
    return np.array(
        [
            mtok_from_tokens(tokens.input) * price.input.step_mean(*span)
            + mtok_from_tokens(tokens.output) * price.output.step_mean(*span)
            for span in timeline.spans
        ]
    )
