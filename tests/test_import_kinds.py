"""Files that are easily mistaken: each figure against its arithmetic, each kind by more than one of its tools."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planner.catalog.models import ServingPoint
from planner.catalog.precedence import configuration
from planner.errors import InputError
from planner.importers import ImportOptions
from planner.importers.model_names import model_of
from tests.measured import (
    AGENTIC,
    AICONFIGURATOR,
    AIPERF,
    GUIDELLM,
    INFERENCEX,
    INFERENCEX_API,
    OURS,
    SGLANG,
    VLLM,
    imported_rows,
    metric,
)

QWEN = "qwen3.5-397b-a17b"
BARE = ImportOptions(system="hgx-h200", model="llama-3.3-70b", precision="fp8")


def one(folder: Path, text: Any, asked: ImportOptions = OURS) -> ServingPoint:
    """The only row that a text becomes."""
    _, [row] = imported_rows(folder, text, asked)
    return row


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in keys}


# --- a configuration is its whole mapping ---

PREDICTED = ImportOptions(model="deepseek-r1", spec_decode="none")
FRONTIER = """\
model,isl,osl,prefix,concurrency,ttft,tpot,tokens/s/gpu,num_total_gpus,tp,pp,dp,moe_ep,parallel,gemm,ctx_tokens,backend,version,system
R1,1024,1024,0,1664,1070.6,111.7,1852.7,8,1,1,8,8,tp1pp1dp8etp1ep8,fp8_block,1024,trtllm,1.3,h200_sxm
R1,1024,1024,0,1664,3531.4,111.4,1828.0,8,1,1,8,8,tp1pp1dp8etp1ep8,fp8_block,4096,trtllm,1.3,h200_sxm
R1,1024,1024,0,1664,4653.1,110.8,1819.2,8,1,1,8,8,tp1pp1dp8etp1ep8,fp8_block,6144,trtllm,1.3,h200_sxm
R1,1024,1024,0,832,900.0,60.0,1700.0,8,1,1,8,8,tp1pp1dp8etp1ep8,fp8_block,1024,trtllm,1.3,h200_sxm
"""


def test_rows_of_a_frontier_are_all_kept(tmp_path: Path) -> None:
    """Three budgets of context tokens at one load; the fastest in TTFT is neither the first nor the last to stand."""
    done, rows = imported_rows(tmp_path, FRONTIER, PREDICTED)
    assert (done.read, done.kept, done.kept_out) == (4, 4, [])
    assert sorted((row.ttft_ms, row.output_tok_s_per_gpu) for row in rows if row.concurrency == 1664) == [
        (1070.6, 1852.7), (3531.4, 1828.0), (4653.1, 1819.2),
    ]  # fmt: skip
    assert {row.series.partition("tp1pp1dp8etp1ep8")[2] for row in rows} == {
        "-ctx_tokens=1024", "-ctx_tokens=4096", "-ctx_tokens=6144",
    }  # fmt: skip
    assert {row.largest_worker_gpus for row in rows} == {8}
    # Knobs are of the configuration: no row supersedes another.
    assert len({configuration(row) for row in rows}) == 4


@pytest.mark.parametrize(
    ("runs", "layouts"),
    [
        (
            [
                INFERENCEX | {"disagg": False, "tp": 8, "ep": 8, "dp_attention": attention}
                for attention in ("true", "false")
            ],
            ["tp8ep8", "tp8ep8-dpattn"],
        ),
        (
            [
                INFERENCEX | {"prefill_tp": 12 // count, "prefill_num_workers": count, "decode_dp_attention": "true"}
                for count in (1, 3)
            ],
            ["p1x12-d1x16ep16-dpattn-d", "p3x4-d1x16ep16-dpattn-d"],
        ),
        ([INFERENCEX_API, INFERENCEX_API | {"decode_ep": 1}], ["tp4", "tp4ep4"]),
    ],
    ids=["attention", "prefill workers", "experts"],
)
def test_mappings_of_one_load_on_as_many_gpus_are_two(
    tmp_path: Path, runs: list[dict[str, Any]], layouts: list[str]
) -> None:
    done, rows = imported_rows(tmp_path, runs, ImportOptions(spec_decode=None))
    assert (done.read, done.kept, len({row.concurrency for row in rows})) == (2, 2, 1)
    assert sorted(row.series.partition("1024-")[2] for row in rows) == layouts


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_runs_of_one_load_the_newer_stands_wherever_it_is(tmp_path: Path, order: int) -> None:
    runs = [VLLM, VLLM | {"date": "20261101-000000", "duration": 125.0}][::order]
    done, [row] = imported_rows(tmp_path, "\n".join(map(json.dumps, runs)))
    assert row.output_tok_s_per_gpu == pytest.approx(292_000 / 125 / 4)
    assert (done.read, done.kept) == (2, 1)
    assert "another run of the same configuration and load stands for it" in done.kept_out[0][1]


def test_a_file_names_no_other_model_of_the_catalog(tmp_path: Path) -> None:
    """A model that the catalog does not know is what the user says that it stands for."""
    run = VLLM | {"model_id": "deepseek-ai/DeepSeek-R1"}
    assert one(tmp_path, run, replace(OURS, model=None)).model == "deepseek-r1"
    assert one(tmp_path / "b", run, replace(OURS, model="r1-of-ours")).model == "r1-of-ours"
    with pytest.raises(InputError, match=r"names deepseek-ai/DeepSeek-R1 \(deepseek-r1\), --model says llama-3.3-70b"):
        imported_rows(tmp_path, run, OURS)


# --- copies, and the GPUs they take ---


@pytest.mark.parametrize(
    ("served", "gpus", "widest", "layout"),
    [
        ({}, 8, 4, "tp4dp2"),
        ({"enable_dp_attention": True}, 4, 4, "tp4dp2-dpattn"),
        ({"pp_size": 2, "dp_size": 1}, 8, 4, "tp4pp2"),
        ({"tp_size": 8, "dp_size": 8, "ep_size": 8, "enable_dp_attention": True}, 8, 8, "tp8dp8ep8-dpattn"),
    ],
    ids=["copies", "attention", "pipeline", "experts"],
)
def test_sglang_counts_copies_and_not_shares_of_attention(
    tmp_path: Path, served: dict[str, Any], gpus: int, widest: int, layout: str
) -> None:
    row = one(tmp_path, SGLANG | {"server_info": SGLANG["server_info"] | served}, BARE)
    assert (row.gpus_per_replica, row.largest_worker_gpus) == (gpus, widest)
    assert row.output_tok_s_per_gpu == pytest.approx(655_360 / 100 / gpus)
    assert row.series.endswith(f"-{layout}")
    assert (row.engine, row.engine_version) == ("sglang", "0.5.6")


def test_what_one_disaggregated_worker_says_is_not_the_replicas(tmp_path: Path) -> None:
    run = SGLANG | {"server_info": {"tp_size": 4, "disaggregation_mode": "decode"}}
    with pytest.raises(InputError, match="does not say how many GPUs served; give --gpus-per-replica"):
        imported_rows(tmp_path, run, BARE)
    row = one(tmp_path, run, replace(BARE, gpus_per_replica=12))
    assert (row.mode, row.gpus_per_replica, row.requires) == ("disagg", 12, ("disagg",))


def test_vllm_counts_the_copies_that_its_metadata_names(tmp_path: Path) -> None:
    """2 tensor-parallel GPUs in each of 4 copies; with experts spread over them, the worker has all eight."""
    run = without(VLLM, "num_gpus") | {"tensor_parallel_size": "2", "data_parallel_size": "4"}
    row = one(tmp_path, run, BARE)
    assert (row.gpus_per_replica, row.largest_worker_gpus) == (8, 2)
    assert row.output_tok_s_per_gpu == pytest.approx(292_000 / 120 / 8)
    assert one(tmp_path / "b", run | {"enable_expert_parallel": "true"}, BARE).largest_worker_gpus == 8


# --- input that the cache held, drafting that no column tells ---


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (
            FRONTIER.replace("1024,1024,0,", "1024,1024,800,"),
            "prefix: 800 of the 1024 input tokens came from the cache; a row states what fresh input costs",
        ),
        (SGLANG | {"dataset_name": "generated-shared-prefix"}, "the prompts of generated-shared-prefix begin alike"),
        (
            AIPERF | {"input_config": {"input": {"prompt": {"prefix_prompt": {"pool_size": 1, "length": 800}}}}},
            "prompts begin with the same 800 tokens",
        ),
        (
            AIPERF | {"input_config": {"datasets": [{"prefix_prompts": {"shared_system_length": 500}}]}},
            "prompts begin with the same 500 tokens",
        ),
    ],
    ids=["aiconfigurator", "sglang", "aiperf", "aiperf, later"],
)
def test_cached_input_is_not_recorded_as_fresh(tmp_path: Path, run: Any, said: str) -> None:
    try:
        done, rows = imported_rows(tmp_path, run, replace(OURS, system=None, gpus_per_replica=None))
    except InputError as error:
        assert said in str(error)  # noqa: PT017
    else:
        assert (rows, done.kept) == ([], 0)
        assert said in done.kept_out[0][1]


@pytest.mark.parametrize(
    ("run", "drafts"),
    [
        (AICONFIGURATOR, "unknown"),
        (AICONFIGURATOR.replace("version,", "nextn,").replace(",1.0,", ",1,"), "mtp"),
        (AICONFIGURATOR.replace("version,", "nextn,").replace(",1.0,", ",0,"), "none"),
        (SGLANG | {"server_info": SGLANG["server_info"] | {"speculative_algorithm": "NEXTN"}}, "mtp"),
        (SGLANG | {"server_info": SGLANG["server_info"] | {"speculative_algorithm": "EAGLE3"}}, "eagle"),
        (SGLANG | {"server_info": SGLANG["server_info"] | {"speculative_algorithm": "STANDALONE"}}, "draft_model"),
        (SGLANG | {"server_info": SGLANG["server_info"] | {"speculative_algorithm": "NGRAM"}}, "ngram"),
        (SGLANG, "none"),
    ],
)
def test_drafting_is_what_the_file_says_of_it(tmp_path: Path, run: Any, drafts: str) -> None:
    asked = ImportOptions(model="llama-3.3-70b") if isinstance(run, str) else BARE
    assert one(tmp_path, run, asked).spec_decode == drafts


@pytest.mark.parametrize(
    ("called", "model"),
    [
        ("dsr1", "deepseek-r1"), ("nvidia/DeepSeek-R1-0528-NVFP4-v2", "deepseek-r1"), ("gptoss", "gpt-oss-120b"),
        ("nvidia/DeepSeek-V3.2-NVFP4", "deepseek-v3.2"), ("zai-org/GLM-5-FP8", "glm-5"), ("glm5", "glm-5"),
        ("amd/Kimi-K2.5-MXFP4", "kimi-k2.5"), ("minimaxm2.5", "minimax-m2.5"), ("Qwen/Qwen3.5-397B-A17B-FP8", QWEN),
        ("qwen3.5", QWEN), ("amd/Llama-3.3-70B-Instruct-FP8-KV", "llama-3.3-70b"),
        ("meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8", "llama-4-maverick"),
        ("DeepSeek-V3", None), ("deepseek-ai/DeepSeek-V3.2-Exp", None), ("GLM-5.2-NVFP4", None), ("MiniMax-M2.7", None),
        ("Kimi-K2.6-MXFP4", None), ("Qwen3.5-122B-A10B-NVFP4", None), ("Llama-4-Scout-17B-16E-Instruct-NVFP4", None),
        ("gpt-oss-20b", None), ("FP8", None), ("", None),
    ],
)  # fmt: skip
def test_names_of_files_and_checkpoints_are_those_of_models(called: str, model: str | None) -> None:
    """A checkpoint in fewer bits is the model; a neighbour in size or version is not."""
    assert model_of(called) == model


# --- the client's protocol, and what it counts ---


@pytest.mark.parametrize(
    "run",
    [
        without(VLLM, "backend") | {"endpoint_type": "openai"},
        VLLM | {"backend": "vllm"},
        without(SGLANG, "server_info") | {"backend": "sglang-oai"},
    ],
    ids=["endpoint_type", "backend", "sglang's client"],
)
def test_the_protocol_of_a_client_is_not_the_engine_that_served(tmp_path: Path, run: dict[str, Any]) -> None:
    asked = replace(BARE, gpus_per_replica=4)
    assert one(tmp_path, run, asked).engine == "unknown"
    assert one(tmp_path / "b", run, replace(asked, engine="trtllm")).engine == "trtllm"


def test_metadata_names_what_served(tmp_path: Path) -> None:
    run = VLLM | {"engine": "sglang", "precision": "fp4", "mode": "disagg"}
    row = one(tmp_path, run, replace(BARE, precision=None))
    assert (row.engine, row.precision, row.mode) == ("sglang", "fp4", "disagg")
    with pytest.raises(InputError, match=r"run\.json:1: engine: the file says engine sglang, --engine says vllm"):
        imported_rows(tmp_path, run, replace(OURS, precision="fp4"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"num_prompts": 1000, "completed": 700}, "300 of 1000 requests failed, 30.0%"),
        ({"num_prompts": 1000, "completed": 17, "total_output_tokens": 0}, "983 of 1000 requests failed, 98.3%"),
        ({"num_prompts": 50, "completed": 0, "total_output_tokens": 0}, "50 of 50 requests failed, 100.0%"),
    ],
)
def test_requests_that_were_sent_and_not_completed_failed(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    """Runs of before October 2025 have no key for them."""
    done, rows = imported_rows(tmp_path, without(VLLM, "failed") | change)
    assert rows == []
    assert done.kept_out[0][1] == f"{reason}, more than --failed-share 0.01"
    assert dict(done.reasons) == {"too many requests failed": 1}


# --- versions of the tools ---

OLD_RUN = GUIDELLM["benchmarks"][0]
SYNCHRONOUS = OLD_RUN | {"config": {"strategy": {"type_": "synchronous", "worker_count": 1}}}


@pytest.mark.parametrize(
    ("report", "concurrency"),
    [
        (GUIDELLM | {"metadata": {"version": 1}}, 32),
        (
            {
                "benchmarks": [
                    without(OLD_RUN, "config")
                    | {
                        "args": {"strategy": {"type_": "concurrent", "streams": 32}},
                        "metrics": without(OLD_RUN["metrics"], "request_totals"),
                        "request_totals": OLD_RUN["metrics"]["request_totals"],
                    }
                ]
            },
            32,
        ),
        (GUIDELLM | {"benchmarks": [SYNCHRONOUS]}, 1),
        (
            GUIDELLM
            | {"benchmarks": [OLD_RUN | {"config": {"strategy": {"type_": "constant", "max_concurrency": 512}}}]},
            32,
        ),
    ],
    ids=["version 1", "before 0.4", "synchronous", "a driven rate"],
)
def test_guidellm_of_every_version(tmp_path: Path, report: dict[str, Any], concurrency: float) -> None:
    row = one(tmp_path, report)
    assert (row.output_tok_s_per_gpu, row.ttft_ms, row.tpot_ms) == (2 * 1000 / 4, 280.0, 15.5)
    # Under a driven rate it follows from the rate: 2 requests/s × 16 s.
    assert row.concurrency == concurrency


def aiperf(version: str, config: dict[str, Any], **more: Any) -> dict[str, Any]:
    return AIPERF | {"aiperf_version": version, "input_config": config, **more}


@pytest.mark.parametrize(
    ("config", "concurrency"),
    [
        ({"endpoint": {"model_names": ["x"]}, "loadgen": {"concurrency": 40}}, 40),
        ({"endpoint": {"model_names": ["x"]}, "loadgen": {"concurrency": 512, "request_rate": 2.0}}, 32),
        (
            {
                "models": {"items": [{"name": "x"}]},
                "phases": [
                    {"name": "warmup", "type": "concurrency", "concurrency": 4},
                    {"name": "profiling", "type": "concurrency", "concurrency": 40},
                ],
            },
            40,
        ),
        ({"phases": [{"name": "profiling", "type": "poisson", "rate": 2.0, "concurrency": 512}]}, 32),
    ],
    ids=["0.6 to 0.8", "0.6, a rate", "0.9 to 0.11", "0.9, a rate"],
)
def test_aiperf_of_every_version(tmp_path: Path, config: dict[str, Any], concurrency: float) -> None:
    """Beside a rate a concurrency only caps: 2 requests/s × 16 s are in flight."""
    assert one(tmp_path, aiperf("0.11.0", config)).concurrency == concurrency


def test_aiperf_names_the_model_and_the_gpus_it_watched(tmp_path: Path) -> None:
    watched = {"endpoints": {"a": {"gpus": {str(n): {"gpu_name": "NVIDIA H200"} for n in range(4)}}}}
    run = aiperf("0.11.0", {"models": {"items": [{"name": "example/x"}]}}, telemetry_data=watched)
    assert one(tmp_path, run, replace(OURS, system=None)).system == "hgx-h200"
    with pytest.raises(InputError, match=r"the file says NVIDIA H200 \(hgx-h200\), --system says hgx-b200"):
        imported_rows(tmp_path, run, replace(OURS, system="hgx-b200"))
    with pytest.raises(InputError, match=r"does not say the model \(the file names example/x\)"):
        imported_rows(tmp_path, run, replace(OURS, model=None))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"aiperf_version": "0.11.0", "metadata": {}, "metrics": {}}, "this is AIPerf's aggregate of several runs"),
        (without(AIPERF, "time_to_first_token"), "time_to_first_token: this key is missing"),
    ],
    ids=["aggregate", "not streamed"],
)
def test_what_an_export_of_aiperf_lacks_is_told_by_its_key(tmp_path: Path, run: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        imported_rows(tmp_path, run)


def test_a_key_that_is_no_metric_stays_one(tmp_path: Path) -> None:
    assert one(tmp_path, AIPERF | {"reasoning_token_count": metric("tokens", 5.0)}).concurrency == 32


PAGE = """\
# Licensed under Apache License 2.0
Model,ISL,OSL,Hardware,Hardware Key,Framework,Precision,TP,Concurrency,Date,Output Throughput/GPU (tok/s),\
Input Throughput/GPU (tok/s),Mean TTFT (ms),Median TTFT (ms),Mean TPOT (ms),Median TPOT (ms),\
Median Interactivity (tok/s/user),Mean E2E Latency (ms),Disaggregated,Num Prefill GPUs,Num Decode GPUs,Spec Decoding,\
EP,DP Attention
DeepSeek-R1-0528,1024,1024,h200,h200_sglang,sglang,fp8,8,4,2026-06-02,49.17,49.65,0.1578,0.0847,0.0097,0.00973,\
102.8,9.05,false,,,none,1,false
"""
IN_MS = PAGE.replace("0.1578,0.0847,0.0097,0.00973", "157.8,84.7,9.7,9.73").replace(",9.05,", ",9050,")


@pytest.mark.parametrize("text", [PAGE, IN_MS], ids=["s", "ms"])
def test_the_page_of_inferencex_is_in_the_unit_that_its_speeds_are_in(tmp_path: Path, text: str) -> None:
    """Its columns say ms; 102.8 tokens/s per user are a token each 9.73 ms."""
    row = one(tmp_path, text, ImportOptions())
    assert (row.output_tok_s_per_gpu, row.input_tok_s_per_gpu) == (pytest.approx(49.17), pytest.approx(49.65))
    assert (row.ttft_ms, row.tpot_ms) == (pytest.approx(84.7), pytest.approx(9.73))
    assert (row.system, row.model, row.gpus_per_replica, row.concurrency) == ("hgx-h200", "deepseek-r1", 8, 4)
    assert (row.spec_decode, row.series.rpartition("-")[2], str(row.as_of)) == ("none", "tp8", "2026-06-02")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PAGE.replace(",102.8,", ",3.0,"), "Median TPOT .ms.: .*neither in s nor in ms"),
        (PAGE.replace(",49.65,", ",many,"), "Input Throughput/GPU .tok/s.: 'many' is not a number"),
        (PAGE.replace(",fp8,", ",fp7,"), "Precision: 'fp7' is none of"),
        (PAGE.replace("DeepSeek-R1-0528", "Kimi-K2.5"), "Model: Kimi-K2.5 stands for several versions"),
    ],
)
def test_what_the_page_of_inferencex_lacks_is_told_by_its_heading(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"run\.json:3: {said}"):
        imported_rows(tmp_path, text, ImportOptions())


@pytest.mark.parametrize(
    ("said", "given", "state"),
    [("cpu", None, "on"), ("none", None, "off"), ("", None, "unknown"), ("", "off", "off"), ("", "on", "on")],
)
def test_kv_offload_is_what_the_file_or_the_user_says(tmp_path: Path, said: str, given: str | None, state: str) -> None:
    run = AGENTIC | {"kv_offloading": said}
    row = one(tmp_path, run, ImportOptions(kv_offload=given))
    assert (row.kv_offload, "kv_offload" in row.requires) == (state, state == "on")
    assert ("kv_offload" in row.series) == (state == "on")


def test_kv_routing_is_the_users_to_say(tmp_path: Path) -> None:
    row = one(tmp_path, AGENTIC, ImportOptions(kv_routing="on"))
    assert (row.kv_routing, row.requires) == ("on", ("mtp", "kv_offload", "kv_routing"))
    with pytest.raises(InputError, match="the file says kv_offload on, --kv-offload says off"):
        one(tmp_path / "b", AGENTIC, ImportOptions(kv_offload="off"))
