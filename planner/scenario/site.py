"""Where racks stand: power, cooling, what is there already."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from planner.catalog.models import Cooling, Count, Day, Fraction, NonNegative, Positive, Weeks, wrong
from planner.scenario.section import Amounts, Name, Overhead, Section


class Pue(Section):
    """Power usage effectiveness of one kind of cooling: utility kW per IT kW."""

    design: Overhead = Field(description="on the worst day: counts against the cap")
    annual: Overhead = Field(description="mean of the year: counts for the bill")


class Existing(Section):
    """Systems that are already owned or on order; their price is sunk."""

    system: str
    count: Count
    in_service: Day = Field(description="a date ahead for an open order")
    until: Day | None = Field(None, description="first day out of service; default: the system's life")
    price_usd: Positive | None = Field(None, description="price paid for one, basis of support; default: catalog")

    @model_validator(mode="after")
    def _consistent(self) -> Existing:
        if self.until is not None and self.until <= self.in_service:
            raise wrong("until", f"{self.until} is not after in_service {self.in_service}")
        return self


class Lease(Section):
    """A colocation contract: its contracted kW are the bill (take or pay) and the limit."""

    it_kw: Amounts = Field(description="contracted IT kW by date")
    usd_per_kw_month: Positive = Field(description="per contracted IT kW")
    escalator_per_year: NonNegative = Field(0.0, description="rise on each anniversary of the horizon's start")


class Conversion(Section):
    """A hall that can be converted to liquid cooling, once, for a fixed charge."""

    cost_usd: NonNegative
    liquid_it_kw: Positive | None = Field(None, description="liquid-cooled IT kW after it; default: no own limit")
    lead_weeks: Weeks = 0.0


class Site(Section):
    """A hall of one's own or a colocation lease."""

    name: Name
    region: str
    power_mw: Amounts = Field(description="power cap, on the side of the meter that cap_at names")
    cap_at: Literal["utility", "it"] = Field("utility", description="side of the meter of power_mw")
    usable_share: Fraction = Field(1.0, description="share of power_mw a plan may provision")
    cooling: tuple[Cooling, ...] = Field(("air", "liquid"), description="kinds of cooling the hall has")
    pue: dict[Cooling, Pue] = Field(description="by cooling of the system")
    electricity_usd_per_mwh: Amounts | None = Field(None, description="default: the region's, from energy.csv")
    colocation_usd_per_kw_month: NonNegative = Field(0.0, description="on installed IT kW, network adder included")
    lease: Lease | None = Field(None, description="instead of colocation_usd_per_kw_month")
    staff_usd_per_mw_year: NonNegative = Field(0.0, description="on installed IT MW")
    liquid_it_kw: Amounts | None = Field(None, description="limit on installed liquid-cooled IT kW")
    air_it_kw: Amounts | None = Field(None, description="limit on installed air-cooled IT kW")
    rack_positions: Amounts | None = Field(None, description="limit on rack positions")
    kw_per_rack_position: Positive | None = Field(
        None, description="IT kW one position can feed: nodes share a position, a rack above it does not fit"
    )
    conversion: Conversion | None = Field(None, description="hall conversion that adds liquid cooling")
    existing: tuple[Existing, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Site:
        if self.lease and self.colocation_usd_per_kw_month:
            raise wrong("lease", "a lease is the bill, so it excludes colocation_usd_per_kw_month; give one of the two")
        if self.conversion and "liquid" in self.cooling:
            raise wrong("conversion", "this adds liquid cooling, which cooling already lists")
        needed = set(self.cooling) | ({"liquid"} if self.conversion else set())
        missing = sorted(needed - set(self.pue))
        if missing:
            raise wrong("pue", f"there is none for {' and '.join(missing)} cooling, which the hall has")
        if (self.rack_positions is None) != (self.kw_per_rack_position is None):
            given, other = "rack_positions", "kw_per_rack_position"
            if self.rack_positions is None:
                given, other = other, given
            raise wrong(given, f"this needs {other} beside it")
        return self
