"""Systems at sites: those to buy and those already owned, what they cost and when they serve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog import Catalog
from planner.catalog.models import System
from planner.problem.supply import Asset, Group, Purchase
from planner.rules import running
from planner.rules.dates import (
    can_start,
    first_period,
    here_and_now_until,
    lies_within,
    life_periods,
    order_days,
    service_days,
    system_lead_weeks,
)
from planner.rules.eligibility import coolable, system_ruled_out
from planner.rules.halls import pue, rack_positions
from planner.rules.residual import existing_credit_usd, existing_price_usd, new_price_usd, residual_credit_usd
from planner.rules.tariffs import electricity_usd_per_mwh
from planner.scenario.models import Scenario
from planner.timeline import Timeline
from planner.units import DAYS_PER_YEAR, HOURS_PER_YEAR, mwh_from_kw_hours

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def purchases(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> list[Purchase]:
    """Every system that can be bought for a site and delivered within the horizon, by site and system."""
    if not scenario.procurement.buy:
        return []
    found = []
    for index, site in enumerate(scenario.sites):
        for _, system in sorted(catalog.systems.items()):
            if system_ruled_out(scenario, system) or not coolable(site, system):
                continue
            asset = _asset(scenario, catalog, timeline, index, system, f"own:{site.name}/{system.system}")
            if not np.isfinite(asset.positions):
                continue
            lead = system_lead_weeks(scenario.procurement, system)
            exists = can_start(timeline, scenario.horizon.decided_on, lead, system.available_from)
            if exists.any():
                found.append(_purchase(scenario, catalog, timeline, asset, exists, lead))
    return found


def groups(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> list[Group]:
    """The existing groups of every site, open orders among them."""
    found = []
    for index, site in enumerate(scenario.sites):
        for position, existing in enumerate(site.existing):
            system = catalog.systems[existing.system]
            asset = _asset(scenario, catalog, timeline, index, system, f"existing:{site.name}/{position}")
            upkeep = existing_price_usd(existing, system) * running.share_of_price_a_year(scenario, system)
            standing = asset.running_usd + upkeep * timeline.hours / HOURS_PER_YEAR
            # What stands there already takes a position, whether or not one more could be fed.
            positions = asset.positions if np.isfinite(asset.positions) else 1.0
            asset = replace(asset, running_usd=standing, positions=positions)
            there = lies_within(timeline, *service_days(existing, system))
            found.append(
                Group(
                    asset=asset,
                    index=position,
                    count=existing.count,
                    exists=there & coolable(site, system),
                    first=first_period(there),
                    credit_usd=existing_credit_usd(scenario, catalog, existing, timeline),
                )
            )
    return found


def _purchase(
    scenario: Scenario, catalog: Catalog, timeline: Timeline, asset: Asset, exists: Bools, lead_weeks: float
) -> Purchase:
    system, periods = asset.system, timeline.periods
    orders = order_days(timeline, lead_weeks)
    paid = new_price_usd(scenario, catalog, system, orders)
    life = life_periods(system, timeline.months_per_period)
    bought = np.arange(periods)
    capex = np.zeros((periods, periods))
    ordered = np.array([timeline.period_of(day) for day in orders])
    full = paid * system.capex_factor
    np.add.at(capex, (bought, ordered), full * system.deposit_share)
    np.add.at(capex, (bought, bought), full * (1 - system.deposit_share))
    in_service = (bought[None, :] >= bought[:, None]) & (bought[None, :] < bought[:, None] + life)
    share = running.share_of_price_a_year(scenario, system)
    upkeep = in_service * (paid * share)[:, None] * (timeline.hours / HOURS_PER_YEAR)
    ages = np.array([(timeline.end - start).days for start in timeline.starts[:-1]]) / DAYS_PER_YEAR
    new = new_price_usd(scenario, catalog, system, [timeline.end])
    residual = residual_credit_usd(paid, new, scenario.finance, system, ages)
    paid_npv = bits.dot(capex, timeline.discount_start) + bits.dot(upkeep, timeline.discount_middle)
    npv = paid_npv - residual * timeline.discount_end
    return Purchase(
        asset=asset,
        exists=exists,
        life_periods=life,
        capex_usd=capex,
        upkeep_usd=upkeep,
        npv_usd=npv,
        lead_weeks=lead_weeks,
        here_and_now_until=here_and_now_until(scenario, timeline, lead_weeks),
    )


def _asset(scenario: Scenario, catalog: Catalog, timeline: Timeline, index: int, system: System, supply: str) -> Asset:
    site = scenario.sites[index]
    it_kw = system.provisioned_it_kw
    tariff = electricity_usd_per_mwh(site, catalog, timeline)
    overhead = running.utility_per_it(site, system)
    busy_it_mwh = mwh_from_kw_hours(running.busy_it_kw_per_gpu(system), 1.0)
    return Asset(
        site=index,
        system=system,
        supply=supply,
        running_usd=running.standing_usd(scenario, site, system, timeline.hours, tariff),
        busy_usd_per_gpu_hour=running.busy_usd_per_gpu_hour(site, system, tariff),
        idle_mwh=mwh_from_kw_hours(system.idle_it_kw, timeline.hours) * overhead,
        busy_mwh_per_gpu_hour=busy_it_mwh * overhead,
        cap_kw=it_kw * (pue(site, system).design if site.cap_at == "utility" else 1.0),
        it_kw=it_kw,
        positions=rack_positions(site, system),
        needs_conversion=system.cooling not in site.cooling,
    )
