"""NVIDIA AIPerf and its predecessor GenAI-Perf (JSON, and AIPerf's CSV), and GuideLLM."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import Any

from planner.errors import InputError
from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.record import Record

# Units that a metric may be in, and what they are of the unit wanted.
_MS = {"ms": 1.0, "s": 1e3, "sec": 1e3, "us": 1e-3, "ns": 1e-6}
_PER_S = {"tokens/sec": 1.0, "requests/sec": 1.0, "tokens/s": 1.0, "requests/s": 1.0}
_COUNT = {"tokens": 1.0, "requests": 1.0, "count": 1.0}
_CSV_NAMES = {
    "Time to First Token": "time_to_first_token",
    "Inter Token Latency": "inter_token_latency",
    "Request Latency": "request_latency",
    "Output Token Throughput": "output_token_throughput",
    "Total Token Throughput": "total_token_throughput",
    "Request Throughput": "request_throughput",
    "Request Count": "request_count",
    "Input Sequence Length": "input_sequence_length",
    "Output Sequence Length": "output_sequence_length",
}


def is_aiperf(values: Mapping[str, Any]) -> bool:
    """Whether an object is an export of AIPerf."""
    return "time_to_first_token" in values and "aiperf_version" in values


def is_genai_perf(values: Mapping[str, Any]) -> bool:
    """Whether an object is an export of GenAI-Perf, whose metrics are AIPerf's."""
    return "time_to_first_token" in values and "aiperf_version" not in values and "input_config" in values


def is_aiperf_csv(text: str) -> bool:
    """Whether a text is AIPerf's CSV export."""
    return text.startswith("Metric,avg")


def is_guidellm(values: Mapping[str, Any]) -> bool:
    """Whether an object is a GuideLLM report."""
    return "benchmarks" in values and isinstance(values.get("metadata"), dict)


def aiperf(record: Record) -> BenchmarkRun:
    """An export of AIPerf or GenAI-Perf: every metric says its unit."""
    requests_per_s = _metric(record, "request_throughput", _PER_S)
    output_tok_s = _metric(record, "output_token_throughput", _PER_S)
    if "total_token_throughput" in record:
        input_tok_s = _metric(record, "total_token_throughput", _PER_S) - output_tok_s
    else:
        input_tok_s = _metric(record, "input_sequence_length", _COUNT) * requests_per_s
    if record.values.get("was_cancelled") is True:
        raise record.refusal("was_cancelled", "this run was cancelled before its end")
    names = _names(record)
    return BenchmarkRun(
        record=record,
        input_tok_s=input_tok_s,
        output_tok_s=output_tok_s,
        # As stated where they are: the rates are rounded.
        input_tokens=_length(record, "input_sequence_length", input_tok_s / requests_per_s),
        output_tokens=_length(record, "output_sequence_length", output_tok_s / requests_per_s),
        ttft_ms=_metric(record, "time_to_first_token", _MS, "p50"),
        ttft_statistic="p50",
        tpot_ms=_metric(record, "inter_token_latency", _MS, "p50"),
        tpot_statistic="p50",
        ttft_p99_ms=_metric(record, "time_to_first_token", _MS, "p99"),
        tpot_p99_ms=_metric(record, "inter_token_latency", _MS, "p99"),
        concurrency=_stated_concurrency(record),
        mean_e2e_ms=_metric(record, "request_latency", _MS),
        completed=_metric(record, "request_count", _COUNT) if "request_count" in record else None,
        failed=record.part("error_request_count").maybe("avg") or 0.0 if "error_request_count" in record else 0.0,
        named_model=names,
        as_of=record.day("start_time"),
    )


def aiperf_csv(text: str, file: str) -> Record:
    """AIPerf's CSV as the object that its JSON is; it names neither model nor concurrency."""
    values: dict[str, Any] = {"aiperf_version": "", "input_config": {}}
    header: list[str] = []
    for cells in csv.reader(text.splitlines()):
        if not cells:
            continue
        if cells[0] == "Metric":
            header = ["avg" if name == "Value" else name for name in cells[1:]]
            continue
        match = re.fullmatch(r"(.+) \((.+)\)", cells[0])
        name, unit = match.groups() if match else (cells[0], "count")
        if name in _CSV_NAMES:
            values[_CSV_NAMES[name]] = {"unit": unit} | dict(zip(header, cells[1:], strict=False))
    return Record(values, file)


def guidellm(record: Record) -> Iterator[BenchmarkRun]:
    """The runs of a GuideLLM report: request latency in s, the rest in ms; only what succeeded counts."""
    version = record.part("metadata").values.get("version")
    if version not in (2, "2", None):
        raise record.refusal("metadata.version", f"{version} is laid out differently; version 2 is known")
    for run in record.items("benchmarks"):
        metrics = run.part("metrics")
        totals = metrics.part("request_totals")
        requests = _successful(metrics, "requests_per_second").number("mean")
        tokens_in = _successful(metrics, "prompt_token_count").number("mean")
        tokens_out = _successful(metrics, "output_token_count").number("mean")
        ttft, tpot = _successful(metrics, "time_to_first_token_ms"), _successful(metrics, "inter_token_latency_ms")
        strategy = run.part("config", "strategy")
        yield BenchmarkRun(
            record=run,
            input_tok_s=tokens_in * requests,
            output_tok_s=tokens_out * requests,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            ttft_ms=ttft.number("median"),
            ttft_statistic="p50",
            tpot_ms=tpot.number("median"),
            tpot_statistic="p50",
            ttft_p99_ms=ttft.part("percentiles").maybe("p99"),
            tpot_p99_ms=tpot.part("percentiles").maybe("p99"),
            concurrency=strategy.maybe("streams"),
            mean_e2e_ms=_MS["s"] * _successful(metrics, "request_latency").number("mean"),
            completed=totals.number("successful"),
            failed=totals.maybe("errored") or 0.0,
        )


def _successful(metrics: Record, name: str) -> Record:
    return metrics.part(name, "successful")


def _metric(record: Record, name: str, units: Mapping[str, float], statistic: str = "avg") -> float:
    """A statistic of a metric in the unit wanted."""
    metric = record.part(name)
    unit = metric.text("unit")
    if unit not in units:
        raise metric.refusal("unit", f"'{unit}' is not the unit of this figure; expected {' or '.join(units)}")
    return metric.number(statistic) * units[unit]


def _length(record: Record, name: str, derived: float) -> float:
    return _metric(record, name, _COUNT) if name in record else derived


def _names(record: Record) -> str:
    config = record.part("input_config")
    inner = config.values.get("endpoint", config.values)
    names = inner.get("model_names") if isinstance(inner, dict) else None
    return str(names[0]) if isinstance(names, list) and names else ""


def _stated_concurrency(record: Record) -> float | None:
    config = record.part("input_config")
    for path in (("loadgen",), ("perf_analyzer", "stimulus")):
        try:
            return config.part(*path).maybe("concurrency")
        except InputError:
            continue
    return None
