"""Traces in files: each layout is known by its fields, and what is wrong in a row is one sentence with its line."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from planner.errors import InputError
from planner.traffic.layouts import mapped
from planner.traffic.requests import ALONE, Held, Requests, Thinned, joined, requests_of
from planner.traffic.scaled import Again, Stretched, Superposed
from planner.traffic.trace import Trace

AZURE = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:03.9799600,4808,10
2023-11-16 18:17:04.0319600,3180,8
2023-11-16 18:17:06.4781490,110,27
"""
BURST = """\
Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
5,a7,1.5,ChatGPT,472,18,490,Conversation log
45,,2.5,GPT-4,1087,230,1317,API log
118,a7,3,ChatGPT,417,276,693,Conversation log
"""
MOONCAKE = """\
{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}
{"timestamp": 30535, "input_length": 6472, "output_length": 26, "hash_ids": [46, 2366]}
"""
# In the order in which they ended, not in that in which they came.
VLLM = """\
{"request_id": "bench-1", "input_toks": 20, "output_toks": 5, "arrival_time": 1777142838.6237123, "queued_ts": 2.5}
{"request_id": "bench-0", "input_toks": 2358, "output_toks": 531, "arrival_time": 1777142838.3386530, "queued_ts": 2.0}
"""


def aiperf(start_ns: int, given: int, written: int) -> str:
    return json.dumps(
        {
            "metadata": {"conversation_id": "c1", "request_start_ns": start_ns, "benchmark_phase": "profiling"},
            "metrics": {
                "input_sequence_length": {"value": given, "unit": "tokens"},
                "output_sequence_length": {"value": written, "unit": "tokens"},
            },
            "error": None,
        }
    )


def trace(folder: Path, text: str, columns: str = "") -> Trace:
    path = folder / "trace"
    path.write_text(text, encoding="utf-8")
    return Trace(path, mapped(columns) if columns else None)


def rows(found: Trace) -> Requests:
    return joined([*found.blocks()])


@pytest.mark.parametrize(
    ("text", "layout", "times", "given", "written"),
    [
        (AZURE, "Azure", [0, 0.052, 2.498189], [4808, 3180, 110], [10, 8, 27]),
        (BURST, "BurstGPT", [0, 40, 113], [472, 1087, 417], [18, 230, 276]),
        (MOONCAKE, "Mooncake", [0, 3.053], [6955, 6472], [52, 26]),
        (VLLM, "vLLM", [0, 0.2850593], [2358, 20], [531, 5]),
        (aiperf(10**18 + 10**9, 7, 8) + "\n" + aiperf(10**18, 9, 2) + "\n", "AIPerf", [0, 1], [9, 7], [2, 8]),
    ],
)
def test_each_layout_is_known_by_its_fields(
    tmp_path: Path, text: str, layout: str, times: list[float], given: list[float], written: list[float]
) -> None:
    found = trace(tmp_path, text)
    read = rows(found)
    assert found.summary.layout == layout
    assert read.time_s == pytest.approx(times, abs=2e-6)
    assert read.input_tokens.tolist() == given
    assert read.output_tokens.tolist() == written


def test_sessions_are_told_apart_and_no_session_is_none(tmp_path: Path) -> None:
    first, second, third = rows(trace(tmp_path, BURST)).session.tolist()
    assert first == third != ALONE
    assert second == ALONE


def test_the_summary_is_the_trace_as_a_whole(tmp_path: Path) -> None:
    """Gaps of 40 and 73 s: mean 56.5, standard deviation 16.5; the span ends where the next would come."""
    found = trace(tmp_path, BURST).summary
    assert found.requests == 3
    assert found.span_s == pytest.approx(113 + 56.5)
    assert found.rate_per_s == pytest.approx(1 / 56.5)
    assert found.gap_cv == pytest.approx(16.5 / 56.5)
    assert (found.input_tokens, found.output_tokens) == pytest.approx((1976 / 3, 524 / 3))


def test_other_fields_are_mapped(tmp_path: Path) -> None:
    text = "when,prompt,completion,user,hit\n1000,30,4,u,10\n3500,20,5,u,0\n"
    read = rows(trace(tmp_path, text, "time=when,input=prompt,output=completion,unit=ms,session=user,cached=hit"))
    assert read.time_s.tolist() == [0, 2.5]
    assert read.cached_tokens.tolist() == [10, 0]
    assert read.session[0] == read.session[1] != ALONE


HEAD = "Timestamp,Request tokens,Response tokens\n"


@pytest.mark.parametrize(
    ("text", "columns", "line", "said"),
    [
        (HEAD + "5,1,1\n9,1,1\n8.5,1,1\n", "", 4, "this request comes 0.5 s before the one above it"),
        (HEAD + "5,1,1\n6,472,0\n", "", 3, "Response tokens: 0; it failed; BurstGPT_without_fails has the trace"),
        (HEAD + "5,-3,1\n", "", 2, "Request tokens: -3; tokens are not negative"),
        (HEAD + "5,1,1\nnan,1,1\n", "", 3, "Timestamp: nan is no number"),
        (HEAD + "5,1,1\n6,many,1\n", "", 3, "Request tokens: many is no number"),
        (HEAD + "5,1,1\n6,1\n", "", 3, "Response tokens: this is missing"),
        (HEAD + "5,3e9,1\n", "", 2, "Request tokens: no request has 3e+09 tokens; the unit is tokens"),
        (HEAD + "0,1,1\n1e9,1,1\n", "", 3, "days from the first request if times are in s; --columns with unit=ms"),
        (HEAD, "", 0, "this has no requests"),
        (HEAD + "5,1,1\n", "", 0, "a trace has at least two requests that do not come at once"),
        (MOONCAKE + "{broken\n", "", 3, "this is not JSON; a trace has one object a line"),
        (MOONCAKE + "[1]\n", "", 3, "an object is expected, not list"),
        (MOONCAKE + '{"timestamp": 30536, "input_length": NaN, "output_length": 1}', "", 3, "input_length: nan is no"),
        (AZURE + "yesterday,1,1\n", "", 5, "TIMESTAMP: yesterday is no date with a time such as 2023-11-16"),
        ("a,b\n1,2\n", "", 1, "this is no trace of Azure, BurstGPT, Mooncake, vLLM, AIPerf; --columns time=FIELD"),
        (
            "t,i,o\n1764374400123,5,5\n",
            "time=t,input=i,output=o",
            2,
            "t: 1764374400123 is in the year 57,879 if times are in s; --columns with unit=ms",
        ),
        ("t,i,o,c\n1,5,5,6\n", "time=t,input=i,output=o,cached=c", 2, "c: 6 of 5 input tokens cannot be in the cache"),
        ("t,i,o\n1,5,5\n", "time=t,input=i,output=n", 2, "n: this is missing"),
    ],
)
def test_a_bad_trace_gets_one_sentence_with_its_line(
    tmp_path: Path, text: str, columns: str, line: int, said: str
) -> None:
    with pytest.raises(InputError) as refusal:
        _ = trace(tmp_path, text, columns).summary
    (fault,) = refusal.value.faults
    assert fault.file == str(tmp_path / "trace")
    assert fault.line == line
    assert said in fault.message


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("time=a,input=b", "it does not say which field is output"),
        ("time=a,input=b,output=c,unit=hours", "no unit of time is called hours"),
        ("time=a,input=b,outputs=c", "outputs is nothing that a request has"),
        ("time", "'time' is not NAME=FIELD"),
    ],
)
def test_a_wrong_mapping_is_refused(columns: str, said: str) -> None:
    with pytest.raises(InputError, match="--columns"):
        mapped(columns)
    with pytest.raises(InputError) as refusal:
        mapped(columns)
    assert said in str(refusal.value)


def test_what_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"Timestamp,Request tokens,Response tokens\n1,2,3\n\xff\xfe\n")
    with pytest.raises(InputError, match="this is no text in UTF-8"):
        _ = Trace(tmp_path / "bytes").summary
    with pytest.raises(InputError, match="cannot be read: No such file"):
        _ = Trace(tmp_path / "none").summary
    with pytest.raises(InputError, match="this is no file"):
        _ = Trace(tmp_path).summary


@pytest.mark.slow
def test_memory_stays_flat_however_long_a_trace_is(tmp_path: Path) -> None:
    peaks = []
    for count in (40_000, 160_000):
        found = trace(tmp_path, HEAD + "".join(f"{row},{row % 900 + 1},7\n" for row in range(count)))
        tracemalloc.start()
        assert found.summary.requests == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


SMALL = requests_of(np.array([0.0, 1.0, 5.0]), np.array([10.0, 20.0, 30.0]), np.array([1.0, 2.0, 3.0]))


def test_stretching_is_time_alone() -> None:
    (block,) = Stretched(Held(SMALL), 0.5).blocks()
    assert block.time_s.tolist() == [0, 0.5, 2.5]
    assert block.input_tokens.tolist() == [10, 20, 30]


def test_a_trace_goes_on_from_its_start() -> None:
    again = joined([*Again(Held(SMALL), 6.0, 7).blocks()])
    assert again.time_s.tolist() == [0, 1, 5, 6, 7, 11, 12]
    assert again.output_tokens.tolist() == [1, 2, 3, 1, 2, 3, 1]


def test_copies_laid_over_each_other_are_whole_and_in_order() -> None:
    """Every copy has each request once, at its distance from the others around a circle."""
    laid = joined([*Superposed(SMALL, 6.0, 50, seed=3).blocks()])
    assert len(laid) == 150
    assert np.all(np.diff(laid.time_s) >= 0)
    assert 0 <= laid.time_s.min() <= laid.time_s.max() < 6
    assert sorted(laid.input_tokens.tolist()) == [10.0] * 50 + [20.0] * 50 + [30.0] * 50
    firsts, seconds = (np.sort(laid.time_s[laid.input_tokens == tokens]) for tokens in (10, 20))
    assert np.sort((firsts + 1) % 6) == pytest.approx(seconds)


def test_pools_side_by_side_share_all_requests_and_keep_sessions_whole() -> None:
    draw = np.random.Generator(np.random.PCG64(1))
    session = np.where(np.arange(3000) % 3 == 0, ALONE, draw.integers(0, 200, 3000))
    source = Held(Requests(np.arange(3000.0), np.arange(3000.0), np.ones(3000), session, np.zeros(3000)))
    parts = [joined([*Thinned(source, first, share, 7).blocks()]) for first, share in ((0.0, 0.3), (0.3, 0.7))]
    assert sorted(np.concatenate([part.input_tokens for part in parts])) == list(range(3000))
    left, right = (set(part.session[part.session != ALONE].tolist()) for part in parts)
    assert not left & right
    # Of 1000 that are alone and 200 sessions: 0.3 within four standard deviations.
    assert abs(len(left) / 200 - 0.3) < 4 * (0.21 / 200) ** 0.5
    assert abs((parts[0].session == ALONE).sum() / 1000 - 0.3) < 4 * (0.21 / 1000) ** 0.5
