"""Which tool wrote a file, by what is in it; and the runs or prices that it holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from planner.document import read_text
from planner.errors import Fault, InputError
from planner.frozen import dataclass
from planner.importers import aiconfigurator, aiperf, guidellm, inferencex, inferencex_page, mlperf, prices, serve_bench
from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.json_objects import objects_of
from planner.importers.options import ImportOptions
from planner.importers.prices import Price
from planner.importers.record import Record
from planner.importers.tally import Reason

What = BenchmarkRun | Price | Reason
Reads = Callable[[Record, ImportOptions], What]

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
    """One thing of a file: a run, a price, the reason why it is neither, or what is wrong with it."""

    source: Source
    record: Record
    what: What | InputError


@dataclass(frozen=True)
class _Objects:
    """A kind of JSON object: how it is known, whose it is, and how each of its runs is read."""

    fits: Callable[[Mapping[str, Any]], bool]
    source: Source
    read: Reads
    parts: Callable[[Record], Iterable[Record]] = lambda record: [record]


@dataclass(frozen=True)
class _Table:
    """A kind of CSV: how its header is known, whose it is, and how its rows are read together."""

    fits: Callable[[Iterable[str]], bool]
    source: Source
    read: Callable[[Iterable[Record], ImportOptions], Iterator[tuple[Record, What | InputError]]]
    provider: str = ""


def _each(read: Reads, records: Iterable[Record], given: ImportOptions) -> Iterator[tuple[Record, What | InputError]]:
    """What each record is, read by itself: what is wrong with one is that one's."""
    for record in records:
        try:
            yield record, read(record, given)
        except InputError as error:
            yield record, error


_NOBODY = Source("", "", "")
_OWN = "own measurement"
_INFERENCEX = Source("inferencex", "SemiAnalysis", "independent")
_MLPERF = Source("mlperf", "MLCommons", "independent")
_AIPERF = Source("aiperf", _OWN, "measured")
_OBJECTS = (
    _Objects(serve_bench.is_sglang, Source("sglang", _OWN, "measured"), serve_bench.sglang),
    _Objects(serve_bench.is_vllm, Source("vllm", _OWN, "measured"), serve_bench.vllm),
    _Objects(aiperf.is_aiperf, _AIPERF, aiperf.run),
    _Objects(aiperf.is_genai_perf, Source("genai-perf", _OWN, "measured"), aiperf.run),
    _Objects(guidellm.is_report, Source("guidellm", _OWN, "measured"), guidellm.run, guidellm.runs_of),
    _Objects(inferencex.is_agentic, _INFERENCEX, inferencex.agentic),
    _Objects(inferencex.is_aggregate, _INFERENCEX, inferencex.aggregate),
    _Objects(inferencex.is_api_row, _INFERENCEX, inferencex.api_row),
    _Objects(mlperf.is_result, _MLPERF, mlperf.result),
)
_TABLES = (
    _Table(
        aiconfigurator.is_table,
        Source("aiconfigurator", "NVIDIA AIConfigurator", "predicted"),
        partial(_each, aiconfigurator.configuration),
    ),
    _Table(inferencex_page.is_table, _INFERENCEX, partial(_each, inferencex_page.row)),
    _Table(
        prices.is_skypilot,
        Source("skypilot", "SkyPilot catalog", "independent"),
        prices.skypilot,
        "SkyPilot's tables do not name the provider; give --provider",
    ),
    _Table(
        prices.is_gpuhunt,
        Source("gpuhunt", "gpuhunt catalog", "independent"),
        partial(_each, prices.gpuhunt),
        "this table does not name the provider; give --provider",
    ),
)


def found_in(path: Path, given: ImportOptions) -> Iterator[Found]:
    """What a file holds, in its order. Raises InputError where the file as a whole cannot be read."""
    file = str(path)
    text = read_text(path, file)
    start = text.lstrip()[:1]
    if start in ("{", "["):
        yield from _of_objects(text, file, given)
    elif mlperf.is_log(text):
        for record, what in _each(mlperf.log, [mlperf.log_record(text, file)], given):
            yield Found(_MLPERF, record, what)
    elif aiperf.is_csv(text):
        for record, what in _each(aiperf.run, [aiperf.csv_record(text, file)], given):
            yield Found(_AIPERF, record, what)
    else:
        yield from _of_table(text, file, given)


def _of_objects(text: str, file: str, given: ImportOptions) -> Iterator[Found]:
    strange: list[tuple[Record, InputError]] = []
    known = False
    for record in objects_of(text, file):
        for one in mlperf.results_of(record):
            kind = next((kind for kind in _OBJECTS if kind.fits(one.values)), None)
            if kind is None:
                strange.append((one, _unknown(one)))
                continue
            known = True
            for part, what in _each(kind.read, kind.parts(one), given):
                yield Found(kind.source, part, what)
    if strange and not known:
        raise strange[0][1]
    for one, error in strange:
        yield Found(_NOBODY, one, error)


def _unknown(record: Record) -> InputError:
    message = f"no benchmark or price list that is known: {TOOLS}"
    if record.values:
        message += f" (its first keys are {', '.join(list(record.values)[:4])})"
    return record.refusal("", message)


def _of_table(text: str, file: str, given: ImportOptions) -> Iterator[Found]:
    # Lines before the header that begin with # are its licence or where it comes from.
    rows = csv.reader(io.StringIO(text))
    try:
        header = next((cells for cells in rows if cells and not cells[0].startswith("#")), [])
        table = next((table for table in _TABLES if table.fits(header)), None)
        if table is None:
            raise InputError([Fault(file, 1, "", f"no benchmark or price list that is known: {TOOLS}")])
        if table.provider and not given.provider and "provider" not in header:
            raise InputError([Fault(file, 1, "", table.provider)])
        records, short = [], []
        for cells in rows:
            if not cells:
                continue
            if len(cells) != len(header):
                fault = Fault(file, rows.line_num, "", f"{len(cells)} cells under a header of {len(header)}")
                short.append(Found(table.source, Record({}, file, rows.line_num), InputError([fault])))
                continue
            found = {key: cell for key, cell in zip(header, cells, strict=True) if cell != ""}
            records.append(Record(found, file, rows.line_num))
    except csv.Error as error:
        raise InputError([Fault(file, rows.line_num, "", f"this is not CSV: {error}")]) from None
    for record, what in table.read(records, given):
        yield Found(table.source, record, what)
    yield from short
