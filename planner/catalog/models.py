"""What a catalog holds: one frozen model per kind of row, every field with its unit in its name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from planner.kinds.evidence import ORDER, Evidence
from planner.schedule import parse_date

Kind = Literal["on_demand", "spot", "reserved"]
Cooling = Literal["air", "liquid"]
Precision = Literal["fp4", "fp8", "bf16", "int4"]
Statistic = Literal["p50", "mean", "p90", "p95", "p99"]
Capability = Literal["mtp", "disagg", "kv_offload"]
Derivation = Literal["", "interpolated", "fitted"]
MOST = 1_000_000_000


def not_bool(value: Any) -> Any:
    """The value, unless it is true or false: those would pass for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is not a number")
    return value


def _countable(value: int) -> int:
    """The count, unless it is beyond what solvers and their integers can hold."""
    if value > MOST:
        raise ValueError(f"this has to be at most {MOST:,}")
    return value


def _day(value: Any) -> dt.date:
    """A date within the times that a plan can be about: further off, lives and terms run out of the calendar."""
    day = parse_date(value)
    if not 1970 <= day.year < 2200:
        raise ValueError(f"{day} is outside the years 1970 to 2199")
    return day


Day = Annotated[dt.date, BeforeValidator(_day)]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(not_bool)]
Fraction = Annotated[float, Field(gt=0, le=1), BeforeValidator(not_bool)]
Positive = Annotated[float, Field(gt=0), BeforeValidator(not_bool)]
NonNegative = Annotated[float, Field(ge=0), BeforeValidator(not_bool)]
Count = Annotated[int, Field(ge=1), BeforeValidator(not_bool), AfterValidator(_countable)]
Weeks = Annotated[float, Field(ge=0, le=520), BeforeValidator(not_bool)]
Years = Annotated[float, Field(gt=0, le=50), BeforeValidator(not_bool)]
Months = Annotated[int, Field(ge=1, le=240), BeforeValidator(not_bool)]
NonNegativeCount = Annotated[int, Field(ge=0), BeforeValidator(not_bool), AfterValidator(_countable)]


def _split(value: Any) -> Any:
    """A tuple from ``a;b`` as CSV cells write lists."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(";") if part.strip())
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Capabilities = Annotated[tuple[Capability, ...], BeforeValidator(_split)]


def wrong(field: str | int | float, message: str) -> PydanticCustomError:
    """The error of a check across the parts of a value, laid at one of them."""
    return PydanticCustomError("field", "{field}: {message}", {"field": field, "message": message})


class Row(BaseModel):
    """What every row of a catalog carries: where its figures come from and how far to trust them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    source: Annotated[Names, Field(min_length=1)] = Field(description="ids in sources.yaml")
    as_of: Day = Field(description="day the figures were valid or read")
    evidence: Evidence = Field(description=f"{', '.join(ORDER[:-1])} or {ORDER[-1]}")
    note: str = Field("", description="what contradicts, how an estimate was reached")
    file: str = Field("", description="file the row was read from", exclude=True)
    line: int = Field(0, description="line the row starts at", exclude=True)


class System(Row):
    """What is bought or rented as a whole: an 8-GPU node or an NVL72 rack."""

    system: str = Field(description="key")
    name: str
    generation: Literal["hopper", "blackwell", "blackwell-ultra", "rubin"]
    gpus: Count = Field(description="GPUs in one system")
    nvlink_domain_usable_gpus: Count = Field(description="GPUs of one NVLink domain that a plan may use")
    usable_share: Share = Field(description="share of GPUs in service after spares and failures")
    memory_gb_per_gpu: Positive = Field(description="usable HBM")
    memory_tb_per_s_per_gpu: Positive = Field(description="HBM bandwidth")
    fp8_dense_pflops_per_gpu: Positive
    fp4_dense_pflops_per_gpu: Positive | None = Field(None, description="absent where there is no FP4")
    nameplate_it_kw: Positive = Field(description="provisioned IT kW of one system, without network adder or PUE")
    nameplate_it_kw_contains: str
    network_kw_share: NonNegative = Field(description="network, storage and management kW on top of system kW")
    idle_it_kw: NonNegative = Field(description="drawn IT kW with no request, without adder or PUE")
    busy_it_kw: NonNegative = Field(description="drawn IT kW with every GPU serving, without adder or PUE")
    cooling: Cooling
    price_usd: Positive = Field(description="hardware price of one system")
    price_contains: str
    network_capex_share: NonNegative = Field(description="network and storage capex on top of the price")
    installation_capex_share: NonNegative = Field(description="installation and integration on top of the price")
    support_share_per_year: NonNegative = Field(description="support paid a year, share of price paid")
    licence_usd_per_gpu_year: NonNegative = Field(0.0, description="software licence per GPU in service")
    deposit_share: Share = Field(0.0, description="share of capex paid at order")
    lead_weeks: Weeks = Field(description="order to service")
    life_years: Years = Field(description="years in service")
    residual_share_by_age_years: dict[float, Share] = Field(
        description="resale value by age, share of hardware price paid; linear between, zero at the end of life"
    )
    available_from: Day = Field(description="first day it can be in service")
    announced: bool = Field(False, description="announced, not shipping: off unless a scenario allows it")

    @model_validator(mode="after")
    def _consistent(self) -> System:
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

    provider: str
    region: str
    system: str
    kind: Kind
    term_months: Months | None = Field(None, description="reserved only")
    usd_per_gpu_hour: Positive
    lot_gpus: Count = Field(description="GPUs the offer is sold by")
    min_lots: Count | None = Field(None, description="reserved only: zero or at least this many at a signing")
    max_lots: Count | None = Field(None, description="lots running at once, at most")
    upfront_share: Share = Field(0.0, description="share of the whole contract paid at its start")
    lead_weeks: Weeks = Field(0.0, description="signing to service")
    billing_starts: Literal["start"] = "start"
    usable_share: Share | None = Field(None, description="over the system's, where the offer states its own")
    availability: Fraction | None = Field(None, description="spot: share of paid hours that do useful work")
    service: Literal["bare_metal", "endpoint"] = "bare_metal"
    interconnect: Literal["none", "rdma"] = "rdma"
    capabilities: Capabilities = Field((), description="endpoint only: what the contract enables")
    available_from: Day | None = Field(None, description="first day it can run")
    available_until: Day | None = Field(None, description="reserved: last day to sign; else last day it runs")

    @model_validator(mode="after")
    def _consistent(self) -> Offer:
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
        return (self.provider, self.region, self.system, self.kind, str(self.term_months or ""))

    @property
    def name(self) -> str:
        """The key as one word: ``coreweave/us-east/gb200-nvl72/reserved-36m``."""
        term = f"-{self.term_months}m" if self.term_months else ""
        return f"{self.provider}/{self.region}/{self.system}/{self.kind}{term}"


class TokenApi(Row):
    """A provider's price per million tokens for a model."""

    provider: str
    model: str
    input_usd_per_mtok: Positive
    cached_input_usd_per_mtok: Positive | None = None
    output_usd_per_mtok: Positive
    ttft_ms: Positive | None = None
    ttft_statistic: Statistic | None = None
    tpot_ms: Positive | None = None
    tpot_statistic: Statistic | None = None
    max_mtok_per_day: Positive | None = Field(None, description="input and output together, on any day")
    available_until: Day | None = Field(None, description="last day it serves")

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.provider, self.model)

    @property
    def name(self) -> str:
        """The key as one word."""
        return f"{self.provider}/{self.model}"


class QuotedApi(TokenApi):
    """What a salesperson asks for tokens: a row of the scenario, in no file of a catalog. No price path moves it."""


class ServingPoint(Row):
    """One operating point: a configuration at a concurrency, its latency and its rates over all deployed GPUs."""

    model: str
    series: str = Field(description="one sweep over concurrency of one configuration")
    system: str
    engine: str
    engine_version: str = ""
    precision: Precision
    mode: Literal["agg", "disagg"]
    spec_decode: Literal["none", "mtp", "eagle", "unknown"]
    gpus_per_replica: Count
    largest_worker_gpus: Count = Field(description="largest tensor- or expert-parallel group")
    input_tokens_nominal: Positive
    output_tokens_nominal: Positive
    input_tokens_mean: Positive = Field(description="mean really served")
    output_tokens_mean: Positive = Field(description="mean really served")
    concurrency: Positive = Field(description="requests in flight per replica")
    ttft_ms: Positive
    ttft_statistic: Statistic
    ttft_p99_ms: Positive | None = None
    tpot_ms: Positive
    tpot_statistic: Statistic
    tpot_p99_ms: Positive | None = None
    input_tok_s_per_gpu: Positive = Field(description="over all deployed GPUs of the replica")
    output_tok_s_per_gpu: Positive = Field(description="over all deployed GPUs of the replica")
    requires: Capabilities = ()

    @model_validator(mode="after")
    def _consistent(self) -> ServingPoint:
        if self.largest_worker_gpus > self.gpus_per_replica:
            raise wrong("largest_worker_gpus", f"this is above gpus_per_replica, {self.gpus_per_replica}")
        if self.spec_decode != "none" and "mtp" not in self.requires:
            raise wrong("requires", f"this has to name mtp where spec_decode is {self.spec_decode}")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.model, self.system, self.series, f"{self.concurrency:g}", str(self.gpus_per_replica))

    @property
    def name(self) -> str:
        """The key as one word: ``gb300-nvl72/inferencex-…-8k1k@c256``."""
        return f"{self.system}/{self.series}@c{self.concurrency:g}x{self.gpus_per_replica}"

    @property
    def derivation(self) -> Derivation:
        """How the point was made of others; nothing where it stands in a catalog."""
        return ""

    def serves(self, workload: str) -> bool:
        """Whether the point is there for a workload: those of a catalog are for all."""
        return True


class DerivedPoint(ServingPoint):
    """An operating point made of measured ones for one workload; no file of a catalog holds it.

    Its sources are those of its ``parents``, its evidence their weakest and its date their oldest. ``converted`` names
    the latencies that a tail ratio made: ttft, tpot, ttft+tpot or none.
    """

    derived: Literal["interpolated", "fitted"]
    workload: str
    parents: tuple[str, ...]
    converted: str = ""

    @property
    def derivation(self) -> Derivation:
        """How the point was made."""
        return self.derived

    def serves(self, workload: str) -> bool:
        """Whether it was made for this workload."""
        return workload == self.workload


class Accuracy(Row):
    """What a model's checkpoint in a precision scores in an evaluation."""

    model: str
    precision: Precision
    checkpoint: str = Field(description="published weights, or how they were quantised")
    evaluation: str = Field(description="name of the evaluation and its setting")
    score_share: Share = Field(description="share of the best possible score")

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.model, self.precision, self.checkpoint, self.evaluation)

    @property
    def name(self) -> str:
        """The key as one word."""
        return "/".join(self.key)


class LoadShape(Row):
    """Demand level per load block; the share-weighted mean is 1."""

    name: str
    level: dict[str, NonNegative]

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.name,)


class Energy(Row):
    """Electricity price and grid carbon of a region."""

    region: str
    usd_per_mwh: Positive | None = None
    gco2e_per_kwh: NonNegative | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.region,)


class PricePath(Row):
    """Factors on today's prices by calendar year, for hardware, hourly rent and token APIs."""

    name: str
    hardware: dict[int, Positive]
    rent: dict[int, Positive]
    api: dict[int, Positive]

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


class ModelSize(Row):
    """How large a served model is: what `plan catalog check` holds operating points against."""

    name: str = Field(description="as in serving/<model>.csv")
    total_params_billion: Positive = Field(description="all weights, which have to fit in the memory of a replica")
    active_params_billion: Positive = Field(description="weights that one token goes through")

    @model_validator(mode="after")
    def _consistent(self) -> ModelSize:
        if self.active_params_billion > self.total_params_billion:
            raise wrong("active_params_billion", f"this is above total_params_billion, {self.total_params_billion:g}")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.name,)


class Source(BaseModel):
    """Where figures were read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    publisher: str
    address: str = Field(description="URL, or repository:path@commit")
    read: Day


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

    def score_share(self, model: str, precision: str, evaluation: str) -> float | None:
        """The best score of any checkpoint of a model in a precision, None where none is known."""
        scores = [
            row.score_share
            for row in self.accuracy.values()
            if (row.model, row.precision, row.evaluation) == (model, precision, evaluation)
        ]
        return max(scores, default=None)
