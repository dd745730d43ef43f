"""NVIDIA AIPerf (JSON and CSV) and its predecessor GenAI-Perf (JSON): every metric says its unit."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from typing import Any

from planner.importers.benchmark_run import BenchmarkRun, Said
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.importers.tally import Reason

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
    "Error Request Count": "error_request_count",
    "Input Sequence Length": "input_sequence_length",
    "Output Sequence Length": "output_sequence_length",
}
# Where the versions state the model, the requests in flight, a rate that was driven instead, and a common prefix.
_MODEL = (("models", "items"), ("endpoint", "model_names"), ("model_names",))
_CONCURRENCY = (("loadgen", "concurrency"), ("perf_analyzer", "stimulus", "concurrency"))
_RATE = (("loadgen", "request_rate"), ("loadgen", "user_centric_rate"), ("perf_analyzer", "stimulus", "request_rate"))
_SHARED = ("length", "shared_system_prompt_length", "shared_system_length")


def is_aiperf(values: Mapping[str, Any]) -> bool:
    """Whether an object is AIPerf's: its export of a run, or an aggregate of several."""
    return "aiperf_version" in values and ("request_throughput" in values or "metadata" in values)


def is_genai_perf(values: Mapping[str, Any]) -> bool:
    """Whether an object is an export of GenAI-Perf, whose metrics are AIPerf's; AIPerf before 0.6 looks the same."""
    return "request_throughput" in values and "aiperf_version" not in values and "input_config" in values


def is_csv(text: str) -> bool:
    """Whether a text is AIPerf's CSV export."""
    return text.startswith("Metric,avg")


def run(record: Record, given: ImportOptions) -> BenchmarkRun | Reason:
    """An export of one run."""
    if "request_throughput" not in record.values:
        raise record.refusal("metadata", "this is AIPerf's aggregate of several runs; import each run's own export")
    if record.values.get("was_cancelled") is True:
        raise record.refusal("was_cancelled", "this run was cancelled before its end")
    config = record.values.get("input_config")
    if prefix := _prefix(config):
        sentence = f"input_config: prompts begin with the same {prefix:g} tokens, which come from the cache"
        return Reason("input that came from the cache", f"{sentence}; a row states what fresh input costs")
    requests_per_s = _metric(record, "request_throughput", _PER_S)
    output_tok_s = _metric(record, "output_token_throughput", _PER_S)
    if "total_token_throughput" in record:
        input_tok_s = _metric(record, "total_token_throughput", _PER_S) - output_tok_s
    else:
        input_tok_s = _metric(record, "input_sequence_length", _COUNT) * requests_per_s
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
        concurrency=_concurrency(record, config),
        mean_e2e_ms=_metric(record, "request_latency", _MS),
        completed=_metric(record, "request_count", _COUNT) if "request_count" in record else None,
        failed=record.part("error_request_count").maybe("avg") or 0.0 if "error_request_count" in record else 0.0,
        named_model=_model(config),
        as_of=record.day("start_time"),
        hardware=Said("system", _gpu_name(record.values.get("telemetry_data")), "telemetry_data"),
    )


def csv_record(text: str, file: str) -> Record:
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


def _metric(record: Record, name: str, units: Mapping[str, float], statistic: str = "avg") -> float:
    """A statistic of a metric in the unit wanted."""
    metric = record.part(name)
    unit = metric.text("unit")
    if unit not in units:
        raise metric.refusal("unit", f"'{unit}' is not the unit of this figure; expected {' or '.join(units)}")
    return metric.number(statistic) * units[unit]


def _length(record: Record, name: str, derived: float) -> float:
    return _metric(record, name, _COUNT) if name in record else derived


def _concurrency(record: Record, config: Any) -> float | None:
    """Requests in flight of a closed loop; beside a rate that was driven, a concurrency only caps them.

    From 0.9 on the run is a list of phases, of which the one called profiling is measured.
    """
    if isinstance(phases := _at(config, (("phases",),)), list):
        measured = [phase for phase in phases if isinstance(phase, dict) and phase.get("name") == "profiling"]
        closed = [phase for phase in measured if phase.get("type") == "concurrency"]
        stated = closed[0].get("concurrency") if closed else None
    else:
        stated = None if _at(config, _RATE) is not None else _at(config, _CONCURRENCY)
    return Record({"concurrency": stated}, record.file, record.line, "input_config").if_there("concurrency")


def _prefix(config: Any) -> float:
    """Tokens that prompts begin with in common: under ``input`` before 0.9, then of a dataset."""
    datasets = _at(config, (("datasets",),))
    prefixes = [_at(config, (("input", "prompt", "prefix_prompt"),))]
    prefixes += [_at(one, (("prefix_prompts",),)) for one in datasets] if isinstance(datasets, list) else []
    lengths = [prefix.get(key) for prefix in prefixes if isinstance(prefix, dict) for key in _SHARED]
    return sum(length for length in lengths if isinstance(length, int | float) and math.isfinite(length))


def _model(config: Any) -> str:
    names = _at(config, _MODEL)
    first = names[0] if isinstance(names, list) and names else ""
    return str(first.get("name", "")) if isinstance(first, dict) else str(first)


def _gpu_name(telemetry: Any) -> str:
    """The one name of all GPUs that were watched, '' where there are none or several."""
    endpoints = telemetry.get("endpoints") if isinstance(telemetry, dict) else None
    found = endpoints.values() if isinstance(endpoints, dict) else ()
    groups = [end.get("gpus") for end in found if isinstance(end, dict)]
    gpus = [gpu for group in groups if isinstance(group, dict) for gpu in group.values() if isinstance(gpu, dict)]
    names = {str(gpu["gpu_name"]) for gpu in gpus if gpu.get("gpu_name")}
    return names.pop() if len(names) == 1 else ""


def _at(values: Any, paths: tuple[tuple[str, ...], ...]) -> Any:
    """The value at the first of the paths that there is, None where there is none."""
    for path in paths:
        found = values
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return found
    return None
