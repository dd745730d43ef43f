"""Where racks stand: power, cooling, what is there already."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from planner.catalog.models import Cooling, Count, Day, Fraction, NonNegative, Positive, Weeks, wrong
from planner.catalog.row import Growth
from planner.fields import doc, plain
from planner.scenario.section import Amounts, Name, Section, Tags, UpTo10


class Pue(Section):
    """Power usage effectiveness of one kind of cooling: utility kW per IT kW."""

    design: Annotated[UpTo10, doc("on the worst day: counts against the cap", "ratio")]
    annual: Annotated[UpTo10, doc("mean of the year: counts for the bill", "ratio")]


class Existing(Section):
    """Systems that are already owned or on order; their price is sunk."""

    system: Annotated[str, plain("key of systems.yaml")]
    count: Annotated[Count, plain("systems, not GPUs", "systems")]
    gpus: Annotated[Count | None, doc("GPUs in all of them, to be checked against count", "GPUs")] = None
    in_service: Annotated[Day, doc("a future date for an open order")]
    until: Annotated[Day | None, doc("first day out of service; default: the system's life")] = None
    price_usd: Annotated[
        Positive | None,
        doc("price paid for one, basis of support and most that a sale brings; default: catalog", "USD"),
    ] = None

    tags: Annotated[Tags, doc("over the site's: such as cost_centre, for cost by tag")] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.until is not None and self.until <= self.in_service:
            raise wrong("until", f"{self.until} is not after in_service {self.in_service}")
        return self


class Lease(Section):
    """A colocation contract: its contracted kW are the bill (take or pay) and the limit."""

    it_kw: Annotated[Amounts, doc("contracted IT kW by date", "kW")]
    usd_per_kw_month: Annotated[Positive, doc("per contracted IT kW", "USD per kW-month")]
    escalator_per_year: Annotated[Growth, doc("rise on each anniversary of the horizon's start", "share per year")] = (
        0.0
    )


class Conversion(Section):
    """A hall that can be converted to liquid cooling, once, for a fixed charge."""

    cost_usd: Annotated[NonNegative, plain("paid at the start of the period in which it takes effect", "USD")]
    liquid_it_kw: Annotated[Positive | None, doc("liquid-cooled IT kW after it; default: no own limit", "kW")] = None
    lead_weeks: Annotated[Weeks, doc("from decision to liquid cooling", "weeks")] = 0.0


class Site(Section):
    """Your own hall or a colocation lease."""

    name: Annotated[Name, plain("unique among sites")]
    region: Annotated[str, plain("of energy.csv, whose price holds where the site gives none")]
    power_mw: Annotated[Amounts, doc("power cap, on the side of the meter that cap_at names", "MW")]
    cap_at: Annotated[Literal["utility", "it"], doc("side of the meter of power_mw")] = "utility"
    usable_share: Annotated[Fraction, doc("share of power_mw a plan may provision", "share")] = 1.0
    cooling: Annotated[tuple[Cooling, ...], doc("kinds of cooling the hall has")] = ("air", "liquid")
    pue: Annotated[dict[Cooling, Pue], doc("by cooling of the system")]
    electricity_usd_per_mwh: Annotated[
        Amounts | None,
        doc("default: the region's, from energy.csv", "USD per MWh"),
    ] = None
    colocation_usd_per_kw_month: Annotated[
        NonNegative, doc("on installed IT kW, network adder included", "USD per kW-month")
    ] = 0.0
    lease: Annotated[Lease | None, doc("instead of colocation_usd_per_kw_month")] = None
    staff_usd_per_mw_year: Annotated[NonNegative, doc("on installed IT MW", "USD per MW-year")] = 0.0
    liquid_it_kw: Annotated[Amounts | None, doc("limit on installed liquid-cooled IT kW", "kW")] = None
    air_it_kw: Annotated[Amounts | None, doc("limit on installed air-cooled IT kW", "kW")] = None
    rack_positions: Annotated[Amounts | None, doc("limit on rack positions", "rack positions")] = None
    kw_per_rack_position: Annotated[
        Positive | None,
        doc("IT kW one position can feed: nodes share a position, a rack above it does not fit", "kW"),
    ] = None
    conversion: Annotated[Conversion | None, doc("hall conversion that adds liquid cooling")] = None
    existing: Annotated[tuple[Existing, ...], doc("groups already owned or on order; may be retired early")] = ()
    tags: Annotated[Tags, doc("such as cost_centre: what is bought and paid here bears them, for cost by tag")] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
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
