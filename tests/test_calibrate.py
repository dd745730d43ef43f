"""A log of requests as the time of an iteration and a concurrency curve: logs of a known engine, and damaged ones."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from typer.testing import CliRunner

from planner.cli import app
from planner.errors import InputError
from planner.importers import ImportOptions
from planner.importers.calibration import Calibration, calibrated, loads, write_rows
from planner.importers.request_log import RequestLog, read_log
from planner.traffic.arrivals import Made
from planner.traffic.calibrate import Answered, in_flight
from planner.traffic.closed import steady
from planner.traffic.iterations import Iterations, StepReplica
from planner.traffic.replica import Job
from planner.traffic.requests import joined

ENGINE = Iterations(0.012, 5e-5, 7e-8, limit=64)
Lines = list[dict[str, Any]]


class Seen(NamedTuple):
    came_s: float
    admitted_s: float
    first_s: float
    last_s: float
    given: float
    written: float


@lru_cache
def seen(count: int = 200, rate: float = 6.0) -> tuple[Seen, ...]:
    """Requests to the engine that come as they like, in the order in which they came."""
    done: list[tuple[Job, float]] = []
    replica = StepReplica(ENGINE, lambda job, now: done.append((job, now)))
    rows = joined([*Made(rate, count, 600.0, 200.0, 2.0, output_cv=0.4, seed=4).blocks()])
    for number, (came, given, written) in enumerate(
        zip(rows.time_s.tolist(), rows.input_tokens.tolist(), rows.output_tokens.tolist(), strict=True)
    ):
        while replica.next_s <= came:
            replica.step(replica.next_s)
        replica.arrive(Job(number, came, given, 0.0, written), came)
    while replica.next_s < math.inf:
        replica.step(replica.next_s)
    done.sort(key=lambda pair: pair[0].number)
    return tuple(Seen(job.came_s, job.admitted_s, job.first_s, end_s, job.given, job.steps + 1) for job, end_s in done)


def server_lines() -> Lines:
    """As a vLLM server logs them: in the order in which they ended."""
    return [
        {
            "request_id": f"r-{number}", "input_toks": one.given, "output_toks": one.written,
            "queued_ts": 1_000 + one.came_s, "scheduled_ts": 1_000 + one.admitted_s,
            "first_token_ts": 1_000 + one.first_s, "last_token_ts": 1_000 + one.last_s,
        }
        for number, one in enumerate(sorted(seen(), key=lambda one: one.last_s))
    ]  # fmt: skip


def aiperf_lines() -> Lines:
    return [
        {
            "metadata": {"request_start_ns": int((50 + one.came_s) * 1e9)},
            "metrics": {
                "time_to_first_token": {"value": (one.first_s - one.came_s) * 1e3, "unit": "ms"},
                "request_latency": {"value": (one.last_s - one.came_s) * 1e3, "unit": "ms"},
                "input_sequence_length": {"value": one.given, "unit": "tokens"},
                "output_sequence_length": {"value": one.written, "unit": "tokens"},
            },
        }
        for one in seen()
    ]


def client_run(**changed: Any) -> Lines:
    """As ``vllm bench serve --save-detailed`` writes a run."""
    rows = seen()
    return [
        {
            "date": "20260301-101010", "model_id": "meta-llama/Llama-3.3-70B-Instruct", "num_prompts": len(rows),
            "request_rate": 6.0, "request_throughput": 6.0, "completed": len(rows), "duration": rows[-1].last_s,
            "total_input_tokens": sum(one.given for one in rows), "total_output_tokens": sum(one[5] for one in rows),
            "median_ttft_ms": 80.0, "median_tpot_ms": 15.0, "tensor_parallel_size": 2,
            "input_lens": [one.given for one in rows], "output_lens": [one.written for one in rows],
            "ttfts": [one.first_s - one.came_s for one in rows],
            "itls": [[(one.last_s - one.first_s) / (one.written - 1)] * int(one.written - 1) for one in rows],
            "start_times": [77 + one.came_s for one in rows], "errors": [""] * len(rows),
        }
        | changed
    ]  # fmt: skip


def written(folder: Path, lines: Lines, name: str = "log.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


LAYOUTS: dict[str, Callable[[], Lines]] = {"vllm log": server_lines, "aiperf": aiperf_lines, "vllm": client_run}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_tells_the_engine_that_wrote_it(layout: str, tmp_path: Path) -> None:
    log = read_log(written(tmp_path, LAYOUTS[layout]()))
    assert (len(log.answered.first_s), log.failed, log.source.evidence) == (200, 0, "measured")
    assert log.source.tool == layout.split()[0]
    assert log.admitted is (layout == "vllm log")
    fit = calibrated(log).fit
    assert fit.held_out == 100
    assert fit.fit.error < 0.02
    assert fit.held_out_error < 0.03
    step = fit.fit.base_s + fit.fit.token_s * 60 + fit.fit.cached_s * 15_000
    assert step == pytest.approx(ENGINE.base_s + ENGINE.token_s * 60 + ENGINE.cached_s * 15_000, rel=0.02)


@pytest.mark.slow
def test_the_curve_is_that_of_the_engine_and_goes_no_further_than_the_log(tmp_path: Path) -> None:
    log = read_log(written(tmp_path, server_lines()))
    found = calibrated(log)
    low, high = in_flight(log.answered, 0.05), in_flight(log.answered, 0.95)
    assert [one.requests for one in found.curve] == loads(low, high)
    assert 1 <= low < 16 < high < 64
    for one in found.curve:
        real = steady(
            Iterations(0.012, 5e-5, 7e-8, one.requests), log.answered.input_tokens, log.answered.output_tokens
        )
        assert one.tpot_s == pytest.approx(real.tpot_s, rel=0.02)
        assert one.requests_per_s == pytest.approx(real.requests_per_s, rel=0.02)
        # Little's law: always so many are in the replica.
        assert one.requests_per_s * one.mean_whole_s == pytest.approx(one.requests, rel=0.03)


def test_one_request_at_a_time_by_hand() -> None:
    """Reads 100 in 12 + 5 + 0.007 ms; then 10 steps of 12.05 ms with 100 to 109 tokens in the cache, 0.07315 ms."""
    alone = steady(Iterations(0.012, 5e-5, 7e-8, 1), np.array([100.0]), np.array([11.0]))
    assert alone.ttft_s == pytest.approx(0.017007)
    assert alone.tpot_s == pytest.approx((0.1205 + 7e-8 * 1_045) / 10)
    assert alone.requests_per_s == pytest.approx(1 / (0.017007 + 0.1205 + 7e-8 * 1_045))


def test_requests_under_way_by_hand() -> None:
    """One for 6 s, two for 3 s, none for 5 s, which do not count, and three for 1 s."""
    starts, ends = [0.0, 2.0, 14.0, 14.0, 14.0, 15.0], [5.0, 5.0, 15.0, 15.0, 15.0, 19.0]
    ones = np.ones(6)
    log = Answered(np.array(starts), np.array(starts), np.array(ends), ones, ones)
    assert [in_flight(log, share) for share in (0.1, 0.6, 0.61, 0.9, 0.95, 1.0)] == [1, 1, 2, 2, 3, 3]


def test_a_closed_loop_without_times_is_sent_whenever_one_is_answered(tmp_path: Path) -> None:
    """Two at a time: of 1, 3 and 2 s; the third begins at 1 s with the first's end, the fourth at 3 s with both."""
    run = {
        "num_prompts": 4, "request_throughput": 1.0, "request_rate": "inf", "max_concurrency": 2,
        "input_lens": [10] * 4, "output_lens": [2] * 4, "ttfts": [0.5] * 4, "itls": [[0.5], [2.5], [1.5], [0.5]],
    }  # fmt: skip
    log = read_log(written(tmp_path, [run]))
    assert log.answered.admitted_s == pytest.approx([0, 0, 1, 3])
    assert log.answered.last_s == pytest.approx([1, 3, 3, 4])
    assert log.first_half.tolist() == [True, True, False, False]
    # A sweep's runs come after one another, and each has a first half.
    twice = read_log(written(tmp_path, [run, run]))
    assert twice.answered.admitted_s[4:] == pytest.approx([5, 5, 6, 8])
    assert twice.first_half.tolist() == [True, True, False, False] * 2


def test_requests_that_failed_are_left_out_and_counted(tmp_path: Path) -> None:
    run = client_run()[0]
    run["errors"][3], run["output_lens"][5], run["ttfts"][5], run["itls"][5] = "timed out", 0, 0.0, []
    log = read_log(written(tmp_path, [run]))
    assert (len(log.answered.first_s), log.failed) == (198, 2)
    lines = aiperf_lines()
    lines[7]["error"] = {"code": 500}
    assert read_log(written(tmp_path, lines)).failed == 1


def at(lines: Lines, number: int, value: Any, *keys: str) -> Lines:
    """The lines with one value changed, or taken away where it is None."""
    found: Any = lines[number]
    for key in keys[:-1]:
        found = found[key]
    if value is None:
        del found[keys[-1]]
    else:
        found[keys[-1]] = value
    return lines


def item(key: str, number: int, value: Any) -> Lines:
    lines = client_run()
    lines[0][key][number] = value
    return lines


FAULTS: dict[str, tuple[Callable[[], Lines], str]] = {
    "backwards": (
        lambda: at(server_lines(), 4, 900.0, "first_token_ts"),
        ":5: first_token_ts: this request has its first token before it is let in, by 1",
    ),
    "no tokens": (lambda: at(server_lines(), 2, 0, "output_toks"), ":3: output_toks: 0 has to be more than 0"),
    "NaN": (lambda: at(server_lines(), 2, math.nan, "input_toks"), ":3: input_toks: nan is not a finite number"),
    "missing": (lambda: at(server_lines(), 6, None, "scheduled_ts"), ":7: scheduled_ts: this key is missing"),
    "unit": (
        lambda: at(aiperf_lines(), 1, "weeks", "metrics", "request_latency", "unit"),
        ":2: metrics.request_latency.unit: 'weeks' is not the unit of this figure; expected s or ms or us or ns",
    ),
    "no metrics": (lambda: at(aiperf_lines(), 1, None, "metrics"), ":2: metrics: this key is missing"),
    "not streamed": (lambda: item("itls", 3, []), ":1: itls[3]: 1"),
    "negative gap": (lambda: item("itls", 3, [-1.0]), ":1: itls[3]: expected the seconds between"),
    "negative ttft": (lambda: item("ttfts", 3, -1.0), ":1: ttfts[3]: -1 has to be more than 0"),
    "uneven": (lambda: client_run(input_lens=[5.0]), ":1: input_lens: 1 values, and ttfts has 200"),
    "no lengths": (lambda: client_run(input_lens=None), ":1: input_lens: this key is missing"),
    "no times": (lambda: client_run(start_times=None), ":1: start_times: this key is missing, and at 6.0 requests a"),
    "null time": (lambda: item("start_times", 3, None), ":1: start_times[3]: this is null"),
    "averages": (
        lambda: [{key: value for key, value in client_run()[0].items() if not isinstance(value, list)}],
        ":1: these are the averages of a run, and a fit takes its requests one by one: vLLM writes them with --save",
    ),
    "strange": (lambda: [{"a": 1}], ":1: no log of requests that is known: vLLM"),
    "empty": (lambda: [], ": this file holds no request"),
    "all failed": (lambda: client_run(errors=["no"] * 200), ":1: no request of this file was answered"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_log_gets_one_sentence_with_its_line(fault: str, tmp_path: Path) -> None:
    """The same file without the fault is read: ``test_every_layout_tells_the_engine_that_wrote_it``."""
    lines, said = FAULTS[fault]
    path = written(tmp_path, lines())
    with pytest.raises(InputError) as error:
        read_log(path)
    assert len(error.value.faults) == 1
    assert str(error.value).startswith(f"{path}{said}")


def test_a_log_that_is_cut_off_and_one_that_is_too_short(tmp_path: Path) -> None:
    path = written(tmp_path, server_lines())
    text = path.read_text(encoding="utf-8")
    path.write_text(text[:-40], encoding="utf-8")
    result = CliRunner().invoke(app, ["catalog", "calibrate", str(path)])
    assert result.exit_code == 2
    assert "log.jsonl:200: this is not JSON: the file ends in the middle of a value" in " ".join(result.output.split())
    result = CliRunner().invoke(app, ["catalog", "calibrate", str(written(tmp_path, server_lines()[:20]))])
    assert result.exit_code == 2
    assert "20 requests of two tokens and more; a fit takes 30" in " ".join(result.output.split())
    result = CliRunner().invoke(app, ["catalog", "calibrate", str(path), "--system", "hgx-h200"])
    assert (result.exit_code, "belong to --into FOLDER" in result.output) == (2, True)


@pytest.mark.slow
def test_it_prints_the_fit_its_error_and_the_curve(tmp_path: Path) -> None:
    path = written(tmp_path, aiperf_lines())
    result = CliRunner().invoke(app, ["catalog", "calibrate", str(path), "--json", str(tmp_path / "fit.json")])
    words = " ".join(result.output.split())
    assert result.exit_code == 0, words
    assert "A step takes 1" in words
    assert "Fitted to the first half alone it is" in words
    assert "The log does not say when a request was let in" in words
    told = json.loads((tmp_path / "fit.json").read_text(encoding="utf-8"))
    assert told["base_s"] == pytest.approx(0.012, rel=0.1)
    assert told["held_out_requests"] == 100


def rows_of(log: RequestLog, found: Calibration, path: Path, into: Path, given: ImportOptions) -> list[dict[str, str]]:
    write_rows(log, found, path, into, given, dt.date(2026, 11, 1))
    with open(into / "serving/llama-3.3-70b.csv", encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


@pytest.mark.slow
def test_the_curve_becomes_rows_with_source_date_and_evidence(tmp_path: Path) -> None:
    path, into = written(tmp_path, client_run()), tmp_path / "mine"
    log = read_log(path)
    found = calibrated(log)
    with pytest.raises(InputError, match="does not say the system; give --system"):
        rows_of(log, found, path, into, ImportOptions())
    assert not into.exists()
    given = ImportOptions(system="hgx-h200", precision="fp8", engine="vllm", spec_decode="none")
    rows = rows_of(log, found, path, into, given)
    assert [float(row["concurrency"]) for row in rows] == [one.requests for one in found.curve]
    for row, one in zip(rows, found.curve, strict=True):
        assert (row["evidence"], row["as_of"], row["gpus_per_replica"]) == ("measured", "2026-03-01", "2")
        assert row["source"].startswith("vllm-")
        assert row["series"].endswith("-calibrated")
        assert row["note"].startswith("by an iteration model fitted to 200 requests, ")
        assert float(row["tpot_ms"]) == pytest.approx(one.tpot_s * 1e3)
        # Two GPUs share what the replica writes.
        assert float(row["output_tok_s_per_gpu"]) == pytest.approx(one.requests_per_s * found.output_tokens / 2)
    assert rows == rows_of(log, found, path, into, given)
    options = ["--system", "hgx-h200", "--precision", "fp8", "--engine", "vllm", "--spec-decode", "none"]
    result = CliRunner().invoke(app, ["catalog", "calibrate", str(path), "--into", str(into), *options])
    assert f"Rows: {len(rows)} unchanged; nothing written." in " ".join(result.output.split())
    checked = CliRunner().invoke(app, ["catalog", "check", "--catalog", "builtin", "--catalog", str(into)])
    assert checked.exit_code == 0, checked.output
