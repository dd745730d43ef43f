"""The work model: GPU-seconds of a request by its lengths, fitted on the shapes that were measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from planner.rules.work import Work, covered, fit_work, near

CORNERS = ((1000.0, 1000.0), (8000.0, 1000.0), (1000.0, 8000.0))
tokens = st.integers(100, 20_000).map(float)
seconds = st.integers(1, 100_000).map(lambda number: number / 1000)
coefficients = st.tuples(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 1000)).map(
    lambda found: (found[0] * 1e-6, found[1] * 1e-6, found[2] * 1e-3)
)
measured = st.lists(st.tuples(st.tuples(tokens, tokens), seconds), min_size=1, max_size=6, unique_by=lambda row: row[0])


def fitted(rows: list[tuple[tuple[float, float], float]]) -> Work:
    return fit_work([shape for shape, _ in rows], [work for _, work in rows])


def test_three_shapes_by_hand() -> None:
    # 7,000 more input tokens take 0.7 s more, 7,000 more output tokens 2.1 s: of the 0.4 s of 1k/1k nothing is left.
    work = fit_work(CORNERS, [0.4, 1.1, 2.5])
    assert work.per_input == pytest.approx(1e-4)
    assert work.per_output == pytest.approx(3e-4)
    assert work.fixed == pytest.approx(0, abs=1e-9)
    assert work.gpu_seconds(4000, 1000) == pytest.approx(0.7)
    assert work.worst_error == pytest.approx(0, abs=1e-9)
    assert work.margin == pytest.approx(1)


def test_a_negative_fixed_cost_is_none_and_the_margin_covers_what_that_misses() -> None:
    work = fit_work(CORNERS, [0.2, 1.1, 2.5])
    assert work.fixed == 0
    assert min(work.errors) < 0 < max(work.errors)
    for shape, seconds_measured in zip(CORNERS, [0.2, 1.1, 2.5], strict=True):
        assert work.claimed_gpu_seconds(*shape) >= seconds_measured * (1 - 1e-12)


def test_what_two_shapes_cannot_tell_apart_counts_as_output() -> None:
    work = fit_work(CORNERS[:2], [0.4, 1.1])
    assert (work.per_input, work.per_output) == (pytest.approx(1e-4), pytest.approx(3e-4))
    assert work.fixed == 0
    assert not work.tells_input


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        (CORNERS, True),
        (CORNERS[:2], False),
        (((1000, 1000), (1000, 8000), (1000, 4000)), False),
        (((1000, 1000), (2000, 2000), (8000, 8000)), False),
        (((1000, 1000), (1050, 1000), (1000, 8000)), False),
    ],
)
def test_only_a_triangle_of_shapes_tells_what_input_costs(shapes: tuple[tuple[float, float], ...], told: bool) -> None:
    assert fit_work(shapes, [1.0, 2.0, 3.0][: len(shapes)]).tells_input is told


def test_hits_spare_the_inputs_part_and_less_where_the_fit_errs() -> None:
    exact = fit_work(CORNERS, [0.4, 1.1, 2.5])
    # A quarter of the work of 1k/1k is input: half of it in the cache spares an eighth.
    assert exact.saved_by_hits(CORNERS[0], 0.5, 0.4) == pytest.approx(0.05)
    # A point that takes less than the fit is spared no more of its own work.
    assert exact.saved_by_hits(CORNERS[0], 0.5, 0.2) == pytest.approx(0.025)
    erring = fit_work(CORNERS, [0.2, 1.1, 2.5])
    whole = 0.5 * erring.per_input * 1000 / erring.gpu_seconds(*CORNERS[0]) * 0.2
    assert erring.saved_by_hits(CORNERS[0], 0.5, 0.2) == pytest.approx(whole * (1 - erring.worst_error))
    assert fit_work(CORNERS[:2], [0.4, 1.1]).saved_by_hits(CORNERS[0], 0.5, 0.4) == 0


@given(coefficients)
def test_a_fit_finds_the_work_that_made_its_shapes(truth: tuple[float, float, float]) -> None:
    def work(shape: tuple[float, float]) -> float:
        return truth[0] * shape[0] + truth[1] * shape[1] + truth[2]

    found = fit_work(CORNERS, [work(shape) for shape in CORNERS])
    assert found.worst_error < 1e-9
    assert found.gpu_seconds(3000, 2000) == pytest.approx(work((3000, 2000)))


@given(measured)
def test_no_non_negative_fit_is_closer(rows: list[tuple[tuple[float, float], float]]) -> None:
    found = fitted(rows)
    relative = [[i / work, o / work, 1 / work] for (i, o), work in rows]
    _, residual = nnls(relative, [1.0] * len(rows))
    assert sum(error**2 for error in found.errors) <= residual**2 + 1e-9


@given(measured, tokens, tokens, st.floats(1, 3))
def test_more_tokens_never_take_less(
    rows: list[tuple[tuple[float, float], float]], given_in: float, given_out: float, more: float
) -> None:
    work = fitted(rows)
    assert 0 < work.gpu_seconds(given_in, given_out) <= work.gpu_seconds(given_in * more, given_out)
    assert work.gpu_seconds(given_in, given_out) <= work.gpu_seconds(given_in, given_out * more)


@given(measured)
def test_a_claim_is_never_below_what_was_measured(rows: list[tuple[tuple[float, float], float]]) -> None:
    work = fitted(rows)
    assert all(work.claimed_gpu_seconds(*shape) >= took * (1 - 1e-9) for shape, took in rows)


@given(measured, st.floats(0, 1), st.floats(0, 1))
def test_more_hits_spare_more_but_never_all(
    rows: list[tuple[tuple[float, float], float]], some: float, other: float
) -> None:
    work, (shape, took) = fitted(rows), rows[0]
    low, high = sorted((some, other))
    assert 0 <= work.saved_by_hits(shape, low, took) <= work.saved_by_hits(shape, high, took)
    assert work.saved_by_hits(shape, high, took) <= took * (1 + 1e-9)


def test_close_is_10_per_cent_of_the_wanted_length_itself_allowed() -> None:
    assert near((921.6, 921.6), (1024, 1024))
    assert near((1100, 900), (1000, 1000))
    assert not near((1101, 1000), (1000, 1000))


@pytest.mark.parametrize(
    ("wanted", "inside"),
    [
        ((4000, 1000), True),
        ((4000, 910), True),
        ((4000, 900), False),
        ((3000, 3000), True),
        ((4600, 4600), True),
        ((5100, 5100), False),
        ((9000, 1000), False),
        ((1000, 600), False),
    ],
)
def test_between_is_the_hull_of_the_shapes_give_or_take_10_per_cent(wanted: tuple[float, float], inside: bool) -> None:
    assert covered(CORNERS, wanted) is inside


@given(st.lists(st.tuples(tokens, tokens), min_size=1, max_size=5), st.lists(st.integers(0, 9), min_size=5, max_size=5))
def test_every_mean_of_shapes_lies_between_them(shapes: list[tuple[float, float]], weights: list[int]) -> None:
    weighted = list(zip(shapes, weights, strict=False))
    whole = sum(weight for _, weight in weighted)
    if whole:
        mean = tuple(sum(weight * shape[axis] for shape, weight in weighted) / whole for axis in (0, 1))
        assert covered(shapes, (mean[0], mean[1]))


def test_one_shape_has_nothing_between() -> None:
    assert not covered(CORNERS[:1], (4000, 1000))
    assert not covered(CORNERS[:2], (4000, 2000))
