"""What has to be served: a model, a forecast, latency targets."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from planner.catalog.models import NonNegative, NonNegativeCount, Positive, Precision, Share, wrong
from planner.fields import doc, plain
from planner.scenario.demand import OF_TRACE, Demand
from planner.scenario.section import Amounts, BelowOne, Name, Section, Tags
from planner.scenario.traffic import Traffic
from planner.schedule import Schedule

Percentile = Literal[50, 90, 95, 99]

# Less a request than one among a thousand requests is none.
A_TOKEN_IN_A_THOUSAND = 1e-3
# A score is a share of the best possible one, so nothing loses more points of it.
MOST_POINTS = 100


class Tokens(Section):
    """Mean tokens of one request."""

    input: Annotated[Positive, plain("input tokens, mean", "tokens")]
    output: Annotated[Positive, plain("output tokens, mean", "tokens")]

    @model_validator(mode="after")
    def _some(self) -> Self:
        for name, tokens in (("input", self.input), ("output", self.output)):
            if tokens < A_TOKEN_IN_A_THOUSAND:
                raise wrong(name, f"{tokens:g} is less than one token in a thousand requests; the unit is tokens")
        return self


class Sla(Section):
    """Latency targets, each at its own percentile."""

    ttft_s: Annotated[Positive | None, doc("time to first token", "s")] = None
    ttft_percentile: Annotated[Percentile, doc("percentile that ttft_s is a target for", "percentile")] = 50
    tpot_ms: Annotated[Positive | None, doc("time per output token after the first", "ms")] = None
    tpot_percentile: Annotated[Percentile, doc("percentile that tpot_ms is a target for", "percentile")] = 50


class AccuracyFloor(Section):
    """What every precision in use has to score, or may lose; a precision without a known score does neither."""

    evaluation: Annotated[str, doc("as accuracy.csv names it")]
    min_score_share: Annotated[Share, doc("share of the best possible score", "share")] = 0.0
    max_loss_points: Annotated[
        NonNegative | None, doc("points of a hundred below the weights as published, at most", "points")
    ] = None

    @model_validator(mode="after")
    def _one_floor(self) -> Self:
        loss_alone = self.max_loss_points is not None and not self.min_score_share
        score_alone = self.max_loss_points is None and "min_score_share" in self.model_fields_set
        if not loss_alone and not score_alone:
            raise ValueError("give exactly one of min_score_share and max_loss_points")
        if self.max_loss_points is not None and self.max_loss_points > MOST_POINTS:
            raise wrong("max_loss_points", f"this has to be at most {MOST_POINTS}, not {self.max_loss_points:g}")
        return self


class TokenPrice(Section):
    """What the workload's tokens are sold for."""

    input: Annotated[Amounts, doc("USD per 10⁶ input tokens", "USD per Mtok")]
    output: Annotated[Amounts, doc("USD per 10⁶ output tokens", "USD per Mtok")]


SIMULATED: Final = "simulated"
# Nearer to saturation a queue grows for longer than any simulation lasts.
LEAST_SIMULATED: Final = 0.01


def _number_or_simulated(value: Any) -> Any:
    """A headroom as it is; raises at a word that is not the one there is."""
    if isinstance(value, str) and value != SIMULATED:
        raise ValueError(f"'{value}' is not a number; write a share such as 0.15, or {SIMULATED}")
    return value


def _share_or_word(value: Any) -> str:
    return "word" if isinstance(value, str) else "share"


class Workload(Section):
    """A stream of requests for one model, or a demand for GPU-hours."""

    name: Annotated[Name, plain("unique among workloads")]
    kind: Annotated[
        Literal["interactive", "batch", "gpu_hours"],
        doc("interactive: met in every load block; batch, gpu_hours: met over each period"),
    ] = "interactive"
    model: Annotated[str | None, doc("model of the serving points and token APIs; not for gpu_hours")] = None
    tokens: Annotated[Tokens | None, doc("per request; not for gpu_hours")] = None
    demand: Demand
    load: Annotated[
        str, doc("load shape by name, or `trace`; batch and gpu_hours may run in any block of a period")
    ] = "flat"
    sla: Sla = Sla.model_construct()
    precisions: Annotated[
        tuple[Precision, ...],
        Field(min_length=1),
        doc("precisions that the workload accepts"),
    ] = ("fp8", "fp4", "mxfp4", "bf16", "int4")
    accuracy: Annotated[AccuracyFloor | None, doc("floor for the precisions that may serve it")] = None
    engines: Annotated[
        tuple[str, ...] | None,
        Field(min_length=1),
        doc("serving engines that may run it, as rows of serving/ name them; default: any"),
    ] = None
    headroom: Annotated[
        Annotated[BelowOne, Tag("share")] | Annotated[Literal["simulated"], Tag("word")],
        Discriminator(_share_or_word),
        BeforeValidator(_number_or_simulated),
        doc(
            "share of closed-loop saturation that open arrivals cannot use, or `simulated`: as much as requests need "
            "for the targets to hold",
            "share",
        ),
    ] = 0.15
    headroom_by_point: Annotated[
        dict[str, Share] | None,
        doc(
            "headroom of single configurations, in place of that one; with `simulated` what a simulation found before, "
            "so that none is made, 1 where nothing holds, and 0.01 for those that are not named",
            "share",
        ),
    ] = None
    traffic: Annotated[
        Traffic | None,
        doc("how its requests come where they are simulated; default: Poisson arrivals; not for gpu_hours"),
    ] = None
    price_usd_per_mtok: Annotated[TokenPrice | None, doc("revenue")] = None
    min_served: Annotated[
        Share | None, doc("per period; default: service.min_served, and 0 where what is unserved has a value", "share")
    ] = None
    unserved_usd_per_mtok: Annotated[
        Amounts | None,
        doc(
            "value of unserved demand, by output tokens: weighed against cost, never paid; not for gpu_hours",
            "USD per Mtok",
        ),
    ] = None
    unserved_usd_per_gpu_hour: Annotated[
        Amounts | None,
        doc("gpu_hours workloads: value of a weighted GPU-hour that is not served", "USD per GPU-hour"),
    ] = None
    whole_replicas: Annotated[
        bool, doc("whole replicas: at every instant (interactive) or while they run; false plans in parts of replicas")
    ] = True
    min_replicas: Annotated[NonNegativeCount, doc("in every block; needs whole_replicas", "replicas")] = 0
    spot: Annotated[bool | None, doc("may run on spot; default: batch and gpu_hours only")] = None
    token_api: Annotated[bool, doc("may be sent to token APIs")] = True
    prefix_cache_hit_share: Annotated[
        BelowOne,
        doc("share of input tokens found in the prefix cache of own and rented GPUs; benchmarks have none", "share"),
    ] = 0.0
    cached_input_share: Annotated[
        Share | None,
        doc("share of input tokens billed at an API's cached price; default: prefix_cache_hit_share", "share"),
    ] = None
    extrapolate: Annotated[
        Literal["never", "needed", "always"],
        doc(
            "points at lengths beyond those measured, and hits credited by the hardware's floors: `needed` where no "
            "configuration of the model was measured at the lengths or around them, `always` on every one that was not"
        ),
    ] = "needed"
    interpolate: Annotated[
        bool, doc("may run between two measured concurrencies of a series, at exactly its latency targets")
    ] = False
    gpu_hours_weight: Annotated[
        dict[str, Positive], doc("gpu_hours: systems that may run it and the work of one GPU-hour on each", "factor")
    ] = Field(default_factory=dict)
    tags: Annotated[
        Tags, doc("such as product: what it costs bears them, unless what is paid for has its own, for cost by tag")
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
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
                "unserved_usd_per_mtok",
                "accuracy",
                "engines",
                "prefix_cache_hit_share",
                "interpolate",
                "traffic",
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
            if self.unserved_usd_per_gpu_hour is not None:
                raise wrong(
                    "unserved_usd_per_gpu_hour",
                    "this belongs to workloads of kind: gpu_hours; tokens have unserved_usd_per_mtok",
                )
        if self.min_replicas and not self.whole_replicas:
            raise wrong("min_replicas", "this needs whole_replicas: true")
        if self.simulated and self.kind != "interactive":
            raise wrong("headroom", f"nobody waits for a workload of kind {self.kind}; write a share such as 0.10")
        if self.simulated and self.sla.ttft_s is None:
            raise wrong("headroom", "this needs sla.ttft_s: without a target for the first token no queue is too long")
        return self

    @property
    def simulated(self) -> bool:
        """Whether its headroom is what simulated requests need."""
        return self.headroom == SIMULATED

    @property
    def to_simulate(self) -> bool:
        """Whether that is still to be found."""
        return self.simulated and self.headroom_by_point is None

    @property
    def own_levels(self) -> tuple[float, ...]:
        """How demand varies in its own trace, where its load is that: ``levels`` of ``Seen``, else none."""
        seen = self.demand.seen
        return seen.levels if self.load == OF_TRACE and seen is not None else ()

    @property
    def stated_headroom(self) -> float:
        """The headroom of configurations that have none of their own; the least there is where it is simulated."""
        return LEAST_SIMULATED if isinstance(self.headroom, str) else self.headroom

    def headroom_at(self, point: str) -> float:
        """The headroom of a configuration."""
        return (self.headroom_by_point or {}).get(point, self.stated_headroom)

    @property
    def cached_share(self) -> float:
        """Share of input tokens that a token API bills at its cached price."""
        return self.prefix_cache_hit_share if self.cached_input_share is None else self.cached_input_share

    @property
    def unserved_value(self) -> Schedule | None:
        """What a unit of it that is not served is worth: USD per Mtok output, or per weighted GPU-hour."""
        return self.unserved_usd_per_gpu_hour if self.kind == "gpu_hours" else self.unserved_usd_per_mtok

    @property
    def spot_allowed(self) -> bool:
        """Whether it may run on capacity that can be taken away."""
        return self.spot if self.spot is not None else self.kind != "interactive"
