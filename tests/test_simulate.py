"""`plan simulate`: the plan's replicas are those that are simulated, and what it counts on is what they make."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from planner.errors import InputError
from planner.pipeline import catalog_of, load
from planner.simulation.pools import Block, Row, blocks_of
from planner.simulation.requests import Traffic, length_s, sources
from planner.studies.simulate.study import Ask, Simulation, of_serving
from planner.traffic.curve import Knot, in_flight
from planner.traffic.fewest import fewest
from planner.traffic.outcome import Outcome, Targets
from planner.traffic.queue import QueueTimes
from planner.traffic.requests import joined
from planner.traffic.simulate import Pool, simulate
from planner.traffic.trace import Trace
from tests.store import TINY, plan

POINT = "hgx-h200/inferencex-derived-tensorrt-llm-fp8-agg-tp2-nospec-1k1k@c64x2"
# A pool of tiny's plan: 12 replicas of 2 GPUs, at 0.85 of what the point makes: 3.4115 × 921.6 ÷ 1024 a replica.
ROW: Row = {
    "workload": "chat", "system": "hgx-h200", "pool": "hall/hgx-h200", "point": POINT, "period": "2027",
    "block": "day", "gpus": 24.0, "replicas": 12, "gpus_per_replica": 2.0, "requests_per_s": 12 * 0.85 * 3.07,
}  # fmt: skip
QUIET: Row = {**ROW, "block": "night", "gpus": 12.0, "replicas": 6, "requests_per_s": 6 * 0.85 * 3.07}
SMALL: Row = {**ROW, "pool": "rented", "gpus": 4.0, "replicas": 2, "requests_per_s": 2 * 0.85 * 3.07}


def block_of(rows: list[Row], *overrides: str) -> Block:
    scenario = load(TINY, overrides)
    (found,) = blocks_of(scenario, catalog_of(scenario), rows)
    return found


def simulated(rows: list[Row], traffic: Traffic, *overrides: str) -> Simulation:
    scenario = load(TINY, overrides)
    return of_serving(scenario, catalog_of(scenario), rows, traffic, Ask(fewest=False))


def test_a_replica_makes_what_the_plan_counts_on() -> None:
    """0.8106 s to the first token and 1023 at 18.99 ms: 20.24 s, so 3.07 requests/s are 62.1 at once."""
    (pool,) = block_of([ROW]).pools
    assert pool.saturated_requests_per_s == pytest.approx(3.07)
    requests = in_flight(3.07, Knot(64, 0.8106, 0.01899), 1024)
    assert requests == pytest.approx(62.13, abs=0.01)
    assert (pool.curve.limit, pool.knots, pool.replicas, pool.sample) == (62, 1, 12, 12)
    assert pool.curve.requests_per_s(1024, 62) == pytest.approx(3.07, rel=0.5 / 62)
    assert pool.curve.ttft_s == (0.8106,) * 63


def test_points_of_the_same_sweep_below_are_the_curve() -> None:
    row = {**ROW, "point": POINT.replace("@c64", "@c128"), "requests_per_s": 12 * 0.85 * 4.318}
    (pool,) = block_of([row]).pools
    scale = in_flight(4.318, Knot(128, 1.148, 0.02701), 1024) / 128
    assert pool.knots == 2
    assert pool.curve.tpot_s[0] == pool.curve.tpot_s[math.floor(64 * scale)] == 0.01899
    assert pool.curve.tpot_s[-1] == pytest.approx(0.02701, rel=0.01)
    middle = round(96 * scale)
    assert pool.curve.tpot_s[middle] == pytest.approx((0.01899 + 0.02701) / 2, rel=0.01)


def test_the_busiest_block_is_simulated_and_the_split_is_the_plan_s() -> None:
    found = block_of([QUIET, ROW, SMALL])
    assert (found.period, found.block) == ("2027", "day")
    assert [pool.share for pool in found.pools] == pytest.approx([12 / 14, 2 / 14])
    assert found.requests_per_s == pytest.approx(14 * 0.85 * 3.07)


def test_of_several_futures_the_busiest_is_simulated() -> None:
    more: Row = {**ROW, "future": "high", "gpus": 30.0, "replicas": 15, "requests_per_s": 15 * 0.85 * 3.07}
    later: Row = {**more, "future": "highest", "requests_per_s": 20 * 0.85 * 3.07, "lookahead": True}
    found = block_of([{**ROW, "future": "low"}, more, later])
    assert (found.future, [pool.replicas for pool in found.pools]) == ("high", [15])


@pytest.mark.parametrize("traffic", [Traffic(requests=3_000), Traffic(cv=3.0, requests=3_000)])
def test_each_pool_gets_its_share_of_the_requests(traffic: Traffic) -> None:
    found = block_of([ROW, SMALL])
    tokens = load(TINY).workloads[0].tokens
    assert tokens is not None
    _, seconds = length_s(found, traffic)
    for pool, source in zip(found.pools, sources(found, tokens, traffic, 0), strict=True):
        count = sum(len(block) for block in source.blocks())
        expected = pool.requests_per_s * seconds
        # Poisson counts of some thousands: four standard deviations, thinned bursts three times as wide.
        assert abs(count - expected) < 4 * 3 * math.sqrt(expected)


@pytest.mark.slow
def test_a_large_pool_is_a_sample_and_weighs_as_all_of_it() -> None:
    row = {**ROW, "gpus": 400.0, "replicas": 200, "requests_per_s": 200 * 0.85 * 3.07}
    found = simulated([row, SMALL], Traffic(requests=2_000))
    large, small = found.pools.to_dict(orient="records")
    assert (large["simulated_replicas"], small["simulated_replicas"]) == (64, 2)
    (whole,) = found.workloads.to_dict(orient="records")
    assert whole["requests"] == pytest.approx(large["requests"] * 200 / 64 + small["requests"])
    within = large["within_share"] * large["requests"] * 200 / 64 + small["within_share"] * small["requests"]
    assert whole["within_share"] == pytest.approx(within / whole["requests"])
    assert any("a sample is simulated (64 of 200 replicas)" in sentence for sentence in found.sentences)


@pytest.mark.slow
def test_the_fewest_replicas_hold_and_one_less_does_not() -> None:
    found = block_of([ROW])
    tokens = load(TINY).workloads[0].tokens
    assert tokens is not None
    (pool,), (source,) = found.pools, sources(found, tokens, Traffic(requests=2_000), 0)
    targets = found.targets._replace(ttft_percentile=90)
    whole = Pool(12, pool.curve, targets)
    least = fewest(source, whole).replicas
    assert least is not None
    assert simulate(source, Pool(least, pool.curve, targets)).holds
    assert not simulate(source, Pool(least - 1, pool.curve, targets)).holds


def test_a_trace_comes_at_the_workload_s_rate_and_lengths(tmp_path: Path) -> None:
    lines = "".join(f"{row * 7 // 5},{200 + row % 50},{100 + row % 7}\n" for row in range(500))
    path = tmp_path / "trace.csv"
    path.write_text("Timestamp,Request tokens,Response tokens\n" + lines)
    found = block_of([ROW])
    tokens = load(TINY).workloads[0].tokens
    assert tokens is not None
    for superposed in (False, True):
        traffic = Traffic(Trace(path), superposed, requests=4_000)
        (source,) = sources(found, tokens, traffic, 0)
        rows = joined([*source.blocks()])
        _, seconds = length_s(found, traffic)
        assert len(rows) == math.ceil(found.requests_per_s * seconds)
        assert len(rows) / rows.time_s[-1] == pytest.approx(found.requests_per_s, rel=0.05)
        assert rows.input_tokens.mean() == pytest.approx(1024, rel=0.01)
        assert rows.output_tokens.mean() == pytest.approx(1024, rel=0.01)


@pytest.mark.solve
def test_the_command_writes_what_it_prints_and_the_same_again() -> None:
    words = ("simulate", TINY, "--requests", "500", "--no-fewest", "--json", "-")
    first, again, other = plan(*words), plan(*words), plan(*words, "--seed", "2")
    assert first.exit_code == 0, first.output
    assert first.stdout == again.stdout != other.stdout
    found = json.loads(first.stdout)
    (row,) = found["workloads"]
    assert (row["workload"], row["period"], row["block"], row["holds"]) == ("chat", "2027", "day", True)
    assert row["fewest_replicas"] is None
    assert sum(pool["replicas"] for pool in found["pools"]) == row["replicas"] == 17


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--arrivals", "steady"), "--arrivals steady: must be poisson or gamma"),
        (("--cv", "3"), "--cv belongs to --arrivals gamma"),
        (("--arrivals", "gamma", "--cv", "-1"), "--cv -1: must be a number from 0 to 100"),
        (("--superpose",), "--columns, --superpose and --own-lengths belong to --trace FILE"),
        (("--trace", "none.csv", "--arrivals", "gamma"), "--trace has them; give one of the two"),
        (("--routing", "random"), "--routing random: must be one of shortest, turns, session"),
        (("--routing", "session"), "--routing session and --session-hits belong to a trace"),
        (("--requests", "5"), "--requests 5: must be a number from 100"),
        (("--failures-per-year", "-2"), "--failures-per-year -2: must be a number from 0"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_solved(words: tuple[str, ...], said: str) -> None:
    done = plan("simulate", TINY, *words)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"workload": "chap"}, "--workload chap: there is no such workload"),
        ({"block": "noon"}, "--block noon: nothing is served in it"),
        ({"period": "1999"}, "--period 1999: nothing is served in it"),
    ],
)
def test_what_is_not_in_the_plan_is_named(asked: dict[str, str], said: str) -> None:
    scenario = load(TINY)
    workload, period, block = (asked.get(name) for name in ("workload", "period", "block"))
    with pytest.raises(InputError) as refusal:
        blocks_of(scenario, catalog_of(scenario), [ROW, QUIET], workload=workload, period=period, block=block)
    assert said in str(refusal.value)


def test_the_busiest_hour_and_who_waits_in_it_by_hand() -> None:
    """One waits for 3 s and two for 1 s; 130 minutes, of which most requests come in minutes 40 to 99."""
    found = QueueTimes()
    found.add(np.array([10.0, 11.0, 11.0, 5.0]), np.array([13.0, 12.0, 12.0, 5.0]))
    assert found.requests(9.0, 14.0, 5).tolist() == pytest.approx([0, 1, 3, 1, 0])
    # Time that does not fit is told in longer stretches; nobody is lost.
    found.add(np.array([9_000.0]), np.array([9_060.0]))
    assert found.width_s == 8.0
    assert found.waited_s.sum() == pytest.approx(65)
    both = found.plus(QueueTimes()).times(2)
    assert both.requests(9_000.0, 9_064.0, 1) == pytest.approx([2 * 60 / 64])

    outcome = Outcome(Targets(), 1)
    outcome.came_by_minute = {minute: 2.0 if 40 <= minute < 100 else 1.0 for minute in range(130)}
    outcome.since_s, outcome.arriving.span_s = 12.0, 7_790.0
    assert outcome.busiest_hour == (2_400.0, 6_000.0)
    outcome.came_by_minute = dict.fromkeys(range(5), 1.0)
    assert outcome.busiest_hour == (12.0, 300.0)
    assert Outcome(Targets(), 1).busiest_hour == (0.0, 0.0)


@pytest.mark.slow
def test_the_queue_through_time_is_the_queue_on_average() -> None:
    """A pool that cannot keep up: all the waiting of a run stands in its stretches."""
    found = block_of([ROW])
    tokens = load(TINY).workloads[0].tokens
    assert tokens is not None
    (pool,), (source,) = found.pools, sources(found, tokens, Traffic(requests=500), 0)
    outcome = simulate(source, Pool(8, pool.curve, found.targets))
    assert outcome.load.waiting_s > 1
    assert outcome.waiting.waited_s.sum() == pytest.approx(outcome.load.waiting_s)
    assert outcome.waiting.waited_s.sum() == pytest.approx(outcome.wait.total_s)
