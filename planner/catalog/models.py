"""What a catalog holds: one frozen model per kind of row, every field with its meaning and its unit."""

from dataclasses import field
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from planner.catalog.row import (
    Capabilities,
    Capability,
    Cooling,
    Count,
    Day,
    Delivery,
    Derivation,
    Fraction,
    Interconnect,
    Kind,
    Months,
    Names,
    NonNegative,
    NonNegativeCount,
    Positive,
    Precision,
    Row,
    Share,
    Statistic,
    Weeks,
    Years,
    not_bool,
    wrong,
)
from planner.catalog.serving import Accuracy, DerivedPoint, Gain, ModelSize, ServingPoint
from planner.fields import doc, plain
from planner.frozen import dataclass

__all__ = [
    "Accuracy",
    "Capabilities",
    "Capability",
    "Catalog",
    "Cooling",
    "Count",
    "Day",
    "Delivery",
    "Derivation",
    "DerivedPoint",
    "Energy",
    "Fraction",
    "Gain",
    "Interconnect",
    "Kind",
    "LoadShape",
    "ModelSize",
    "Months",
    "NonNegative",
    "NonNegativeCount",
    "Offer",
    "Positive",
    "Precision",
    "PricePath",
    "QuotedApi",
    "Row",
    "ServingPoint",
    "Share",
    "Source",
    "Statistic",
    "System",
    "TokenApi",
    "Weeks",
    "Years",
    "not_bool",
    "wrong",
]


# Those that 0.1.0 knew, where every system was of this maker and no row said so.
NVIDIA_GENERATIONS = ("hopper", "blackwell", "blackwell-ultra", "rubin")


class System(Row):
    """What is bought or rented as a whole: an 8-GPU node or an NVL72 rack."""

    system: Annotated[str, doc("key")]
    name: Annotated[str, plain("name for people")]
    maker: Annotated[str, doc("maker of its GPUs; default: NVIDIA for a generation of NVIDIA's, else unknown")] = ""
    generation: Annotated[str, plain("of its GPUs")]
    gpus: Annotated[Count, doc("GPUs in one system", "GPUs")]
    nvlink_domain_usable_gpus: Annotated[Count, doc("GPUs of one NVLink domain that a plan may use", "GPUs")]
    usable_share: Annotated[Share, doc("share of GPUs in service after spares and failures", "share")]
    memory_gb_per_gpu: Annotated[Positive, doc("usable HBM", "GB per GPU")]
    memory_tb_per_s_per_gpu: Annotated[Positive, doc("HBM bandwidth", "TB/s per GPU")]
    fp8_dense_pflops_per_gpu: Annotated[Positive, plain("peak without sparsity", "PFLOP/s per GPU")]
    fp4_dense_pflops_per_gpu: Annotated[Positive | None, doc("absent where there is no FP4", "PFLOP/s per GPU")] = None
    nameplate_it_kw: Annotated[Positive, doc("provisioned IT kW of one system, without network adder or PUE", "kW")]
    nameplate_it_kw_contains: Annotated[str, plain("what nameplate_it_kw covers")]
    network_kw_share: Annotated[NonNegative, doc("network, storage and management kW on top of system kW", "share")]
    idle_it_kw: Annotated[NonNegative, doc("drawn IT kW with no request, without adder or PUE", "kW")]
    busy_it_kw: Annotated[NonNegative, doc("drawn IT kW with every GPU serving, without adder or PUE", "kW")]
    cooling: Annotated[Cooling, plain("kind of cooling it needs")]
    price_usd: Annotated[Positive, doc("hardware price of one system", "USD")]
    price_contains: Annotated[str, plain("what price_usd covers")]
    network_capex_share: Annotated[NonNegative, doc("network and storage capex on top of the price", "share")]
    installation_capex_share: Annotated[NonNegative, doc("installation and integration on top of the price", "share")]
    support_share_per_year: Annotated[NonNegative, doc("support paid a year, share of price paid", "share per year")]
    licence_usd_per_gpu_year: Annotated[
        NonNegative,
        doc("software licence per GPU in service", "USD per GPU-year"),
    ] = 0.0
    deposit_share: Annotated[Share, doc("share of capex paid at order", "share")] = 0.0
    lead_weeks: Annotated[Weeks, doc("order to service", "weeks")]
    life_years: Annotated[Years, doc("years in service", "years")]
    residual_share_by_age_years: Annotated[
        dict[float, Share],
        doc("resale value by age, share of a new one's price; linear between, zero at the end of life", "share"),
    ]
    available_from: Annotated[Day, doc("first day it can be in service")]
    announced: Annotated[bool, doc("announced, not shipping: off unless a scenario allows it")] = False
    aliases: Annotated[Names, doc("what benchmarks and price lists call it or its GPUs, such as `L40S 48GB`")] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_a_maker(cls, given: Any) -> Any:
        """Catalogs of 0.1.0 state no maker: the generations that they can have are those of one."""
        if not isinstance(given, dict) or given.get("maker"):
            return given
        return {**given, "maker": "NVIDIA" if given.get("generation") in NVIDIA_GENERATIONS else "unknown"}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.idle_it_kw <= self.busy_it_kw <= self.nameplate_it_kw:
            raise wrong("busy_it_kw", "this has to lie between idle_it_kw and nameplate_it_kw")
        values = [share for _, share in sorted(self.residual_share_by_age_years.items())]
        if any(later > earlier for earlier, later in pairwise(values)):
            raise wrong("residual_share_by_age_years", "this may not rise with age")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.system,)

    @property
    def provisioned_it_kw(self) -> float:
        """Nameplate IT kW of one system with its network and management adder."""
        return self.nameplate_it_kw * (1 + self.network_kw_share)

    @property
    def capex_factor(self) -> float:
        """Capex of one system over its hardware price: network and installation included."""
        return 1 + self.network_capex_share + self.installation_capex_share


class Offer(Row):
    """A provider's price for a system in a region under a kind of term."""

    provider: Annotated[str, plain("who offers")]
    region: Annotated[str, plain("where, in the provider's words or `global`")]
    system: Annotated[str, plain("key of systems.yaml")]
    kind: Annotated[Kind, plain("by the hour, by the hour and revocable, or for a term")]
    term_months: Annotated[Months | None, doc("reserved only", "months")] = None
    usd_per_gpu_hour: Annotated[Positive, plain("per GPU rented, in use or not", "USD per GPU-hour")]
    lot_gpus: Annotated[Count, doc("GPUs the offer is sold by", "GPUs")]
    min_lots: Annotated[Count | None, doc("reserved only: zero or at least this many at a signing", "lots")] = None
    max_lots: Annotated[Count | None, doc("lots running at once, at most", "lots")] = None
    domain_gpus: Annotated[
        Count | None,
        doc("GPUs of an NVLink domain it brings; default: its systems', or the lot where that is smaller", "GPUs"),
    ] = None
    upfront_share: Annotated[Share, doc("share of the whole contract paid at its start", "share")] = 0.0
    lead_weeks: Annotated[Weeks, doc("signing to service", "weeks")] = 0.0
    billing_starts: Annotated[Literal["start"], doc("billed from the start of service")] = "start"
    usable_share: Annotated[Share | None, doc("overrides the system's, where the offer states its own", "share")] = None
    availability: Annotated[Fraction | None, doc("spot: share of paid hours that do useful work", "share")] = None
    service: Delivery = "bare_metal"
    interconnect: Interconnect = "rdma"
    product: Annotated[
        str, doc("which of a provider's products, where it sells several of one system: `1-gpu` beside whole nodes")
    ] = ""
    capabilities: Annotated[Capabilities, doc("endpoint only: what the contract enables")] = ()
    available_from: Annotated[Day | None, doc("first day it can run")] = None
    available_until: Annotated[Day | None, doc("reserved: last day to sign; else last day it runs")] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind == "reserved" and self.term_months is None:
            raise wrong("term_months", "this is missing; a reserved offer has a term")
        if self.kind != "reserved":
            for field in ("term_months", "upfront_share", "min_lots"):
                if getattr(self, field):
                    raise wrong(field, f"this belongs to reserved offers; this one is {self.kind}")
        if self.max_lots and self.min_lots and self.min_lots > self.max_lots:
            raise wrong("min_lots", f"{self.min_lots} is above max_lots {self.max_lots}")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        product = (self.product,) if self.product else ()
        return (self.provider, self.region, self.system, self.kind, str(self.term_months or ""), *product)

    @property
    def name(self) -> str:
        """The key as one word: ``coreweave/us-east/gb200-nvl72/reserved-36m``."""
        term = f"-{self.term_months}m" if self.term_months else ""
        product = f"/{self.product}" if self.product else ""
        return f"{self.provider}/{self.region}/{self.system}/{self.kind}{term}{product}"


class TokenApi(Row):
    """A provider's price per million tokens for a model."""

    provider: Annotated[str, plain("who offers")]
    model: Annotated[str, plain("as in serving/<model>.csv")]
    input_usd_per_mtok: Annotated[Positive, plain("price of input tokens", "USD per Mtok")]
    cached_input_usd_per_mtok: Annotated[
        Positive | None, doc("price of input tokens found in its cache; default: that of other input", "USD per Mtok")
    ] = None
    output_usd_per_mtok: Annotated[Positive, plain("price of output tokens", "USD per Mtok")]
    ttft_ms: Annotated[Positive | None, doc("time to first token; if unknown, it meets no target", "ms")] = None
    ttft_statistic: Annotated[Statistic | None, doc("which statistic ttft_ms is")] = None
    tpot_ms: Annotated[Positive | None, doc("time per output token; if unknown, it meets no target", "ms")] = None
    tpot_statistic: Annotated[Statistic | None, doc("which statistic tpot_ms is")] = None
    max_mtok_per_day: Annotated[Positive | None, doc("input and output together, on any day", "Mtok per day")] = None
    available_until: Annotated[Day | None, doc("last day it serves")] = None

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.provider, self.model)

    @property
    def name(self) -> str:
        """The key as one word."""
        return f"{self.provider}/{self.model}"


class QuotedApi(TokenApi):
    """A price for tokens that you were quoted: a row of the scenario, not of a catalog file. No price path moves it."""


class LoadShape(Row):
    """Demand level per load block; the share-weighted mean is 1."""

    name: Annotated[str, plain("as a workload's load names it")]
    level: Annotated[dict[str, NonNegative], plain("demand over its mean, by load block", "factor")]

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.name,)


class Energy(Row):
    """Electricity price and grid carbon of a region."""

    region: Annotated[str, plain("as a site's region names it")]
    usd_per_mwh: Annotated[Positive | None, doc("price of electricity at the meter", "USD per MWh")] = None
    gco2e_per_kwh: Annotated[NonNegative | None, doc("carbon of the grid", "gCO₂e per kWh")] = None

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.region,)


class PricePath(Row):
    """Factors on today's prices by calendar year, for hardware, hourly rent and token APIs."""

    name: Annotated[str, plain("as finance.price_path names it")]
    hardware: Annotated[dict[int, Positive], plain("on prices of systems, by year of order", "factor")]
    rent: Annotated[dict[int, Positive], plain("on catalog rates per GPU-hour, by year", "factor")]
    api: Annotated[dict[int, Positive], plain("on catalog prices of token APIs, by year", "factor")]

    @model_validator(mode="after")
    def _some_year(self) -> Self:
        for kind, factors in (("hardware", self.hardware), ("rent", self.rent), ("api", self.api)):
            if not factors:
                raise wrong(kind, "this names no year; {2026: 1.0} leaves prices as they are")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.name,)

    def factor(self, kind: Literal["hardware", "rent", "api"], year: int) -> float:
        """The factor of ``kind`` in ``year``; the nearest named year outside the path."""
        factors: dict[int, float] = getattr(self, kind)
        nearest = min(factors, key=lambda named: (abs(named - year), named))
        return factors[nearest]

    def factors(self, kind: Literal["hardware", "rent", "api"], years: NDArray[np.int64]) -> NDArray[np.float64]:
        """``factor`` of every year of an array, in its shape."""
        distinct, places = np.unique(years, return_inverse=True)
        return np.array([self.factor(kind, int(year)) for year in distinct])[places]


class Source(BaseModel):
    """Where figures were read."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    title: Annotated[str, plain("what was read")]
    publisher: Annotated[str, plain("who wrote it")]
    address: Annotated[str, doc("URL, or repository:path@commit")]
    read: Annotated[Day, plain("day it was read")]


@dataclass(frozen=True)
class Catalog:
    """All rows of one or more catalogs, by key; ``digest`` names their content.

    ``superseded`` are serving points that another row of the same configuration stands in for.
    """

    systems: dict[str, System]
    offers: dict[tuple[str, ...], Offer]
    token_apis: dict[tuple[str, ...], TokenApi]
    serving: dict[tuple[str, ...], ServingPoint]
    load_shapes: dict[str, LoadShape]
    blocks: dict[str, float]
    energy: dict[str, Energy]
    price_paths: dict[str, PricePath]
    sources: dict[str, Source]
    digest: str
    superseded: dict[tuple[str, ...], ServingPoint] = field(default_factory=dict)
    accuracy: dict[tuple[str, ...], Accuracy] = field(default_factory=dict)
    models: dict[str, ModelSize] = field(default_factory=dict)
    gains: dict[tuple[str, ...], Gain] = field(default_factory=dict)

    @cached_property
    def named(self) -> dict[str, list[ServingPoint]]:
        """Serving points by name, which those of several models may share."""
        found: dict[str, list[ServingPoint]] = {}
        for point in self.serving.values():
            found.setdefault(point.name, []).append(point)
        return found

    def point(self, model: str | None, name: str) -> ServingPoint | None:
        """The serving point of a model by its name, None where there is none."""
        return next((point for point in self.named.get(name, ()) if point.model == model), None)

    def score_share(self, model: str, precision: str, evaluation: str) -> float | None:
        """The best score of any checkpoint of a model in a precision, None where none is known."""
        scores = [
            row.score_share
            for row in self.accuracy.values()
            if (row.model, row.precision, row.evaluation) == (model, precision, evaluation)
        ]
        return max(scores, default=None)
