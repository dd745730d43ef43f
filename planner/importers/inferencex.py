"""InferenceX: the aggregates of its runs, the rows of its public API, and its agentic runs. Latencies in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.hardware import system_of
from planner.importers.record import Record
from planner.units import ms_from_s

# Random lengths are drawn from 80 to 100 % of the nominal one.
SERVED_SHARE = 0.9
MODELS = {"dsr1": "deepseek-r1", "gptoss": "gpt-oss-120b", "gptoss120b": "gpt-oss-120b", "70b": "llama-3.3-70b"}
_SPEC = {"none": "none", "mtp": "mtp", "eagle": "eagle", "eagle3": "eagle"}


def is_aggregate(values: Mapping[str, Any]) -> bool:
    """Whether an object is an aggregate of a run."""
    return "tput_per_gpu" in values and "hw" in values


def is_api_row(values: Mapping[str, Any]) -> bool:
    """Whether an object is a row of the public API."""
    return "hardware" in values and isinstance(values.get("metrics"), dict)


def is_agentic(values: Mapping[str, Any]) -> bool:
    """Whether an object is the aggregate of an agentic run."""
    return "request_metrics" in values and "conc" in values


def aggregate(record: Record) -> BenchmarkRun:
    """A run: tp × pp GPUs, or those of its prefill and decode workers."""
    disagg = record.values.get("disagg") in (True, "true")
    shape = _split(record) if disagg else (record.number("tp") * (record.maybe("pp") or 1.0), 0.0)
    widest = (record.first("decode_ep", "decode_tp") if disagg else record.first("ep", "tp")) or 1.0
    return _run(record, record, disagg, shape, widest, record.text("hw"), record.text("infmax_model_prefix"))


def api_row(record: Record) -> BenchmarkRun:
    """A row of the API; of aggregated ones the counts of prefill and decode GPUs are tp × ep, not GPUs."""
    kind = record.text("benchmark_type")
    if kind not in ("", "single_turn"):
        raise record.refusal("benchmark_type", f"'{kind}' is no benchmark of one shape; single_turn is")
    disagg = record.values.get("disagg") in (True, "true")
    shape = _split(record) if disagg else (record.number("decode_tp"), 0.0)
    widest = max(record.maybe("decode_tp") or 1.0, record.maybe("decode_ep") or 1.0) if disagg else shape[0]
    return _run(record, record.part("metrics"), disagg, shape, widest, record.text("hardware"), record.text("model"))


def agentic(record: Record) -> BenchmarkRun:
    """An agentic run: its input counts tokens that the cache already held."""
    metrics = record.part("request_metrics")
    gpus = record.number("num_gpus")
    throughput = metrics.part("throughput")
    ttft, tpot = metrics.part("latency", "ttft"), metrics.part("latency", "tpot")
    hit = record.part("server_metrics", "cache").maybe("overall_cache_hit_rate")
    hits = f"{hit:.0%} of the input came from the cache" if hit is not None else "the cache's share is not stated"
    offload = ("kv_offload",) if record.text("kv_offloading") not in ("", "none", "off") else ()
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
        said=(*_said(record, record.text("hw"), record.text("infmax_model_prefix"), False), ("requires", offload)),
    )


def _split(record: Record) -> tuple[float, float]:
    """GPUs that prefill and GPUs that decode; old rows state the sum twice."""
    prefill, decode = record.number("num_prefill_gpu"), record.number("num_decode_gpu")
    workers = (record.maybe("prefill_tp") or 0.0) * (record.maybe("prefill_num_workers") or 0.0)
    if prefill == decode and workers and workers < prefill:
        return workers, decode - workers
    return prefill, decode


def _run(
    record: Record, metrics: Record, disagg: bool, shape: tuple[float, float], widest: float, hw: str, model: str
) -> BenchmarkRun:
    first, second = shape
    gpus = first + second
    # Disaggregated rates are per prefill and per decode GPU, the others per GPU.
    per_input, per_output = (first, second) if disagg else (gpus, gpus)
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
        gpus=gpus,
        named_model=model,
        as_of=record.day("date"),
        said=(
            *_said(record, hw, model, disagg),
            ("input_tokens", nominal_in),
            ("output_tokens", nominal_out),
            ("largest_worker_gpus", int(min(widest, gpus))),
        ),
    )


def _said(record: Record, hw: str, model: str, disagg: bool) -> tuple[tuple[str, Any], ...]:
    said: list[tuple[str, Any]] = [
        ("engine", record.text("framework")),
        ("engine_version", record.text("image").replace("#", "/")),
        ("precision", record.text("precision")),
        ("mode", "disagg" if disagg else "agg"),
        ("spec_decode", _SPEC.get(record.text("spec_decoding") or record.text("spec_method"), "unknown")),
    ]
    system = system_of(hw)
    said += [("system", system)] if system else []
    said += [("model", MODELS[model])] if model in MODELS else []
    return tuple(said)
