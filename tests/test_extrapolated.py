"""Points at lengths that nobody measured: the floors by hand, what is carried, what is refused, whom it serves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import planner
from planner.catalog import load_catalog
from planner.catalog.models import Catalog, DerivedPoint, ModelSize, ServingPoint
from planner.errors import ScenarioError
from planner.rules import check_references, derive_points
from planner.rules.extrapolated import TPOT, TTFT, WORK, Extrapolator, derating
from planner.rules.families import gpu_seconds
from planner.rules.measured import MeasuredPoints
from planner.rules.memory import copies, fits, needed_gb
from planner.rules.roofline import Efficiency, Floors, Setup, efficiency_of
from tests.lengths_cases import FACTORS, LONG, SMALL, asking_long, size, sweep
from tests.shapes import at
from tests.strategies import META, Case, catalog, system

BUILTIN = load_catalog(["builtin"])


def made(case: Case) -> list[DerivedPoint]:
    rows = derive_points(case.scenario, case.catalog).serving.values()
    return [row for row in rows if isinstance(row, DerivedPoint)]


def shipped(model: str, series: str, concurrency: float) -> ServingPoint:
    found = [p for p in BUILTIN.serving.values() if p.model == model and p.series == series]
    return next(point for point in found if point.concurrency == concurrency)


# --- floors ---


def test_the_floors_of_a_request_by_hand() -> None:
    """2 PFLOP/s and 4.8 TB/s a GPU; 32 requests on four GPUs."""
    point = at((1000, 500), 1.0, gpus_per_replica=4, largest_worker_gpus=4, concurrency=32)
    floors = Setup(SMALL, system("h-node"), point).floors((1000, 500))
    # 2 GFLOP for each of 1,500 tokens; 500,000 pairs of the input and 625,000 of the output at half the peak.
    assert floors.compute == pytest.approx(2e9 * 1500 / 2e15 + 2000 * 1_125_000 / 1e15)
    # 500 steps: a 32nd of 1 GB of weights, and 1,250 cached tokens of 1,000 bytes.
    assert floors.memory == pytest.approx(500 * (1e9 / 32 + 1_250_000) / 4.8e12)
    assert floors.steps == pytest.approx(500 * 4 / 32 / 1000)


def test_what_is_cached_is_not_computed_but_attended_to() -> None:
    """Of 1,000 tokens 800 in the cache: 200 go through the weights, and each sees those before it: 180,000 pairs."""
    point = at((1000, 500), 1.0, gpus_per_replica=4, largest_worker_gpus=4, concurrency=32)
    setup = Setup(SMALL, system("h-node"), point)
    found, without = setup.floors((1000, 500), 0.8), setup.floors((1000, 500))
    assert found.compute == pytest.approx(2e9 * 700 / 2e15 + 2000 * (180_000 + 625_000) / 1e15)
    assert found[1:] == without[1:]


def test_a_step_reads_the_experts_that_its_requests_need() -> None:
    """400 billion of which 30 active: 16 experts of which one is used hold 394.67 and 5.33 are dense."""
    mixed = size(experts=16, experts_per_token=1)
    one = at((1000, 500), 1.0, concurrency=1)
    routed = 370 / (15 / 16)
    assert Setup(mixed, system("h-node"), one).read_bytes() == pytest.approx((400 - routed + routed / 16) * 1e9)
    assert Setup(mixed, system("h-node"), one).read_bytes() == pytest.approx(30e9)
    two = one.model_copy(update={"concurrency": 2.0})
    # Two requests meet in one expert a sixteenth of the time.
    expected = (400 - routed + routed * (1 - (15 / 16) ** 2)) * 1e9
    assert Setup(mixed, system("h-node"), two).read_bytes() == pytest.approx(expected)


def test_points_made_by_known_factors_tell_those_factors() -> None:
    rows = asking_long(sweep()).catalog
    setups = [Setup(rows.models["m1"], rows.systems["h-node"], point) for point in rows.serving.values()]
    found = efficiency_of(setups)
    assert found is not None
    assert [found.compute, found.memory, found.step_ms] == pytest.approx(FACTORS)


def test_nothing_runs_above_its_peak() -> None:
    fast = sweep(factors=[0.5, 0.5, 5.0])
    rows = asking_long(fast).catalog
    found = efficiency_of([Setup(rows.models["m1"], rows.systems["h-node"], point) for point in rows.serving.values()])
    assert found is not None
    assert (found.compute, found.memory) == (1.0, 1.0)
    assert 0 <= found.step_ms < 5


@pytest.mark.parametrize("points", [sweep(loads=(8.0, 16.0)), sweep(shapes=((1000, 500),), loads=(1, 2, 4, 8, 16, 32))])
def test_few_points_and_one_length_tell_nothing(points: list[ServingPoint]) -> None:
    rows = asking_long(points).catalog
    assert efficiency_of([Setup(rows.models["m1"], rows.systems["h-node"], point) for point in points]) is None


# --- memory ---


def test_memory_by_hand() -> None:
    """1 GB of weights and 32 requests of 1,250 tokens at 1,000 bytes; 16-bit weights and caches take twice that."""
    point = at((1000, 500), 1.0, concurrency=32)
    assert needed_gb(point, SMALL, (1000, 500)) == pytest.approx(1 + 32 * 1.25e6 / 1e9)
    wide = point.model_copy(update={"precision": "bf16"})
    assert needed_gb(wide, SMALL, (1000, 500)) == pytest.approx(2 * (1 + 32 * 1.25e6 / 1e9))
    narrow = point.model_copy(update={"precision": "fp4"})
    assert needed_gb(narrow, SMALL, (1000, 500)) == pytest.approx(0.6 + 32 * 1.25e6 / 1e9)


@pytest.mark.parametrize(
    ("series", "kv_heads", "expected"),
    [("tp8", 1, 8.0), ("tp8", 4, 2.0), ("tp8", 16, 1.0), ("tp8-dpattn", 1, 1.0)],
)
def test_gpus_that_share_no_head_keep_a_copy_each(series: str, kv_heads: int, expected: float) -> None:
    point = at((1000, 500), 1.0, gpus_per_replica=8, largest_worker_gpus=8, series=series)
    assert copies(point, SMALL.model_copy(update={"kv_heads": kv_heads})) == expected


@pytest.mark.parametrize(("series", "most"), [("x-tp8", 20), ("x-tp8-dpattn", 162)])
def test_how_many_long_requests_of_deepseek_eight_h200_hold(series: str, most: int) -> None:
    """0.9 × 141 GB a GPU less a share of 671 GB; 60,400 tokens of 35,136 bytes, on every GPU or on one."""
    known = shipped("deepseek-r1", "inferencex-sglang-fp8-agg-tp8-nospec-8k1k", 16)
    row, node = BUILTIN.models["deepseek-r1"], BUILTIN.systems["hgx-h200"]

    def held(concurrency: int) -> bool:
        point = known.model_copy(update={"series": series, "concurrency": float(concurrency), "system": "hgx-h200"})
        return fits(point, row, node, (60_000, 800))

    assert (held(most), held(most + 1)) == (True, False)


# --- what is carried ---


def test_a_carried_point_is_what_the_floors_say_and_derated_once() -> None:
    rows = asking_long(sweep())
    found = {row.concurrency: row for row in made(rows)}
    assert set(found) == {8, 16, 32}
    for load, row in found.items():
        lengths = (LONG["input"], LONG["output"])
        point = at(lengths, 1.0, gpus_per_replica=8, largest_worker_gpus=8, concurrency=load)
        floors = Setup(size(), rows.catalog.systems["h-node"], point).floors(lengths)
        work = sum(factor * floor for factor, floor in zip(FACTORS, floors, strict=True))
        assert gpu_seconds(row) == pytest.approx(1.3 * work)
        assert (row.derived, row.evidence) == ("extrapolated", "independent")
        assert (row.input_tokens_mean, row.output_tokens_mean) == lengths
        assert len(row.parents) == 2


@pytest.mark.parametrize("measured_ms", [3000.0, 1.0])
def test_latencies_grow_with_the_work_of_a_token_and_the_root_of_the_input(measured_ms: float) -> None:
    """4 times the input is twice the wait, unless reading it with all GPUs takes longer."""
    (alone,) = sweep(shapes=((1000, 500),), loads=(8.0,), engine="f", ttft_ms=measured_ms)
    case = asking_long([*sweep(), alone], tokens={"input": 4000, "output": 1000}, extrapolate="always")
    (row,) = [row for row in made(case) if row.engine == "f"]
    # Sixty layers see all pairs of 4,000 tokens, thirty those within 2,000: 2 and 4 million.
    weights, pairs = 2 * 30e9 * 4000 / 2e15, 2 * 128 * 320 * (60 * 4000**2 / 2 + 30 * 6e6) / 1e15
    reading_ms = 4.0 * (weights + pairs) / 8 * 1000
    assert row.ttft_ms == pytest.approx(1.9 * max(2 * measured_ms, reading_ms))
    # 12 ms at 8 requests in flight, and as much more as the GPU-seconds of an output token are.
    grown = gpu_seconds(row) / WORK / 1000 / (gpu_seconds(alone) / 500)
    assert row.tpot_ms == pytest.approx(1.2 * 12 * grown)


def test_a_point_carried_to_its_own_lengths_is_itself_derated() -> None:
    points = sweep()
    case = asking_long(points)
    known = Extrapolator(points, case.catalog)
    for point in points:
        own = {"input": point.input_tokens_mean, "output": point.output_tokens_mean}
        workload = asking_long(points, tokens=own).scenario.workloads[0]
        (row,) = known.points(MeasuredPoints(case.scenario, workload, points), [point])
        assert gpu_seconds(row) == pytest.approx(WORK * gpu_seconds(point))
        assert (row.ttft_ms, row.tpot_ms) == pytest.approx((TTFT * 400.0, TPOT * point.tpot_ms))


def test_what_was_measured_close_by_serves_as_it_is() -> None:
    assert made(asking_long(sweep(), tokens={"input": 1000, "output": 500}, extrapolate="always")) == []


@pytest.mark.parametrize(
    ("fields", "output", "expected"),
    [
        ({}, 500.0, 1.3),
        ({}, 499.0, 1.7),
        ({"spec_decode": "mtp", "requires": ("mtp",), "concurrency": 65.0}, 500.0, 1.5),
        ({"spec_decode": "mtp", "requires": ("mtp",), "concurrency": 64.0}, 500.0, 1.3),
        ({"spec_decode": "mtp", "requires": ("mtp",), "concurrency": 65.0}, 100.0, 1.7),
        ({"concurrency": 65.0}, 500.0, 1.3),
    ],
)
def test_one_derating_applies_the_largest(fields: dict[str, Any], output: float, expected: float) -> None:
    point = at((1000, 500), 1.0, **({"gpus_per_replica": 8, "largest_worker_gpus": 8} | fields))
    assert derating(point, (20_000, output)) == expected


def test_hits_at_a_measured_length_take_off_what_the_floors_spare_less_the_derating() -> None:
    tokens = {"input": 4000, "output": 500}
    found = {row.concurrency: row for row in made(asking_long(sweep(), tokens=tokens, prefix_cache_hit_share=0.5))}
    for point in sweep(shapes=((4000, 500),)):
        setup = Setup(size(), system("h-node"), point)
        spared = FACTORS[0] * (setup.floors((4000, 500)).compute - setup.floors((4000, 500), 0.5).compute)
        row = found[point.concurrency]
        assert gpu_seconds(row) == pytest.approx(gpu_seconds(point) - spared / 1.3)
        assert row.derived == "extrapolated"
        assert "no measured hit has verified" in row.note


def test_beyond_the_tested_lengths_the_range_is_told() -> None:
    long = made(asking_long(sweep(), tokens={"input": 40_000, "output": 1000}))
    assert all(
        0.5 < row.least_share < 1 and "beyond 32,768 input tokens nothing was tested" in row.note for row in long
    )
    assert all(row.least_share == 1 and "tested" not in row.note for row in made(asking_long(sweep())))


def test_a_predicted_point_keeps_its_cap_and_its_trust() -> None:
    claims = sweep(evidence="predicted")
    proven = at((1000, 500), 2 * gpu_seconds(claims[2]), engine="other", series="q", tpot_ms=1.0, ttft_ms=1.0)
    capped = {row.concurrency: gpu_seconds(row) for row in made(asking_long([*claims, proven]))}
    free = {row.concurrency: gpu_seconds(row) for row in made(asking_long(claims))}
    # The prediction claims half of what was measured, and may have that after trust: 0.65 of twice as much.
    assert capped[32] / free[32] == pytest.approx(2 * 0.65)


# --- what is refused ---


def refusals(points: list[ServingPoint], rows: Catalog) -> set[str]:
    return set(Extrapolator(points, rows).refusals((80_000, 1000)))


def test_what_keeps_a_point_from_being_carried() -> None:
    rows = asking_long(sweep()).catalog
    assert refusals(sweep(mode="disagg", requires=("disagg",)), rows) == {"disagg"}
    assert refusals(sweep(), replace(rows, models={})) == {"attention"}
    assert refusals(sweep(loads=(8.0,)), rows) == {"points"}
    assert refusals(sweep(), rows) == {"", "memory"}


def test_where_nothing_is_carried_the_refusal_says_why() -> None:
    case = asking_long(
        [*sweep(loads=(32.0, 48.0, 64.0)), *sweep(mode="disagg", requires=("disagg",))],
        tokens={"input": 120_000, "output": 1000},
    )
    with pytest.raises(ScenarioError) as refused:
        check_references(case.scenario, case.catalog)
    assert [fault.message for fault in refused.value.faults] == [
        "no configuration of m1 was measured at, or on either side of, 120000 input / 1000 output tokens; nearest "
        "measured: 4000 / 500, 1000 / 500; none can be extrapolated: 6 points, as nothing says how their GPUs are "
        "split into prefill and decode workers; 6 points, as weights and the caches of their requests in flight would "
        "not fit the memory"
    ]


def test_a_workload_says_whether_it_may_rest_on_extrapolation() -> None:
    near = at((20_000, 1000), 30.0, engine="f", gpus_per_replica=8, largest_worker_gpus=8)
    for extrapolate, alone, beside in (("never", 0, 0), ("needed", 3, 0), ("always", 3, 3)):
        assert len(made(asking_long(sweep(), extrapolate=extrapolate))) == alone
        assert len(made(asking_long([*sweep(), near], extrapolate=extrapolate))) == beside


def test_version_1_keeps_to_what_was_measured() -> None:
    said = {"workloads.chat.tokens={input: 3000, output: 400}"}
    with pytest.raises(ScenarioError, match="nearest measured"):
        planner.catalog_of(planner.load("scenarios/tiny.yaml", (*said, "version=1")), BUILTIN)
    found = planner.catalog_of(planner.load("scenarios/tiny.yaml", tuple(said)), BUILTIN).serving.values()
    assert {row.derivation for row in found} == {"", "extrapolated"}


def test_deratings_are_above_one() -> None:
    assert min(WORK, TPOT, TTFT) > 1
    assert Efficiency(2.0, 3.0, 4.0).gpu_seconds(Floors(1.0, 10.0, 100.0)) == 432


def test_a_catalog_of_one_model_says_what_of_its_attention_is_missing() -> None:
    with pytest.raises(ValueError, match="key_size"):
        ModelSize.model_validate(
            META
            | {
                "name": "m",
                "total_params_billion": 1.0,
                "active_params_billion": 1.0,
                "attention_layers": 2,
                "query_heads": 2,
                "kv_heads": 2,
                "value_size": 2,
            }
        )
    assert catalog([system("h-node")]).models == {}
