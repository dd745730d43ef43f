"""vLLM's `bench serve` (a JSON object a run) and SGLang's `bench_serving` (a JSON line a run)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.hardware import system_of
from planner.importers.record import Record


def is_sglang(values: Mapping[str, Any]) -> bool:
    """Whether a run is SGLang's: its keys are vLLM's but for a few."""
    return "completed" in values and ("random_input_len" in values or "accept_length" in values)


def is_vllm(values: Mapping[str, Any]) -> bool:
    """Whether a run is vLLM's."""
    return "num_prompts" in values and "request_throughput" in values


def vllm(record: Record) -> BenchmarkRun:
    """A run of vLLM: latencies in ms, rates of the whole server, lengths as totals ÷ requests.

    ``gpu``, ``num_gpus`` and ``tensor_parallel_size`` are there where the run was given them as ``--metadata``.
    """
    drafting = any(key.startswith("spec_decode_") for key in record.values)
    system, worker = system_of(record.text("gpu")), record.maybe("tensor_parallel_size")
    return _run(
        record,
        gpus=record.first("num_gpus", "tensor_parallel_size"),
        model=record.text("model_id"),
        as_of=record.day("date"),
        # Drafting shows in the file only where the server reports it: silence is no proof that there is none.
        said=(
            ("engine", "vllm"),
            *((("spec_decode", "on"),) if drafting else ()),
            *((("system", system),) if system else ()),
            *((("largest_worker_gpus", int(worker)),) if worker else ()),
        ),
        failed=record.maybe("failed") or 0.0,
    )


def sglang(record: Record) -> BenchmarkRun:
    """A run of SGLang: as vLLM's, with the server's parallelism and the accepted run length."""
    info = record.part("server_info") if "server_info" in record else Record({}, record.file, record.line)
    parallel = [value for key in ("tp_size", "pp_size") if (value := info.maybe(key)) is not None]
    said: list[tuple[str, Any]] = [("engine", "sglang")]
    if "accept_length" in record.values:
        said.append(("spec_decode", "none" if record.values["accept_length"] is None else "on"))
    for field, key in (("input_tokens", "random_input_len"), ("output_tokens", "random_output_len")):
        if key in record:
            said.append((field, record.number(key)))
    return _run(
        record,
        gpus=math.prod(parallel) if parallel else None,
        model=info.text("model_path"),
        as_of=None,
        said=tuple(said),
        failed=0.0,
    )


def _run(
    record: Record,
    *,
    gpus: float | None,
    model: str,
    as_of: dt.date | None,
    said: tuple[tuple[str, Any], ...],
    failed: float,
) -> BenchmarkRun:
    completed = record.number("completed")
    seconds = record.number("duration")
    tokens_in, tokens_out = record.number("total_input_tokens"), record.number("total_output_tokens")
    ttft, ttft_of = _central(record, "ttft")
    tpot, tpot_of = _central(record, "tpot")
    return BenchmarkRun(
        record=record,
        # Totals over the duration: what is called throughput in these files counts output, total or both.
        input_tok_s=tokens_in / seconds,
        output_tok_s=tokens_out / seconds,
        input_tokens=tokens_in / completed,
        output_tokens=tokens_out / completed,
        ttft_ms=ttft,
        ttft_statistic=ttft_of,
        tpot_ms=tpot,
        tpot_statistic=tpot_of,
        ttft_p99_ms=record.maybe("p99_ttft_ms"),
        tpot_p99_ms=record.maybe("p99_tpot_ms"),
        concurrency=_concurrency(record),
        mean_e2e_ms=record.first("mean_e2el_ms", "mean_e2e_latency_ms"),
        completed=completed,
        failed=failed,
        gpus=gpus,
        named_model=model,
        as_of=as_of,
        said=said,
    )


def _central(record: Record, metric: str) -> tuple[float, str]:
    """The median, or the mean where there is none."""
    if f"median_{metric}_ms" in record:
        return record.number(f"median_{metric}_ms"), "p50"
    return record.number(f"mean_{metric}_ms"), "mean"


def _concurrency(record: Record) -> float | None:
    """Requests in flight: the limit of a closed loop, or the achieved mean of an open one; None where unknown."""
    rate = record.values.get("request_rate")
    finite = isinstance(rate, int | float) and math.isfinite(rate)
    if not finite and "max_concurrency" in record:
        return record.number("max_concurrency")
    return record.maybe("concurrency")
