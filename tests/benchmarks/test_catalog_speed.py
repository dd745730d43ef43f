"""What catalogs take to load, and plans on very many points: ``--benchmark-timer=time.process_time`` counts work alone.

Nothing here asserts a time. Ten times the rows should take ten times as long.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import planner
from planner.catalog import cache, load_catalog
from planner.document import parse
from planner.pipeline import catalog_of, model_of

LADDER = (10_000, 50_000, 100_000)
SYSTEMS = ("hgx-h100", "hgx-h200", "hgx-b200", "hgx-b300", "gb200-nvl72")
HEADER = (
    "model,series,system,engine,precision,mode,spec_decode,gpus_per_replica,largest_worker_gpus,"
    "input_tokens_nominal,output_tokens_nominal,input_tokens_mean,output_tokens_mean,concurrency,ttft_ms,ttft_statistic,"
    "tpot_ms,tpot_statistic,input_tok_s_per_gpu,output_tok_s_per_gpu,source,as_of,evidence"
)
LENGTHS = ((1024, 1024), (8192, 1024), (1024, 8192))
EVIDENCE = ("measured", "independent", "predicted")
SCENARIO = """\
version: 2
name: ladder
horizon: {decided_on: 2026-12-01, start: 2027-01, periods: 2, period: year}
catalogs: [builtin, ladder]
finance: {discount_rate: 0.10}
workloads:
  - name: chat
    model: llama-3.3-70b
    tokens: TOKENS
    demand: {output_mtok_per_day: {2027-01-01: 2750}}
    load: office
    sla: {ttft_s: 2.0, tpot_ms: 40}
procurement: {token_api: false, buy: false}
"""


def write_points(folder: Path, rows: int) -> None:
    """A catalog of so many points: sweeps over ten concurrencies, of every class of evidence, at three lengths."""
    (folder / "serving").mkdir(parents=True)
    (folder / "sources.yaml").write_text(
        "sources:\n  made: {title: Made, publisher: nobody, address: none, read: 2026-11-01}\n"
    )
    chance = random.Random(1)
    lines = [HEADER]
    for row in range(rows):
        sweep, step = divmod(row, 10)
        at, slow = 2**step, 1 + 0.2 * chance.random()
        given, made = LENGTHS[sweep // 5 % len(LENGTHS)]
        tpot_ms = 8 * (1 + at / 64) * slow
        output = at / tpot_ms * 1000 / 8 * 0.9 * 1024 / given
        cells: list[object] = [
            "llama-3.3-70b",
            f"sweep-{sweep}",
            SYSTEMS[sweep % 5],
            f"engine-{sweep % 4}",
            "fp8",
            "agg",
            "none",
            8,
            8,
        ]
        cells += [given, made, 0.9 * given, 0.9 * made, at, 60 * (1 + at / 8) * slow * given / 1024, "mean"]
        cells += [tpot_ms, "mean", output * given / made, output, "made", "2026-11-01", EVIDENCE[sweep % 3]]
        lines.append(",".join(map(str, cells)))
    (folder / "serving" / "llama-3.3-70b.csv").write_text("\n".join(lines))


@pytest.fixture
def ladder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kept"))
    return tmp_path


def test_load_everything_shipped(benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, cache.OFF)
    # As for a new process: nothing of YAML is remembered.
    benchmark.pedantic(load_catalog, (["builtin"],), setup=parse.cache_clear, rounds=10)


def test_load_everything_shipped_once_kept(benchmark: BenchmarkFixture, ladder: Path) -> None:
    load_catalog(["builtin"])
    benchmark.pedantic(load_catalog, (["builtin"],), rounds=20)


@pytest.mark.parametrize("rows", LADDER)
def test_load_many_points(benchmark: BenchmarkFixture, ladder: Path, rows: int) -> None:
    write_points(ladder / "ladder", rows)
    found = benchmark.pedantic(load_catalog, (["builtin", "ladder"],), rounds=1)
    assert len(found.serving) > rows


@pytest.mark.parametrize("rows", LADDER)
def test_load_many_points_once_kept(benchmark: BenchmarkFixture, ladder: Path, rows: int) -> None:
    write_points(ladder / "ladder", rows)
    load_catalog(["builtin", "ladder"])
    benchmark.pedantic(load_catalog, (["builtin", "ladder"],), rounds=3)


@pytest.mark.parametrize("rows", LADDER)
@pytest.mark.parametrize(
    "tokens", ["{input: 1024, output: 1024}", "{input: 3000, output: 1024}", "{input: 3000, output: 400}"]
)
def test_plan_on_many_points(benchmark: BenchmarkFixture, ladder: Path, rows: int, tokens: str) -> None:
    write_points(ladder / "ladder", rows)
    (ladder / "s.yaml").write_text(SCENARIO.replace("TOKENS", tokens))
    scenario = planner.load(ladder / "s.yaml")
    catalog = load_catalog(scenario.catalogs, ladder)
    plan = benchmark.pedantic(planner.solve, (scenario, catalog), {"time_limit_s": 2000}, rounds=1)
    model = model_of(scenario, catalog_of(scenario, catalog))
    benchmark.extra_info.update(status=plan.status, columns=model.milp.columns)
