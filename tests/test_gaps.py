"""What to measure next: amounts worked out by hand, and what importing a measurement then really changes."""

from __future__ import annotations

import json
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.catalog.models import DerivedPoint, ServingPoint
from planner.errors import InfeasiblePlan
from planner.pipeline import catalog_of
from planner.rules.families import gpu_seconds
from planner.solvers import Options
from planner.solvers.optimise import scale_of
from planner.studies.catalog_gaps.benchmark import benchmark, importing
from planner.studies.catalog_gaps.rows import Row
from planner.studies.catalog_gaps.sheet import gaps_sheets, script, width_of
from planner.studies.catalog_gaps.study import Gaps, gaps
from planner.studies.catalog_gaps.worlds import Measured, least_usd, no_import, relaxation, world
from tests.lengths_cases import asking_long, sweep
from tests.limits import AMPLE_S
from tests.measured import SGLANG
from tests.rule_cases import DEAR, case, chat
from tests.shapes import CORNERS, asking, renting
from tests.store import TINY, plan
from tests.strategies import Case, examples, offer, point, system

OPTIONS = Options(1e-6, AMPLE_S)
# A GPU at 9 USD an hour through 2027, paid at the middle of the year.
GPU = 9.0 * 8760 * 1.1 ** -(182.5 / 365.25)


def told(asked: Case) -> Gaps:
    return gaps(asked.scenario, asked.catalog)


def only(found: Gaps) -> pd.Series[Any]:
    assert len(found.rows) == 1
    return found.rows.iloc[0]


def row(one: ServingPoint, requests: float = 0.65, **workload: Any) -> Row:
    """A row that counts on so many requests/s of a GPU and may make a third less, or half as much again."""
    asked = case(workloads=[chat(**workload)]).scenario.workloads[0]
    return Row(one, asked, requests, requests, requests * 2 / 3, requests * 1.5, "", 0.0, credited=False)


def test_an_estimate_is_worth_what_it_costs_more_or_less_at_its_ends() -> None:
    """One request/s claimed, 0.65 counted on: 20 requests/s take 30.8 GPUs. Measured it may be 0.4225 or 1."""
    found = told(case(points=(point(evidence="estimate"),)))
    assert found.relaxed_npv_usd == pytest.approx(20 / 0.65 * GPU)
    one = only(found)
    assert (one["low_output_tok_s_per_gpu"], one["high_output_tok_s_per_gpu"]) == pytest.approx((0.4225 * 500, 500))
    assert one["counted_output_tok_s_per_gpu"] == pytest.approx(0.65 * 500)
    assert one["gpus"] == pytest.approx(20 / 0.65)
    assert one["at_low_usd"] == pytest.approx(20 * GPU * (1 / 0.4225 - 1 / 0.65))
    assert one["at_high_usd"] == pytest.approx(20 * GPU * (1 - 1 / 0.65))


def test_what_stands_in_for_a_row_bounds_what_its_low_costs() -> None:
    """Measured GPUs make 0.6 requests/s at the same price: below that the estimate is left."""
    rows = (point(evidence="estimate"), point(engine="f", series="other", rate=0.6))
    one = only(told(case(points=rows)))
    assert one["at_low_usd"] == pytest.approx(20 * GPU * (1 / 0.6 - 1 / 0.65))
    assert one["at_high_usd"] == pytest.approx(20 * GPU * (1 - 1 / 0.65))


def test_a_row_near_to_being_used_is_tried_and_one_far_off_is_not() -> None:
    """0.9 are measured and 0.65 counted on; at its high it would make 1. At a claim of 0.85 it never would."""
    near = only(told(case(points=(point(evidence="estimate"), point(engine="f", series="other", rate=0.9)))))
    assert near["gpus"] == 0
    assert (near["at_low_usd"], near["at_high_usd"]) == (0, pytest.approx(20 * GPU * (1 - 1 / 0.9)))
    far = told(case(points=(point(evidence="estimate", rate=0.85), point(engine="f", series="other", rate=0.9))))
    assert far.rows.empty
    assert "no row that nobody measured moves that, of 0 tried" in far.sentences[0]
    assert gaps_sheets(far)[0].rows == ()


def test_the_row_that_moves_most_comes_first() -> None:
    """Two workloads of 20 and 5 requests/s, each with an estimate of its own model."""
    workloads = [chat(), chat(name="small", model="m2", demand={"requests_per_s": 5.0})]
    rows = (point(evidence="estimate", model="m2", series="a"), point(evidence="estimate"))
    found = told(case(points=rows, workloads=workloads))
    assert list(found.rows["workload"]) == ["chat", "small"]
    first, second = (frame["at_low_usd"] for _, frame in found.rows.iterrows())
    assert first == pytest.approx(4 * second)
    assert found.sentences[0].startswith(
        "case costs $2.89 M by the LP relaxation. Measure row 1 first: $1.25 M more at its low"
    )


def test_where_the_low_leaves_no_plan_it_says_so_and_comes_first() -> None:
    """32 GPUs are to be had: enough at 0.65 requests/s, not at 0.4225."""
    found = told(case((offer(usd_per_gpu_hour=9.0, max_lots=32),), (point(evidence="estimate"),)))
    one = only(found)
    assert not one["possible_at_low"]
    assert np.isposinf(one["at_low_usd"])
    assert found.to_dict()["rows"][0]["at_low_usd"] is None
    assert "no plan at its low" in found.sentences[0]


def test_without_a_plan_it_says_what_to_relax() -> None:
    with pytest.raises(InfeasiblePlan):
        told(case((offer(usd_per_gpu_hour=9.0, max_lots=2),), (point(evidence="estimate"),)))


def test_only_the_least_cost_is_told_of() -> None:
    asked = case(points=(point(evidence="estimate"),), objective="tokens")
    with pytest.raises(planner.InputError, match="catalog gaps compares plans by their cost"):
        told(asked)


def test_a_measurement_takes_the_place_of_its_row() -> None:
    asked = case(points=(point(evidence="predicted"), point(engine="f", series="other", rate=0.1)))
    one = row(asked.catalog.serving[point().key])
    _, rows = world(asked.scenario, asked.catalog, one, 0.5)
    found = rows.serving[one.point.key]
    assert (found.evidence, gpu_seconds(found)) == ("measured", 2.0)
    assert len(rows.serving) == 2
    assert (found.tpot_ms, found.ttft_ms, found.concurrency) == (20.0, 800.0, 32)


def test_a_measured_length_leaves_those_of_other_systems_extrapolated() -> None:
    """As with `extrapolate: always`, which the study asks for; by `needed` one measured length ends them all."""
    points = [*sweep(), *sweep(system="b-node")]
    asked = asking_long(points)
    rows = catalog_of(asked.scenario, asked.catalog)
    found = gaps(asked.scenario, asked.catalog)
    assert any("extrapolate: always" in sentence for sentence in found.sentences)
    derived = [one for one in rows.serving.values() if one.derivation and one.system == "h-node"]
    tried = Row(derived[0], asked.scenario.workloads[0], 1.0, 1.0, 1.0, 1.0, "", 1.0, credited=False)
    _, after = world(asked.scenario, rows, tried, 0.1)
    assert {one.system for one in after.serving.values() if one.derivation} == {"b-node"}


def test_a_benchmark_without_hits_counts_as_its_row_with_them() -> None:
    """What a run measures is fresh input: with the workload's hits it has to make what was asked for."""
    asked = asking_long(sweep(), prefix_cache_hit_share=0.8)
    rows = catalog_of(asked.scenario, asked.catalog)
    one = next(each for each in rows.serving.values() if each.derivation)
    tried = Row(one, asked.scenario.workloads[0], 1.0, 1.0, 1.0, 1.0, "", 1.0, credited=False)
    _, after = world(asked.scenario, rows, tried, 0.1)
    (fresh,) = [each for each in after.serving.values() if each.evidence == "measured" and not each.derivation]
    assert gpu_seconds(fresh) > 10
    made = [each for each in after.serving.values() if isinstance(each, DerivedPoint) and fresh.name in each.parents]
    assert [gpu_seconds(each) for each in made] == pytest.approx([10.0], rel=1e-3)


def test_hits_at_measured_lengths_have_no_benchmark_but_an_amount() -> None:
    """0.35 s of a GPU at half of the input from the cache; without hits 0.4, without the derating of 1.3 0.335."""
    asked = asking((1000, 1000), prefix_cache_hit_share=0.5)
    found = gaps(asked, renting(CORNERS))
    one = only(found)
    assert one["no_import"].startswith("importers keep out runs with prefix-cache hits")
    assert (one["benchmark"], one["import"]) == ("", "")
    assert one["at_low_usd"] == pytest.approx(found.relaxed_npv_usd * (0.4 / 0.35 - 1))
    assert one["at_high_usd"] == pytest.approx(found.relaxed_npv_usd * (0.335 / 0.35 - 1))


def test_what_no_importer_is_told_of_has_no_benchmark() -> None:
    assert no_import(row(point(gpus_per_replica=1, largest_worker_gpus=1, replicas_per_gpu=2)))
    assert no_import(row(point(requires=("kv_offload",)))) == "no importer is told of kv_offload"
    assert no_import(row(point(requires=("mtp", "disagg")))) == ""


def test_benchmarks_are_of_the_clients_that_importers_read() -> None:
    run = benchmark(row(point(engine="tensorrt-llm")))
    assert run.splitlines()[0] == "for n in 16 32 64; do"
    assert '--random-input-len 1000 --random-output-len 500 --ignore-eos --max-concurrency "$n"' in run
    assert "vllm bench serve" in run
    assert "python -m sglang.bench_serving" in benchmark(row(point(engine="sglang")))
    words = shlex.split(importing(row(point(engine="sglang"))).replace("\\\n", ""))
    assert words[3].endswith("-c*.jsonl")
    assert words[words.index("--series") + 1] == "base"
    assert benchmark(row(point(concurrency=1.0))).startswith("for n in 1 2; do")


@pytest.mark.files
def test_what_sglangs_client_writes_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two copies of four GPUs, as its server says; the import's options agree, and the row keeps its name."""
    monkeypatch.chdir(tmp_path)
    layout = {"gpus_per_replica": 8, "largest_worker_gpus": 4, "concurrency": 64.0}
    one = point("hgx-h200", 1.0, engine="sglang", series="sweep-tp4", **layout)
    words = shlex.split(importing(row(one)).replace("\\\n", ""))
    Path(words[3].replace("*", "64")).write_text(json.dumps(SGLANG) + "\n")
    done = plan(*[words[3].replace("*", "64") if "*" in word else word for word in words[1:]])
    assert done.exit_code == 0, done.output
    assert f"added: 1 row, {one.name}" in done.output


@given(st.floats(0.1, 5.0), st.floats(0.1, 5.0), st.floats(0.3, 1.0), st.floats(1.0, 20.0))
@pytest.mark.property
@pytest.mark.solve
@examples(15)
def test_the_faster_a_row_is_measured_the_less_a_plan_costs(
    rate: float, other: float, trust: float, usd: float
) -> None:
    points = (point(evidence="predicted", rate=rate, series="p"), point("b-node", other))
    asked = case(
        (DEAR, offer(system="b-node", usd_per_gpu_hour=usd)),
        points,
        (system("h-node"), system("b-node")),
        trust={"predicted": trust},
    )
    tried = Row(points[0], asked.scenario.workloads[0], rate, rate, rate / 2, rate * 2, "", 0.0, credited=False)
    costs = [
        least_usd(Measured(asked.scenario, asked.catalog, tried, requests, 1.0, OPTIONS))
        for requests in np.linspace(tried.low, tried.high, 4)
    ]
    assert all(later <= earlier * (1 + 1e-9) for earlier, later in pairwise(costs))


OWN = """
name: own
horizon: {{decided_on: 2026-12-01, start: 2027-01, periods: 2, period: quarter}}
catalogs: [{catalogs}]
blocks: {{all: 1.0}}
workloads:
  - name: rag
    model: llama-3.3-70b
    tokens: {{input: 8192, output: 1024}}
    demand: {{output_mtok_per_day: 20000}}
    sla: {{ttft_s: 2, tpot_ms: 40}}
    token_api: false
procurement: {{buy: false, systems: {{allow: [hgx-b300]}}, rent: [on_demand]}}
solve: {{gap: 1.0e-6}}
"""


def written_by_vllm(output_tok_s_per_gpu: float, gpus: int, load: int) -> dict[str, Any]:
    """What the run of a benchmark would leave, of a server as fast as that."""
    requests_per_s = output_tok_s_per_gpu * gpus / 1024
    completed = 11 * load
    return {
        "date": "20261120-090000", "backend": "openai", "model_id": "meta-llama/Llama-3.3-70B-Instruct",
        "num_prompts": completed, "completed": completed, "failed": 0, "request_rate": "inf", "max_concurrency": load,
        "duration": completed / requests_per_s, "total_input_tokens": completed * 8192,
        "total_output_tokens": completed * 1024, "request_throughput": requests_per_s,
        "median_ttft_ms": 900.0, "median_tpot_ms": 30.0, "p99_ttft_ms": 3000.0, "p99_tpot_ms": 40.0,
    }  # fmt: skip


@pytest.mark.solve
def test_importing_a_measurement_changes_the_plan_by_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import that the study prints, of files as the benchmark would write them: at both ends and between."""
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(OWN.format(catalogs="builtin"))
    Path("after.yaml").write_text(OWN.format(catalogs="builtin, mine"))
    found = gaps(planner.load("own.yaml"))
    first = found.rows.iloc[0]
    before = planner.solve(planner.load("own.yaml")).proof.objective_usd
    low, high = first["low_output_tok_s_per_gpu"], first["high_output_tok_s_per_gpu"]
    words = shlex.split(first["import"].replace("\\\n", ""))
    gpus, load = int(words[words.index("--gpus-per-replica") + 1]), int(first["row"].split("@c")[1].split("x")[0])
    changed = []
    for share in (0.0, 0.3, 0.8, 1.0):
        file = Path(words[3].replace("*", str(load)))
        file.write_text(json.dumps(written_by_vllm(low + share * (high - low), gpus, load)))
        done = plan(*[str(file) if "*" in word else word for word in words[1:]])
        assert done.exit_code == 0, done.output
        assert "1 kept" in done.output
        changed.append(planner.solve(planner.load("after.yaml")).proof.objective_usd - before)
    # Whole lots by the hour are what a relaxation has in parts.
    room = 2e-3 * before
    assert changed[0] == pytest.approx(first["at_low_usd"], abs=room)
    assert changed[-1] == pytest.approx(first["at_high_usd"], abs=room)
    assert first["at_low_usd"] + room >= changed[1] > changed[2] >= first["at_high_usd"] - room
    assert first["at_low_usd"] - first["at_high_usd"] > 10 * room


@pytest.mark.solve
def test_the_command_writes_what_the_function_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(OWN.format(catalogs="builtin"))
    found = gaps(planner.load("own.yaml"))
    done = plan("catalog", "gaps", "own.yaml", "--json", "out.json", "--csv", "tables", "--script", "measure.sh")
    assert done.exit_code == 0, done.output
    assert json.loads(Path("out.json").read_text()) == found.to_dict()
    assert {path.name for path in Path("tables").iterdir()} == {"rows.csv"}
    assert Path("measure.sh").read_text() == script(found)
    assert subprocess.run(["sh", "-n", "measure.sh"], check=False).returncode == 0
    assert max(map(len, done.output.splitlines())) <= width_of(gaps_sheets(found))


@pytest.mark.files
def test_a_script_that_could_not_be_written_is_told_at_once(tmp_path: Path) -> None:
    done = plan("catalog", "gaps", TINY, "--script", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"--script {tmp_path}: that is a folder, name a file in it" in done.stderr
    done = plan("catalog", "gaps", TINY, "--script", "-", "--json", "-")
    assert "standard output is for the JSON already" in done.stderr
    done = plan("catalog", "gaps", TINY, "--script", "-")
    assert done.stdout.startswith("#!/bin/sh\n# What to measure next for tiny, ")


@pytest.mark.solve
def test_the_large_example_names_its_rows(tmp_path: Path) -> None:
    """The first is a prediction for rag, and importing a measurement between its ends costs something between."""
    scenario = planner.load("scenarios/10mw.yaml")
    found = gaps(scenario, workers=2)
    first = found.rows.iloc[0]
    assert (first["workload"], first["evidence"]) == ("rag", "predicted")
    assert first["at_low_usd"] > 0 > first["at_high_usd"]
    spread = found.rows["at_low_usd"].clip(lower=0) - found.rows["at_high_usd"].clip(upper=0)
    assert (spread.diff().dropna() <= 1e-6).all()
    words = shlex.split(first["import"].replace("\\\n", ""))
    rate = (first["low_output_tok_s_per_gpu"] + first["high_output_tok_s_per_gpu"]) / 2
    file = tmp_path / words[3].replace("*", "144")
    file.write_text(json.dumps(written_by_vllm(rate, gpus=4, load=144)))
    words[words.index("--into") + 1] = str(tmp_path / "mine")
    done = plan(*[str(file) if "*" in word else word for word in words[1:]])
    assert f"added: 1 row, {first['row']}" in done.output
    after = planner.load("scenarios/10mw.yaml", (f"catalogs=[builtin, {tmp_path / 'mine'}]",))
    model = relaxation(after, catalog_of(after))
    _, found_then = scale_of(model.milp, OPTIONS)
    assert found_then.x is not None
    changed = model.milp.objective(found_then.x) - found.relaxed_npv_usd
    assert first["at_high_usd"] < changed < first["at_low_usd"]
