"""What has to be served: a model, a forecast, latency targets."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from planner.catalog.models import NonNegativeCount, Positive, Precision, Share, wrong
from planner.scenario.section import Amounts, BelowOne, Name, Section


class Tokens(Section):
    """Mean tokens of one request."""

    input: Positive
    output: Positive


class Demand(Section):
    """A forecast, in exactly one unit; geometric between dates."""

    output_mtok_per_day: Amounts | None = Field(None, description="10⁶ output tokens a day")
    requests_per_s: Amounts | None = Field(None, description="mean over the day")
    gpu_hours_per_day: Amounts | None = Field(None, description="gpu_hours workloads: weighted GPU-hours a day")
    csv: str | None = Field(
        None,
        description="file beside the scenario with columns date and one of the units above; read when loading",
    )

    @model_validator(mode="after")
    def _one_unit(self) -> Demand:
        units = [self.output_mtok_per_day, self.requests_per_s, self.gpu_hours_per_day, self.csv]
        if sum(unit is not None for unit in units) != 1:
            raise ValueError("give exactly one of output_mtok_per_day, requests_per_s, gpu_hours_per_day and csv")
        return self


class Sla(Section):
    """Latency targets, each at its own percentile."""

    ttft_s: Positive | None = Field(None, description="time to first token")
    ttft_percentile: Literal[50, 90, 95, 99] = 50
    tpot_ms: Positive | None = Field(None, description="time per output token after the first")
    tpot_percentile: Literal[50, 90, 95, 99] = 50


class AccuracyFloor(Section):
    """A score that every precision in use has to reach; a precision without a known score does not."""

    evaluation: str = Field(description="as accuracy.csv names it")
    min_score_share: Share = Field(description="share of the best possible score")


class TokenPrice(Section):
    """What the workload's tokens are sold for."""

    input: Amounts = Field(description="USD per 10⁶ input tokens")
    output: Amounts = Field(description="USD per 10⁶ output tokens")


class Workload(Section):
    """A stream of requests for one model, or a demand for GPU-hours."""

    name: Name
    kind: Literal["interactive", "batch", "gpu_hours"] = "interactive"
    model: str | None = None
    tokens: Tokens | None = Field(None, description="per request; not for gpu_hours")
    demand: Demand
    load: str = Field("flat", description="load shape by name; batch and gpu_hours may run in any block of a period")
    sla: Sla = Sla()
    precisions: tuple[Precision, ...] = Field(("fp8", "fp4", "bf16"), min_length=1)
    accuracy: AccuracyFloor | None = Field(None, description="floor for the precisions that may serve it")
    headroom: BelowOne = Field(0.15, description="share of closed-loop saturation that open arrivals cannot use")
    price_usd_per_mtok: TokenPrice | None = Field(None, description="revenue")
    min_served: Share | None = Field(None, description="per period; default: service.min_served")
    whole_replicas: bool = Field(False, description="whole replicas, as integers")
    min_replicas: NonNegativeCount = Field(0, description="in every block; needs whole_replicas")
    spot: bool | None = Field(None, description="may run on spot; default: batch and gpu_hours only")
    token_api: bool = Field(True, description="may be sent to token APIs")
    prefix_cache_hit_share: BelowOne = Field(
        0.0, description="share of input tokens found in the prefix cache of own and rented GPUs; benchmarks have none"
    )
    cached_input_share: Share | None = Field(
        None, description="share of input tokens billed at an API's cached price; default: prefix_cache_hit_share"
    )
    interpolate: bool = Field(
        False, description="may run between two measured concurrencies of a series, at exactly its latency targets"
    )
    gpu_hours_weight: dict[str, Positive] = Field(
        default_factory=dict,
        description="gpu_hours: systems that may run it and the work of one GPU-hour on each",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Workload:
        if self.kind == "gpu_hours":
            if self.demand.gpu_hours_per_day is None and self.demand.csv is None:
                raise wrong("demand", "a gpu_hours workload is forecast in gpu_hours_per_day")
            if not self.gpu_hours_weight:
                raise wrong(
                    "gpu_hours_weight", "this field is missing; a gpu_hours workload names the systems that may run it"
                )
            for field in (
                "model",
                "tokens",
                "price_usd_per_mtok",
                "whole_replicas",
                "accuracy",
                "prefix_cache_hit_share",
                "interpolate",
            ):
                if getattr(self, field):
                    raise wrong(field, "this does not belong to a gpu_hours workload")
        else:
            for field in ("model", "tokens"):
                if getattr(self, field) is None:
                    raise wrong(field, f"this field is missing; a workload of kind {self.kind} has one")
            if self.demand.gpu_hours_per_day is not None:
                raise wrong("demand", "gpu_hours_per_day belongs to workloads of kind: gpu_hours")
            if self.gpu_hours_weight:
                raise wrong("gpu_hours_weight", "this belongs to workloads of kind: gpu_hours")
        if self.min_replicas and not self.whole_replicas:
            raise wrong("min_replicas", "this needs whole_replicas: true")
        return self

    @property
    def cached_share(self) -> float:
        """Share of input tokens that a token API bills at its cached price."""
        return self.prefix_cache_hit_share if self.cached_input_share is None else self.cached_input_share

    @property
    def spot_allowed(self) -> bool:
        """Whether it may run on capacity that can be taken away."""
        return self.spot if self.spot is not None else self.kind != "interactive"
