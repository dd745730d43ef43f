"""Systems of any maker: who makes what, figures of AMD's by hand, points without a TTFT, lists by maker."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import planner
from planner.catalog import Catalog, load_catalog
from planner.catalog.check import check
from planner.catalog.models import ServingPoint, System
from planner.catalog.points import parse_shape
from planner.catalog.tables import by_maker
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.render.lines import MARKERS
from planner.report.html.page import html_report
from planner.rules.eligibility import misfits
from planner.studies.catalog_frontier.sheet import speed_frontier_sheet
from planner.studies.catalog_frontier.study import speed_frontier
from planner.studies.catalog_levers.study import lever_gains
from tests.rule_cases import case, chat
from tests.store import ROOT
from tests.strategies import META, SYSTEMS, Case, point, solved, system
from tests.test_rule_mutants import agrees, second_opinion

AMD = ("mi300x-oam", "mi325x-oam", "mi355x-oam")


@pytest.fixture(scope="module")
def builtin() -> Catalog:
    return load_catalog(["builtin"])


# --- makers ---


def test_the_maker_of_every_shipped_system_is_known(builtin: Catalog) -> None:
    assert {row.maker for row in builtin.systems.values()} == {"NVIDIA", "AMD"}
    assert tuple(name for name, row in builtin.systems.items() if row.maker == "AMD") == AMD


@pytest.mark.parametrize(
    ("given", "maker"),
    [
        ({"generation": "hopper"}, "NVIDIA"),
        ({"generation": "blackwell-ultra", "maker": ""}, "NVIDIA"),
        ({"generation": "cdna3"}, "unknown"),
        ({"generation": "gaudi3", "maker": "Intel"}, "Intel"),
        ({"generation": "hopper", "maker": "Acme"}, "Acme"),
    ],
)
def test_a_system_without_a_maker_is_of_the_one_that_had_its_generation(given: dict[str, str], maker: str) -> None:
    assert system("h-node", **given).maker == maker


def test_the_catalog_of_0_1_0_is_read_and_all_of_one_maker() -> None:
    frozen = load_catalog([str(ROOT / "tests" / "compat" / "0.1.0" / "catalog")])
    assert {row.maker for row in frozen.systems.values()} == {"NVIDIA"}
    assert not any(row.ttft_ms is None for row in frozen.serving.values())


@pytest.mark.slow
@pytest.mark.parametrize("own", [{"generation": "cdna3"}, {"generation": "tpu7x", "maker": "Google"}])
def test_own_systems_of_any_maker_load_without_a_finding(own: dict[str, str], tmp_path: Path) -> None:
    sources = {"own-note": {"title": "quote", "publisher": "me", "address": "mail", "read": "2026-09-01"}}
    row = SYSTEMS["h-node"] | {"system": "own-8", "as_of": "2026-04-03", "source": ["own-note"]} | own
    for name, content in (("sources.yaml", {"sources": sources}), ("systems.yaml", {"systems": [row]})):
        with (tmp_path / name).open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(content, file)
    loaded = load_catalog(["builtin", str(tmp_path)])
    assert loaded.systems["own-8"].generation == own["generation"]
    assert check(loaded).findings == ()


# --- figures ---


def test_the_power_of_an_amd_node_is_a_host_and_its_gpus(builtin: Catalog) -> None:
    """The host of the DGX of its time, and eight GPUs of 0.75, 1.0 and 1.4 kW."""
    hosts = {"mi300x-oam": ("hgx-h100", 0.7), "mi325x-oam": ("hgx-h100", 0.7), "mi355x-oam": ("hgx-b200", 1.0)}
    for name, each in (("mi300x-oam", 0.75), ("mi325x-oam", 1.0), ("mi355x-oam", 1.4)):
        dgx, theirs = hosts[name]
        row = builtin.systems[name]
        assert row.nameplate_it_kw == pytest.approx(builtin.systems[dgx].nameplate_it_kw + 8 * (each - theirs))
        assert row.idle_it_kw == pytest.approx(0.20 * row.nameplate_it_kw)
        assert row.busy_it_kw == pytest.approx(0.69 * row.nameplate_it_kw)


@pytest.mark.parametrize(
    ("name", "peer", "cost", "theirs"),
    [
        ("mi300x-oam", "hgx-h200", 1.12, 1.41),
        ("mi325x-oam", "hgx-h200", 1.28, 1.41),
        ("mi355x-oam", "hgx-b200", 1.48, 1.95),
    ],
)
def test_the_price_of_an_amd_node_is_in_the_ratio_of_two_costs_of_owning(
    name: str, peer: str, cost: float, theirs: float, builtin: Catalog
) -> None:
    row = builtin.systems[name]
    assert row.price_usd == round(builtin.systems[peer].price_usd * cost / theirs, -3)
    assert row.evidence == "estimate"
    assert "semianalysis-rates-amd-2025-08" in row.source


def test_peaks_and_memory(builtin: Catalog) -> None:
    rows = [builtin.systems[name] for name in AMD]
    assert [row.memory_gb_per_gpu for row in rows] == [192, 256, 288]
    assert [row.memory_tb_per_s_per_gpu for row in rows] == [5.3, 6, 8]
    assert [row.fp8_dense_pflops_per_gpu for row in rows] == [2.615, 2.615, 5.033]
    assert [row.fp4_dense_pflops_per_gpu for row in rows] == [None, None, 10.066]


# As the benchmarks print them: TTFT ms, TPOT ms, input and output tok/s per GPU.
PRINTED: dict[str, tuple[float | None, float, float, float]] = {
    "deepseek-r1 mi300x-oam/inferencex-sglang-fp8-agg-tp8-nospec-1k1k@c32x8": (163.3, 28.01, 134.9, 135.3),
    "deepseek-r1 mi325x-oam/inferencex-sglang-fp8-agg-tp8-mtp-8k1k@c16x8": (443.9, 26.55, 552.4, 68.83),
    "deepseek-r1 mi355x-oam/inferencex-atom-fp8-agg-tp8-mtp-1k1k@c64x8": (139.2, 18.34, 438.3, 438.6),
    "kimi-k2.5 mi355x-oam/inferencex-blog-vllm-mxfp4-agg-tp8-nospec-8k1k@c64x8": (None, 43.0, 1464.0, 183.0),
    "kimi-k2.5 hgx-h200/inferencex-derived-vllm-int4-agg-tp8-specunknown-1k1k@c4x8": (148.6, 10.43, 46.07, 46.07),
    "glm-5 gb300-nvl72/inferencex-dump-dynamo-sglang-fp4-disagg-p1x4-d3x4-nospec-8k1k@c128x16": (
        None, 22.56, 2313.0, 289.1,
    ),
    "llama-4-maverick mi300x-oam/sglang-cookbook-sglang-bf16-agg-tp8-nospec-1000x1000@c100x8": (
        129.0, 35.37, 343.4, 347.3,
    ),
    "deepseek-v3.2 hgx-b200/sglang-cookbook-sglang-fp8-agg-tp8ep8-dpattn-nospec-302x188@c100x8": (
        444.0, 106.7, 172.1, 107.5,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTED)
def test_a_row_says_what_was_printed(name: str, builtin: Catalog) -> None:
    (row,) = [point for point in builtin.serving.values() if f"{point.model} {point.name}" == name]
    printed = PRINTED[name]
    assert (row.ttft_ms, row.tpot_ms, row.input_tok_s_per_gpu, row.output_tok_s_per_gpu) == printed
    assert row.evidence == "independent"


def test_no_four_bits_on_what_has_none_but_what_was_published_so(builtin: Catalog) -> None:
    """MI300X and MI325X compute no FP4; on MI355X four bits are MXFP4."""
    found = {
        (point.system, point.precision)
        for point in builtin.serving.values()
        if point.system in AMD and point.model != "gpt-oss-120b"
    }
    assert {precision for name, precision in found if name != "mi355x-oam"} <= {"fp8", "bf16"}
    assert {precision for name, precision in found if name == "mi355x-oam"} == {"fp8", "mxfp4"}
    assert not any(point.precision == "mxfp4" for point in builtin.serving.values() if point.system not in AMD)


# --- no TTFT ---


def test_a_dump_and_tables_without_ttft_state_none(builtin: Catalog) -> None:
    bare = [p for p in builtin.serving.values() if p.ttft_ms is None]
    assert {p.source[0].startswith(("inferencex-dump-", "inferencex-blog-")) for p in bare} == {True}
    assert not [p for p in builtin.serving.values() if p.ttft_ms is not None and "inferencex-dump" in p.source[0]]
    # They stand only where nothing with a TTFT does.
    told = {(p.model, p.system, p.precision, p.input_tokens_nominal, p.output_tokens_nominal)
            for p in builtin.serving.values() if p.ttft_ms is not None}  # fmt: skip
    assert not {(p.model, p.system, p.precision, p.input_tokens_nominal, p.output_tokens_nominal) for p in bare} & told


def quiet(**fields: Any) -> ServingPoint:
    return point(ttft_ms=None, ttft_statistic=None, ttft_p99_ms=None, **fields)


@pytest.mark.parametrize(
    ("sla", "fits"),
    [
        ({}, True),
        ({"tpot_ms": 40.0}, True),
        ({"ttft_s": 1000.0}, False),
        ({"ttft_s": 1000.0, "ttft_percentile": 99}, False),
    ],
)
def test_an_unknown_ttft_meets_no_target(sla: dict[str, float], fits: bool) -> None:
    asked = case(points=(quiet(),), workloads=[chat(sla=sla)])
    (workload,) = asked.scenario.workloads
    (row,) = asked.catalog.serving.values()
    broken = [misfit.rule for misfit in misfits(row, workload, asked.catalog, asked.scenario.tail_ratio)]
    assert broken == ([] if fits else ["latency"])
    if fits:
        (candidate,) = build_problem(asked.scenario, asked.catalog).assignments.candidates
        assert candidate.ttft_ms != candidate.ttft_ms
        assert candidate.tpot_ms == row.tpot_ms


def without_ttft() -> Case:
    """A measured point and a prediction of three times its rate, which it caps: the TTFT of neither is known."""
    return case(points=(quiet(), quiet(series="bold", rate=3.0, evidence="predicted")), workloads=[chat(sla={})])


@pytest.mark.solve
def test_a_plan_on_points_without_a_ttft_leaves_it_open() -> None:
    asked = without_ttft()
    assert agrees(solved(asked), second_opinion(without_ttft))
    assert solved(asked).cost_usd == pytest.approx(solved(case()).cost_usd)
    plan = planner.solve(asked.scenario, asked.catalog)
    assert plan.serving["ttft_ms"].isna().all()
    assert plan.to_dict()["serving"][0]["ttft_ms"] is None


# --- lists ---


def test_rows_stand_by_maker_in_the_order_of_the_systems(builtin: Catalog) -> None:
    mixed = [builtin.systems[name] for name in ("mi355x-oam", "hgx-h200", "mi300x-oam", "gb300-nvl72")]
    assert [row.system for row in by_maker(builtin, mixed)] == ["hgx-h200", "gb300-nvl72", "mi355x-oam", "mi300x-oam"]
    makers = [builtin.systems[row.system].maker for row in by_maker(builtin, builtin.offers.values())]
    assert [maker for maker, _ in groupby(makers)] == ["NVIDIA", "AMD"]


def test_a_maker_that_comes_between_is_put_together(builtin: Catalog) -> None:
    late = System.model_validate(META | SYSTEMS["h-node"] | {"system": "late-8", "maker": "NVIDIA"})
    rows = replace(builtin, systems=builtin.systems | {"late-8": late})
    assert [row.maker for row in by_maker(rows, rows.systems.values())] == ["NVIDIA"] * 8 + ["AMD"] * 3


def test_frontiers_and_levers_name_makers_where_there_are_several(builtin: Catalog) -> None:
    shape = parse_shape("8192/1024")
    found = speed_frontier(builtin, "deepseek-r1", shape)
    assert [maker for maker, _ in groupby(found.makers[name] for name in found.best)] == ["NVIDIA", "AMD"]
    sheet = speed_frontier_sheet(found)
    assert sheet.columns[0].header == "maker"
    assert [row[0] for row in sheet.rows if row[0]] == ["NVIDIA", "AMD"]
    assert len(found.best) <= len(MARKERS), "two systems look the same in the figure"
    alone = speed_frontier_sheet(speed_frontier(builtin, "deepseek-r1", shape, ["mi355x-oam"]))
    assert alone.columns[0].header == "system"
    gains = lever_gains(builtin, "deepseek-r1", shape, 20.0).to_dict()["levers"]
    assert [maker for maker, _ in groupby(lever["maker"] for lever in gains)] == ["NVIDIA", "AMD"]


# --- plans ---


@pytest.mark.solve
@pytest.mark.parametrize("makers", [["mi355x-oam"], ["gb300-nvl72", "mi355x-oam"]])
def test_a_scenario_on_amd_alone_and_beside_nvidia(makers: list[str]) -> None:
    asked = planner.load(ROOT / "scenarios" / "two-makers.yaml", (f"procurement.systems.allow=[{', '.join(makers)}]",))
    plan = planner.solve(asked)
    assert plan.status == "optimal"
    assert plan.audit.passed
    assert set(plan.purchases["system"]) == set(makers)
    assert set(plan.serving["system"]) == set(makers)
    page = html_report(plan, asked, catalog_of(asked))
    assert all(name in page for name in makers)
