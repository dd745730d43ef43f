"""What may be bought, rented and signed, and what was offered or signed already."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from planner.catalog.models import (
    Capability,
    Count,
    Day,
    Kind,
    Months,
    NonNegative,
    Positive,
    Share,
    Statistic,
    Weeks,
    wrong,
)
from planner.scenario.section import Section
from planner.scenario.workload import Tokens
from planner.units import MS_PER_S, SECONDS_PER_DAY, mtok_from_tokens


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


class TokenQuote(Section):
    """What a salesperson asks for a million tokens: a row of token_apis.csv, in the scenario.

    At a ``concurrency`` it holds for as many requests in flight, each of ``tokens`` at the quoted latencies.
    """

    provider: str
    model: str
    input_usd_per_mtok: Positive
    cached_input_usd_per_mtok: Positive | None = None
    output_usd_per_mtok: Positive
    ttft_ms: Positive | None = None
    ttft_statistic: Statistic | None = None
    tpot_ms: Positive | None = None
    tpot_statistic: Statistic | None = None
    concurrency: Positive | None = Field(None, description="requests in flight that it holds for; default: any number")
    tokens: Tokens | None = Field(None, description="of a request at that concurrency")
    max_mtok_per_day: Positive | None = Field(None, description="input and output together, on any day")
    available_until: Day | None = Field(None, description="last day it serves")

    @model_validator(mode="after")
    def _consistent(self) -> TokenQuote:
        for metric in ("ttft", "tpot"):
            if (getattr(self, f"{metric}_ms") is None) != (getattr(self, f"{metric}_statistic") is None):
                raise wrong(f"{metric}_ms", f"this and {metric}_statistic, such as p50, go together")
        if self.concurrency is None:
            return self
        if self.tokens is None or self.ttft_ms is None or self.tpot_ms is None:
            raise wrong("concurrency", "what it serves in a day takes tokens, ttft_ms and tpot_ms too")
        if self.max_mtok_per_day is not None:
            raise wrong("max_mtok_per_day", "concurrency says that already; give one of them")
        return self

    @property
    def most_mtok_per_day(self) -> float | None:
        """Mtok of input and output that it serves on any day, at its concurrency by Little's law; None for any."""
        if self.concurrency is None or self.tokens is None or self.ttft_ms is None or self.tpot_ms is None:
            return self.max_mtok_per_day
        seconds = (self.ttft_ms + (self.tokens.output - 1) * self.tpot_ms) / MS_PER_S
        tokens = self.tokens.input + self.tokens.output
        return mtok_from_tokens(self.concurrency / seconds * tokens * SECONDS_PER_DAY)


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
