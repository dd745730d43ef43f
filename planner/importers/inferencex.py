"""InferenceX: the aggregates of its runs, the rows of its public API, its agentic runs. Latencies in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.frozen import dataclass
from planner.importers.benchmark_run import BenchmarkRun, Said
from planner.importers.layout import Workers, flag, one_kind, size, two_kinds
from planner.importers.model_names import model_of
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.units import ms_from_s

# Random lengths are drawn from 80 to 100 % of the nominal one.
SERVED_SHARE = 0.9
SPEC_DECODE = {"none": "none", "mtp": "mtp", "eagle": "eagle", "eagle3": "eagle"}


@dataclass(frozen=True)
class Shape:
    """The GPUs of a replica: those that prefill and those that decode, or all in ``prefill``; and how they lie."""

    prefill: float
    decode: float
    widest: int
    layout: str
    disagg: bool

    @property
    def gpus(self) -> float:
        """All of them."""
        return self.prefill + self.decode


@dataclass(frozen=True)
class Keys:
    """What the files call hardware, model and speculative decoding."""

    hardware: str
    model: str
    spec: str = "spec_decoding"


_AGGREGATE = Keys("hw", "infmax_model_prefix")
_API = Keys("hardware", "model", "spec_method")


def is_aggregate(values: Mapping[str, Any]) -> bool:
    """Whether an object is an aggregate of a run."""
    return "tput_per_gpu" in values and "hw" in values


def is_api_row(values: Mapping[str, Any]) -> bool:
    """Whether an object is a row of the public API."""
    return "hardware" in values and isinstance(values.get("metrics"), dict)


def is_agentic(values: Mapping[str, Any]) -> bool:
    """Whether an object is the aggregate of an agentic run."""
    return "request_metrics" in values and "conc" in values


def aggregate(record: Record, given: ImportOptions) -> BenchmarkRun:
    """A run: tp × pp GPUs, or those of its prefill and decode workers."""
    if flag(record, "disagg"):
        shape = _apart(record)
    else:
        record.number("tp")
        shape = together(workers(record, ""))
    return of_metrics(record, record, shape, _AGGREGATE)


def api_row(record: Record, given: ImportOptions) -> BenchmarkRun:
    """A row of the API; of aggregated ones the counts of prefill and decode GPUs are tp × ep, not GPUs."""
    kind = record.text("benchmark_type")
    if kind not in ("", "single_turn"):
        raise record.refusal("benchmark_type", f"'{kind}' is no benchmark of one shape; single_turn is")
    if flag(record, "disagg"):
        shape = _apart(record)
    else:
        record.number("decode_tp")
        shape = together(workers(record, "decode_"))
    return of_metrics(record, record.part("metrics"), shape, _API)


def agentic(record: Record, given: ImportOptions) -> BenchmarkRun:
    """An agentic run: its input counts tokens that the cache already held."""
    metrics = record.part("request_metrics")
    gpus = record.number("num_gpus")
    throughput = metrics.part("throughput")
    ttft, tpot = metrics.part("latency", "ttft"), metrics.part("latency", "tpot")
    hit = record.part("server_metrics", "cache").maybe("overall_cache_hit_rate")
    hits = f"{hit:.0%} of the input came from the cache" if hit is not None else "the cache's share is not stated"
    return BenchmarkRun(
        record=record,
        input_tok_s=throughput.part("input").number("tokens_per_second"),
        output_tok_s=throughput.part("output").number("tokens_per_second"),
        input_tokens=metrics.part("tokens", "input").number("mean"),
        output_tokens=metrics.part("tokens", "output_actual").number("mean"),
        ttft_ms=ms_from_s(ttft.number("p50")),
        ttft_statistic="p50",
        tpot_ms=ms_from_s(tpot.number("p50")),
        tpot_statistic="p50",
        # Sessions pause between requests: those in flight are fewer than the sessions.
        concurrency=None,
        mean_e2e_ms=ms_from_s(metrics.part("latency", "e2el").number("mean")),
        completed=record.number("num_requests_successful"),
        failed=max((record.maybe("num_requests_total") or 0.0) - record.number("num_requests_successful"), 0.0),
        gpus=gpus,
        named_model=record.text("infmax_model_prefix"),
        note=f"agentic traces of {record.number('conc'):.0f} sessions; {hits}",
        hardware=Said("system", record.text("hw"), "hw"),
        knobs=(("kv_offloading", record.text("kv_offloading")),),
        said=(*stated(record, _AGGREGATE, False), _offload(record, "kv_offloading")),
    )


def _offload(record: Record, key: str) -> Said:
    """Whether the KV cache spilled, to wherever: ``cpu``, or ``none`` or ``off``; an empty field says nothing."""
    where = record.text(key).lower()
    return Said("kv_offload", None if not where else "off" if where in ("none", "off") else "on", key)


def workers(record: Record, stage: str) -> Workers:
    """The workers of a stage, or of a replica whose workers do both."""
    tp, pp = size(record, f"{stage}tp"), size(record, f"{stage}pp") * size(record, f"{stage}pcp_size")
    ep, attention_dp = size(record, f"{stage}ep"), flag(record, f"{stage}dp_attention")
    return Workers(tp, pp, ep=ep, attention_dp=attention_dp)


def together(one: Workers) -> Shape:
    """The shape of a replica whose one worker does both."""
    return Shape(one.gpus, 0.0, one.widest, one_kind(one), False)


def _apart(record: Record) -> Shape:
    """The shape of a replica that prefills and decodes on different GPUs; old rows state their sum twice."""
    prefill, decode = record.number("num_prefill_gpu"), record.number("num_decode_gpu")
    first = workers(record, "prefill_")._replace(replicas=size(record, "prefill_num_workers"))
    second = workers(record, "decode_")._replace(replicas=size(record, "decode_num_workers"))
    if prefill == decode and "prefill_num_workers" in record and first.gpus < prefill:
        prefill, decode = float(first.gpus), decode - first.gpus
    widest = int(min(max(first.widest, second.widest), prefill + decode))
    layout = two_kinds(first, second) if "prefill_tp" in record else f"p1x{prefill:g}-d1x{decode:g}"
    return Shape(prefill, decode, widest, layout, True)


def of_metrics(record: Record, metrics: Record, shape: Shape, keys: Keys) -> BenchmarkRun:
    """A run of one shape of request, whose metrics have the names of InferenceX's aggregates."""
    # Disaggregated rates are per prefill and per decode GPU, the others per GPU.
    per_input, per_output = (shape.prefill, shape.decode) if shape.disagg else (shape.gpus, shape.gpus)
    nominal_in, nominal_out = record.number("isl"), record.number("osl")
    ttft, tpot = (metrics.first(f"median_{name}", f"mean_{name}") for name in ("ttft", "tpot"))
    statistic = "p50" if "median_ttft" in metrics else "mean"
    p99 = {name: metrics.maybe(f"p99_{name}") for name in ("ttft", "tpot")}
    return BenchmarkRun(
        record=record,
        input_tok_s=metrics.number("input_tput_per_gpu") * per_input,
        output_tok_s=metrics.number("output_tput_per_gpu") * per_output,
        input_tokens=nominal_in * SERVED_SHARE,
        output_tokens=nominal_out * SERVED_SHARE,
        ttft_ms=ms_from_s(ttft or metrics.number("mean_ttft")),
        ttft_statistic=statistic,
        tpot_ms=ms_from_s(tpot or metrics.number("mean_tpot")),
        tpot_statistic=statistic,
        ttft_p99_ms=None if p99["ttft"] is None else ms_from_s(p99["ttft"]),
        tpot_p99_ms=None if p99["tpot"] is None else ms_from_s(p99["tpot"]),
        concurrency=record.number("conc"),
        mean_e2e_ms=None if "mean_e2el" not in metrics else ms_from_s(metrics.number("mean_e2el")),
        gpus=shape.gpus,
        named_model=record.text(keys.model),
        as_of=record.day("date"),
        hardware=Said("system", record.text(keys.hardware), keys.hardware),
        layout=shape.layout,
        knobs=(("offload_mode", record.text("offload_mode")),),
        said=(
            *stated(record, keys, shape.disagg),
            Said("input_tokens", nominal_in, "isl"),
            Said("output_tokens", nominal_out, "osl"),
            Said("largest_worker_gpus", shape.widest, "tp"),
            _offload(record, "offload_mode"),
        ),
    )


def stated(record: Record, keys: Keys, disagg: bool) -> tuple[Said, ...]:
    """What its files say of engine, precision, mode and drafting, and which model of the catalog it is."""
    said = [
        Said("engine", record.text("framework") or None, "framework"),
        Said("engine_version", record.text("image").replace("#", "/"), "image"),
        Said("precision", record.text("precision"), "precision"),
        Said("mode", "disagg" if disagg else "agg", "disagg"),
        Said("spec_decode", SPEC_DECODE.get(record.text(keys.spec).lower(), "unknown"), keys.spec),
    ]
    model = model_of(record.text(keys.model))
    return (*said, Said("model", model, keys.model)) if model else tuple(said)
