"""MLPerf Inference: the summaries of a round, and the log of one run. Latencies are limits that p99 kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.options import ImportOptions
from planner.importers.record import Record

_NS_PER_MS = 1e6
# p99 limits of the rounds v5.1 to v6.1, ms: TTFT and TPOT by model and scenario.
LIMITS = {
    ("deepseek-r1", "server"): (2000.0, 80.0),
    ("deepseek-r1", "interactive"): (1500.0, 15.0),
    ("gpt-oss-120b", "server"): (3000.0, 80.0),
    ("gpt-oss-120b", "interactive"): (2000.0, 15.0),
    ("llama2-70b", "server"): (2000.0, 200.0),
    ("llama2-70b", "interactive"): (450.0, 40.0),
    ("llama3.1-405b", "server"): (6000.0, 175.0),
    ("llama3.1-405b", "interactive"): (4500.0, 80.0),
    ("llama3.1-8b", "server"): (2000.0, 100.0),
    ("llama3.1-8b", "interactive"): (500.0, 30.0),
}
_LOG = {
    "output_tok_s": r"Completed tokens per second\s*:\s*([\d.eE+-]+)",
    "samples_s": r"Completed samples per second\s*:\s*([\d.eE+-]+)",
    "ttft_ns": r"99\.00 percentile first token latency \(ns\)\s*:\s*([\d.eE+-]+)",
    "tpot_ns": r"99\.00 percentile time to output token \(ns\)\s*:\s*([\d.eE+-]+)",
}


def is_summary(values: Mapping[str, Any]) -> bool:
    """Whether an object is a result of a round."""
    return "Performance_Result" in values or ("Result" in values and "total_accelerators" in values)


def is_keyed(values: Mapping[str, Any]) -> bool:
    """Whether an object holds results under "0", "1" and so on."""
    return bool(values) and all(key.isdecimal() and isinstance(value, dict) for key, value in values.items())


def is_log(text: str) -> bool:
    """Whether a text is the log summary of a run."""
    return "MLPerf Results Summary" in text[:500]


def summary(record: Record, given: ImportOptions) -> BenchmarkRun | str:
    """A result, or the reason why it is no serving point: output tokens/s of the whole submission under p99 limits."""
    scenario = record.text("Scenario")
    if scenario == "Offline":
        return "Offline results state no latency"
    new = "total_accelerators" in record
    result = record.number("Result" if new else "Performance_Result")
    units = record.text("Units" if new else "Performance_Units").lower()
    if not units.startswith(("tokens/s", "queries/s")):
        raise record.refusal("Units" if new else "Performance_Units", f"'{units}' is no rate of tokens")
    per_node = record.maybe("accelerators_per_node") if new else record.number("a#")
    gpus = record.number("total_accelerators") if new else record.number("a#") * record.number("Nodes")
    tokens = re.search(r"TOKENS_PER_SAMPLE:\s*([\d.]+)", record.text("Accuracy"))
    output = float(tokens.group(1)) if tokens else given.output_tokens
    model = record.text("MlperfModel") or record.text("UsedModel") or record.text("Model")
    ttft, tpot = LIMITS.get((re.sub(r"-99(\.9)?$", "", model).replace("_", "."), scenario.lower()), (None, None))
    stated = {}
    for field, known in (("ttft_limit_ms", ttft), ("tpot_limit_ms", tpot)):
        wanted = getattr(given, field)
        if known is not None and wanted not in (None, known):
            message = f"the limit of {model} is {known:g} ms here; leave {given.option(field)} out"
            raise record.refusal("Scenario", message)
        stated[field] = known or wanted
    return _kept_limits(
        record,
        ImportOptions(**vars(given) | stated),
        result,
        output,
        gpus,
        (("engine", record.text("framework") or record.text("Software") or None),
         ("precision", record.text("weight_data_types").lower() or None),
         # Submissions of several nodes serve one copy on each: no worker spans two.
         ("largest_worker_gpus", per_node and int(per_node))),
        model,
    )  # fmt: skip


def log(text: str, file: str, given: ImportOptions) -> BenchmarkRun:
    """The log of one run: its own p99 latencies, in ns."""
    found = {name: match.group(1) for name, pattern in _LOG.items() if (match := re.search(pattern, text))}
    record = Record(found, file)
    if "Result is : VALID" not in text:
        raise record.refusal("", "the log does not say that its result is valid")
    tok_s = record.number("output_tok_s")
    output = tok_s / record.number("samples_s")
    limits = ImportOptions(
        **vars(given)
        | {
            "ttft_limit_ms": record.number("ttft_ns") / _NS_PER_MS,
            "tpot_limit_ms": record.number("tpot_ns") / _NS_PER_MS,
        }
    )
    return _kept_limits(record, limits, tok_s, output, None, (), "")


def _kept_limits(
    record: Record,
    given: ImportOptions,
    output_tok_s: float,
    output_tokens: float | None,
    gpus: float | None,
    said: tuple[tuple[str, Any], ...],
    model: str,
) -> BenchmarkRun:
    for field, value in (
        ("input_tokens", given.input_tokens),
        ("output_tokens", output_tokens),
        ("ttft_limit_ms", given.ttft_limit_ms),
        ("tpot_limit_ms", given.tpot_limit_ms),
    ):
        if value is None:
            raise record.refusal("", f"MLPerf's files do not say this; give {given.option(field)}")
    assert given.input_tokens
    assert output_tokens
    assert given.ttft_limit_ms
    assert given.tpot_limit_ms
    return BenchmarkRun(
        record=record,
        input_tok_s=output_tok_s * given.input_tokens / output_tokens,
        output_tok_s=output_tok_s,
        input_tokens=given.input_tokens,
        output_tokens=output_tokens,
        ttft_ms=given.ttft_limit_ms,
        ttft_statistic="p99",
        tpot_ms=given.tpot_limit_ms,
        tpot_statistic="p99",
        ttft_p99_ms=given.ttft_limit_ms,
        tpot_p99_ms=given.tpot_limit_ms,
        gpus=gpus,
        named_model=model,
        note="open loop: requests in flight by Little's law from the p99 latencies, an upper figure",
        said=tuple((field, value) for field, value in said if value),
    )


def keyed(record: Record) -> Iterator[Record]:
    """The results under "0", "1" and so on."""
    for key, value in record.values.items():
        yield Record(value, record.file, record.line, key)
