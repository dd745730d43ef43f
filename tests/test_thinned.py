"""Which of very many points fits rest on: all that could be chosen where they are few, a bounded number where not."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.models import ServingPoint
from planner.rules.families import gpu_seconds, shape_of
from planner.rules.fitted import _levels, between_shapes, left_by_caps
from planner.rules.measured import MeasuredPoints
from planner.rules.rates import foremost, no_slower
from planner.rules.thinned import MOST_POINTS, MOST_SHAPES, Entry, one_shape, thinned
from planner.rules.work import ROUNDING, SHAPE_TOLERANCE, Lengths, corners, covered
from tests.strategies import examples, point, scenario
from tests.work import calls_of

tokens = st.integers(1, 12).map(lambda steps: 100.0 * steps)
shapes = st.lists(st.tuples(tokens, tokens), min_size=1, max_size=9)
latencies = st.integers(1, 5).map(float)
WANTED = (550.0, 550.0)


def entries(rows: list[tuple[Lengths, float, float, float]]) -> list[Entry]:
    return [Entry(work, at, shape, ttft, tpot) for at, (shape, work, ttft, tpot) in enumerate(rows)]


def run(at: int, mean: Lengths, nominal: Lengths | None = None, rate: float = 1.0, **figures: Any) -> ServingPoint:
    """A run of its own series with requests of mean lengths, ``rate`` of them a second and GPU."""
    given, made = nominal or mean
    lengths: dict[str, Any] = {
        "input_tokens_mean": mean[0],
        "output_tokens_mean": mean[1],
        "input_tokens_nominal": given,
    }
    rates: dict[str, Any] = {"input_tok_s_per_gpu": rate * mean[0], "output_tok_s_per_gpu": rate * mean[1]}
    return point(series=f"s{at}", concurrency=at + 1, output_tokens_nominal=made, **lengths, **rates, **figures)


def per_request(row: ServingPoint, lengths: ServingPoint) -> float:
    """Requests a second and GPU of the lengths of another point at the token rates of ``row``."""
    return min(
        row.input_tok_s_per_gpu / lengths.input_tokens_mean, row.output_tok_s_per_gpu / lengths.output_tokens_mean
    )


def chosen(given: list[Entry]) -> set[tuple[int, ...]]:
    """At every pair of latencies the least work of each shape, one pair after the other."""
    found = set()
    for ttft in {entry.ttft_ms for entry in given}:
        for tpot in {entry.tpot_ms for entry in given}:
            within = [entry for entry in given if entry.ttft_ms <= ttft and entry.tpot_ms <= tpot]
            best = {shape: min(one for one in within if one.shape == shape) for shape in {one.shape for one in within}}
            found.add(tuple(best[shape].position for shape in sorted(best)))
    return found - {()}


@pytest.mark.property
@examples(10)
@given(st.lists(st.tuples(latencies, latencies, latencies), max_size=12))
def test_foremost_is_what_nothing_is_below(rows: list[tuple[float, float, float]]) -> None:
    found = foremost(rows)
    for at, row in enumerate(rows):
        below = [
            other
            for other, others in enumerate(rows)
            if all(x <= y for x, y in zip(others, row, strict=True)) and (others != row or other < at)
        ]
        assert (at in found) == (not below)
    # By more figures, of which the others say nothing.
    assert foremost([(*row, 0.0) for row in rows]) == found


few = st.sampled_from([(100.0, 100.0), (1000.0, 100.0), (500.0, 1000.0)])


@pytest.mark.property
@examples(10)
@given(st.lists(st.tuples(few, latencies, latencies, latencies), max_size=14))
def test_few_points_are_looked_at_as_if_all_were(rows: list[tuple[Lengths, float, float, float]]) -> None:
    every = entries(rows)
    kept = [entry for own in thinned(every, WANTED).values() for entry in own]
    assert chosen(kept) == chosen(every)


def test_levels_are_the_choices_at_every_pair_of_latencies() -> None:
    group = [
        run(
            at,
            (900.0 if at % 3 else 90.0, 450.0 if at % 2 else 900.0),
            rate=1 + at * 15485863 % 97 / 97,
            ttft_ms=100 + at * 7919 % 10,
            tpot_ms=10 + at * 104729 % 7,
        )
        for at in range(24)
    ]
    measured = MeasuredPoints(scenario(), scenario().workloads[0], group)
    listed = [
        Entry(gpu_seconds(one), at, shape_of(one), float(one.ttft_ms or 0), one.tpot_ms) for at, one in enumerate(group)
    ]
    assert set(_levels(measured, group)) == chosen(listed)


def test_of_very_many_points_of_a_shape_some_are_looked_at_from_fast_to_slow() -> None:
    # None is slower and takes more work than another.
    rows = [((100.0, 100.0), 1000.0 - at, float(at), float(at)) for at in range(500)]
    (found,) = thinned(entries(rows), WANTED).values()
    assert len(found) == MOST_POINTS
    assert {0, 499} < {entry.position for entry in found}
    assert max(np.diff(sorted(entry.position for entry in found))) <= 34


def apart_by_every_normal(hull: list[Lengths], wanted: Lengths) -> bool:
    """Whether one of the normals of all pairs, corners or not, keeps the hull from the box about ``wanted``."""
    reach = SHAPE_TOLERANCE * (1 + ROUNDING)
    box = np.array([[wanted[0] * (1 + x), wanted[1] * (1 + y)] for x in (-reach, reach) for y in (-reach, reach)])
    normals = [(1.0, 0.0), (0.0, 1.0), *((q[1] - p[1], p[0] - q[0]) for p, q in combinations(hull, 2))]
    sides = [(np.array(hull) @ normal, box @ normal) for normal in normals]
    return any(ours.max() < theirs.min() or theirs.max() < ours.min() for ours, theirs in sides)


@pytest.mark.property
@examples(10)
@given(shapes, st.tuples(tokens, tokens))
def test_the_corners_cover_what_all_shapes_do(hull: list[Lengths], wanted: Lengths) -> None:
    assert covered(hull, wanted) == (not apart_by_every_normal(hull, wanted))
    assert set(corners(hull)) <= set(hull)
    assert covered(corners(hull), wanted) == covered(hull, wanted)


def test_corners_by_hand() -> None:
    square = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]
    assert corners([*square, (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]) == square
    assert corners([(1.0, 1.0), (3.0, 3.0), (2.0, 2.0)]) == [(1.0, 1.0), (3.0, 3.0)]
    assert corners([(1.0, 1.0)]) == [(1.0, 1.0)]


@pytest.mark.property
@examples(10)
@given(st.lists(st.tuples(st.floats(50, 5000), st.floats(50, 5000)), min_size=1, max_size=60))
def test_of_many_shapes_those_that_are_looked_at_lie_around_what_all_do(many: list[Lengths]) -> None:
    kinds = one_shape(many, WANTED)
    assert set(kinds) <= set(many)
    if len(set(many)) <= MOST_SHAPES:
        assert kinds == {shape: shape for shape in many}
        return
    # Three corners, and one for each side.
    assert len(set(kinds.values())) <= 7
    # Whichever of those that count as one is chosen.
    own = [shape for shape, kind in kinds.items() if shape == kind]
    assert covered(many, WANTED) == covered(own, WANTED)
    for shape, kind in kinds.items():
        assert all(1 / 1.1 < mean / other < 1.1 for mean, other in zip(shape, kind, strict=True))


def sweeps(number: int) -> list[ServingPoint]:
    """Runs of one configuration, whose mean lengths differ from run to run, predicted ones among them."""
    return [
        run(
            at,
            (300.0 + at % 7 if at % 2 else 3000.0 + at % 11, 500.0 + at * 31 % 13),
            (300.0 if at % 2 else 3000.0, 500.0),
            rate=(1 + at / number) * (1 if at % 3 else 2),
            ttft_ms=100 + at,
            tpot_ms=10 + at / number,
            evidence="predicted" if at % 3 == 0 else "independent",
        )
        for at in range(number)
    ]


@pytest.mark.no_cover
def test_ten_times_the_points_between_shapes_are_not_a_hundred_times_the_work() -> None:
    def work(number: int) -> int:
        points = sweeps(number)
        workload = scenario().workloads[0]
        measured = MeasuredPoints(scenario(), workload, points)
        proven = [one for one in points if one.evidence != "predicted"]
        assert list(between_shapes(measured, proven, lambda *given: 0.0))

        def derive() -> None:
            again = MeasuredPoints(scenario(), workload, points)
            list(between_shapes(again, proven, lambda *given: 0.0))
            for one in points:
                left_by_caps(again, one)

        return calls_of(derive)

    assert work(300) < 15 * work(30)


def test_the_rivals_that_are_kept_cap_what_all_of_them_cap() -> None:
    points = sweeps(60)
    measured = MeasuredPoints(scenario(trust={"independent": 0.9}), scenario().workloads[0], points)
    capped = 0
    for one in points:
        if one.evidence == "predicted":
            rates = [0.9 * per_request(row, one) for row in points if no_slower(row, one)]
            own = per_request(one, one) * measured.scenario.trust.of("predicted")
            assert left_by_caps(measured, one) == pytest.approx(min(1.0, max(rates, default=own) / own), rel=1e-12)
            capped += left_by_caps(measured, one) < 1
    assert capped
