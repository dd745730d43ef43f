"""Cost against speed: a point's cost by hand, what no other point beats, what the plan uses."""

from __future__ import annotations

import pytest

from planner.report.html.figures import legend, speeds_figure
from planner.report.html.figures.speeds import LABELLED_SHARE
from planner.report.speeds import SpeedPoint, best_of
from planner.studies.speeds import cost_at_speed
from tests.reports import tiny_made


def point(speed: float, usd: float, system: str = "hgx-h200", share: float = 0.0) -> SpeedPoint:
    return SpeedPoint("chat", system, "fp8", f"{system}@{speed:g}", "independent", speed, usd, share)


def test_of_two_points_the_dearer_and_slower_is_beaten() -> None:
    slow, fast, beaten, equal = point(20, 0.5), point(60, 2.0), point(50, 2.5), point(15, 0.5)
    assert best_of([fast, beaten, equal, slow]) == [slow, fast]
    assert best_of([]) == []


@pytest.mark.solve
def test_a_points_cost_is_an_hour_of_its_system_over_what_it_makes_in_it() -> None:
    made = tiny_made()
    found = cost_at_speed(made.plan, made.scenario, made.catalog)
    (hour,) = found.hours
    # Tiny sells hgx-h200 alone, by the hour at one price, or to buy: the cheaper of both.
    assert hour.system == "hgx-h200"
    used = [one for one in found.of("chat") if one.share]
    assert sum(one.share for one in used) == pytest.approx(1.0)
    workload = made.scenario.workloads[0]
    assert workload.tokens is not None
    for one in used:
        known = next(p for p in made.catalog.serving.values() if p.name == one.name)
        # Requests are bound by the scarcer of input and output; trust and headroom are the scenario's.
        rate = min(
            known.input_tok_s_per_gpu / workload.tokens.input, known.output_tok_s_per_gpu / workload.tokens.output
        )
        rate *= made.scenario.trust.of(known.evidence) * (1 - workload.stated_headroom)
        mtok_an_hour = rate * workload.tokens.output * 3600 / 1e6
        assert one.usd_per_mtok == pytest.approx(hour.usd_per_gpu_hour / mtok_an_hour)
        assert one.speed == pytest.approx(1000 / known.tpot_ms)
    # Idle hours and whole servers cost more than that.
    assert min(one.usd_per_mtok for one in used) < made.plan.kpis["levelised_usd_per_mtok_output"]


def test_the_picture_marks_what_is_used_and_says_how_much() -> None:
    points = [point(20, 0.5, share=0.9), point(60, 2.0, share=LABELLED_SHARE / 2), point(30, 9.0), point(25, 0.6, "b")]
    figure = speeds_figure(points, "chat", 15.0, "per million output tokens", ["b", "hgx-h200"])
    assert figure is not None
    marked = next(trace for trace in figure.data if trace.name == "used by the plan")
    assert (list(marked.x), list(marked.text)) == ([20, 60], ["<b>90 %</b>", ""])
    # What is dearer than every point that nothing beats is left out.
    assert all(9.0 not in trace.y for trace in figure.data)
    assert figure.layout.xaxis.title.text == "tokens/s that each user sees"
    assert figure.layout.yaxis.title.text == "$ per Mtok"
    assert {"5", "10", "50"} & set(figure.layout.xaxis.ticktext)
    assert [name for name, _ in legend(points, ["b", "hgx-h200"])][:2] == ["b", "hgx-h200"]
    assert speeds_figure([], "chat", None, "per million output tokens", []) is None
