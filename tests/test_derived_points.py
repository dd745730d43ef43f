"""Operating points between shapes and between concurrencies, and with hits in the prefix cache."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

import planner
from planner.accounts import Account
from planner.audit import audit_of
from planner.catalog.models import ServingPoint
from planner.errors import InfeasiblePlan, ScenarioError
from planner.pipeline import catalog_of
from planner.report.serving import serving_sheet
from planner.report.view import timeline_of
from planner.rules import check_references, derive_points
from planner.rules.families import gpu_seconds
from tests.shapes import CORNERS, HOURS, USD_PER_GPU_HOUR, asking, at, only, paid, renting
from tests.strategies import Case, catalog, solved, system, token_api

# --- by hand ---


def test_a_shape_between_measured_ones_takes_what_the_fit_says() -> None:
    # 4,000 in and 2,000 out: 0.4 s and 0.6 s, so 20 requests/s keep 20 GPUs busy.
    assert paid(asking((4000, 2000)), renting(CORNERS)) == pytest.approx(20 * HOURS * USD_PER_GPU_HOUR)


def test_half_of_the_input_in_the_cache_spares_half_of_its_work() -> None:
    asked = asking((4000, 2000), prefix_cache_hit_share=0.5)
    assert paid(asked, renting(CORNERS)) == pytest.approx(20 * 0.8 * HOURS * USD_PER_GPU_HOUR)
    asked = asking((1000, 1000), prefix_cache_hit_share=0.5)
    assert paid(asked, renting(CORNERS)) == pytest.approx(20 * 0.35 * HOURS * USD_PER_GPU_HOUR)


def test_hits_count_for_nothing_where_no_fit_tells_what_input_costs() -> None:
    rows = renting(CORNERS[:2])
    asked = asking((1000, 1000), prefix_cache_hit_share=0.5)
    plan = planner.solve(asked, rows)
    assert plan.kpis["cash_usd"] == pytest.approx(20 * 0.4 * HOURS * USD_PER_GPU_HOUR)
    assert set(plan.serving["note"]) == {
        "no credit for prefix-cache hits: no fit of its configuration tells what input costs"
    }


# Between 20 and 40 ms the target of 30 lies half way: 1.5 requests/s per GPU.
SWEEP = [
    at((1000, 500), 1.0, series="sweep", concurrency=32, tpot_ms=20.0, tpot_p99_ms=30.0),
    at((1000, 500), 0.5, series="sweep", concurrency=96, tpot_ms=40.0, tpot_p99_ms=90.0),
]


def test_between_two_concurrencies_a_series_runs_at_exactly_its_target() -> None:
    sla = {"tpot_ms": 30}
    assert paid(asking((1000, 500), sla=sla), renting(SWEEP)) == pytest.approx(20 * HOURS * USD_PER_GPU_HOUR)
    asked = asking((1000, 500), sla=sla, interpolate=True)
    assert paid(asked, renting(SWEEP)) == pytest.approx(20 / 1.5 * HOURS * USD_PER_GPU_HOUR)
    row = only(derive_points(asked, renting(SWEEP)))
    assert (row.tpot_ms, row.tpot_statistic, row.concurrency) == (30, "p50", 64)
    assert row.parents == tuple(entry.name for entry in SWEEP)


def test_the_slower_of_two_targets_decides() -> None:
    slow = at((1000, 500), 0.5, series="sweep", concurrency=96, tpot_ms=40.0, ttft_ms=4800.0)
    asked = asking((1000, 500), sla={"tpot_ms": 30, "ttft_s": 1.8}, interpolate=True)
    row = only(derive_points(asked, renting([SWEEP[0], slow])))
    # A quarter of the way from 0.8 s to 4.8 s.
    assert row.ttft_ms == pytest.approx(1800)
    assert row.tpot_ms == pytest.approx(25)
    assert gpu_seconds(row) == pytest.approx(1 / 1.25)


@pytest.mark.parametrize(
    "change",
    [
        {"gpus_per_replica": 2},
        {"series": "other"},
        {"evidence": "predicted"},
        {"tpot_ms": 29.0},
        {"output_tok_s_per_gpu": 400.0},
        {"input_tokens_mean": 1010.0},
    ],
)
def test_nothing_is_interpolated_between_points_that_are_not_neighbours_of_one_sweep(change: dict[str, Any]) -> None:
    other = ServingPoint.model_validate({**dict(SWEEP[1]), **change})
    first = SWEEP[0] if "evidence" not in change else ServingPoint.model_validate({**dict(SWEEP[0]), **change})
    asked = asking((1000, 500), sla={"tpot_ms": 30}, interpolate=True)
    rows = renting([first, other])
    assert derive_points(asked, rows) is rows


def test_a_tail_target_is_interpolated_between_tails() -> None:
    asked = asking((1000, 500), sla={"tpot_ms": 60, "tpot_percentile": 99}, interpolate=True)
    row = only(derive_points(asked, renting(SWEEP)))
    assert (row.tpot_ms, row.tpot_statistic) == (60, "p99")
    assert gpu_seconds(row) == pytest.approx(1 / 1.5)


# --- what derived points rest on ---


def test_a_fitted_point_rests_on_its_parents() -> None:
    points = [
        at((1000, 1000), 0.4, evidence="measured", as_of="2026-05-01", gpus_per_replica=4, largest_worker_gpus=2),
        at((8000, 1000), 1.1, as_of="2025-01-01", gpus_per_replica=8, largest_worker_gpus=1, ttft_ms=1500.0),
    ]
    row = only(derive_points(asking((4500, 1000)), renting(points)))
    assert (row.evidence, row.as_of, row.derived) == ("independent", dt.date(2025, 1, 1), "fitted")
    assert (row.gpus_per_replica, row.largest_worker_gpus) == (8, 2)
    assert (row.ttft_ms, row.tpot_ms) == (1500, 20)
    assert row.parents == tuple(entry.name for entry in points)
    assert row.note.startswith("fitted on 2 shapes with an error of at most 0 %: h-node/")
    assert gpu_seconds(row) == pytest.approx(0.75)


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "other"},
        {"system": "b-node"},
        {"precision": "fp4"},
        {"mode": "disagg"},
        {"spec_decode": "mtp", "requires": ("mtp",)},
        {"evidence": "predicted"},
        {"evidence": "vendor"},
        {"gpus_per_replica": 16, "largest_worker_gpus": 16},
    ],
)
def test_a_fit_keeps_to_one_configuration(change: dict[str, Any]) -> None:
    rows = renting([CORNERS[0], at((8000, 1000), 1.1, **change)])
    assert derive_points(asking((4500, 1000)), rows) is rows


def test_a_configuration_measured_close_by_is_not_fitted() -> None:
    close = at((4400, 1050), 3.0)
    assert derive_points(asking((4500, 1000)), renting([*CORNERS, close])).serving.keys() == {
        entry.key for entry in (*CORNERS, close)
    }


def test_a_predicted_fit_keeps_its_parents_caps() -> None:
    claims = [at((1000, 1000), 0.4, evidence="predicted"), at((8000, 1000), 1.1, evidence="predicted")]
    proven = at((8000, 1000), 4.4, engine="other", series="q")
    row = only(derive_points(asking((4500, 1000)), renting([*claims, proven])))
    # After trust the 8k/1k prediction claims 0.65 / 1.1 requests/s and may have 1 / 4.4.
    assert gpu_seconds(row) == pytest.approx(0.75 * (0.65 / 1.1) / (1 / 4.4))


def test_a_predicted_fit_never_exceeds_a_measured_point_of_its_shape() -> None:
    claims = [at((1000, 1000), 0.04, evidence="predicted"), at((8000, 1000), 0.11, evidence="predicted")]
    proven = at((4500, 1000), 2.0, engine="other", series="q")
    assert paid(asking((4500, 1000)), renting([*claims, proven])) == pytest.approx(40 * HOURS * USD_PER_GPU_HOUR)


def test_a_derived_point_serves_no_other_workload() -> None:
    asked = asking((4500, 1000))
    twin = asked.workloads[0].model_copy(update={"name": "twin"})
    both = asked.model_copy(update={"workloads": (asked.workloads[0], twin)})
    rows = derive_points(both, renting(CORNERS))
    plan = planner.solve(both, rows)
    swapped = plan.decisions.serving.assign(
        point=[name.replace("+chat", "+?").replace("+twin", "+chat") for name in plan.decisions.serving["point"]]
    )
    found = audit_of(Account(both, rows, replace(plan.decisions, serving=swapped)), 0.0)
    assert any("it was derived for another workload" in violation.sentence for violation in found.violations)


def test_deriving_again_changes_nothing_and_another_question_starts_afresh() -> None:
    asked = asking((4500, 1000))
    once = derive_points(asked, renting(CORNERS))
    assert derive_points(asked, once).serving == once.serving
    assert derive_points(asking((1000, 1000)), once).serving.keys() == {entry.key for entry in CORNERS}


def test_the_trace_names_the_measured_rows_behind_a_fit() -> None:
    plan = planner.solve(asking((4500, 1000)), renting(CORNERS[:2]))
    traced = plan.trace("serving")
    assert set(traced.loc[traced["gives"] == "fitted from", "row"]) == {entry.name for entry in CORNERS[:2]}


# --- refusals ---


def test_lengths_beyond_every_measured_shape_are_refused_with_the_nearest() -> None:
    with pytest.raises(ScenarioError) as refused:
        check_references(asking((20000, 500)), renting(CORNERS))
    assert [fault.message for fault in refused.value.faults] == [
        "no configuration of m1 was measured at, or on either side of, 20000 input / 500 output tokens; "
        "nearest measured: 8000 / 1000, 1000 / 1000, 1000 / 8000"
    ]


def test_a_token_api_that_may_answer_is_as_good_as_a_measured_shape() -> None:
    rows = renting(CORNERS, apis=[token_api()])
    check_references(asking((20000, 500)), rows)
    check_references(asking((20000, 500), sla={"tpot_ms": 15}), rows)
    check_references(asking((20000, 500), kind="batch", sla={"tpot_ms": 5}), rows)
    for barred in ({"token_api": False}, {"sla": {"tpot_ms": 5}}):
        with pytest.raises(ScenarioError):
            check_references(asking((20000, 500), **barred), rows)


# --- token APIs ---


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ({}, 0.0),
        ({"prefix_cache_hit_share": 0.4}, 0.4),
        ({"cached_input_share": 0.2}, 0.2),
        ({"prefix_cache_hit_share": 0.4, "cached_input_share": 0.0}, 0.0),
    ],
)
def test_an_api_bills_hits_at_its_cached_price_unless_told_otherwise(said: dict[str, float], share: float) -> None:
    rows = catalog([system("h-node")], points=CORNERS, apis=[token_api(cached_input_usd_per_mtok=0.1)])
    mtok = 20 * HOURS * 3600 * 1000 / 1e6
    usd = mtok * ((1 - share) * 0.3 + share * 0.1 + 1.2)
    assert paid(asking((1000, 1000), **said), rows) == pytest.approx(usd)


# --- the shipped catalog ---


@pytest.mark.parametrize("name", ["10mw", "tiny", "three-futures", "existing-fleet", "rent-only"])
def test_shipped_scenarios_run_on_measured_points_alone(name: str) -> None:
    assert not any(row.derivation for row in catalog_of(planner.load(f"scenarios/{name}.yaml")).serving.values())


# --- plans and reports ---


def test_solved_and_planned_agree_on_derived_points() -> None:
    asked, rows = asking((4500, 1000)), renting(CORNERS)
    assert solved(Case(asked, derive_points(asked, rows))).high == pytest.approx(planner.solve(asked, rows).proof.value)


def test_a_target_that_no_fit_meets_is_named_with_the_one_that_would_do() -> None:
    asked = asking((4500, 1000), sla={"tpot_ms": 5})
    with pytest.raises(InfeasiblePlan) as refused:
        planner.solve(asked, renting(CORNERS))
    (limit,) = refused.value.relaxations
    assert "chat" in limit.sentence
    # Fitted points run at 20 ms, three times the target above it.
    assert limit.needed == pytest.approx(3)


def test_a_report_marks_what_was_not_measured() -> None:
    asked = asking((4500, 1000))
    rows = renting(CORNERS)
    plan = planner.solve(asked, rows)
    sheet = serving_sheet(plan, asked, timeline_of(asked, rows))
    assert [row[5] for row in sheet.rows[1:]] == ["independent, fitted"]
    assert any("was not measured itself" in note for note in sheet.notes)
    served = json.loads(plan.to_json())["serving"][0]
    assert served["derived"] == "fitted"
    assert served["note"].startswith("fitted on ")


def test_a_report_says_where_hits_count_for_nothing() -> None:
    asked = asking((1000, 1000), prefix_cache_hit_share=0.5)
    rows = renting(CORNERS[:2])
    plan = planner.solve(asked, rows)
    sheet = serving_sheet(plan, asked, timeline_of(asked, rows))
    assert any("prefix-cache hits count for nothing" in note for note in sheet.notes)
