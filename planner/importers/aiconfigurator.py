"""AIConfigurator's tables of predicted configurations: latencies in ms, tokens/s/gpu of output tokens."""

from __future__ import annotations

from collections.abc import Iterable

from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.hardware import system_of
from planner.importers.record import Record

_PRECISIONS = {"fp8": "fp8", "fp8_block": "fp8", "nvfp4": "fp4", "fp4": "fp4", "bf16": "bf16", "float16": "bf16"}


def is_table(header: Iterable[str]) -> bool:
    """Whether a CSV has AIConfigurator's columns."""
    return {"tokens/s/gpu", "num_total_gpus", "tpot"} <= set(header)


def configuration(record: Record) -> BenchmarkRun:
    """A row: one replica of ``num_total_gpus``, whatever its split."""
    disagg = "(d)tp" in record.values
    stage = "(d)" if disagg else ""
    gpus = record.number("num_total_gpus")
    tokens_in, tokens_out = record.number("isl"), record.number("osl")
    output = record.number("tokens/s/gpu") * gpus
    quantised = record.text(f"{stage}gemm").lower()
    system = system_of(record.text(f"{stage}system"))
    tp = (record.maybe(f"{stage}tp") or 1.0) * (record.maybe(f"{stage}dp") or 1.0)
    said = [
        ("engine", record.text(f"{stage}backend")),
        ("engine_version", record.text(f"{stage}version")),
        ("mode", "disagg" if disagg else "agg"),
        ("spec_decode", "none"),
        ("largest_worker_gpus", int(min(max(tp, record.maybe(f"{stage}moe_ep") or 1.0), gpus))),
        ("input_tokens", tokens_in),
        ("output_tokens", tokens_out),
    ]
    said += [("system", system)] if system else []
    said += [("precision", _PRECISIONS[quantised])] if quantised in _PRECISIONS else []
    return BenchmarkRun(
        record=record,
        input_tok_s=output * tokens_in / tokens_out,
        output_tok_s=output,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        ttft_ms=record.number("ttft"),
        ttft_statistic="mean",
        tpot_ms=record.number("tpot"),
        tpot_statistic="mean",
        # A disaggregated row's concurrency is that of all its decode workers.
        concurrency=record.number("concurrency"),
        gpus=gpus,
        named_model=record.text("model"),
        said=tuple(said),
    )
