"""AIConfigurator's tables of predicted configurations: latencies in ms, tokens/s/gpu of output tokens."""

from __future__ import annotations

from collections.abc import Iterable

from planner.importers.benchmark_run import BenchmarkRun, Said
from planner.importers.layout import Workers, one_kind, size
from planner.importers.options import ImportOptions
from planner.importers.record import Record

_PRECISIONS = {"fp8": "fp8", "fp8_block": "fp8", "nvfp4": "fp4", "fp4": "fp4", "bf16": "bf16", "float16": "bf16"}
# Columns of a configuration beside its parallelism; what is left over are its load and what follows from both.
_QUANTISED = [f"{stage}{part}" for stage in ("", "(p)", "(d)") for part in ("gemm", "kvcache", "fmha", "moe", "comm")]
_KNOBS = ("ctx_tokens", "(p)bs", "cp", "(p)cp", "(d)cp", *_QUANTISED)


def is_table(header: Iterable[str]) -> bool:
    """Whether a CSV has AIConfigurator's columns."""
    return {"tokens/s/gpu", "num_total_gpus", "tpot"} <= set(header)


def configuration(record: Record, given: ImportOptions) -> BenchmarkRun:
    """A row: one replica of ``num_total_gpus``, whatever its split. Rows are points of a frontier, not runs in time."""
    disagg = "(d)tp" in record.values
    stage = "(d)" if disagg else ""
    gpus = record.number("num_total_gpus")
    tokens_in, tokens_out = record.number("isl"), record.number("osl")
    if cached := record.maybe("prefix"):
        message = (
            f"{cached:g} of the {tokens_in:g} input tokens came from the cache; a row states what fresh input costs"
        )
        raise record.refusal("prefix", message)
    output = record.number("tokens/s/gpu") * gpus
    quantised = record.text(f"{stage}gemm").lower()
    precision = (Said("precision", _PRECISIONS[quantised], f"{stage}gemm"),) if quantised in _PRECISIONS else ()
    stages = [(part, _workers(record, part)) for part in (("(p)", "(d)") if disagg else ("",))]
    # Attention is data-parallel inside a worker.
    widest = max(max(one.tp * one.dp, one.ep) for _, one in stages)
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
        hardware=Said("system", record.text(f"{stage}system"), f"{stage}system"),
        layout="-".join(_layout(record, part, one) for part, one in stages),
        knobs=tuple((knob, record.text(knob)) for knob in _KNOBS if knob in record),
        said=(
            Said("engine", record.text(f"{stage}backend") or None, f"{stage}backend"),
            Said("engine_version", record.text(f"{stage}version"), f"{stage}version"),
            Said("mode", "disagg" if disagg else "agg"),
            Said("spec_decode", _drafting(record), "nextn"),
            Said("largest_worker_gpus", int(min(widest, gpus))),
            Said("input_tokens", tokens_in, "isl"),
            Said("output_tokens", tokens_out, "osl"),
            *precision,
        ),
    )


def _drafting(record: Record) -> str | None:
    """Whether the prediction counts on multi-token prediction, None where no column says so.

    The tool takes it for granted of some models, and its tables do not say of which.
    """
    drafted = record.maybe("nextn")
    return None if drafted is None else "mtp" if drafted else "none"


def _workers(record: Record, stage: str) -> Workers:
    tp, pp, dp, ep = (size(record, f"{stage}{part}") for part in ("tp", "pp", "dp", "moe_ep"))
    return Workers(tp, pp, dp, ep)


def _layout(record: Record, stage: str, one: Workers) -> str:
    """The mapping of a stage as the table writes it, or as its columns make it; with its workers where it has some."""
    mapping = record.text(f"{stage}parallel") or one_kind(one)
    return f"{stage[1]}{size(record, f'{stage}workers')}x{mapping}" if stage else mapping
