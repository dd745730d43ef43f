"""Systems at sites: those to buy and those already owned, what they cost and when they serve."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog import Catalog
from planner.catalog.models import System
from planner.problem.availability import allowed_system, can_start, order_day, price_path, revealed_period
from planner.problem.supply import Asset, Group, Purchase
from planner.scenario.models import Existing, Scenario, Site
from planner.schedule import add_months
from planner.timeline import Timeline
from planner.units import (
    DAYS_PER_YEAR,
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    MONTHS_PER_YEAR,
    mw_from_kw,
    mwh_from_kw_hours,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def purchases(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> list[Purchase]:
    """Every system that can be bought for a site and delivered within the horizon, by site and system."""
    if not scenario.procurement.buy:
        return []
    found = []
    for index, site in enumerate(scenario.sites):
        for _, system in sorted(catalog.systems.items()):
            if not allowed_system(scenario, system) or not _coolable(site, system):
                continue
            asset = _asset(scenario, catalog, timeline, index, system, f"own:{site.name}/{system.system}")
            if not np.isfinite(asset.positions):
                continue
            lead = system_lead_weeks(scenario, system)
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
            support = (existing.price_usd or system.price_usd) * system.support_share_per_year
            running = asset.running_usd + support * timeline.hours / HOURS_PER_YEAR
            # What stands there already takes a position, whether or not one more could be fed.
            positions = asset.positions if np.isfinite(asset.positions) else 1.0
            asset = replace(asset, running_usd=running, positions=positions)
            first, until = service_days(existing, system)
            coolable = _coolable(site, system)
            exists = np.array([coolable and start >= first and end <= until for start, end in timeline.spans])
            found.append(Group(asset=asset, index=position, count=existing.count, exists=exists))
    return found


def _coolable(site: Site, system: System) -> bool:
    """Whether a hall has the system's cooling, or can be converted to it."""
    return system.cooling in site.cooling or (site.conversion is not None and system.cooling == "liquid")


def _purchase(
    scenario: Scenario, catalog: Catalog, timeline: Timeline, asset: Asset, exists: Bools, lead_weeks: float
) -> Purchase:
    system, periods = asset.system, timeline.periods
    path = price_path(scenario, catalog)
    orders = [order_day(start, lead_weeks) for start in timeline.starts[:-1]]
    paid = system.price_usd * path.factors("hardware", np.array([day.year for day in orders]))
    life = max(1, round(system.life_years * MONTHS_PER_YEAR / timeline.months_per_period))
    bought = np.arange(periods)
    capex = np.zeros((periods, periods))
    ordered = np.array([timeline.period_of(day) for day in orders])
    full = paid * system.capex_factor
    np.add.at(capex, (bought, ordered), full * system.deposit_share)
    np.add.at(capex, (bought, bought), full * (1 - system.deposit_share))
    in_service = (bought[None, :] >= bought[:, None]) & (bought[None, :] < bought[:, None] + life)
    support = in_service * (paid * system.support_share_per_year)[:, None] * (timeline.hours / HOURS_PER_YEAR)
    ages = np.array([(timeline.end - start).days for start in timeline.starts[:-1]]) / DAYS_PER_YEAR
    residual = paid * residual_share(system, ages) * scenario.finance.residual_haircut
    paid_npv = bits.dot(capex, timeline.discount_start) + bits.dot(support, timeline.discount_middle)
    npv = paid_npv - residual * timeline.discount_end
    return Purchase(
        asset=asset,
        exists=exists,
        life_periods=life,
        capex_usd=capex,
        support_usd=support,
        npv_usd=npv,
        lead_weeks=lead_weeks,
        common_until=revealed_period(scenario, timeline, lead_weeks),
    )


def _asset(scenario: Scenario, catalog: Catalog, timeline: Timeline, index: int, system: System, supply: str) -> Asset:
    site = scenario.sites[index]
    pue = site.pue.get(system.cooling)
    design, annual = (pue.design, pue.annual) if pue else (1.0, 1.0)
    it_kw = system.provisioned_it_kw
    energy = electricity_usd_per_mwh(site, catalog, timeline) * annual * (1 + system.network_kw_share)
    idle = mwh_from_kw_hours(system.idle_it_kw, timeline.hours) * energy
    share_of_year = timeline.hours / HOURS_PER_YEAR
    months = timeline.hours / HOURS_PER_MONTH
    running = idle + share_of_year * (
        system.licence_usd_per_gpu_year * system.gpus + site.staff_usd_per_mw_year * mw_from_kw(it_kw)
    )
    running = running + months * site.colocation_usd_per_kw_month * it_kw
    busy_kw_per_gpu = (system.busy_it_kw - system.idle_it_kw) / system.gpus
    positions = 0.0
    if site.kw_per_rack_position is not None:
        fitting = 1 if system.gpus > 8 else int(site.kw_per_rack_position / it_kw + 1e-9)
        fitting = 0 if it_kw > site.kw_per_rack_position * (1 + 1e-9) else fitting
        positions = 1 / fitting if fitting else np.inf
    return Asset(
        site=index,
        system=system,
        supply=supply,
        running_usd=running,
        busy_usd_per_gpu_hour=mwh_from_kw_hours(busy_kw_per_gpu, 1.0) * energy,
        cap_kw=it_kw * (design if site.cap_at == "utility" else 1.0),
        it_kw=it_kw,
        positions=positions,
        needs_conversion=system.cooling not in site.cooling,
    )


def residual_share(system: System, age_years: Floats) -> Floats:
    """Resale value by age as a share of the hardware price paid: 1 when new, 0 at the end of life."""
    curve = {0.0: 1.0, **system.residual_share_by_age_years}
    curve = {age: share for age, share in curve.items() if age < system.life_years} | {system.life_years: 0.0}
    ages = sorted(curve)
    return np.interp(age_years, ages, [curve[age] for age in ages])


def service_days(existing: Existing, system: System) -> tuple[dt.date, dt.date]:
    """First day in service and first day out of it."""
    until = existing.until or add_months(existing.in_service, round(MONTHS_PER_YEAR * system.life_years))
    return existing.in_service, until


def electricity_usd_per_mwh(site: Site, catalog: Catalog, timeline: Timeline) -> Floats:
    """Price of energy at ``site`` by period, (T,)."""
    if site.electricity_usd_per_mwh is not None:
        schedule = site.electricity_usd_per_mwh
        return np.array([schedule.step_mean(*span) for span in timeline.spans])
    price = catalog.energy[site.region].usd_per_mwh
    assert price is not None
    return np.full(timeline.periods, price)


def system_lead_weeks(scenario: Scenario, system: System) -> float:
    """Weeks from order to service of a bought system."""
    return scenario.procurement.lead_weeks.get(system.system, system.lead_weeks)
