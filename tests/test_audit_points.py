"""Which points and token APIs the audit lets serve a workload: lengths, targets at their percentile, what is proven."""

from __future__ import annotations

import math
from typing import Any

import pytest

from planner.accounts.inputs import build_inputs
from planner.audit.reasons import api_fault, point_fault
from planner.catalog.models import ServingPoint
from planner.rules.latency import latency_ms
from planner.rules.rates import point_rate
from planner.scenario.models import TailRatio
from tests.audit_catalog import META, POINT, catalog
from tests.audit_plan import plan, scenario


def point(**changes: Any) -> ServingPoint:
    return ServingPoint.model_validate(META | POINT | changes)


@pytest.mark.parametrize(
    ("percentile", "statistic", "p99", "expected"),
    [
        (50, "p50", None, 100),
        (50, "mean", 300, 100),
        (50, "p90", 300, None),
        (90, "p90", 300, 100),
        (90, "p50", 300, 300),
        (95, "mean", None, None),
        (95, "p99", None, 100),
        (99, "p99", None, 100),
        (99, "p50", 300, 300),
    ],
)
def test_a_target_is_held_against_its_own_percentile(
    percentile: int, statistic: str, p99: float | None, expected: float | None
) -> None:
    row = point(ttft_ms=100, ttft_statistic=statistic, ttft_p99_ms=p99)
    assert latency_ms(row, "ttft", percentile, TailRatio()) == (math.inf if expected is None else expected)


@pytest.mark.parametrize(
    ("percentile", "statistic", "p99", "expected"),
    [
        (50, "mean", None, 100),
        (90, "p90", None, 100),
        (90, "p50", None, 700),
        (99, "mean", None, 700),
        (99, "p50", 300, 300),
        (99, "p90", None, None),
    ],
)
def test_a_tail_ratio_converts_what_states_no_tail(
    percentile: int, statistic: str, p99: float | None, expected: float | None
) -> None:
    row = point(ttft_ms=100, ttft_statistic=statistic, ttft_p99_ms=p99)
    assert latency_ms(row, "ttft", percentile, TailRatio(ttft=7.0)) == (math.inf if expected is None else expected)


def test_ten_per_cent_off_in_length_is_still_eligible() -> None:
    ground = build_inputs(scenario(), catalog(), plan().decided)
    chat = ground.workloads[0]
    assert point_fault(ground, chat, point(input_tokens_mean=1100, output_tokens_mean=900)) == ""
    assert "mean output" in point_fault(ground, chat, point(output_tokens_mean=899))


def test_a_predicted_point_is_no_better_than_the_best_proven_one_no_slower() -> None:
    ground = build_inputs(scenario(), catalog(), plan().decided)
    nightly, where = ground.workloads[1], (ground.scenario, ground.timeline)
    bold = point(evidence="predicted", output_tok_s_per_gpu=4000, precision="fp4")  # 4 × 0.65 = 2.6
    proven = point(evidence="independent", output_tok_s_per_gpu=2000)
    slower = point(evidence="independent", output_tok_s_per_gpu=500, tpot_ms=21)
    elsewhere = point(evidence="measured", output_tok_s_per_gpu=100, system="rack")
    assert point_rate(*where, nightly, bold, [proven, slower, elsewhere])[0] == pytest.approx(2.0)
    assert point_rate(*where, nightly, bold, [slower, elsewhere])[0] == pytest.approx(2.6)


def test_an_api_of_unknown_latency_serves_whoever_asks_for_none() -> None:
    ground = build_inputs(scenario(), catalog(), plan().decided)
    unknown = ground.apis[1]
    chat, nightly = ground.workloads[:2]
    assert "unknown" in api_fault(ground, chat, unknown)
    assert api_fault(ground, nightly, unknown) == ""
    only_tpot = chat.model_copy(update={"sla": chat.sla.model_copy(update={"ttft_s": None})})
    assert api_fault(ground, only_tpot, unknown) == ""
