"""How fast requests are simulated: `pytest tests/benchmarks/test_traffic_speed.py --benchmark-only`."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from planner.traffic.arrivals import Made
from planner.traffic.curve import Knot, curve_of
from planner.traffic.outcome import Outcome, Targets
from planner.traffic.simulate import Pool, simulate

REQUESTS = 1_000_000


@pytest.mark.parametrize("replicas", [8, 64])
def test_a_million_requests(benchmark: BenchmarkFixture, replicas: int) -> None:
    """Under 20 s of one core."""
    curve = curve_of([Knot(1, 0.05, 0.006), Knot(64, 0.5, 0.013)], 64, 1024)
    rate = 0.85 * replicas * curve.requests_per_s(512, 64)
    pool = Pool(replicas, curve, Targets(2.0, 50, 0.02, 50))
    found: Outcome = benchmark.pedantic(
        simulate, (Made(rate, REQUESTS, 1024, 512, seed=1), pool), rounds=1, iterations=1
    )
    assert found.requests == REQUESTS
