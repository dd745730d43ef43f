"""How long an import of 100,000 rows takes. Nothing here asserts a time."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from planner.importers import Given, import_files

ROWS = 100_000


def test_import_prices(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = [f"i{n},H100,8,{20 + n % 7},{9 + n % 3},region-{n},a" for n in range(ROWS)]
    path.write_text("\n".join(["InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,Zone", *lines]))
    done = benchmark.pedantic(
        import_files, ([path], tmp_path / "mine", Given(provider="x"), dt.date(2026, 11, 21)), rounds=1
    )
    benchmark.extra_info.update(rows=len(done.added))


def test_import_points(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    path = tmp_path / "pareto.csv"
    header = (
        "model,isl,osl,concurrency,ttft,tpot,tokens/s/gpu,num_total_gpus,tp,pp,dp,moe_ep,gemm,backend,version,system"
    )
    lines = [f"x,1024,1024,{n},400,18,{9 * n / 10},2,2,1,1,1,fp8,trtllm,1.0,h200_sxm" for n in range(1, ROWS + 1)]
    path.write_text("\n".join([header, *lines]))
    shutil.rmtree(tmp_path / "mine", ignore_errors=True)
    given = Given(model="llama-3.3-70b")
    done = benchmark.pedantic(import_files, ([path], tmp_path / "mine", given, dt.date(2026, 11, 21)), rounds=1)
    benchmark.extra_info.update(rows=len(done.added))
