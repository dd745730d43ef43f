"""Logs of requests one by one, with when each was let in, had its first token and its last: told apart by content.

Benchmark clients write arrays beside their averages, a value for each request: when it was sent, its time to the first
token, the gaps after it. Servers and AIPerf write an object a line.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.document import read_text
from planner.errors import Fault, InputError
from planner.frozen import dataclass
from planner.importers import aiperf, serve_bench
from planner.importers.benchmark_run import BenchmarkRun
from planner.importers.json_objects import objects_of
from planner.importers.options import ImportOptions
from planner.importers.recognise import Source
from planner.importers.record import Record
from planner.importers.tally import Reason
from planner.traffic.calibrate import Answered
from planner.traffic.layouts import PER_S

_OWN = "own measurement"
_ARRAYS = ("input_lens", "output_lens", "ttfts", "itls")
_LOGS = "vLLM (a log of requests, or bench serve with --save-detailed), SGLang (--output-details), AIPerf (profile_export.jsonl)"  # noqa: E501
# The fit looks at every pair of requests.
MOST_REQUESTS = 20_000
# Clocks are read one after the other.
_SLACK_S = 1e-3


class _Row(NamedTuple):
    came_s: float
    admitted_s: float
    first_s: float
    last_s: float
    input_tokens: float
    output_tokens: float


@dataclass(frozen=True)
class RequestLog:
    """Requests that were answered, and those among them that came in the first half of their run.

    ``failed`` are left out. ``admitted`` is False where nobody says when a request was let in: it counts from when it
    was sent. ``about`` is what else the file says, None where it says nothing of the system.
    """

    source: Source
    record: Record
    answered: Answered
    first_half: NDArray[np.bool_]
    failed: int
    admitted: bool
    about: Callable[[Record, ImportOptions], BenchmarkRun | Reason] | None = None


def read_log(path: Path) -> RequestLog:
    """The requests of a file. Raises InputError with the line of the first thing that cannot be used."""
    file = str(path)
    records = [*objects_of(read_text(path, file), file)]
    if not records:
        raise InputError([Fault(file, 0, "", "this file holds no request")])
    first = records[0]
    values = first.values
    if any(key in values for key in ("ttfts", "itls")):
        sglang = serve_bench.is_sglang(values)
        tool, about = ("sglang", serve_bench.sglang) if sglang else ("vllm", serve_bench.vllm)
        runs = [_of_arrays(record) for record in records]
        return _log(tool, first, runs, admitted=False, about=about)
    if "first_token_ts" in values and "last_token_ts" in values:
        return _log("vllm", first, [[_of_server(record) for record in records]], admitted=True)
    if isinstance(values.get("metadata"), dict) and "request_start_ns" in values["metadata"]:
        return _log("aiperf", first, [[_of_aiperf(record) for record in records]], admitted=False)
    raise first.refusal("", _strange(values))


def _strange(values: Mapping[str, Any]) -> str:
    if serve_bench.is_sglang(values) or serve_bench.is_vllm(values):
        return (
            "these are the averages of a run, and a fit takes its requests one by one: vLLM writes them with "
            "--save-detailed, SGLang with --output-details"
        )
    if aiperf.is_aiperf(values) or aiperf.is_genai_perf(values):
        return "these are the averages of a run; its requests are in profile_export.jsonl"
    return f"no log of requests that is known: {_LOGS} (its first keys are {', '.join(list(values)[:4])})"


def _log(
    tool: str,
    record: Record,
    runs: list[list[_Row | None]],
    *,
    admitted: bool,
    about: Callable[[Record, ImportOptions], BenchmarkRun | Reason] | None = None,
) -> RequestLog:
    """Runs after one another on one clock, the requests of each in the order in which they came."""
    rows: list[_Row] = []
    halves: list[bool] = []
    failed = 0
    ended = 0.0
    for run in runs:
        answered = sorted(row for row in run if row is not None)
        failed += len(run) - len(answered)
        if not answered:
            continue
        shift = ended - answered[0].came_s
        rows += [row._replace(**{name: getattr(row, name) + shift for name in _TIMES}) for row in answered]
        halves += [number < len(answered) / 2 for number in range(len(answered))]
        ended = max(row.last_s for row in rows) + 1
    if not rows:
        raise record.refusal("", "no request of this file was answered")
    if len(rows) > MOST_REQUESTS:
        raise record.refusal(
            "",
            f"{len(rows):,} requests; a fit takes up to {MOST_REQUESTS:,}, so cut the hour that is of interest out of "
            "it",
        )
    columns = np.array(rows).T
    source = Source(tool, _OWN, "measured")
    return RequestLog(source, record, Answered(*columns[1:]), np.array(halves), failed, admitted, about)


_TIMES = ("came_s", "admitted_s", "first_s", "last_s")


def _checked(record: Record, keys: tuple[str, str, str], row: _Row) -> _Row:
    """The row, where its times go forward; ``keys`` name those of the admission, the first and the last token."""
    times = (row.came_s, row.admitted_s, row.first_s, row.last_s)
    words = (
        "is let in before it comes",
        "has its first token before it is let in",
        "has its last token before its first",
    )
    for key, word, before, after in zip(keys, words, times, times[1:], strict=False):
        if after < before - _SLACK_S:
            raise record.refusal(key, f"this request {word}, by {before - after:g} s")
    if row.output_tokens > 1 and row.last_s <= row.first_s:
        raise record.refusal(keys[2], f"{row.output_tokens:g} tokens in no time; the answers have to be streamed")
    return row


def _of_server(record: Record) -> _Row:
    """A line of a vLLM server's log: its times are those of the engine's clock."""
    came, admitted, first, last = (
        record.number(key) for key in ("queued_ts", "scheduled_ts", "first_token_ts", "last_token_ts")
    )
    row = _Row(came, admitted, first, last, record.number("input_toks"), record.number("output_toks"))
    return _checked(record, ("scheduled_ts", "first_token_ts", "last_token_ts"), row)


def _of_aiperf(record: Record) -> _Row | None:
    """A line of AIPerf's raw export, None of a request that failed or was cancelled."""
    metadata = record.part("metadata")
    if "error" in record or metadata.values.get("was_cancelled") is True:
        return None
    came = metadata.number("request_start_ns") / PER_S["ns"]
    metrics = record.part("metrics")
    ttft, whole = _seconds(metrics, "time_to_first_token"), _seconds(metrics, "request_latency")
    given, written = (metrics.part(key).number("value") for key in ("input_sequence_length", "output_sequence_length"))
    row = _Row(came, came, came + ttft, came + whole, given, written)
    at = "metrics.request_latency"
    return _checked(record, ("metadata.request_start_ns", "metrics.time_to_first_token", at), row)


def _seconds(metrics: Record, name: str) -> float:
    metric = metrics.part(name)
    unit = metric.text("unit")
    if unit not in PER_S:
        raise metric.refusal("unit", f"'{unit}' is not the unit of this figure; expected {' or '.join(PER_S)}")
    return metric.number("value") / PER_S[unit]


def _of_arrays(record: Record) -> list[_Row | None]:
    """The requests of a benchmark client's run, None of each that failed."""
    arrays = {key: _array(record, key) for key in _ARRAYS}
    count = len(arrays["ttfts"])
    for key, found in arrays.items():
        if len(found) != count:
            raise record.refusal(key, f"{len(found)} values, and ttfts has {count}; each has one for each request")
    errors = record.values.get("errors")
    if not isinstance(errors, list) or len(errors) != count:
        errors = [""] * count
    answers = [None if errors[at] else _answer(record, arrays, at) for at in range(count)]
    starts = _starts(record, answers)
    return [
        None if answer is None else _Row(start, start, start + answer[0], start + answer[1], *answer[2:])
        for start, answer in zip(starts, answers, strict=True)
    ]


def _answer(record: Record, arrays: Mapping[str, list[Any]], at: int) -> tuple[float, float, float, float] | None:
    """TTFT and the whole time in seconds, input and output tokens; None of a request that has none."""
    if not arrays["output_lens"][at]:
        return None
    found = Record(
        {f"{key}[{at}]": values[at] for key, values in arrays.items()}, record.file, record.line, record.path
    )
    given, written, ttft = (found.number(f"{key}[{at}]") for key in ("input_lens", "output_lens", "ttfts"))
    gaps = arrays["itls"][at]
    if not isinstance(gaps, list) or not all(isinstance(gap, int | float) and 0 <= gap < math.inf for gap in gaps):
        raise record.refusal(f"itls[{at}]", "expected the seconds between this request's tokens")
    whole = ttft + math.fsum(gaps)
    if written > 1 and whole <= ttft:
        raise record.refusal(f"itls[{at}]", f"{written:g} tokens in no time; the answers have to be streamed")
    return ttft, whole, given, written


def _array(record: Record, key: str) -> list[Any]:
    found = record.values.get(key)
    if not isinstance(found, list):
        what = "this key is missing" if found is None else f"expected a list, found {type(found).__name__}"
        raise record.refusal(key, f"{what}; it has a value for each request")
    return found


def _starts(record: Record, answers: list[tuple[float, float, float, float] | None]) -> list[float]:
    """When each request was sent: as stated, or as a closed loop sends them, the next whenever one is answered."""
    if "start_times" in record:
        stated = _array(record, "start_times")
        if len(stated) != len(answers):
            raise record.refusal("start_times", f"{len(stated)} values for {len(answers)} requests")
        named = Record({f"start_times[{at}]": value for at, value in enumerate(stated)}, record.file, record.line)
        times = [named.maybe(key) for key in named.values]
        if None in times:
            raise record.refusal(f"start_times[{times.index(None)}]", "this is null; the request has no time")
        return [time for time in times if time is not None]
    rate = record.values.get("request_rate")
    if str(rate).lower() not in ("inf", "infinity", "none"):
        raise record.refusal(
            "start_times",
            f"this key is missing, and at {rate} requests a second nobody knows when each was sent; measure in a "
            "closed loop, with --max-concurrency and no --request-rate, or with a version that writes it",
        )
    return [*_closed_loop(answers, int(record.if_there("max_concurrency") or len(answers)))]


def _closed_loop(answers: list[tuple[float, float, float, float] | None], limit: int) -> Iterator[float]:
    under_way: list[float] = []
    for answer in answers:
        start = heapq.heappop(under_way) if len(under_way) >= limit else 0.0
        heapq.heappush(under_way, start + (answer[1] if answer is not None else 0.0))
        yield start
