"""What may be bought, rented and signed, and what was offered or signed already."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from planner.catalog.models import (
    Capability,
    Count,
    Day,
    Delivery,
    Interconnect,
    Kind,
    Months,
    NonNegative,
    Positive,
    Share,
    Statistic,
    Weeks,
    wrong,
)
from planner.catalog.row import LEAST, MOST_AMOUNT, Growth
from planner.fields import doc, plain
from planner.scenario.section import GpusByName, Section, Tags
from planner.scenario.workload import Tokens
from planner.units import MS_PER_S, SECONDS_PER_DAY, mtok_from_tokens

# What one provider is taken to have by the hour of one system: 64 machines of 8 GPUs, the largest single reservation
# for a day or more that a provider publishes. Nobody publishes what is free by the hour.
ASSUMED_DEPTH_GPUS = 512.0


class Quota(Section):
    """GPUs of a system that may run at once at a provider, reserved and hourly together."""

    system: Annotated[str, plain("key of systems.yaml")]
    gpus: Annotated[NonNegative, plain("GPUs, not lots", "GPUs")]
    per: Annotated[Literal["provider"], doc("each provider has the quota to itself")] = "provider"
    provider: Annotated[str | None, doc("only this one; default: each")] = None


class Systems(Section):
    """Systems a plan may use. `include` also switches on announced ones."""

    allow: Annotated[tuple[str, ...] | None, doc("only these; default: every system")] = None
    deny: Annotated[tuple[str, ...], doc("not these")] = ()
    include: Annotated[tuple[str, ...], doc("announced systems to allow")] = ()


class Providers(Section):
    """Providers a plan may use and how much may rest on one."""

    allow: Annotated[tuple[str, ...] | None, doc("only these; default: every provider")] = None
    deny: Annotated[tuple[str, ...], doc("not these")] = ()
    max_share: Annotated[
        Share | None,
        doc("GPUs rented of one provider, share of all GPUs in service", "share"),
    ] = None
    max_share_of: Annotated[
        Literal["gpus_peak", "gpu_hours"],
        doc("max_share holds in every load block, or on average over a period's hours"),
    ] = "gpus_peak"


class Procurement(Section):
    """What may be bought, signed and rented, and how long it takes."""

    buy: Annotated[bool, doc("systems may be bought for the sites")] = True
    rent: Annotated[tuple[Kind, ...], doc("kinds of offer that may be used")] = ("on_demand", "spot", "reserved")
    token_api: Annotated[bool, doc("token APIs may be used")] = True
    systems: Systems = Systems.model_construct()
    providers: Providers = Providers.model_construct()
    quotas: tuple[Quota, ...] = ()
    hourly_depth_gpus: Annotated[
        GpusByName,
        doc(
            "GPUs of a system that a provider is assumed to have by the hour at once, over offers without max_lots; "
            "a number, one by provider (any other has 512), or null for any number",
            "GPUs",
        ),
    ] = ASSUMED_DEPTH_GPUS
    lead_weeks: Annotated[
        dict[str, Weeks], doc("over the catalog's, by system (bought) or by reserved_1y, reserved_3y, …", "weeks")
    ] = Field(default_factory=dict)
    whole_on_demand_lots: Annotated[
        bool, doc("hourly offers are taken by whole lots; false plans in parts of lots")
    ] = True
    spot_availability: Annotated[
        dict[str, Share],
        doc("further factor on spot supply, by load block", "factor"),
    ] = Field(default_factory=dict)
    software_gain_per_year: Annotated[
        dict[str, Growth], doc("yearly growth of throughput, by system", "share per year")
    ] = Field(default_factory=dict)
    software_gain_from: Annotated[
        Literal["start", "measured"],
        doc("growth counts from the horizon's start, or from each point's own date of measurement"),
    ] = "start"


class Quote(Section):
    """An offer that you received: a reserved row of offers.csv, in the scenario."""

    provider: Annotated[str, plain("who quotes; new names are fine")]
    system: Annotated[str, plain("key of systems.yaml")]
    region: Annotated[str, doc("free text")] = "quoted"
    kind: Annotated[Literal["reserved"], doc("quotes are for reserved terms")] = "reserved"
    term_months: Annotated[Months, plain("a whole number of periods", "months")]
    usd_per_gpu_hour: Annotated[Positive, plain("fixed for the term; no price path moves it", "USD per GPU-hour")]
    lot_gpus: Annotated[Count, plain("GPUs the quote is sold by", "GPUs")]
    min_lots: Annotated[Count | None, doc("zero or at least this many at a signing", "lots")] = None
    max_lots: Annotated[Count | None, doc("lots running at once, at most", "lots")] = None
    domain_gpus: Annotated[
        Count | None,
        doc("GPUs of an NVLink domain it brings; default: its systems', or the lot where that is smaller", "GPUs"),
    ] = None
    upfront_share: Annotated[Share, doc("share of the whole contract paid at its start", "share")] = 0.0
    lead_weeks: Annotated[Weeks | None, doc("default: procurement.lead_weeks, else 0", "weeks")] = None
    usable_share: Annotated[Share | None, doc("share of GPUs that serve; default: the system's", "share")] = None
    service: Delivery = "bare_metal"
    interconnect: Interconnect = "rdma"
    capabilities: Annotated[tuple[Capability, ...], doc("endpoint: what the contract enables")] = ()
    expires: Annotated[Day | None, doc("last day to sign")] = None
    tags: Annotated[Tags, doc("such as cost_centre: what it costs bears them, for cost by tag")] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.max_lots and self.min_lots and self.min_lots > self.max_lots:
            raise wrong("min_lots", f"{self.min_lots} is above max_lots {self.max_lots}")
        return self

    @property
    def name(self) -> str:
        """As offers are named: of two with one name a plan could not tell which it signs."""
        return f"{self.provider}/{self.region}/{self.system}/{self.kind}-{self.term_months}m"


class TokenQuote(Section):
    """A price per million tokens that you were quoted: a row of token_apis.csv, in the scenario.

    At a ``concurrency`` it holds for as many requests in flight, each of ``tokens`` at the quoted latencies.
    """

    provider: Annotated[str, plain("who quotes, in place of its listed price; new names are fine")]
    model: Annotated[str, plain("a model of the workloads")]
    input_usd_per_mtok: Annotated[Positive, plain("fixed; no price path moves it", "USD per Mtok")]
    cached_input_usd_per_mtok: Annotated[
        Positive | None,
        doc("default: the price of other input", "USD per Mtok"),
    ] = None
    output_usd_per_mtok: Annotated[Positive, plain("fixed; no price path moves it", "USD per Mtok")]
    ttft_ms: Annotated[Positive | None, doc("if unknown, it meets no target", "ms")] = None
    ttft_statistic: Annotated[Statistic | None, doc("p50, mean, p90, p95 or p99")] = None
    tpot_ms: Annotated[Positive | None, doc("if unknown, it meets no target", "ms")] = None
    tpot_statistic: Annotated[Statistic | None, doc("p50, mean, p90, p95 or p99")] = None
    concurrency: Annotated[
        Positive | None, doc("requests in flight for which it holds; default: any number", "requests")
    ] = None
    tokens: Annotated[Tokens | None, doc("of a request at that concurrency")] = None
    max_mtok_per_day: Annotated[Positive | None, doc("input and output together, on any day", "Mtok per day")] = None
    available_until: Annotated[Day | None, doc("last day it serves")] = None
    tags: Annotated[Tags, doc("such as cost_centre: what it costs bears them, for cost by tag")] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for metric in ("ttft", "tpot"):
            if (getattr(self, f"{metric}_ms") is None) != (getattr(self, f"{metric}_statistic") is None):
                raise wrong(f"{metric}_ms", f"this and {metric}_statistic, such as p50, go together")
        if self.concurrency is None:
            return self
        if self.tokens is None or self.ttft_ms is None or self.tpot_ms is None:
            raise wrong("concurrency", "what it serves in a day takes tokens, ttft_ms and tpot_ms too")
        if self.max_mtok_per_day is not None:
            raise wrong("max_mtok_per_day", "concurrency says that already; give one of them")
        if self.tokens.output < 1:
            raise wrong("tokens", f"{self.tokens.output:g} output tokens a request are less than one; write at least 1")
        most = self.most_mtok_per_day
        if most is not None and not LEAST <= most <= MOST_AMOUNT:
            raise wrong("concurrency", f"at these latencies and tokens it would serve {most:.3g} Mtok a day")
        return self

    @property
    def name(self) -> str:
        """As token APIs are named."""
        return f"{self.provider}/{self.model}"

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

    provider: Annotated[str, plain("counts towards quotas and max_share")]
    system: Annotated[str, plain("key of systems.yaml")]
    region: Annotated[str, doc("free text")] = "signed"
    gpus: Annotated[Count, plain("GPUs under contract", "GPUs")]
    domain_gpus: Annotated[
        Count | None, doc("GPUs of an NVLink domain of it; default: that of its systems", "GPUs")
    ] = None
    usd_per_gpu_hour: Annotated[NonNegative, doc("still to pay; 0 where prepaid", "USD per GPU-hour")]
    start: Annotated[Day, plain("first day with it")]
    end: Annotated[Day, doc("first day without it")]
    usable_share: Annotated[Share | None, doc("share of GPUs that serve; default: the system's", "share")] = None
    service: Delivery = "bare_metal"
    interconnect: Interconnect = "rdma"
    capabilities: Annotated[tuple[Capability, ...], doc("endpoint: what the contract enables")] = ()
    tags: Annotated[Tags, doc("such as cost_centre: what it costs bears them, for cost by tag")] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.end <= self.start:
            raise wrong("end", f"{self.end} is not after start {self.start}")
        return self
