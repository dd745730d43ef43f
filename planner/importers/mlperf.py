"""MLPerf Inference: the results of a round, and the log of one run. Latencies are limits that p99 kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from planner.importers.benchmark_run import BenchmarkRun, Said
from planner.importers.model_names import model_of
from planner.importers.options import ImportOptions
from planner.importers.record import Record
from planner.importers.tally import Reason

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
# Rounds that state another limit, or none that was looked up, are asked for theirs.
_ROUNDS = ("", "v5.1", "v6.0", "v6.1")
_LOG = {
    "output_tok_s": r"Completed tokens per second\s*:\s*([\d.eE+-]+)",
    "samples_s": r"Completed samples per second\s*:\s*([\d.eE+-]+)",
    "ttft_ns": r"99\.00 percentile first token latency \(ns\)\s*:\s*([\d.eE+-]+)",
    "tpot_ns": r"99\.00 percentile time to output token \(ns\)\s*:\s*([\d.eE+-]+)",
}


class _Keys(NamedTuple):
    """What a layout of the results calls its figures."""

    result: str
    units: str
    accelerator: str
    per_node: str
    framework: str
    division: str
    submitter: str
    model: str


_OLD = _Keys(
    "Performance_Result", "Performance_Units", "Accelerator", "a#", "Software", "Category", "Submitter", "UsedModel"
)  # fmt: skip
_NEW = _Keys(
    "Result", "Units", "accelerator_model_name", "accelerators_per_node", "framework", "Division", "Organization",
    "MlperfModel",
)  # fmt: skip


def is_result(values: Mapping[str, Any]) -> bool:
    """Whether an object is a result of a round."""
    return "Performance_Result" in values or ("Result" in values and "total_accelerators" in values)


def is_keyed(values: Mapping[str, Any]) -> bool:
    """Whether an object holds results under "0", "1" and so on."""
    return bool(values) and all(key.isdecimal() and isinstance(value, dict) for key, value in values.items())


def is_log(text: str) -> bool:
    """Whether a text is the log summary of a run."""
    return "MLPerf Results Summary" in text[:500]


def result(record: Record, given: ImportOptions) -> BenchmarkRun | Reason:
    """A result, or why it is no serving point: output tokens/s of the whole submission under p99 limits."""
    keys = _NEW if "total_accelerators" in record.values else _OLD
    named = record.text(keys.model) or record.text("Model")
    model = re.sub(r"-99(\.9)?$", "", named)
    if reason := _no_point(record, keys, model, given):
        return reason
    per_node = record.maybe(keys.per_node)
    gpus = record.number("total_accelerators") if keys is _NEW else record.number("a#") * record.number("Nodes")
    tokens = re.search(r"TOKENS_PER_SAMPLE:\s*([\d.]+)", record.text("Accuracy"))
    known = model_of(model)
    # Models are told apart by accuracy, systems by who submitted them; the two scenarios have other limits.
    knobs = ("Scenario", keys.model, keys.submitter, "Platform", keys.division, "Availability")
    division = record.text(keys.division)
    return _kept_limits(
        record,
        _with_limits(record, named, given),
        record.number(keys.result),
        float(tokens.group(1)) if tokens else given.output_tokens,
        gpus,
        (Said("engine", record.text(keys.framework) or record.text("Software") or None, keys.framework),
         Said("precision", record.text("weight_data_types").lower() or None, "weight_data_types"),
         Said("model", known, keys.model),
         # Submissions of several nodes serve one copy on each: no worker spans two.
         Said("largest_worker_gpus", per_node and int(per_node), keys.per_node)),
        model,
        hardware=Said("system", record.text(keys.accelerator), keys.accelerator),
        knobs=tuple((knob, record.text(knob)) for knob in knobs),
        note="open division: the model may differ" if division == "open" else "",
    )  # fmt: skip


def _no_point(record: Record, keys: _Keys, model: str, given: ImportOptions) -> Reason | None:
    """Why a result is no serving point of the model that is asked for, None where it is one."""
    if record.text("Scenario") == "Offline":
        sentence = "Offline results state no latency"
        return Reason(sentence, sentence)
    known = model_of(model)
    if given.model is not None and known not in (None, given.model):
        return Reason("another model", f"{keys.model}: a result of {known}, not of {given.model}")
    units = record.text(keys.units).lower()
    # Rounds say queries/s of some results that are tokens/s, but only of models of text.
    text = any(model.replace("_", ".") == name for name, _ in LIMITS)
    if not units.startswith(("tokens/s", "queries/s") if text else "tokens/s"):
        raise record.refusal(keys.units, f"'{units}' is no rate of tokens")
    return None


def _with_limits(record: Record, model: str, given: ImportOptions) -> ImportOptions:
    """The options with the limits of the round's rules. Raises InputError where the user says others."""
    bare = re.sub(r"-99(\.9)?$", "", model).replace("_", ".")
    rules = LIMITS.get((bare, record.text("Scenario").lower())) if record.text("version") in _ROUNDS else None
    stated = {}
    for field, known in zip(("ttft_limit_ms", "tpot_limit_ms"), rules or (None, None), strict=True):
        wanted = getattr(given, field)
        if known is not None and wanted not in (None, known):
            message = f"the limit of {model} is {known:g} ms here; leave {given.option(field)} out"
            raise record.refusal("Scenario", message)
        stated[field] = known or wanted
    return ImportOptions(**vars(given) | stated)


def log_record(text: str, file: str) -> Record:
    """The figures of a run's log summary."""
    found: dict[str, Any] = {
        name: match.group(1) for name, pattern in _LOG.items() if (match := re.search(pattern, text))
    }
    return Record(found | {"valid": "Result is : VALID" in text}, file)


def log(record: Record, given: ImportOptions) -> BenchmarkRun:
    """The log of one run: its own p99 latencies, in ns."""
    if not record.values["valid"]:
        raise record.refusal("", "the log does not say that its result is valid")
    tok_s = record.number("output_tok_s")
    output = tok_s / record.number("samples_s")
    latencies = {f"{name}_limit_ms": record.number(f"{name}_ns") / _NS_PER_MS for name in ("ttft", "tpot")}
    limits = ImportOptions(**vars(given) | latencies)
    return _kept_limits(record, limits, tok_s, output, None, (), "")


def _kept_limits(
    record: Record,
    given: ImportOptions,
    output_tok_s: float,
    output_tokens: float | None,
    gpus: float | None,
    said: tuple[Said, ...],
    model: str,
    *,
    hardware: Said | None = None,
    knobs: tuple[tuple[str, str], ...] = (),
    note: str = "",
) -> BenchmarkRun:
    for field, value, what in (
        ("input_tokens", given.input_tokens, "how many tokens go in"),
        ("output_tokens", output_tokens, "how many tokens come out (TOKENS_PER_SAMPLE)"),
        ("ttft_limit_ms", given.ttft_limit_ms, "the limit on TTFT"),
        ("tpot_limit_ms", given.tpot_limit_ms, "the limit on TPOT"),
    ):
        if value is None:
            raise record.refusal("", f"the file does not say {what}; give {given.option(field)}")
    assert given.input_tokens
    assert output_tokens
    assert given.ttft_limit_ms
    assert given.tpot_limit_ms
    open_loop = "open loop: requests in flight by Little's law from the p99 latencies, an upper figure"
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
        note="; ".join(part for part in (open_loop, note) if part),
        hardware=hardware,
        knobs=knobs,
        said=tuple(one for one in said if one.value),
    )


def results_of(record: Record) -> Iterator[Record]:
    """The results under "0", "1" and so on, or the one that it is."""
    if not is_keyed(record.values):
        yield record
        return
    for key, value in record.values.items():
        yield Record(value, record.file, record.line, key)
