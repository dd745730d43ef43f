"""Plans on imported rows: each format's pass their audit, and trace back to their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.catalog import load_catalog
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
)

# One format for the quick tests; the others differ in how they are read, which tests/test_importers.py looks at.
SLOW = pytest.mark.solve


@pytest.mark.parametrize(
    ("run", "asked"),
    [
        pytest.param(VLLM, OURS, id="vllm"),
        pytest.param(
            (SAMPLES / "sglang.jsonl").read_text().replace("DeepSeek-R1", "Example"),
            replace(OURS, gpus_per_replica=8, engine="sglang"),
            id="sglang",
            marks=pytest.mark.solve,
        ),
        pytest.param(AIPERF, OURS, id="aiperf", marks=SLOW),
        pytest.param(AIPERF_CSV, OURS, id="aiperf-csv", marks=SLOW),
        pytest.param(GUIDELLM, OURS, id="guidellm", marks=SLOW),
        pytest.param(INFERENCEX, ImportOptions(), id="inferencex", marks=SLOW),
        pytest.param([INFERENCEX_API], ImportOptions(), id="inferencex-api", marks=SLOW),
        pytest.param(AGENTIC, ImportOptions(), id="agentic", marks=SLOW),
        pytest.param([MLPERF], replace(BY_MLPERF, spec_decode="none"), id="mlperf", marks=SLOW),
        pytest.param(MLPERF_LOG, replace(OURS, input_tokens=300), id="mlperf-log", marks=SLOW),
        pytest.param(AICONFIGURATOR, ImportOptions(model="llama-3.3-70b"), id="aiconfigurator", marks=SLOW),
    ],
)
@pytest.mark.slow
def test_a_plan_on_the_rows_of_each_format_passes_its_audit(tmp_path: Path, run: Any, asked: ImportOptions) -> None:
    """The workload is what was measured, at the latency that was measured, on nothing but the imported rows."""
    done, rows = imported(tmp_path, run, asked)
    row = max(rows, key=lambda row: row.tpot_ms)
    at = 99 if row.tpot_statistic == "p99" else 50
    text = f"""
    name: own
    horizon: {{decided_on: 2026-12-01, start: 2027-07, periods: 2, period: quarter}}
    catalogs: [builtin, mine]
    blocks: {{all: 1.0}}
    workloads:
      - name: chat
        model: {row.model}
        tokens: {{input: {row.input_tokens_mean}, output: {row.output_tokens_mean}}}
        demand: {{output_mtok_per_day: 500}}
        sla: {{ttft_s: {row.known_ttft_ms / 1e3}, tpot_ms: {row.tpot_ms}, ttft_percentile: {at}, tpot_percentile: {at}}}
    procurement: {{buy: false, systems: {{allow: [{row.system}]}}}}
    trust: {{independent: 0.5, vendor: 0.5}}
    """
    (tmp_path / "own.yaml").write_text(text)
    catalog = load_catalog(["builtin", str(tmp_path / "mine")])
    only = replace(catalog, serving={row.key: row for row in rows}, token_apis={})
    plan = planner.solve(planner.load(tmp_path / "own.yaml"), only)
    assert plan.audit.passed
    assert set(plan.serving["point"]) <= set(done.added)
    assert not plan.serving.empty


@pytest.mark.solve
def test_a_worker_of_eight_gpus_runs_on_nodes_and_not_on_machines_of_one(tmp_path: Path) -> None:
    """A node's 24 $ an hour are paid, 3 a GPU, though a machine of one GPU is to be had for 1."""
    lists = "InstanceType,AcceleratorName,AcceleratorCount,Price,Region\nv1,H200,1,1.0,us\nn8,H200,8,24.0,us\n"
    (tmp_path / "vms.csv").write_text(lists)
    import_files([tmp_path / "vms.csv"], tmp_path / "mine", ImportOptions(provider="small"), TODAY)
    text = """
    version: 2
    name: own
    horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 1, period: year}
    catalogs: [builtin, mine]
    blocks: {all: 1.0}
    workloads:
      - name: chat
        model: deepseek-r1
        tokens: {input: 1024, output: 1024}
        demand: {output_mtok_per_day: 4000}
        sla: {ttft_s: 5, tpot_ms: 60}
    procurement: {buy: false, rent: [on_demand], token_api: false, providers: {allow: [small]}}
    """
    (tmp_path / "own.yaml").write_text(text)
    plan = planner.solve(planner.load(tmp_path / "own.yaml"))
    assert plan.audit.passed
    rented = plan.on_demand
    assert (rented["gpus"] / rented["lots"]).round().eq(8).all()
    assert rented["cost_usd"].sum() == pytest.approx(3.0 * (rented["gpus"] * rented["hours"]).sum())
    traced = plan.trace("on_demand")
    assert "small/us/hgx-h200/on_demand" in set(traced["row"])
    assert "small/us/hgx-h200/on_demand/1-gpu" not in set(traced["row"])


def test_a_plan_traces_to_the_file_that_its_rows_came_from(tmp_path: Path) -> None:
    asked = ImportOptions(
        system="hgx-h200", model="llama-3.3-70b", precision="fp8", input_tokens=1024, output_tokens=1024
    )
    done, _ = imported(tmp_path, VLLM, replace(asked, spec_decode="none"))
    text = """
    name: own
    horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 2, period: quarter}
    catalogs: [builtin, mine]
    blocks: {all: 1.0}
    workloads:
      - name: chat
        model: llama-3.3-70b
        tokens: {input: 921, output: 918}
        demand: {output_mtok_per_day: 500}
        sla: {ttft_s: 0.22, tpot_ms: 13}
    procurement: {buy: false, systems: {allow: [hgx-h200]}}
    """
    (tmp_path / "own.yaml").write_text(text)
    plan = planner.solve(planner.load(tmp_path / "own.yaml"))
    assert plan.audit.passed
    assert set(plan.serving["point"]) == set(done.added)
    assert plan.kpis["evidence_share"]["tokens"] == {"measured": 1.0}
    assert plan.trace("serving")["source"].iloc[0].startswith("vllm-")
