"""The CSV that InferenceX's page gives away: its API's figures under headings for people."""

from __future__ import annotations

from collections.abc import Iterable

from planner.errors import InputError
from planner.importers import inferencex
from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.layout import Workers, flag, size
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.units import MS_PER_S

# Its columns by what the files of its runs call them.
_COLUMNS = {
    "Model": "model",
    "ISL": "isl",
    "OSL": "osl",
    "Hardware": "hardware",
    "Framework": "framework",
    "Precision": "precision",
    "TP": "tp",
    "EP": "ep",
    "DP Attention": "dp_attention",
    "Disaggregated": "disagg",
    "Num Prefill GPUs": "num_prefill_gpu",
    "Num Decode GPUs": "num_decode_gpu",
    "Spec Decoding": "spec_method",
    "Concurrency": "conc",
    "Date": "date",
    "Output Throughput/GPU (tok/s)": "output_tput_per_gpu",
    "Input Throughput/GPU (tok/s)": "input_tput_per_gpu",
}
_LATENCIES = {
    f"{statistic} {heading} (ms)": f"{statistic.lower()}_{key}"
    for heading, key in (("TTFT", "ttft"), ("TPOT", "tpot"), ("E2E Latency", "e2el"))
    for statistic in ("Mean", "Median", "P99")
}
# Names under which the page shows several versions of a model at once.
_GROUPED = ("GLM-5", "Kimi-K2.5", "MiniMax-M2.5")
_HEADINGS = {key: heading for heading, key in (_COLUMNS | _LATENCIES).items()}
_SPEED, _PACE = "Median Interactivity (tok/s/user)", "Median TPOT (ms)"
# How far the product of a pace and its speed may be from 1, of rounding.
_TOLERANCE = 0.2
_KEYS = inferencex.Keys("hardware", "model", "spec_method")


def is_table(header: Iterable[str]) -> bool:
    """Whether a CSV has the page's columns."""
    return {"Hardware Key", "Concurrency", "Output Throughput/GPU (tok/s)"} <= set(header)


def row(record: Record, given: ImportOptions) -> BenchmarkRun:
    """A row: the columns of latencies say ms whatever the values are in, so that their own speeds tell."""
    factor = 1.0 if _in_seconds(record) else 1.0 / MS_PER_S
    values = {key: record.values[heading] for heading, key in _COLUMNS.items() if heading in record.values}
    values |= {key: record.number(heading) * factor for heading, key in _LATENCIES.items() if heading in record}
    named = _Headed(values, record.file, record.line)
    if (group := record.text("Model")) in _GROUPED:
        if given.model is None:
            raise named.refusal("model", f"{group} stands for several versions of it on the page; give --model")
        del values["model"]
    if flag(named, "disagg"):
        prefill, decode = named.number("num_prefill_gpu"), named.number("num_decode_gpu")
        # It states no workers: the largest may be all that decode.
        widest, layout = int(max(prefill, decode)), f"p1x{prefill:g}-d1x{decode:g}"
        shape = inferencex.Shape(prefill, decode, widest, layout, True)
    else:
        named.number("tp")
        attention_dp = flag(named, "dp_attention")
        shape = inferencex.together(Workers(size(named, "tp"), ep=size(named, "ep"), attention_dp=attention_dp))
    return inferencex.of_metrics(named, named, shape, _KEYS)


class _Headed(Record):
    """A row under the keys of InferenceX's files; what is wrong with it is told by the column's heading."""

    def refusal(self, key: str, message: str) -> InputError:
        """The error of a column."""
        return super().refusal(_HEADINGS.get(key, key), message)


def _in_seconds(record: Record) -> bool:
    """Whether latencies are in s: a median pace and the median speed it makes are each other's inverse."""
    product = record.number(_SPEED) * record.number(_PACE)
    for unit, one in ((True, 1.0), (False, MS_PER_S)):
        if abs(product / one - 1) <= _TOLERANCE:
            return unit
    raise record.refusal(_PACE, f"{_SPEED} × this is {product:.3g}, so that it is neither in s nor in ms")
