"""GuideLLM's reports: request latency in s, the rest in ms; only what succeeded counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.units import MS_PER_S

_METRICS = ("request_latency", "prompt_token_count", "time_to_first_token_ms", "inter_token_latency_ms")


class _Layout(NamedTuple):
    """Where a version of the report keeps what moved between them."""

    strategy: tuple[str, ...]
    totals: tuple[str, ...]
    model: tuple[str, ...]


_NEW = _Layout(("config", "strategy"), ("metrics", "request_totals"), ("config", "backend"))
# Before 0.4 a report had no metadata, and a run kept its strategy under args.
_OLD = _Layout(("args", "strategy"), ("request_totals",), ("worker",))
_KNOWN = (1, 2, "1", "2", None)


def is_report(values: Mapping[str, Any]) -> bool:
    """Whether an object is a GuideLLM report."""
    runs = values.get("benchmarks")
    if not isinstance(runs, list):
        return False
    first = runs[0] if runs and isinstance(runs[0], dict) else {}
    return isinstance(values.get("metadata"), dict) or isinstance(first.get("metrics"), dict)


def runs_of(report: Record) -> Iterator[Record]:
    """The runs of a report."""
    version = report.part("metadata").values.get("version") if "metadata" in report else None
    if version not in _KNOWN:
        raise report.refusal("metadata.version", f"{version} is not known; versions 1 and 2 are")
    yield from report.items("benchmarks")


def run(record: Record, given: ImportOptions) -> BenchmarkRun:
    """One run of a report."""
    layout = _NEW if "config" in record.values or "args" not in record.values else _OLD
    metrics = record.part("metrics")
    totals = record.part(*layout.totals)
    requests = _successful(metrics, "requests_per_second").number("mean")
    latency, tokens_in, ttft, tpot = (_successful(metrics, name) for name in _METRICS)
    tokens_out = _successful(metrics, "output_token_count").number("mean")
    return BenchmarkRun(
        record=record,
        input_tok_s=tokens_in.number("mean") * requests,
        output_tok_s=tokens_out * requests,
        input_tokens=tokens_in.number("mean"),
        output_tokens=tokens_out,
        ttft_ms=ttft.number("median"),
        ttft_statistic="p50",
        tpot_ms=tpot.number("median"),
        tpot_statistic="p50",
        ttft_p99_ms=ttft.part("percentiles").maybe("p99"),
        tpot_p99_ms=tpot.part("percentiles").maybe("p99"),
        concurrency=_concurrency(record.part(*layout.strategy)),
        mean_e2e_ms=MS_PER_S * latency.number("mean"),
        completed=totals.number("successful"),
        failed=totals.maybe("errored") or 0.0,
        named_model=_model(record, layout),
    )


def _successful(metrics: Record, name: str) -> Record:
    return metrics.part(name, "successful")


def _concurrency(strategy: Record) -> float | None:
    """Requests in flight of a closed loop, None where a rate was driven: then ``max_concurrency`` only caps them."""
    kind = strategy.text("type_")
    if kind == "synchronous":
        return 1.0
    if kind == "throughput":
        return strategy.if_there("max_concurrency")
    return strategy.if_there("streams")


def _model(record: Record, layout: _Layout) -> str:
    found: Any = record.values
    for key in layout.model:
        found = found.get(key) if isinstance(found, dict) else None
    return str(found.get("model") or found.get("backend_model") or "") if isinstance(found, dict) else ""
