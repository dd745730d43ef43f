"""What must always be true of extrapolated points, whatever was measured and whatever is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from planner.catalog.models import DerivedPoint, ServingPoint
from planner.rules import derive_points
from planner.rules.families import gpu_seconds
from planner.rules.memory import fits
from tests.lengths_cases import SELECTION, asking_long, size, sweep, two_parts
from tests.oracle.points import fitted
from tests.strategies import Case, examples, with_workloads

SHAPES = ((1000.0, 500.0), (8000.0, 1000.0), (1000.0, 4000.0), (4000.0, 500.0))


@st.composite
def anything(draw: st.DrawFn) -> Case:
    """Sweeps of one or two configurations of a model, each point off its floors by its own, and a request of lengths
    that none of them is close to."""
    shape: dict[str, Any] = draw(st.sampled_from([{}, SELECTION, {"state_layers": 20, "state_size": 100_000}]))
    model = size(
        **shape,
        experts=draw(st.sampled_from([16, 64])),
        experts_per_token=draw(st.integers(1, 8)),
        windowed_layers=draw(st.integers(1, 30)),
        kv_heads=draw(st.sampled_from([1, 8])),
        latent_size=(latent := draw(st.sampled_from([None, 512]))),
        latent_key_size=None if latent is None else 576,
    )
    points: list[ServingPoint] = []
    for engine in draw(st.sampled_from([("e",), ("e", "f")])):
        shapes = tuple(draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3, unique=True)))
        factors = [draw(st.integers(1, 12)) / 1.0, draw(st.integers(1, 4)) / 1.0, draw(st.integers(0, 8)) / 1.0]
        drafts = {"spec_decode": "mtp", "requires": ("mtp",)} if draw(st.booleans()) else {}
        evidence = draw(st.sampled_from(["independent", "measured", "predicted"]))
        given: dict[str, Any] = {"shapes": shapes, "loads": (4.0, 24.0, 96.0), "factors": factors}
        given |= {"engine": engine, "evidence": evidence} | drafts
        split = draw(st.sampled_from([None, None, "p1x8-d1x8", "p1x4-d3x4-dpattn-d"]))
        for point in two_parts(split, model, **given) if split else sweep(model, **given):
            off = draw(st.integers(70, 140)) / 100
            changes = {f"{side}_tok_s_per_gpu": getattr(point, f"{side}_tok_s_per_gpu") / off for side in SIDES}
            points.append(point.model_copy(update=changes))
    tokens = {"input": draw(st.sampled_from([300, 3000, 20_000, 60_000])), "output": draw(st.sampled_from([200, 800]))}
    hits = draw(st.sampled_from([0.0, 0.5, 0.85]))
    return asking_long(points, model, tokens=tokens, prefix_cache_hit_share=hits, extrapolate="always")


SIDES = ("input", "output")


def carried(case: Case) -> dict[tuple[object, ...], DerivedPoint]:
    """What is extrapolated of a case, by configuration, replica and load."""
    rows = derive_points(case.scenario, case.catalog).serving.values()
    return {
        (row.engine, row.gpus_per_replica, row.concurrency, row.evidence): row
        for row in rows
        if isinstance(row, DerivedPoint) and row.derived == "extrapolated"
    }


def more_input(case: Case) -> Case:
    return with_workloads(
        case, lambda w: {"tokens": w.tokens.model_copy(update={"input": 1.7 * w.tokens.input})} if w.tokens else {}
    )


def fewer_hits(case: Case) -> Case:
    return with_workloads(case, lambda w: {"prefix_cache_hit_share": 0.5 * w.prefix_cache_hit_share})


@pytest.mark.parametrize("change", [more_input, fewer_hits], ids=lambda change: change.__name__)
@examples(3)
@given(case=anything())
def test_more_to_compute_is_never_less_work(change: Any, case: Case) -> None:
    before, after = carried(case), carried(change(case))
    event(f"carried: {len(before)} and {len(after)}")
    for key in before.keys() & after.keys():
        assert gpu_seconds(after[key]) >= gpu_seconds(before[key]) * (1 - 1e-9)
        waits = [row.ttft_ms for row in (before[key], after[key]) if row.ttft_ms is not None]
        assert waits == sorted(waits)
        assert after[key].tpot_ms >= before[key].tpot_ms * (1 - 1e-9)


@examples(3)
@given(case=anything())
def test_no_carried_point_holds_more_than_its_memory(case: Case) -> None:
    for row in carried(case).values():
        lengths = (row.input_tokens_mean, row.output_tokens_mean)
        assert fits(row, case.catalog.models["m1"], case.catalog.systems[row.system], lengths)


@examples(3)
@given(case=anything(), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(case: Case, order: Any) -> None:
    rows = list(case.catalog.serving.items())
    order.shuffle(rows)
    assert carried(case) == carried(case.with_catalog(serving=dict(rows)))


@examples(3)
@given(case=anything())
def test_a_second_derivation_finds_the_same(case: Case) -> None:
    name = case.scenario.workloads[0].name
    theirs = [(gpu_seconds(row), row.ttft_ms, row.tpot_ms) for row in fitted(case.scenario, case.catalog)[name]]
    for row in carried(case).values():
        own = (gpu_seconds(row), row.ttft_ms, row.tpot_ms)
        assert any(own == pytest.approx(other, rel=1e-6) for other in theirs)
