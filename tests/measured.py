"""Files as benchmark tools write them, and what an import makes of them."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

from planner.catalog import load_catalog
from planner.catalog.load import builtin_folder
from planner.catalog.models import ServingPoint
from planner.catalog.rows import csv_rows
from planner.errors import Fault
from planner.importers import ImportOptions, ImportSummary, import_files

SAMPLES = Path(__file__).parent / "samples"
TODAY = dt.date(2026, 11, 21)
OURS = ImportOptions(system="hgx-h200", model="llama-3.3-70b", precision="fp8", engine="vllm", gpus_per_replica=4)


def imported(folder: Path, text: Any, asked: ImportOptions = OURS) -> tuple[ImportSummary, list[ServingPoint]]:
    """What an import of a text (or of an object as JSON) made, and the rows of its folder."""
    path = folder / "run.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    (folder / "shipped").mkdir(exist_ok=True)
    done = import_files([path], folder / "mine", asked, TODAY)
    if not (folder / "mine").exists():
        return done, []
    # Of the shipped catalog only what rows of another may refer to: all its points would take ten times as long.
    for name in ("systems.yaml", "sources.yaml"):
        shutil.copy(builtin_folder() / name, folder / "shipped" / name)
    return done, list(load_catalog([str(folder / "shipped"), str(folder / "mine")]).serving.values())


def imported_rows(folder: Path, text: Any, asked: ImportOptions = OURS) -> tuple[ImportSummary, list[ServingPoint]]:
    """What an import of a text (or of an object as JSON) made, and the rows of its folder as its files say them."""
    folder.mkdir(exist_ok=True)
    path = folder / "run.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    done = import_files([path], folder / "mine", asked, TODAY)
    return done, points_in(folder / "mine")


def points_in(catalog: Path) -> list[ServingPoint]:
    """The serving points of a catalog's files."""
    faults: list[Fault] = []
    files = sorted(catalog.glob("serving/*.csv"))
    rows = [row for file in files for row in csv_rows(file.read_text(), file.name, ServingPoint, faults)]
    assert not faults
    return rows


def metric(unit: str, avg: float, **more: float) -> dict[str, Any]:
    return {"unit": unit, "avg": avg, **more}


VLLM: dict[str, Any] = json.loads((SAMPLES / "vllm.json").read_text())
SGLANG: dict[str, Any] = {
    "backend": "sglang", "dataset_name": "random", "max_concurrency": 64, "random_input_len": 1024,
    "random_output_len": 1024, "duration": 100.0, "completed": 640, "total_input_tokens": 655_360,
    "total_output_tokens": 655_360, "median_ttft_ms": 250, "median_tpot_ms": 9.3, "accept_length": None,
    "server_info": {"tp_size": 4, "pp_size": 1, "dp_size": 2, "enable_dp_attention": False, "version": "0.5.6"},
}  # fmt: skip
AIPERF: dict[str, Any] = {
    "aiperf_version": "0.13.0",
    "request_throughput": metric("requests/sec", 2.0),
    "request_latency": metric("ms", 16_000.0),
    "request_count": metric("requests", 400.0),
    "error_request_count": metric("requests", 1.0),
    "time_to_first_token": metric("ms", 300.0, p50=280.0, p99=900.0),
    "inter_token_latency": metric("ms", 16.0, p50=15.5, p99=18.0),
    "output_token_throughput": metric("tokens/sec", 2000.0),
    "total_token_throughput": metric("tokens/sec", 3800.0),
    "input_config": {"endpoint": {"model_names": ["example/x"]}, "loadgen": {"concurrency": 32}},
    "start_time": "2026-10-02T10:00:00",
}
GUIDELLM: dict[str, Any] = {
    "metadata": {"version": 2, "guidellm_version": "0.8.1"},
    "benchmarks": [
        {
            "config": {"strategy": {"type_": "concurrent", "streams": 32}},
            "metrics": {
                "request_totals": {"successful": 400, "errored": 2, "incomplete": 0},
                "requests_per_second": {"successful": {"mean": 2.0}},
                "request_latency": {"successful": {"mean": 16.0}},
                "prompt_token_count": {"successful": {"mean": 900.0}},
                "output_token_count": {"successful": {"mean": 1000.0}},
                "time_to_first_token_ms": {"successful": {"median": 280.0, "percentiles": {"p99": 900.0}}},
                "inter_token_latency_ms": {"successful": {"median": 15.5, "percentiles": {"p99": 18.0}}},
            },
        }
    ],
}
INFERENCEX: dict[str, Any] = {
    "hw": "gb200-nv",
    "infmax_model_prefix": "dsr1",
    "framework": "dynamo-trt",
    "image": "nvcr.io#trtllm:1",
    "precision": "fp4",
    "spec_decoding": "mtp",
    "disagg": True,
    "conc": 900,
    "isl": 8192,
    "osl": 1024,
    "num_prefill_gpu": 12,
    "num_decode_gpu": 16,
    "decode_tp": 16,
    "decode_ep": 16,
    "tput_per_gpu": 9000.0,
    "output_tput_per_gpu": 1750.0,
    "input_tput_per_gpu": 18_666.0,
    "mean_ttft": 1.2,
    "median_ttft": 1.1,
    "p99_ttft": 1.9,
    "mean_tpot": 0.031,
    "median_tpot": 0.03,
    "p99_tpot": 0.05,
    "mean_e2el": 30.0,
}
MLPERF: dict[str, Any] = {
    "UsedModel": "llama2-70b-99.9",
    "Scenario": "Server",
    "Accuracy": "ROUGE1: 44 TOKENS_PER_SAMPLE: 290.0",
    "Nodes": 2,
    "a#": 8,
    "Software": "TensorRT",
    "weight_data_types": "fp8",
    "Performance_Result": 80_000.0,
    "Performance_Units": "Tokens/s",
}
BY_MLPERF = ImportOptions(system="hgx-b200", model="llama-3.3-70b", input_tokens=294, as_of=dt.date(2026, 9, 1))
AICONFIGURATOR = (
    "model,isl,osl,concurrency,ttft,tpot,tokens/s/gpu,num_total_gpus,tp,pp,dp,moe_ep,gemm,backend,version,system\n"
    "Example-70B,1024,1024,64,400.0,18.0,1739.9,2,2,1,1,1,nvfp4,trtllm,1.0,b200_sxm\n"
)
_METRICS = {name: INFERENCEX[name] for name in ("mean_ttft", "median_ttft", "p99_ttft", "mean_e2el")}
_METRICS |= {"mean_tpot": 0.02, "median_tpot": 0.02, "output_tput_per_gpu": 400.0, "input_tput_per_gpu": 3200.0}
INFERENCEX_API: dict[str, Any] = {
    "hardware": "b200", "framework": "sglang", "model": "dsr1", "precision": "fp4", "spec_method": "none",
    "disagg": False, "decode_tp": 4, "decode_ep": 4, "num_prefill_gpu": 16, "num_decode_gpu": 16,
    "benchmark_type": "single_turn", "isl": 8192, "osl": 1024, "conc": 52, "metrics": _METRICS, "date": "2026-05-01",
}  # fmt: skip
AGENTIC: dict[str, Any] = {
    "hw": "b200", "conc": 32, "infmax_model_prefix": "dsr1", "framework": "vllm", "precision": "fp4",
    "spec_decoding": "mtp", "kv_offloading": "cpu", "num_gpus": 8, "num_requests_successful": 850,
    "request_metrics": {
        "latency": {"ttft": {"p50": 1.2}, "tpot": {"p50": 0.013}, "e2el": {"mean": 22.0}},
        "tokens": {"input": {"mean": 95_000}, "output_actual": {"mean": 770}},
        "throughput": {"input": {"tokens_per_second": 85_500}, "output": {"tokens_per_second": 693}},
    },
    "server_metrics": {"cache": {"overall_cache_hit_rate": 0.85}},
}  # fmt: skip
AIPERF_CSV = (
    "Metric,avg,p50,p99\nTime to First Token (ms),300,280,900\nInter Token Latency (ms),16,15.5,18\n"
    "Request Latency (ms),16000,15900,17000\n\nMetric,Value\nOutput Token Throughput (tokens/sec),2000\n"
    "Total Token Throughput (tokens/sec),3800\nRequest Throughput (requests/sec),2\n"
)
MLPERF_LOG = (
    "====\nMLPerf Results Summary\n====\nCompleted samples per second    : 20.00\n"
    "Completed tokens per second: 8000.00\nResult is : VALID\n"
    "99.00 percentile first token latency (ns)   : 900000000\n"
    "99.00 percentile time to output token (ns)   : 140000000\n"
)
