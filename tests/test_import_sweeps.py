"""Whole files and sweeps: no order of rows decides, one bad run takes no other with it, every row is counted."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.models import ServingPoint
from planner.errors import InputError
from planner.importers import ImportOptions, ImportSummary, import_files
from tests.measured import (
    AGENTIC,
    AICONFIGURATOR,
    AIPERF,
    GUIDELLM,
    INFERENCEX,
    INFERENCEX_API,
    MLPERF,
    OURS,
    SGLANG,
    TODAY,
    VLLM,
    imported_rows,
    points_in,
)
from tests.strategies import examples

ROUND: dict[str, Any] = {
    "Submitter": "a", "Platform": "x8", "Category": "closed", "UsedModel": "deepseek-r1", "Scenario": "Server",
    "Accuracy": "exact_match: 81 TOKENS_PER_SAMPLE: 3700.0", "Nodes": 1, "a#": 8,
    "Accelerator": "NVIDIA B200-SXM-180GB", "Software": "TensorRT 10.11, CUDA 12.9", "weight_data_types": "fp4",
    "version": "v5.1", "Performance_Result": 18_592.2, "Performance_Units": "Tokens/s",
}  # fmt: skip
ASKED = ImportOptions(model="deepseek-r1", input_tokens=800, spec_decode="none")
LATER: dict[str, Any] = {
    "Organization": "b", "Platform": "8xMI355X", "Division": "closed", "MlperfModel": "gpt-oss-120b",
    "Scenario": "Server",
    "Result": 113_241.0, "Units": "Tokens/s", "number_of_nodes": 1, "accelerators_per_node": 8, "total_accelerators": 8,
    "accelerator_model_name": "AMD Instinct MI355X 288GB HBM3e", "framework": "vLLM", "weight_data_types": "fp4",
    "version": "v6.1",
}  # fmt: skip


def same(rows: list[ServingPoint]) -> list[tuple[Any, ...]]:
    """What rows say but for the name of their file, which is made of its bytes."""
    return sorted(
        (row.series.split("-", 2)[2], row.system, row.concurrency, row.gpus_per_replica, row.output_tok_s_per_gpu,
         row.ttft_ms, row.tpot_ms, str(row.as_of), row.note)
        for row in rows
    )  # fmt: skip


# --- laws ---

RUNS = st.lists(
    st.builds(
        lambda concurrency, day, seconds, failed: (
            VLLM
            | {"max_concurrency": concurrency, "date": f"202610{day:02}-000000", "duration": seconds, "failed": failed}
        ),
        st.sampled_from([16, 32, 64]),
        st.integers(1, 3),
        st.sampled_from([100.0, 120.0, 125.0]),
        st.sampled_from([0, 2, 200]),
    ),
    min_size=1,
    max_size=8,
)
BAD: tuple[dict[str, Any], ...] = (
    VLLM | {"duration": None}, VLLM | {"median_tpot_ms": "fast"}, VLLM | {"num_gpus": "3.5"}, {"results": 1},
    VLLM | {"completed": 10**4000}, VLLM | {"tensor_parallel_size": "0"},
)  # fmt: skip


@pytest.mark.no_cover
@examples(1)
@given(runs=RUNS, bad=st.lists(st.sampled_from(BAD), max_size=3), seed=st.integers(0, 99))
def test_order_and_bad_runs_change_nothing_of_the_others(
    tmp_path_factory: pytest.TempPathFactory, runs: list[dict[str, Any]], bad: list[dict[str, Any]], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("law")
    mixed = [*runs, *bad]
    random.Random(seed).shuffle(mixed)
    alone: list[ServingPoint] = []
    done = ImportSummary()
    try:
        _, alone = imported_rows(folder / "alone", "\n".join(map(json.dumps, runs)))
        done, rows = imported_rows(folder / "mixed", "\n".join(map(json.dumps, mixed)))
    except InputError:
        # Nothing was left to keep.
        rows = []
    assert same(rows) == same(alone)
    if rows:
        assert done.read == len(mixed)
    assert done.read == done.kept + len(done.kept_out)
    assert sum(done.reasons.values()) == len(done.kept_out)


TABLE = """\
InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,AvailabilityZone
"""
PRICES = st.lists(
    st.tuples(
        st.sampled_from(
            ["i,H100,8", "j,H100,8", "k,H100,1", "l,L4,1", "m,,", ",H100,8", "a3-highgpu-8g,,", ",H100,half"]
        ),
        st.sampled_from(["20.0", "22.5", "0", "free"]),
        st.sampled_from(["", "9.0"]),
        st.sampled_from(["us", "eu"]),
    ),
    min_size=1,
    max_size=10,
)


@pytest.mark.no_cover
@examples(1)
@given(prices=PRICES, seed=st.integers(0, 99))
def test_the_order_of_prices_changes_nothing_and_each_is_counted(
    tmp_path_factory: pytest.TempPathFactory, prices: list[tuple[str, str, str, str]], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("law")
    lines = [f"{what},{usd},{spot},{region},z" for what, usd, spot, region in prices]
    found: list[list[str]] = []
    for name in ("one", "other"):
        (folder / name).write_text(TABLE + "\n".join(lines) + "\n")
        try:
            done = import_files([folder / name], folder / f"mine-{name}", ImportOptions(provider="p"), TODAY)
        except InputError:
            found.append([])
            continue
        assert done.read == done.kept + len(done.kept_out)
        text = (folder / f"mine-{name}" / "offers.csv").read_text() if done.kept else ""
        found.append(sorted(line.partition(",")[2] for line in text.splitlines()))
        random.Random(seed).shuffle(lines)
    assert found[0] == found[-1]


# --- one bad run ---


def test_a_run_without_figures_is_kept_out_of_a_report(tmp_path: Path) -> None:
    torn = {"config": {"strategy": {"type_": "throughput"}}, "metrics": {"request_totals": {"successful": 0}}}
    done, rows = imported_rows(tmp_path, GUIDELLM | {"benchmarks": [torn, *GUIDELLM["benchmarks"], torn]})
    assert (len(rows), done.read, done.kept) == (1, 3, 1)
    assert {place for place, _ in done.kept_out} == {f"{tmp_path}/run.json:1"}
    assert "benchmarks[2].metrics.requests_per_second: this key is missing" in done.kept_out[1][1]


def test_what_was_written_before_a_crash_is_kept(tmp_path: Path) -> None:
    done, rows = imported_rows(tmp_path, json.dumps(VLLM) + "\n" + json.dumps(VLLM)[:99])
    assert (len(rows), done.read, done.kept) == (1, 2, 1)
    assert done.kept_out[0][1] == "this is not JSON: the file ends in the middle of a value"


def test_a_row_of_too_few_cells_is_kept_out_of_its_table(tmp_path: Path) -> None:
    done, rows = imported_rows(tmp_path, AICONFIGURATOR + "a,b\n", ImportOptions(model="llama-3.3-70b"))
    assert (len(rows), dict(done.reasons)) == (1, {"2 cells under a header of 16": 1})


def test_a_number_without_an_end_is_that_of_its_run(tmp_path: Path) -> None:
    endless = json.dumps(VLLM).replace('"duration": 120.0', '"duration": ' + "9" * 5000)
    done, rows = imported_rows(tmp_path, f"{json.dumps(VLLM)}\n{endless}")
    assert (len(rows), done.kept_out[0][1]) == (1, "duration: this is not a finite number")


TOOLS: list[tuple[dict[str, Any], ImportOptions]] = [
    (VLLM, OURS),
    (SGLANG, ImportOptions(system="hgx-h200", model="llama-3.3-70b", precision="fp8")),
    (AIPERF, OURS),
    (AIPERF | {"input_config": {"phases": [{"name": "profiling", "type": "concurrency", "concurrency": 40}]}}, OURS),
    (GUIDELLM, OURS),
    (INFERENCEX, ImportOptions()),
    (INFERENCEX_API, ImportOptions()),
    (AGENTIC, ImportOptions()),
    (MLPERF, ImportOptions(system="hgx-b200", model="llama-3.3-70b", input_tokens=294)),
]


@pytest.mark.parametrize("figure", ["0", "7" * 17, "7" * 300, "7" * 5000], ids=["0", "17 digits", "300", "5000"])
@pytest.mark.parametrize(("run", "asked"), TOOLS)
def test_whole_numbers_of_any_size_are_rows_or_sentences(
    tmp_path: Path, run: dict[str, Any], asked: ImportOptions, figure: str
) -> None:
    """Each number of a file in its turn, beside a file that is as it was."""
    text = json.dumps(run)
    changed = [text.replace(f": {value}", f": {figure}") for value in _numbers(run)]
    done, _ = imported_rows(tmp_path, "\n".join([text, *changed]), asked)
    assert done.kept >= 1
    assert done.read == done.kept + len(done.kept_out)


def _numbers(values: Any) -> set[Any]:
    if isinstance(values, dict):
        return set().union(*map(_numbers, values.values()))
    if isinstance(values, list):
        return set().union(*map(_numbers, values))
    return {values} if isinstance(values, int | float) and not isinstance(values, bool) else set()


# --- whole files of results ---


def test_a_round_is_taken_apart_by_accelerator(tmp_path: Path) -> None:
    """2 submissions of 8 GPUs and one of 18 × 4: of one system those are kept that name it."""
    rack = ROUND | {
        "Accelerator": "NVIDIA GB200",
        "Nodes": 18,
        "a#": 4,
        "Performance_Result": 167_578.0,
        "Submitter": "b",
    }
    offline = ROUND | {"Scenario": "Offline"}
    images = ROUND | {"UsedModel": "resnet50", "Performance_Units": "Samples/s", "Accuracy": "acc: 76"}
    chat = ROUND | {"UsedModel": "llama2-70b-99", "Accuracy": "ROUGE1: 44 TOKENS_PER_SAMPLE: 290.0"}
    done, rows = imported_rows(tmp_path, [rack, ROUND, offline, images, chat], ASKED)
    assert {(row.system, row.gpus_per_replica): row.output_tok_s_per_gpu for row in rows} == {
        ("hgx-b200", 8): pytest.approx(18_592.2 / 8),
        ("gb200-nvl72", 72): pytest.approx(167_578 / 72),
    }
    assert dict(done.reasons) == {
        "Offline results state no latency": 1,
        "Performance_Units: 'samples/s' is no rate of tokens": 1,
        "another model": 1,
    }
    assert (done.read, done.kept) == (5, 2)
    _, [row] = imported_rows(tmp_path / "one", [rack, ROUND], replace(ASKED, system="gb200-nvl72"))
    assert (row.system, row.largest_worker_gpus) == ("gb200-nvl72", 4)


@pytest.mark.parametrize(
    ("results", "asked", "said"),
    [
        (
            [ROUND],
            replace(ASKED, system="gb300-nvl72"),
            r"\[0\]\.Accelerator: the file says NVIDIA B200-SXM-180GB \(hgx-b200\), --system says gb300-nvl72",
        ),
        (
            {"0": LATER},
            ImportOptions(model="gpt-oss-120b", system="hgx-b200", input_tokens=1000, output_tokens=1000),
            r"0\.accelerator_model_name: the file says AMD Instinct MI355X 288GB HBM3e.*, --system says hgx-b200",
        ),
        (
            [ROUND | {"Accelerator": "NVIDIA H100-NVL-94GB"}],
            replace(ASKED, system="hgx-h100"),
            r"\[0\]\.Accelerator: the file says NVIDIA H100-NVL-94GB, --system says hgx-h100",
        ),
        ([ROUND | {"version": "v4.1"}], ASKED, r"the file does not say the limit on TTFT; give --ttft-limit-ms"),
        ([ROUND | {"weight_data_types": "int8"}], ASKED, r"\[0\]\.weight_data_types: 'int8' is none of"),
    ],
    ids=["B200", "MI355X", "H100 NVL", "an older round", "precision"],
)
def test_a_round_contradicts_in_its_own_words(tmp_path: Path, results: Any, asked: ImportOptions, said: str) -> None:
    with pytest.raises(InputError, match=said):
        imported_rows(tmp_path, results, asked)


def test_submissions_of_as_many_gpus_are_told_apart(tmp_path: Path) -> None:
    results = [ROUND, ROUND | {"Submitter": "b"}, ROUND | {"Submitter": "b", "Category": "open"}]
    done, rows = imported_rows(tmp_path, results, ASKED)
    assert (done.kept, len({row.series for row in rows})) == (3, 3)
    assert [row.series.rpartition("Submitter=")[2] for row in rows if "model may differ" in row.note] == ["b"]


def test_a_dear_import_does_not_touch_what_stands(tmp_path: Path) -> None:
    """A refused import leaves the folder as it was."""
    imported_rows(tmp_path, VLLM)
    before = points_in(tmp_path / "mine")
    with pytest.raises(InputError):
        imported_rows(tmp_path, VLLM | {"duration": None})
    assert points_in(tmp_path / "mine") == before
