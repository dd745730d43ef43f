"""Predictions beside measurements, and how far points that nobody measured may be off: intervals worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planner.catalog import load_catalog
from planner.catalog.models import Catalog, DerivedPoint, ServingPoint
from planner.plan.notes.note import ANYTHING
from planner.plan.notes.predictions import prediction_notes
from planner.rules import derive_points
from planner.rules.predictions import COLUMNS, Measurements, share_table, shares_measured
from planner.rules.uncertainty import Interval, Uncertainty
from planner.scenario import Scenario
from planner.scenario.models import Trust
from tests.lengths_cases import asking_long, sweep
from tests.notes import told
from tests.rule_cases import case
from tests.shapes import CORNERS, asking, at, only, renting
from tests.strategies import catalog, point, system

PAGE = Path(__file__).parents[1] / "docs" / "gaps.md"


def predicted(rate: float = 2.0, **fields: Any) -> ServingPoint:
    return point(rate=rate, evidence="predicted", **({"series": "model"} | fields))


def uncertain(rows: Catalog, trust: Trust | None = None) -> Uncertainty:
    return Uncertainty(rows, ["m1"], trust or Trust())


def interval(rows: Catalog, one: ServingPoint, trust: Trust | None = None) -> tuple[float, float]:
    found = uncertain(rows, trust).interval(one)
    assert isinstance(found, Interval)
    return found.low, found.high


def derived(scenario: Scenario, rows: Catalog) -> tuple[float, float]:
    made = derive_points(scenario, rows)
    return interval(made, only(made))


@pytest.mark.parametrize(
    ("measured", "share"),
    [
        (point(rate=1.4, tpot_ms=20.0), 0.7),
        # A quarter slower or faster is one speed, more is not.
        (point(rate=1.4, tpot_ms=25.0), 0.7),
        (point(rate=1.4, tpot_ms=16.0), 0.7),
        (point(rate=1.4, tpot_ms=25.5), None),
        (point(rate=1.4, tpot_ms=15.5), None),
        (point(rate=1.4, precision="fp4"), None),
        (point(rate=1.4, input_tokens_nominal=2000), None),
        (point(rate=1.4, evidence="vendor"), None),
    ],
)
def test_a_prediction_is_held_against_what_was_measured_at_its_speed(
    measured: ServingPoint, share: float | None
) -> None:
    found = Measurements([measured, predicted()]).share_of(predicted())
    assert found == (None if share is None else pytest.approx(share))


def test_a_prediction_beats_what_is_as_slow_and_makes_less_than_half() -> None:
    bold = predicted(2.0, tpot_ms=20.0)
    slow = point(rate=0.9, tpot_ms=40.0)
    assert Measurements([slow]).beaten_by(bold) == slow
    # Just twice is not more than twice, and of several the best counts.
    assert Measurements([slow, point(series="other", rate=1.0, tpot_ms=60.0)]).beaten_by(bold) is None
    # What was only measured much faster says nothing of this speed.
    assert Measurements([point(rate=0.5, tpot_ms=15.0)]).beaten_by(bold) is None
    assert Measurements([slow]).beaten_by(point(rate=2.0)) is None


def test_a_plan_on_a_prediction_that_beats_a_measurement_says_so() -> None:
    bold, slow = predicted(2.0), point(rate=0.9, tpot_ms=40.0)
    used = [("chat", bold.name, "predicted")]
    (note,) = told(prediction_notes, case(points=(bold, slow)), serving=used)
    assert note.sentence == (
        "chat runs on h-node/model@c32x4, which is predicted to make 1,000 output tok/s of a GPU: more than twice the "
        "450 of h-node/base@c32x4, the most that was measured as fast or slower. `plan catalog gaps SCENARIO` says "
        "what that is worth, and how to measure it."
    )
    assert note.most_usd == ANYTHING
    bolder = predicted(3.0, series="bolder")
    (note,) = told(
        prediction_notes, case(points=(bold, bolder, slow)), serving=[*used, ("chat", bolder.name, "predicted")]
    )
    assert note.sentence.startswith("chat runs on h-node/bolder@c32x4, which is predicted to make 1,500 output tok/s")
    assert "slower. Of 1 other that it runs on that holds as well. `plan catalog gaps SCENARIO`" in note.sentence
    assert not told(prediction_notes, case(points=(bold, slow)), serving=[("chat", slow.name, "independent")])
    assert not told(prediction_notes, case(points=(bold, point(rate=1.0, tpot_ms=40.0))), serving=used)


def test_what_is_measured_has_no_interval() -> None:
    assert uncertain(catalog([system("h-node")])).interval(point()) is None


def test_where_no_error_is_known_trust_is_taken_twice() -> None:
    rows = catalog([system("h-node")])
    assert interval(rows, predicted()) == pytest.approx((0.65**2, 1.0))
    assert interval(rows, point(evidence="estimate"), Trust(estimate=0.5)) == pytest.approx((0.25, 1.0))


def test_predictions_are_as_far_off_as_others_were() -> None:
    """Of ten predictions 10, 20, … 100 % were measured: the tenth percentile is 19 %, the ninetieth 91 %."""
    pairs = []
    for share in range(1, 11):
        lengths: dict[str, Any] = {"input_tokens_nominal": 1000.0 + share, "model": "m2"}
        pairs += [predicted(1.0, series=f"p{share}", **lengths), point(rate=share / 10, series=f"m{share}", **lengths)]
    rows = catalog([system("h-node")], points=pairs)
    assert [share for _, share in shares_measured(rows)] == pytest.approx([share / 10 for share in range(1, 11)])
    assert interval(rows, predicted()) == pytest.approx((0.19, 0.91))
    assert interval(catalog([system("h-node")], points=pairs[2:]), predicted()) == pytest.approx((0.65**2, 1.0))


def test_an_interpolated_point_lies_between_its_neighbours() -> None:
    """Half way from 1 to 2 requests/s: 1.5 of them are claimed."""
    sweep_of = [
        at((1000, 500), 1.0, series="sweep", concurrency=32, tpot_ms=20.0),
        at((1000, 500), 0.5, series="sweep", concurrency=96, tpot_ms=40.0),
    ]
    asked = asking((1000, 500), sla={"tpot_ms": 30}, interpolate=True)
    assert derived(asked, renting(sweep_of)) == pytest.approx((1 / 1.5, 2 / 1.5))


def test_hits_may_spare_nothing_or_all_that_is_known_of_them() -> None:
    """Half of the input in the cache spares 0.05 of 0.4 s: 0.35. Without the derating of 1.3 it would spare 0.065."""
    asked = asking((1000, 1000), prefix_cache_hit_share=0.5)
    assert derived(asked, renting(CORNERS)) == pytest.approx((0.35 / 0.4, 0.35 / 0.335))


def test_a_fit_of_too_few_shapes_is_as_sure_as_an_estimate() -> None:
    assert derived(asking((4000, 2000)), renting(CORNERS)) == pytest.approx((0.65, 1 / 0.65))


def test_an_extrapolated_point_is_as_far_off_as_lengths_left_out() -> None:
    """Twelve points just so far above their floors: what is left out is told right, and makes 1.3 times the claim.

    Beyond the tested lengths attention may count half, and then so much more.
    """
    shapes = ((1000.0, 500.0), (4000.0, 500.0), (2000.0, 1000.0))
    points = sweep(shapes=shapes, loads=(8.0, 16.0, 32.0, 64.0))
    for tokens in (20_000, 40_000):
        asked = asking_long(points, tokens={"input": tokens, "output": 1000})
        rows = derive_points(asked.scenario, asked.catalog)
        one = next(row for row in rows.serving.values() if isinstance(row, DerivedPoint))
        assert (one.least_share < 1) == (tokens == 40_000)
        assert interval(rows, one) == pytest.approx((1.3, 1.3 / one.least_share), rel=1e-6)


def test_of_too_few_lengths_left_out_an_extrapolated_point_is_as_sure_as_an_estimate() -> None:
    asked = asking_long(sweep(), tokens={"input": 40_000, "output": 1000})
    rows = derive_points(asked.scenario, asked.catalog)
    one = next(row for row in rows.serving.values() if isinstance(row, DerivedPoint))
    assert interval(rows, one) == pytest.approx((0.65, 1 / 0.65 / one.least_share))


@pytest.mark.slow
def test_the_page_has_how_far_predictions_were_off() -> None:
    """After a change of the catalog: ``python -m planner.rules.predictions`` prints the table."""
    shown = PAGE.read_text(encoding="utf-8").split("<!-- predictions -->", 1)[1].strip().split("\n\n", 1)[0]
    assert shown + "\n" == share_table(load_catalog(["builtin"]))
    assert {line.count("|") for line in shown.splitlines()} == {len(COLUMNS) + 1}
