"""What benchmark tools write becomes serving points: each figure against its arithmetic, each trap of its format."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.importers import ImportOptions, import_files
from tests.measured import (
    AGENTIC,
    AICONFIGURATOR,
    AIPERF,
    AIPERF_CSV,
    BY_MLPERF,
    GUIDELLM,
    INFERENCEX,
    INFERENCEX_API,
    MLPERF,
    MLPERF_LOG,
    OURS,
    SAMPLES,
    TODAY,
    VLLM,
    imported,
    metric,
)
from tests.strategies import examples

# --- figures by hand ---


def test_vllm(tmp_path: Path) -> None:
    """Rates are totals ÷ duration ÷ GPUs; what the file calls throughput is of output, or of input and output."""
    asked = ImportOptions(
        system="hgx-h200", model="llama-3.3-70b", precision="fp8", input_tokens=1024, output_tokens=1024
    )
    _, [row] = imported(tmp_path, VLLM, asked)
    assert row.input_tok_s_per_gpu == pytest.approx(293_000 / 120 / 4)
    assert row.output_tok_s_per_gpu == pytest.approx(292_000 / 120 / 4)
    assert (row.input_tokens_mean, row.input_tokens_nominal) == (pytest.approx(293_000 / 318), 1024)
    assert (row.ttft_ms, row.ttft_statistic, row.ttft_p99_ms) == (210.0, "p50", 900.0)
    assert (row.tpot_ms, row.tpot_p99_ms, row.concurrency, row.gpus_per_replica) == (12.5, 14.0, 32, 4)
    assert (row.evidence, row.as_of, row.spec_decode) == ("measured", dt.date(2026, 10, 15), "unknown")


def test_sglang(tmp_path: Path) -> None:
    asked = ImportOptions(system="hgx-h200", model="deepseek-r1", precision="fp8", series="ours")
    _, rows = imported(tmp_path, (SAMPLES / "sglang.jsonl").read_text(), asked)
    low, high = sorted(rows, key=lambda row: row.concurrency)
    assert (low.concurrency, high.concurrency, low.gpus_per_replica) == (16, 64, 8)
    # 160 requests of 1,024 tokens in 10 rounds of 0.150 + 1,023 × 0.009 s, on 8 GPUs.
    assert low.output_tok_s_per_gpu == pytest.approx(160 * 1024 / (10 * (0.150 + 1023 * 0.009)) / 8, rel=1e-4)
    assert (low.spec_decode, low.requires, low.engine) == ("none", (), "sglang")


@pytest.mark.parametrize("tool", ["aiperf", pytest.param("genai-perf", marks=pytest.mark.slow), "csv"])
def test_aiperf(tmp_path: Path, tool: str) -> None:
    """Input is total − output: (3,800 − 2,000) ÷ 4 GPUs; GenAI-Perf has the input's length instead."""
    text: Any = AIPERF
    if tool == "genai-perf":
        text = {k: v for k, v in AIPERF.items() if k not in ("aiperf_version", "total_token_throughput")}
        text |= {"input_sequence_length": metric("tokens", 900.0)}
        text["input_config"] = {"perf_analyzer": {"stimulus": {"concurrency": 32}}}
    if tool == "csv":
        text = AIPERF_CSV
    _, [row] = imported(tmp_path, text)
    assert (row.input_tok_s_per_gpu, row.output_tok_s_per_gpu) == (450.0, 500.0)
    assert (row.input_tokens_mean, row.output_tokens_mean) == (900.0, 1000.0)
    assert (row.ttft_ms, row.ttft_p99_ms, row.tpot_ms, row.tpot_p99_ms) == (280.0, 900.0, 15.5, 18.0)
    assert row.source[0].startswith("genai-perf-" if tool == "genai-perf" else "aiperf-")
    # The CSV does not state it: 2 requests/s × 16 s.
    assert row.concurrency == 32


def test_lengths_that_a_file_states_are_taken_and_not_its_rounded_rates(tmp_path: Path) -> None:
    """1,800 ÷ 1.99 requests/s would be 904.5 tokens; the file says 900."""
    lengths = {"input_sequence_length": metric("tokens", 900.0), "output_sequence_length": metric("tokens", 1000.0)}
    _, [row] = imported(tmp_path, AIPERF | lengths | {"request_throughput": metric("requests/sec", 1.99)})
    assert (row.input_tokens_mean, row.output_tokens_mean, row.input_tok_s_per_gpu) == (900, 1000, 450)


def test_metadata_of_vllm_names_the_system(tmp_path: Path) -> None:
    asked = ImportOptions(model="llama-3.3-70b", precision="fp8")
    _, [row] = imported(tmp_path, VLLM | {"gpu": "h200_sxm", "num_gpus": "4", "tensor_parallel_size": "2"}, asked)
    assert (row.system, row.gpus_per_replica, row.largest_worker_gpus) == ("hgx-h200", 4, 2)
    with pytest.raises(planner.InputError, match="does not say the system; give --system"):
        imported(tmp_path, VLLM | {"gpu": "h100_pcie"}, asked)


def test_guidellm(tmp_path: Path) -> None:
    _, [row] = imported(tmp_path, GUIDELLM)
    assert (row.input_tok_s_per_gpu, row.output_tok_s_per_gpu) == (2 * 900 / 4, 2 * 1000 / 4)
    assert (row.ttft_ms, row.tpot_ms, row.concurrency) == (280.0, 15.5, 32)


def test_inferencex_rates_are_per_prefill_and_per_decode_gpu(tmp_path: Path) -> None:
    """18,666 × 12 on 28 GPUs go in, 1,750 × 16 out: together its own tput_per_gpu of 9,000. Seconds become ms."""
    _, [row] = imported(tmp_path, INFERENCEX, ImportOptions())
    assert row.input_tok_s_per_gpu == pytest.approx(18_666 * 12 / 28)
    assert row.output_tok_s_per_gpu == pytest.approx(1_750 * 16 / 28)
    assert row.input_tok_s_per_gpu + row.output_tok_s_per_gpu == pytest.approx(9000, rel=1e-4)
    assert (row.system, row.model, row.gpus_per_replica, row.largest_worker_gpus) == (
        "gb200-nvl72", "deepseek-r1", 28, 16,
    )  # fmt: skip
    assert (row.ttft_ms, row.tpot_ms, row.ttft_p99_ms) == (1100, 30, 1900)
    assert (row.input_tokens_nominal, row.input_tokens_mean) == (8192, pytest.approx(0.9 * 8192))
    assert (row.spec_decode, row.requires, row.evidence) == ("mtp", ("mtp", "disagg"), "independent")


def test_an_aggregated_api_row_counts_tp_gpus_not_tp_times_ep(tmp_path: Path) -> None:
    """TP4 with EP4 shows 16 prefill and decode GPUs; the replica has 4."""
    _, [point] = imported(tmp_path, [INFERENCEX_API], ImportOptions())
    assert (point.gpus_per_replica, point.mode, point.spec_decode) == (4, "agg", "none")
    assert (point.input_tok_s_per_gpu, point.output_tok_s_per_gpu) == (3200.0, 400.0)
    assert point.as_of == dt.date(2026, 5, 1)


def test_mlperf_limits_become_the_points_p99(tmp_path: Path) -> None:
    """80,000 output tokens/s on 2 nodes of 8; 294 tokens in for 290 out; the server rule is 2 s and 200 ms at p99."""
    done, [row] = imported(tmp_path, [MLPERF | {"Scenario": "Offline"}, MLPERF], BY_MLPERF)
    assert row.output_tok_s_per_gpu == 80_000 / 16
    assert row.input_tok_s_per_gpu == pytest.approx(80_000 / 16 * 294 / 290)
    assert (row.ttft_ms, row.ttft_statistic, row.tpot_ms, row.tpot_statistic) == (2000, "p99", 200, "p99")
    assert (row.gpus_per_replica, row.largest_worker_gpus) == (16, 8)
    assert [reason for _, reason in done.kept_out] == ["Offline results state no latency"]
    newer = {
        "Organization": "x", "MlperfModel": "gpt-oss-120b", "Scenario": "Interactive", "Result": 9000,
        "Units": "Tokens/s", "total_accelerators": 8, "framework": "vllm", "weight_data_types": "fp4",
    }  # fmt: skip
    _, rows = imported(tmp_path, {"0": newer}, replace(BY_MLPERF, model="gpt-oss-120b", output_tokens=1000))
    assert [(r.ttft_ms, r.tpot_ms, r.output_tok_s_per_gpu) for r in rows if r.model == "gpt-oss-120b"] == [
        (2000, 15, 1125)
    ]


def test_an_mlperf_log_states_its_own_p99_in_ns(tmp_path: Path) -> None:
    _, [row] = imported(tmp_path, MLPERF_LOG, replace(OURS, input_tokens=300))
    assert (row.ttft_ms, row.tpot_ms, row.output_tokens_mean) == (900, 140, 400)
    assert (row.input_tok_s_per_gpu, row.output_tok_s_per_gpu) == (20 * 300 / 4, 2000)


def test_aiconfigurator_counts_output_tokens(tmp_path: Path) -> None:
    _, [row] = imported(tmp_path, AICONFIGURATOR, ImportOptions(model="llama-3.3-70b"))
    assert (row.output_tok_s_per_gpu, row.input_tok_s_per_gpu) == (1739.9, 1739.9)
    assert (row.system, row.precision, row.evidence, row.ttft_statistic) == ("hgx-b200", "fp4", "predicted", "mean")


def test_an_agentic_run_says_what_came_from_the_cache(tmp_path: Path) -> None:
    _, [row] = imported(tmp_path, AGENTIC, ImportOptions())
    assert (row.input_tok_s_per_gpu, row.output_tok_s_per_gpu) == (85_500 / 8, 693 / 8)
    assert (row.requires, row.kv_offload, row.kv_routing) == (("mtp", "kv_offload"), "on", "unknown")
    assert row.note == (
        "agentic traces of 32 sessions; 85% of the input came from the cache; undated: the day is that of the import"
    )


# --- what is kept out, or doubtful ---


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"failed": 10}, "10 of 328 requests failed, 3.0%, more than --failed-share 0.01"),
        ({"completed": 60, "total_input_tokens": 55_000}, "60 requests were completed, fewer than 64"),
    ],
)
def test_a_run_that_measures_little_is_kept_out(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    done, rows = imported(tmp_path, VLLM | change)
    assert rows == []
    assert reason in done.kept_out[0][1]
    assert not (tmp_path / "mine").exists()


def test_failures_are_let_in_as_far_as_the_user_says(tmp_path: Path) -> None:
    _, [row] = imported(tmp_path, VLLM | {"failed": 10}, replace(OURS, failed_share=0.05))
    assert row.note == "10 of 328 requests failed, 3.0%"


def test_a_limit_that_mlperfs_rules_contradict_is_refused(tmp_path: Path) -> None:
    with pytest.raises(planner.InputError, match=r"the limit of llama2-70b-99\.9 is 2000 ms here"):
        imported(tmp_path, [MLPERF], replace(BY_MLPERF, ttft_limit_ms=450))


def test_a_run_that_does_not_fit_together_says_so(tmp_path: Path) -> None:
    done, [row] = imported(tmp_path, VLLM | {"max_concurrency": 128, "failed": 0})
    assert done.doubtful[0][1] == row.note == ("by Little's law 32 requests are in flight, 128 are stated")


@pytest.mark.parametrize(
    ("keys", "asked", "expected"),
    [
        ({"spec_decode_acceptance_rate": 71.0}, {}, "unknown"),
        ({}, {"spec_decode": "none"}, "none"),
        ({"spec_decode_acceptance_rate": 71.0}, {"spec_decode": "mtp"}, "mtp"),
    ],
)
def test_silence_on_speculative_decoding_is_not_its_absence(
    tmp_path: Path, keys: dict[str, Any], asked: dict[str, Any], expected: str
) -> None:
    _, [row] = imported(tmp_path, VLLM | keys, replace(OURS, **asked))
    assert row.spec_decode == expected
    assert ("mtp" in row.requires) == (expected != "none")


def test_an_open_loop_run_is_loaded_by_littles_law(tmp_path: Path) -> None:
    _, [row] = imported(tmp_path, VLLM | {"request_rate": 2.65})
    assert row.concurrency == pytest.approx(318 / 120 * 11.98, rel=1e-3)


def test_a_mean_is_taken_where_there_is_no_median(tmp_path: Path) -> None:
    run = {key: value for key, value in VLLM.items() if not key.startswith("median")}
    _, [row] = imported(tmp_path, run)
    assert (row.ttft_ms, row.ttft_statistic, row.tpot_ms) == (240.0, "mean", 12.8)


# --- the folder ---


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    first, _ = imported(tmp_path, VLLM)
    before = {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    again = import_files([tmp_path / "run.json"], tmp_path / "mine", OURS, TODAY + dt.timedelta(days=9))
    assert (len(first.added), again.added, again.replaced, again.files) == (1, [], [], [])
    assert again.unchanged == first.added
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.no_cover
@examples(1)
@given(key=st.sampled_from(sorted(VLLM)), value=st.none() | st.text(max_size=5) | st.floats() | st.just([1]))
def test_any_value_under_any_key_is_a_row_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: Any
) -> None:
    folder = tmp_path_factory.mktemp("any")
    try:
        done, _ = imported(folder, VLLM | {key: value})
    except planner.InputError as error:
        assert str(folder / "run.json") in str(error)  # noqa: PT017
        assert not (folder / "mine").exists()
    else:
        assert done.added or done.kept_out
