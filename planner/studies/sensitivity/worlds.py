"""The worlds that today's plan is held against: each input of a scenario at its low and at its high value."""

from __future__ import annotations

from dataclasses import replace

from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.scenario import Scenario
from planner.scenario.models import MONTHS_PER_PERIOD
from planner.studies import changes

SHARES = {"demand": 0.2, "hardware price": 0.2, "rent price": 0.2, "electricity price": 0.3, "power cap": 0.1}
TRUST = (0.5, 0.8)
SLIPS_MONTHS = (3, 6)
WEEKS_PER_QUARTER = 13


@dataclass(frozen=True)
class World:
    """One input at one value: the scenario and catalog that say so, and by how many periods deliveries slip."""

    input: str
    side: str
    value: str
    scenario: Scenario
    catalog: Catalog
    slip: int = 0


def worlds(scenario: Scenario, catalog: Catalog) -> list[World]:
    """The default low and high of each input that the scenario has."""
    found: list[World] = []

    def both(name: str, low: float, high: float, make: object) -> None:
        for side, factor in (("low", low), ("high", high)):
            one, rows = make(factor)  # type: ignore[operator]
            found.append(World(name, side, f"× {factor:g}", one, rows))

    def share(name: str) -> tuple[float, float]:
        return 1 - SHARES[name], 1 + SHARES[name]

    both("demand", *share("demand"), lambda f: (changes.with_demand(scenario, f), catalog))
    both("hardware price", *share("hardware price"), lambda f: (scenario, changes.with_hardware_price(catalog, f)))
    both("rent price", *share("rent price"), lambda f: changes.with_rates(scenario, catalog, f))
    if scenario.sites:
        both("electricity price", *share("electricity price"), lambda f: _electricity(scenario, catalog, f))
        both("power cap", *share("power cap"), lambda f: (changes.with_power_share(scenario, f), catalog))
    for side, factor in zip(("low", "high"), TRUST, strict=True):
        trust = scenario.trust.model_copy(update={"predicted": factor})
        found.append(
            World("predicted speeds", side, f"× {factor:g}", scenario.model_copy(update={"trust": trust}), catalog)
        )
    if any(len(site.power_mw.anchors) > 1 for site in scenario.sites):
        for side, months in zip(("low", "high"), SLIPS_MONTHS, strict=True):
            later = changes.with_power_later(scenario, months)
            found.append(World("energisation", side, f"{months} months later", later, catalog))
    if scenario.sites and scenario.procurement.buy:
        for side, months in zip(("low", "high"), SLIPS_MONTHS, strict=True):
            late = changes.with_later_delivery(scenario, catalog, WEEKS_PER_QUARTER * months / 3)
            slip = -(-months // MONTHS_PER_PERIOD[scenario.horizon.period])
            found.append(World("delivery", side, f"{months} months later", late, catalog, slip))
    return found


def _electricity(scenario: Scenario, catalog: Catalog, factor: float) -> tuple[Scenario, Catalog]:
    energy = {
        key: row if row.usd_per_mwh is None else row.model_copy(update={"usd_per_mwh": row.usd_per_mwh * factor})
        for key, row in catalog.energy.items()
    }
    dearer = changes.sites(
        scenario,
        lambda site: (
            site
            if site.electricity_usd_per_mwh is None
            else site.model_copy(update={"electricity_usd_per_mwh": site.electricity_usd_per_mwh.scaled(factor)})
        ),
    )
    return dearer, replace(catalog, energy=energy)
