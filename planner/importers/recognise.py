"""Which tool wrote a file, by what is in it; and the runs or prices that it holds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.document import read_text
from planner.errors import Fault, InputError
from planner.importers import aiconfigurator, exports, inferencex, mlperf, prices, serve_bench
from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.options import ImportOptions
from planner.importers.prices import Price
from planner.importers.record import Record

Runs = Callable[[Record, ImportOptions], Iterator[BenchmarkRun | Price | str]]

TOOLS = (
    "vLLM bench serve, SGLang bench_serving, AIPerf, GenAI-Perf, GuideLLM, InferenceX, MLPerf, AIConfigurator, "
    "gpuhunt and SkyPilot"
)


@dataclass(frozen=True)
class Source:
    """Who stands behind a tool's figures: the id that its sources begin with, publisher and evidence."""

    tool: str
    publisher: str
    evidence: str


@dataclass(frozen=True)
class Found:
    """One thing of a file: a run, a price, or the reason why it is neither."""

    source: Source
    record: Record
    what: BenchmarkRun | Price | str


_OWN = "own measurement"
_OBJECTS: tuple[tuple[Callable[[Mapping[str, Any]], bool], Source, Runs], ...] = (
    (serve_bench.is_sglang, Source("sglang", _OWN, "measured"), lambda r, _: iter([serve_bench.sglang(r)])),
    (serve_bench.is_vllm, Source("vllm", _OWN, "measured"), lambda r, _: iter([serve_bench.vllm(r)])),
    (exports.is_aiperf, Source("aiperf", _OWN, "measured"), lambda r, _: iter([exports.aiperf(r)])),
    (exports.is_genai_perf, Source("genai-perf", _OWN, "measured"), lambda r, _: iter([exports.aiperf(r)])),
    (exports.is_guidellm, Source("guidellm", _OWN, "measured"), lambda r, _: exports.guidellm(r)),
    (inferencex.is_agentic, Source("inferencex", "SemiAnalysis", "independent"),
     lambda r, _: iter([inferencex.agentic(r)])),
    (inferencex.is_aggregate, Source("inferencex", "SemiAnalysis", "independent"),
     lambda r, _: iter([inferencex.aggregate(r)])),
    (inferencex.is_api_row, Source("inferencex", "SemiAnalysis", "independent"),
     lambda r, _: iter([inferencex.api_row(r)])),
    (mlperf.is_summary, Source("mlperf", "MLCommons", "independent"), lambda r, g: iter([mlperf.summary(r, g)])),
)  # fmt: skip


def found_in(path: Path, given: ImportOptions) -> Iterator[Found]:
    """What a file holds, in its order. Raises InputError at the first thing that cannot be read."""
    file = str(path)
    text = read_text(path, file)
    start = text.lstrip()[:1]
    if start in ("{", "["):
        yield from _of_objects(text, file, given)
    elif mlperf.is_log(text):
        run = mlperf.log(text, file, given)
        yield Found(Source("mlperf", "MLCommons", "independent"), run.record, run)
    elif exports.is_aiperf_csv(text):
        record = exports.aiperf_csv(text, file)
        yield Found(Source("aiperf", _OWN, "measured"), record, exports.aiperf(record))
    else:
        yield from _of_table(text, file, given)


def _of_objects(text: str, file: str, given: ImportOptions) -> Iterator[Found]:
    for record in _records(text, file):
        for one in mlperf.keyed(record) if mlperf.is_keyed(record.values) else [record]:
            source, runs = _reader(one)
            for what in runs(one, given):
                yield Found(source, what.record if isinstance(what, BenchmarkRun) else one, what)


def _reader(record: Record) -> tuple[Source, Runs]:
    for fits, source, runs in _OBJECTS:
        if fits(record.values):
            return source, runs
    message = f"no benchmark or price list that is known: {TOOLS}"
    if record.values:
        message += f" (its first keys are {', '.join(list(record.values)[:4])})"
    raise record.refusal("", message)


def _records(text: str, file: str) -> Iterator[Record]:
    """The objects of a JSON text: one, a list of them, or one after another."""
    decoder = json.JSONDecoder()
    offset, line, number = 0, 1, 0
    while True:
        begins = offset
        while offset < len(text) and text[offset].isspace():
            offset += 1
        if offset == len(text):
            return
        line += text.count("\n", begins, offset)
        try:
            value, end = decoder.raw_decode(text, offset)
        except json.JSONDecodeError as error:
            at = line + text.count("\n", offset, error.pos)
            ended = not text[error.pos :].strip()
            what = "the file ends in the middle of a value" if ended else "it cannot be read from here on"
            raise InputError([Fault(file, at, "", f"this is not JSON: {what}")]) from None
        except ValueError:
            raise InputError([Fault(file, line, "", "a number has too many digits to be read")]) from None
        except RecursionError:
            raise InputError([Fault(file, line, "", "this is nested too deeply to be read")]) from None
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                raise InputError([Fault(file, line, "", f"expected objects, found {type(item).__name__}")])
            yield Record(item, file, line, f"[{index}]" if isinstance(value, list) else "")
        line += text.count("\n", offset, end)
        offset, number = end, number + 1


def _of_table(text: str, file: str, given: ImportOptions) -> Iterator[Found]:
    rows = csv.reader(io.StringIO(text))
    try:
        header = next(rows, [])
        read: Callable[[Record], Iterator[BenchmarkRun | Price]]
        provider = given.provider or ""
        if aiconfigurator.is_table(header):
            source = Source("aiconfigurator", "NVIDIA AIConfigurator", "predicted")
            read = lambda record: iter([aiconfigurator.configuration(record)])  # noqa: E731
        elif prices.is_skypilot(header):
            if not provider:
                raise InputError([Fault(file, 1, "", "SkyPilot's tables do not name the provider; give --provider")])
            source = Source("skypilot", "SkyPilot catalog", "independent")
            read = lambda record: iter(prices.skypilot(record, provider))  # noqa: E731
        elif prices.is_gpuhunt(header):
            if not provider and "provider" not in header:
                raise InputError([Fault(file, 1, "", "this table does not name the provider; give --provider")])
            source = Source("gpuhunt", "gpuhunt catalog", "independent")
            read = lambda record: iter(prices.gpuhunt(record, provider))  # noqa: E731
        else:
            raise InputError([Fault(file, 1, "", f"no benchmark or price list that is known: {TOOLS}")])
        for cells in rows:
            if not cells:
                continue
            if len(cells) != len(header):
                message = f"{len(cells)} cells under a header of {len(header)}"
                raise InputError([Fault(file, rows.line_num, "", message)])
            record = Record({k: v for k, v in zip(header, cells, strict=True) if v != ""}, file, rows.line_num)
            for what in read(record):
                yield Found(source, record, what)
    except csv.Error as error:
        raise InputError([Fault(file, rows.line_num, "", f"this is not CSV: {error}")]) from None
