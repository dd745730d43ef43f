"""A file that cannot become rows is refused in one sentence with file and key, and nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.measured import AICONFIGURATOR, AIPERF, GUIDELLM, INFERENCEX, MLPERF, VLLM, metric

GIVEN = ["--system", "hgx-h200", "--model", "llama-3.3-70b", "--precision", "fp8", "--engine", "vllm"]
WITH_GPUS = [*GIVEN, "--gpus-per-replica", "4"]


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in keys}


CASES: dict[str, tuple[Any, list[str], str]] = {
    "truncated": (json.dumps(VLLM)[:200], GIVEN, "run:1: this is not JSON: the file ends in the middle of a value"),
    "not JSON": ('{"a": 1,}', GIVEN, "run:1: this is not JSON: it cannot be read from here on"),
    "empty": ("", GIVEN, "run:1: no benchmark or price list that is known: vLLM bench serve"),
    "no object": ("[1, 2]", GIVEN, "run:1: expected objects, found int"),
    "an empty list": ("[]", GIVEN, "run: this file holds no run"),
    "another tool's": ({"results": 1}, GIVEN, "run:1: no benchmark or price list that is known: vLLM bench serve"),
    "missing key": (without(VLLM, "duration"), GIVEN, "run:1: duration: this key is missing"),
    "a key misspelt": (
        without(VLLM, "duration") | {"durations": 120},
        GIVEN,
        "run:1: duration: this key is missing; nearest: durations",
    ),
    "null": (VLLM | {"total_output_tokens": None}, GIVEN, "run:1: total_output_tokens: this is null"),
    "NaN": (json.dumps(VLLM | {"median_tpot_ms": float("nan")}), GIVEN, "run:1: median_tpot_ms: nan is not a finite"),
    "zero": (VLLM | {"duration": 0}, GIVEN, "run:1: duration: 0 has to be more than 0"),
    "a text for a number": (VLLM | {"duration": "long"}, GIVEN, "run:1: duration: 'long' is not a number"),
    "a list for a number": (VLLM | {"duration": [1]}, GIVEN, "run:1: duration: expected a number, found list"),
    "wrong unit": (
        AIPERF | {"time_to_first_token": metric("tokens", 300, p50=280, p99=900)},
        WITH_GPUS,
        "run:1: time_to_first_token.unit: 'tokens' is not the unit of this figure; expected ms or s",
    ),
    "a metric without statistic": (
        AIPERF | {"inter_token_latency": {"unit": "ms", "avg": 3}},
        WITH_GPUS,
        "run:1: inter_token_latency.p50: this key is missing",
    ),
    "cancelled": (AIPERF | {"was_cancelled": True}, WITH_GPUS, "run:1: was_cancelled: this run was cancelled"),
    "a later layout": (
        GUIDELLM | {"metadata": {"version": 3}},
        WITH_GPUS,
        "run:1: metadata.version: 3 is not known; versions 1 and 2 are",
    ),
    "a part that is no object": (
        GUIDELLM | {"benchmarks": [{"metrics": 3}]},
        WITH_GPUS,
        "run:1: benchmarks[0].metrics: expected an object, found int",
    ),
    "mixed runs": (
        json.dumps(VLLM | {"model_id": "example/Mine"}) + "\n" + json.dumps(VLLM | {"model_id": "example/Other"}),
        GIVEN,
        "run:1: runs of example/Mine and of example/Other in one file; import them apart",
    ),
    "no model": (
        VLLM | {"model_id": "example/Mine"},
        GIVEN[:2] + GIVEN[4:],
        "run:1: the file does not say the model (the file names example/Mine); give --model",
    ),
    "no GPUs": (without(VLLM, "num_gpus"), GIVEN, "run:1: the file does not say how many GPUs served"),
    "other GPUs": (VLLM, [*GIVEN, "--gpus-per-replica", "8"], "run:1: the file says 4 GPUs, --gpus-per-replica says 8"),
    "other drafting": (
        VLLM | {"spec_decode_acceptance_rate": 70},
        [*GIVEN, "--spec-decode", "none"],
        "run:1: spec_decode_acceptance_rate: the file says that speculative decoding is on, --spec-decode says none",
    ),
    "an unknown precision": (
        INFERENCEX | {"precision": "fp3"},
        [],
        "run:1: precision: 'fp3' is none of fp4, mxfp4, fp8, bf16, int4; nearest: fp8",
    ),
    "an unknown system": (
        VLLM,
        ["--system", "hgx-h2000", *GIVEN[2:]],
        "--system: unknown system 'hgx-h2000'; nearest: hgx-h200",
    ),
    "a rate of something else": (
        [MLPERF | {"Performance_Units": "Samples/s"}],
        GIVEN,
        "run:1: [0].Performance_Units: 'samples/s' is no rate of tokens",
    ),
    "no input length": (
        [MLPERF],
        GIVEN[:4],
        "run:1: [0]: the file does not say how many tokens go in; give --input-tokens",
    ),
    "cells missing": (AICONFIGURATOR + "a,b\n", GIVEN, "run:3: 2 cells under a header of 16"),
    "no provider": (
        "InstanceType,AcceleratorName,AcceleratorCount,Price\nx,H100,8,20\n",
        [],
        "run:1: SkyPilot's tables do not name the provider; give --provider",
    ),
    "a million lines": ("nothing\n" * 1_000_000, GIVEN, "run:1: no benchmark or price list that is known"),
    "a million broken objects": ('{"a":\n' * 100_000, GIVEN, "run"),
}


def imported(folder: Path, text: str, options: list[str]) -> subprocess.CompletedProcess[str]:
    (folder / "run").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "planner.cli", "catalog", "import", "run", "--into", "mine", *options]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(str(Path(p).resolve()) for p in sys.path if p)}
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=env, timeout=120)


@pytest.mark.process
@pytest.mark.parametrize("name", CASES)
def test_a_sentence_and_nothing_written(name: str, tmp_path: Path) -> None:
    content, options, sentence = CASES[name]
    done = imported(tmp_path, content if isinstance(content, str) else json.dumps(content), options)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "mine").exists()


@pytest.mark.process
def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    done = imported(tmp_path, "\ufeff" + json.dumps(VLLM), GIVEN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("added: 1 row, hgx-h200/vllm-")
    assert done.stdout.splitlines()[-1] == "to plan with it: catalogs: [builtin, mine]"


@pytest.mark.process
def test_a_file_that_cannot_be_read_is_told_and_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(json.dumps(VLLM))
    done = imported(tmp_path, "{", ["good", *GIVEN])
    assert (done.returncode, done.stderr) == (0, "")
    torn = "this is not JSON: the file ends in the middle of a value"
    assert f"kept out: run:1: {torn}\nrows: 2 in, 1 kept, 1 kept out: 1 {torn}\n" in done.stdout
    assert (tmp_path / "mine" / "serving" / "llama-3.3-70b.csv").exists()


@pytest.mark.process
def test_a_date_that_is_none(tmp_path: Path) -> None:
    done = imported(tmp_path, json.dumps(VLLM), [*GIVEN, "--as-of", "yesterday"])
    assert (done.returncode, done.stderr) == (
        2,
        "--as-of 'yesterday' is no date; write 2027-01-31, 2027-01 or 2027\n",
    )
