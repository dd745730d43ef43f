"""vLLM's `bench serve` (a JSON object a run) and SGLang's `bench_serving` (a JSON line a run)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from planner.errors import InputError
from planner.importers.benchmark_run import BenchmarkRun, Said, too_many_failed
from planner.importers.layout import Workers, flag, one_kind, size
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.importers.tally import Reason

# Keys of `--metadata` that name a field of the row.
_METADATA = ("engine", "engine_version", "precision", "mode")
# What SGLang calls its ways of drafting. Its EAGLE drafts with the model's own layer where that has one.
_DRAFTING = {
    "nextn": "mtp", "mtp": "mtp", "eagle": "eagle", "eagle3": "eagle", "standalone": "draft_model", "ngram": "ngram",
}  # fmt: skip
# Prompts that begin alike are served from the cache: such a run says nothing about fresh input.
_SHARED_PREFIX = "generated-shared-prefix"


def is_sglang(values: Mapping[str, Any]) -> bool:
    """Whether a run is SGLang's: its keys are vLLM's but for a few."""
    return "completed" in values and ("random_input_len" in values or "accept_length" in values)


def is_vllm(values: Mapping[str, Any]) -> bool:
    """Whether a run is vLLM's."""
    return "num_prompts" in values and "request_throughput" in values


def vllm(record: Record, given: ImportOptions) -> BenchmarkRun | Reason:
    """A run of vLLM's client: latencies in ms, rates of the whole server, lengths as totals ÷ requests.

    ``backend`` and ``endpoint_type`` name the protocol that the client spoke, not the engine that served. What the run
    was given as ``--metadata`` says the rest: GPUs, parallelism, ``gpu``, ``engine``, ``precision``, ``mode``.
    """
    drafting = next((key for key in record.values if key.startswith("spec_decode_")), "")
    said = [Said(key, record.text(key), key) for key in _METADATA if key in record]
    # Drafting shows in the file only where the server reports it: silence is no proof that there is none.
    said += [Said("spec_decode", "on", drafting)] if drafting else []
    gpus, layout = record.maybe("num_gpus"), ""
    if "tensor_parallel_size" in record:
        workers = _vllm_workers(record)
        said.append(Said("largest_worker_gpus", workers.widest, "tensor_parallel_size"))
        gpus, layout = gpus or workers.gpus, one_kind(workers)
    return _run(
        record,
        given,
        gpus=gpus,
        layout=layout,
        model=record.text("model_id"),
        as_of=record.day("date"),
        hardware=Said("system", record.text("gpu"), "gpu"),
        said=tuple(said),
    )


def _vllm_workers(record: Record) -> Workers:
    tp, dp = size(record, "tensor_parallel_size"), size(record, "data_parallel_size")
    spread = flag(record, "enable_expert_parallel")
    return Workers(tp, size(record, "pipeline_parallel_size"), dp, tp * dp if spread else 1)


def sglang(record: Record, given: ImportOptions) -> BenchmarkRun | Reason:
    """A run of SGLang's client: as vLLM's, with what the server says of itself and the accepted run length."""
    if record.text("dataset_name") == _SHARED_PREFIX:
        sentence = f"dataset_name: the prompts of {_SHARED_PREFIX} begin alike and come from the cache"
        return Reason("input that came from the cache", f"{sentence}; a row states what fresh input costs")
    served = record.part("server_info") if "server_info" in record else None
    said = [_drafting(record, served)]
    if served is not None or record.text("backend") == "sglang":
        said.append(Said("engine", "sglang", "backend"))
    for field, key in (("input_tokens", "random_input_len"), ("output_tokens", "random_output_len")):
        if key in record:
            said.append(Said(field, record.number(key), key))
    gpus, layout = None, ""
    if served is not None:
        if "version" in served:
            said.append(Said("engine_version", served.text("version"), "server_info.version"))
        if served.text("disaggregation_mode") in ("prefill", "decode"):
            # It describes the worker that answered, not those behind it.
            said.append(Said("mode", "disagg", "server_info.disaggregation_mode"))
        elif "tp_size" in served:
            workers = _sglang_workers(served)
            said.append(Said("largest_worker_gpus", workers.widest, "server_info.tp_size"))
            gpus, layout = workers.gpus, one_kind(workers)
    return _run(
        record,
        given,
        gpus=gpus,
        layout=layout,
        model=served.text("model_path") if served is not None else "",
        as_of=None,
        hardware=None,
        said=tuple(said),
    )


def _sglang_workers(served: Record) -> Workers:
    """The server's mapping: ``dp_size`` are whole copies, or shares of ``tp_size`` under data-parallel attention."""
    tp, pp, dp, ep = (size(served, key) for key in ("tp_size", "pp_size", "dp_size", "ep_size"))
    return Workers(tp, pp, dp, ep, flag(served, "enable_dp_attention"))


def _drafting(record: Record, served: Record | None) -> Said:
    """Whether SGLang drafted, and by which method: as the server says, or by the accepted run length."""
    named = served.text("speculative_algorithm").lower() if served is not None else ""
    if named:
        return Said("spec_decode", _DRAFTING.get(named, "on"), "server_info.speculative_algorithm")
    if "accept_length" in record.values:
        return Said("spec_decode", "on" if "accept_length" in record else "none", "accept_length")
    if served is not None and "speculative_algorithm" in served.values:
        return Said("spec_decode", "none", "server_info.speculative_algorithm")
    return Said("spec_decode", None)


def _run(
    record: Record,
    given: ImportOptions,
    *,
    gpus: float | None,
    layout: str,
    model: str,
    as_of: dt.date | None,
    hardware: Said | None,
    said: tuple[Said, ...],
) -> BenchmarkRun | Reason:
    failed = _failed(record)
    try:
        ttft, ttft_of = _central(record, "ttft")
        tpot, tpot_of = _central(record, "tpot")
        seconds, completed = record.number("duration"), record.number("completed")
        tokens_in, tokens_out = record.number("total_input_tokens"), record.number("total_output_tokens")
    except InputError:
        # What is missing is missing because nothing was served.
        reason = too_many_failed(record.maybe("completed") or 0.0, failed, given)
        if reason is None:
            raise
        return reason
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
        hardware=hardware,
        layout=layout,
        said=said,
    )


def _failed(record: Record) -> float:
    """Requests that failed: as stated, else those that were sent and not completed."""
    stated = record.maybe("failed")
    if stated is not None:
        return stated
    sent = record.maybe("num_prompts")
    return 0.0 if sent is None else max(sent - (record.maybe("completed") or 0.0), 0.0)


def _central(record: Record, metric: str) -> tuple[float, str]:
    """The median, or the mean where there is none."""
    if f"median_{metric}_ms" in record:
        return record.number(f"median_{metric}_ms"), "p50"
    return record.number(f"mean_{metric}_ms"), "mean"


def _concurrency(record: Record) -> float | None:
    """Requests in flight: the limit of a closed loop, or the achieved mean of an open one; None where unknown."""
    rate = record.values.get("request_rate")
    finite = isinstance(rate, int) or (isinstance(rate, float) and math.isfinite(rate))
    if not finite and "max_concurrency" in record:
        return record.number("max_concurrency")
    return record.if_there("concurrency")
