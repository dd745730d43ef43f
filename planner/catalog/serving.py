"""How models are served: operating points, the accuracy of a precision, the size of a model."""

import math
from typing import Annotated, Literal, Self

from pydantic import model_validator

from planner.catalog.row import (
    Capabilities,
    Count,
    Derivation,
    Drafting,
    NonNegativeCount,
    Optimised,
    Positive,
    Precision,
    Row,
    Share,
    Statistic,
    Switch,
    wrong,
)
from planner.fields import doc, plain

# What a point may have switched on, each a field of it and the capability that an endpoint then needs.
SWITCHES: tuple[Literal["kv_offload", "kv_routing"], ...] = ("kv_offload", "kv_routing")


class ServingPoint(Row):
    """One operating point: a configuration at a concurrency, its latency and its rates over all deployed GPUs."""

    model: Annotated[str, plain("model served")]
    series: Annotated[str, doc("one sweep over concurrency of one configuration")]
    system: Annotated[str, plain("key of systems.yaml")]
    engine: Annotated[str, plain("serving engine")]
    engine_version: Annotated[str, doc("its version or image; does not distinguish configurations")] = ""
    precision: Annotated[Precision, plain("of the weights")]
    mode: Annotated[Literal["agg", "disagg"], plain("prefill and decode on the same GPUs, or on different ones")]
    spec_decode: Annotated[Drafting, doc("kind of speculative decoding; all but none requires mtp")]
    kv_offload: Annotated[
        Switch, doc("whether the KV cache spills to host memory or storage; on requires kv_offload")
    ] = "unknown"
    kv_routing: Annotated[
        Switch, doc("whether requests go to the replica that holds their prefix; on requires kv_routing")
    ] = "unknown"
    gpus_per_replica: Annotated[Count, plain("GPUs deployed for one replica", "GPUs")]
    largest_worker_gpus: Annotated[Count, doc("largest tensor- or expert-parallel group", "GPUs")]
    replicas_per_gpu: Annotated[
        Count,
        doc("replicas that share one GPU, of a small model; rates are the GPU's, concurrency a replica's", "replicas"),
    ] = 1
    input_tokens_nominal: Annotated[Positive, plain("input length that the benchmark names", "tokens")]
    output_tokens_nominal: Annotated[Positive, plain("output length that the benchmark names", "tokens")]
    input_tokens_mean: Annotated[Positive, doc("mean really served", "tokens")]
    output_tokens_mean: Annotated[Positive, doc("mean really served", "tokens")]
    concurrency: Annotated[Positive, doc("requests in flight per replica", "requests")]
    ttft_ms: Annotated[Positive | None, doc("time to first token; if unknown, it meets no target", "ms")] = None
    ttft_statistic: Annotated[Statistic | None, doc("which statistic ttft_ms is")] = None
    ttft_p99_ms: Annotated[Positive | None, doc("its 99th percentile, where known", "ms")] = None
    tpot_ms: Annotated[Positive, plain("time per output token after the first", "ms")]
    tpot_statistic: Annotated[Statistic, plain("which statistic tpot_ms is")]
    tpot_p99_ms: Annotated[Positive | None, doc("its 99th percentile, where known", "ms")] = None
    input_tok_s_per_gpu: Annotated[Positive, doc("over all deployed GPUs of the replica", "tok/s per GPU")]
    output_tok_s_per_gpu: Annotated[Positive, doc("over all deployed GPUs of the replica", "tok/s per GPU")]
    requires: Annotated[Capabilities, doc("capabilities that an endpoint needs to run it")] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.largest_worker_gpus > self.gpus_per_replica:
            raise wrong("largest_worker_gpus", f"this is above gpus_per_replica, {self.gpus_per_replica}")
        if self.replicas_per_gpu > 1 and self.gpus_per_replica > 1:
            raise wrong("replicas_per_gpu", f"a replica of {self.gpus_per_replica} GPUs shares none; write 1")
        if (self.ttft_ms is None) != (self.ttft_statistic is None):
            field, other = ("ttft_ms", "ttft_statistic") if self.ttft_ms is None else ("ttft_statistic", "ttft_ms")
            raise wrong(field, f"this is missing beside {other}; where TTFT is unknown leave out both")
        if self.spec_decode != "none" and "mtp" not in self.requires:
            raise wrong("requires", f"this has to name mtp where spec_decode is {self.spec_decode}")
        for name in SWITCHES:
            state = getattr(self, name)
            if (state == "on") != (name in self.requires) and state != "unknown":
                verb = "has to" if state == "on" else "may not"
                raise wrong("requires", f"this {verb} name {name} where {name} is {state}")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.model, self.system, self.series, f"{self.concurrency:g}", self._size)

    @property
    def name(self) -> str:
        """The key as one word: ``gb300-nvl72/inferencex-…-8k1k@c256``."""
        return f"{self.system}/{self.series}@c{self.concurrency:g}x{self._size}"

    @property
    def known_ttft_ms(self) -> float:
        """Time to first token; infinite where it is unknown, so that it is within no limit."""
        return math.inf if self.ttft_ms is None else self.ttft_ms

    def switch(self, name: Literal["kv_offload", "kv_routing"]) -> Switch:
        """Whether that is on; rows of 0.1.0 say so by what they require alone."""
        stated: Switch = getattr(self, name)
        return "on" if name in self.requires else stated

    @property
    def replica_gpus(self) -> float:
        """GPUs of one replica: a part of one where several share it."""
        return self.gpus_per_replica / self.replicas_per_gpu

    @property
    def _size(self) -> str:
        return str(self.gpus_per_replica) + (f"of{self.replicas_per_gpu}" if self.replicas_per_gpu > 1 else "")

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

    derived: Annotated[Literal["interpolated", "fitted", "extrapolated"], doc("how it was made")]
    workload: Annotated[str, doc("the one it was made for")]
    parents: Annotated[tuple[str, ...], doc("names of the points it was made of")]
    converted: Annotated[str, doc("latencies that a tail ratio made: ttft, tpot, ttft+tpot or none")] = ""
    least_share: Annotated[
        Share, doc("its work where attention counts half, of what it claims; 1 within tested lengths", "share")
    ] = 1.0

    @property
    def derivation(self) -> Derivation:
        """How the point was made."""
        return self.derived

    def serves(self, workload: str) -> bool:
        """Whether it was made for this workload."""
        return workload == self.workload


class Accuracy(Row):
    """What a model's checkpoint in a precision scores in an evaluation."""

    model: Annotated[str, plain("as in serving/<model>.csv")]
    precision: Annotated[Precision, plain("of the weights")]
    checkpoint: Annotated[str, doc("published weights, or how they were quantised")]
    evaluation: Annotated[str, doc("name of the evaluation and its setting")]
    score_share: Annotated[Share, doc("share of the best possible score", "share")]
    native_score_share: Annotated[
        Share | None, doc("score of the weights as published, in the same evaluation by the same source", "share")
    ] = None

    @property
    def loss_points(self) -> float | None:
        """Points of a hundred that it scores less than the weights as published; None where theirs is unknown."""
        # Both are stated to a few digits; what subtracting them adds is no loss.
        native = self.native_score_share
        return None if native is None else round(100 * (native - self.score_share), 9)

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.model, self.precision, self.checkpoint, self.evaluation)

    @property
    def name(self) -> str:
        """The key as one word."""
        return "/".join(self.key)


class Gain(Row):
    """What somebody found one optimisation to bring, where no operating point with it and without it is public.

    Plans are not made with it: it is a factor of one setting, on whatever that source measured.
    """

    optimisation: Annotated[Optimised, doc("what was switched on; other_drafts is speculative decoding other than MTP")]
    model: Annotated[str, doc("model served; empty where the source does not say")] = ""
    hardware: Annotated[str, doc("what it ran on, in the words of the source")]
    measure: Annotated[str, doc("what the gain is a factor on")]
    gain_low: Annotated[Positive, doc("lowest gain found, with over without", "factor")]
    gain_high: Annotated[Positive, doc("most of what was found", "factor")]
    conditions: Annotated[str, doc("load, and against what")]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.gain_high < self.gain_low:
            raise wrong("gain_high", f"this is below gain_low, {self.gain_low:g}")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.optimisation, self.model, self.hardware, self.measure, *self.source)

    @property
    def name(self) -> str:
        """The key as one word."""
        return "/".join(part.replace(" ", "-") for part in self.key if part)


class ModelSize(Row):
    """How large a served model is: what `plan catalog check` holds operating points against.

    The dimensions of its attention, all of them or none, let points of other lengths be extrapolated.
    """

    name: Annotated[str, doc("as in serving/<model>.csv")]
    total_params_billion: Annotated[
        Positive, doc("all weights, which have to fit in the memory of a replica", "billion parameters")
    ]
    active_params_billion: Annotated[Positive, doc("weights that one token goes through", "billion parameters")]
    native_precision: Annotated[
        Precision | None, doc("of the weights as published: losses of other precisions are relative to it")
    ] = None
    experts: Annotated[Count | None, doc("routed experts of a layer; absent: dense", "count")] = None
    experts_per_token: Annotated[Count | None, doc("routed experts that a token goes through", "count")] = None
    attention_layers: Annotated[Count | None, doc("layers that attend to the whole context", "count")] = None
    windowed_layers: Annotated[NonNegativeCount, doc("layers that attend to a window only", "count")] = 0
    window_tokens: Annotated[Count | None, doc("tokens of that window", "tokens")] = None
    query_heads: Annotated[Count | None, doc("heads of a layer", "count")] = None
    kv_heads: Annotated[
        Count | None, doc("heads of a layer whose keys and values are cached; 1 where they are latent", "count")
    ] = None
    key_size: Annotated[Count | None, doc("numbers in a key, and in a query", "count")] = None
    value_size: Annotated[Count | None, doc("numbers in a value", "count")] = None
    latent_size: Annotated[
        Count | None, doc("latent attention: numbers in what keys and values are compressed to", "count")
    ] = None
    latent_key_size: Annotated[
        Count | None, doc("latent attention: numbers that a layer caches of a token, position included", "count")
    ] = None
    selected_tokens: Annotated[
        Count | None, doc("sparse attention: tokens of the context that one attends to, selected by an index", "tokens")
    ] = None
    index_heads: Annotated[Count | None, doc("heads of that index, which compares with the whole context", "count")] = (
        None
    )
    index_key_size: Annotated[Count | None, doc("numbers in a key of the index, cached too", "count")] = None
    state_layers: Annotated[
        NonNegativeCount, doc("layers of linear attention, which keep a state in place of a cache", "count")
    ] = 0
    state_size: Annotated[
        Count | None, doc("numbers of 32 bits in the state that one of them keeps of a request", "count")
    ] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.active_params_billion > self.total_params_billion:
            raise wrong("active_params_billion", f"this is above total_params_billion, {self.total_params_billion:g}")
        if self.experts and self.experts_per_token and self.experts_per_token > self.experts:
            raise wrong("experts_per_token", f"this is above experts, {self.experts}")
        for fields in (
            ("experts", "experts_per_token"),
            ("attention_layers", "query_heads", "kv_heads", "key_size", "value_size"),
            ("latent_size", "latent_key_size"),
            ("selected_tokens", "index_heads", "index_key_size"),
        ):
            given = [field for field in fields if getattr(self, field) is not None]
            missing = [field for field in fields if field not in given]
            if given and missing:
                raise wrong(missing[0], f"this is missing; it belongs to {given[0]}")
        for field in ("latent_size", "selected_tokens", "state_size"):
            if getattr(self, field) is not None and self.attention_layers is None:
                raise wrong("attention_layers", f"this is missing; it belongs to {field}")
        for layers, size in (("windowed_layers", "window_tokens"), ("state_layers", "state_size")):
            if bool(getattr(self, layers)) != (getattr(self, size) is not None):
                raise wrong(size, f"this and {layers} belong together")
        return self

    @property
    def key(self) -> tuple[str, ...]:
        """What makes the row one of its kind."""
        return (self.name,)
