"""What may be bought, rented and signed, and what was offered or signed already."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from planner.catalog.models import Capability, Count, Day, Kind, Months, NonNegative, Positive, Share, Weeks, wrong
from planner.scenario.section import Section


class Quota(Section):
    """GPUs of a system that may run at once at a provider, reserved and hourly together."""

    system: str
    gpus: NonNegative
    per: Literal["provider"] = "provider"
    provider: str | None = Field(None, description="only this one; default: each")


class Systems(Section):
    """Systems a plan may use. `include` also switches on announced ones."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    include: tuple[str, ...] = Field((), description="announced systems to allow")


class Providers(Section):
    """Providers a plan may use and how much may rest on one."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    max_share: Share | None = Field(
        None, description="one provider's time-weighted rented GPUs, share of all GPUs in service, per period"
    )


class Procurement(Section):
    """What may be bought, signed and rented, and how long it takes."""

    buy: bool = True
    rent: tuple[Kind, ...] = ("on_demand", "spot", "reserved")
    token_api: bool = True
    systems: Systems = Systems()
    providers: Providers = Providers()
    quotas: tuple[Quota, ...] = ()
    lead_weeks: dict[str, Weeks] = Field(
        default_factory=dict,
        description="over the catalog's, by system (bought) or by reserved_1y, reserved_3y, …",
    )
    whole_on_demand_lots: bool = Field(False, description="whole lots in every block, as integers")
    spot_availability: dict[str, Share] = Field(
        default_factory=dict, description="further factor on spot supply, by load block"
    )
    software_gain_per_year: dict[str, NonNegative] = Field(
        default_factory=dict, description="yearly growth of throughput, by system"
    )
    software_gain_from: Literal["start", "measured"] = Field(
        "start", description="growth counts from the horizon's start, or from each point's own date of measurement"
    )


class Quote(Section):
    """What a salesperson offered: a reserved row of offers.csv, in the scenario."""

    provider: str
    system: str
    region: str = "quoted"
    kind: Literal["reserved"] = "reserved"
    term_months: Months
    usd_per_gpu_hour: Positive
    lot_gpus: Count
    min_lots: Count | None = None
    max_lots: Count | None = None
    upfront_share: Share = 0.0
    lead_weeks: Weeks | None = Field(None, description="default: procurement.lead_weeks, else 0")
    usable_share: Share | None = None
    service: Literal["bare_metal", "endpoint"] = "bare_metal"
    interconnect: Literal["none", "rdma"] = "rdma"
    capabilities: tuple[Capability, ...] = ()
    expires: Day | None = Field(None, description="last day to sign")

    @model_validator(mode="after")
    def _consistent(self) -> Quote:
        if self.max_lots and self.min_lots and self.min_lots > self.max_lots:
            raise wrong("min_lots", f"{self.min_lots} is above max_lots {self.max_lots}")
        return self


class Contract(Section):
    """A contract already signed: its GPUs are there and its payments are due until it ends."""

    provider: str
    system: str
    region: str = "signed"
    gpus: Count
    usd_per_gpu_hour: NonNegative = Field(description="still to pay; 0 where prepaid")
    start: Day
    end: Day = Field(description="first day without it")
    usable_share: Share | None = None
    service: Literal["bare_metal", "endpoint"] = "bare_metal"
    interconnect: Literal["none", "rdma"] = "rdma"
    capabilities: tuple[Capability, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Contract:
        if self.end <= self.start:
            raise wrong("end", f"{self.end} is not after start {self.start}")
        return self
