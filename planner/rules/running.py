"""Running cost of owned systems: what one system in service costs, said once for model, accounts and break-even.

A category of cash has one formula, in the table whose unit it is stated in: a share a year of the price paid for a
system, USD a year for a system, or USD a month for each kW provisioned. Energy is by the MWh. A lease is paid whatever
stands in the hall, so it is no running cost of a system.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from planner.catalog.models import System
from planner.kinds import cash
from planner.rules.halls import pue
from planner.scenario.models import Scenario, Site
from planner.units import HOURS_PER_MONTH, HOURS_PER_YEAR, mw_from_kw, mwh_from_kw_hours

Floats = NDArray[np.float64]
Price = TypeVar("Price", float, Floats)


def _support(scenario: Scenario, system: System) -> float:
    return system.support_share_per_year


def _licence(scenario: Scenario, site: Site, system: System) -> float:
    return system.licence_usd_per_gpu_year * system.gpus


def _staff(scenario: Scenario, site: Site, system: System) -> float:
    return site.staff_usd_per_mw_year * mw_from_kw(system.provisioned_it_kw)


def _colocation(scenario: Scenario, site: Site) -> float:
    return site.colocation_usd_per_kw_month


# Share a year of the hardware price paid, as long as the system is in service.
SHARE_A_YEAR: dict[str, Callable[[Scenario, System], float]] = {
    cash.SUPPORT.key: _support,
}
# USD a year for one system in service.
USD_A_YEAR: dict[str, Callable[[Scenario, Site, System], float]] = {
    cash.LICENCE.key: _licence,
    cash.STAFF.key: _staff,
}
# USD a month for each kW of provisioned IT in service.
USD_PER_KW_MONTH: dict[str, Callable[[Scenario, Site], float]] = {
    cash.COLOCATION.key: _colocation,
}


def share_of_price_a_year(scenario: Scenario, system: System) -> float:
    """Share of the hardware price paid for a system that it costs in a year of service."""
    return sum(share(scenario, system) for share in SHARE_A_YEAR.values())


def usd_a_year(scenario: Scenario, site: Site, system: System) -> float:
    """USD a year of one system in service, whatever was paid for it and whatever it draws."""
    return sum(usd(scenario, site, system) for usd in USD_A_YEAR.values())


def usd_per_kw_month(scenario: Scenario, site: Site) -> float:
    """USD a month for each kW of provisioned IT at a site."""
    return sum(usd(scenario, site) for usd in USD_PER_KW_MONTH.values())


def utility_per_it(site: Site, system: System) -> float:
    """Energy at the meter for each unit that the IT of a system draws: annual PUE and its network adder."""
    return pue(site, system).annual * (1 + system.network_kw_share)


def busy_it_kw_per_gpu(system: System) -> float:
    """IT kW that one GPU draws more when it serves."""
    return (system.busy_it_kw - system.idle_it_kw) / system.gpus


def usd_per_it_mwh(site: Site, system: System, usd_per_mwh: Price) -> Price:
    """Price of a MWh that the IT of a system draws: the tariff of what the meter counts."""
    return usd_per_mwh * pue(site, system).annual * (1 + system.network_kw_share)


def standing_usd(scenario: Scenario, site: Site, system: System, hours: Floats, usd_per_mwh: Floats) -> Floats:
    """What one idle system in service costs over ``hours`` of each period, shares of its price left out."""
    idle = mwh_from_kw_hours(system.idle_it_kw, hours) * usd_per_it_mwh(site, system, usd_per_mwh)
    yearly = hours / HOURS_PER_YEAR * usd_a_year(scenario, site, system)
    monthly = hours / HOURS_PER_MONTH * usd_per_kw_month(scenario, site) * system.provisioned_it_kw
    return np.asarray(idle + yearly + monthly)


def busy_usd_per_gpu_hour(site: Site, system: System, usd_per_mwh: Price) -> Price:
    """What one GPU costs more for an hour when it serves."""
    return mwh_from_kw_hours(busy_it_kw_per_gpu(system), 1.0) * usd_per_it_mwh(site, system, usd_per_mwh)


def check_complete() -> None:
    """Raises LookupError where a category booked under systems in service has no formula here, or has two."""
    said = sorted([*SHARE_A_YEAR, *USD_A_YEAR, *USD_PER_KW_MONTH])
    booked = sorted(record.key for record in cash.RECORDS if record.booked == "system")
    if said != booked:
        raise LookupError(f"running cost of systems: the formulas are of {said}, the records booked are {booked}")


check_complete()
