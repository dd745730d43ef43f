"""Catalogs of very many points: the work grows with their number, not with its square."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.models import ServingPoint
from planner.problem.serving import candidates
from planner.rules.rates import caps, telling, trusted_rate
from planner.timeline import scenario_timeline
from tests.strategies import catalog, examples, point, scenario, system
from tests.work import calls_of

figures = st.integers(1, 6)
rows = st.lists(st.tuples(figures, figures, figures, st.sampled_from(["measured", "independent"])), max_size=12)


def rival(number: int, ttft: float, tpot: float, rate: float, evidence: str) -> ServingPoint:
    return point(series=f"s{number}", concurrency=number + 1, ttft_ms=ttft, tpot_ms=tpot, rate=rate, evidence=evidence)


@pytest.mark.property
@examples(40)
@given(rows, figures, figures)
def test_the_rivals_that_tell_cap_what_all_of_them_cap(found: list[Any], ttft: int, tpot: int) -> None:
    asked = scenario(trust={"measured": 1.0, "independent": 0.5})
    workload = asked.workloads[0]
    rivals = [rival(number, *figures) for number, figures in enumerate(found)]
    bold = point(series="bold", ttft_ms=ttft, tpot_ms=tpot, evidence="predicted", rate=99.0)

    def cap(among: list[ServingPoint]) -> float:
        return max((trusted_rate(asked, workload, one) for one in among if caps(one, bold, workload)), default=0.0)

    assert cap(telling(asked, workload, rivals)) == cap(rivals)


@pytest.mark.no_cover
def test_ten_times_the_points_are_ten_times_the_work() -> None:
    asked = scenario()

    def work(number: int) -> int:
        # Half measured, half predicted, of one shape; latencies and rates in no order.
        points = [
            point(
                series=f"s{at}",
                concurrency=at + 1,
                ttft_ms=100 + at * 7919 % 1000,
                tpot_ms=10 + at * 104729 % 100,
                rate=1 + at * 15485863 % 97 / 97,
                evidence="predicted" if at % 2 else "independent",
            )
            for at in range(number)
        ]
        listed = catalog([system("h-node")], points=points)
        timeline = scenario_timeline(asked, listed)
        assert len(candidates(asked, listed, timeline, {"h-node"})) == number
        return calls_of(lambda: candidates(asked, listed, timeline, {"h-node"}))

    assert work(600) < 15 * work(60)
