"""``headroom: simulated``: what rules make of it, and plans whose headroom their own requests earned."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import planner
from planner import Plan
from planner.earned import tightest
from planner.earned.judged import NONE_HOLDS, Verdict, needed, raised
from planner.earned.served import Served
from planner.earned.tightest import spare, tightest_blocks
from planner.errors import InfeasiblePlan
from planner.rules.latency import row_sla, sla_excess
from planner.scenario.workload import LEAST_SIMULATED
from planner.simulation.pools import Block, ServedPool
from planner.traffic.arrivals import Made
from planner.traffic.curve import Curve, Knot, curve_of
from planner.traffic.headroom import headroom_held
from planner.traffic.outcome import Targets
from planner.traffic.requests import Held, requests_of
from planner.traffic.simulate import Pool
from tests import rule_cases as cases
from tests.strategies import CHAT, Case, point
from tests.strategies import scenario as scenario_of

AT_ONCE = 1e-6


def test_a_configuration_has_a_headroom_of_its_own() -> None:
    """20 requests/s on GPUs of 2/s with a quarter of it free: 13.33 of them, in whole ones 14, at 9 USD an hour."""
    asked = cases.a_tail_met_by_simulation()
    plan = planner.solve(asked.scenario, asked.catalog)
    (row,) = plan.serving.to_dict(orient="records")
    assert row["point"] == point(series="quick").name
    assert row["gpus"] == pytest.approx(20 / (2 * 0.75))


def test_tails_that_are_simulated_are_asked_of_no_row() -> None:
    """A point at a median of 700 ms and a p99 of 2 s: 1 s at p99 is missed by 1, but where requests are simulated."""
    row = point(ttft_ms=700.0, ttft_p99_ms=2000.0)
    target = {"ttft_s": 1.0, "ttft_percentile": 99}
    (stated,) = scenario_of(workloads=[CHAT | {"sla": target}]).workloads
    (simulated,) = scenario_of(workloads=[CHAT | {"sla": target, "headroom": "simulated"}]).workloads
    tail = scenario_of().tail_ratio
    assert sla_excess(row, row_sla(stated), tail) == pytest.approx(1.0)
    assert sla_excess(row, row_sla(simulated), tail) == 0


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"headroom": "simulatd", "sla": {"ttft_s": 1}}, "write a share such as 0.15, or simulated"),
        ({"headroom": "simulated", "sla": {"tpot_ms": 50}}, "this needs sla.ttft_s"),
        ({"headroom": "simulated", "kind": "batch", "sla": {"ttft_s": 1}}, "nobody waits for a workload of kind batch"),
    ],
)
def test_what_cannot_be_simulated_is_told(fields: dict[str, object], why: str) -> None:
    with pytest.raises((ValidationError, planner.ScenarioError), match=why):
        scenario_of(workloads=[CHAT | fields])


# --- what is raised, and to what ---


def verdict(loads: dict[float, int], percentile: int, headroom: float = LEAST_SIMULATED) -> Verdict:
    """Pools, by load the replicas that each is a sample of, of one place where a request takes a second.

    They come in twos, 0.8 s apart at a load of 0.99, and have to be let in at once.
    """
    curve = Curve(1, 1.0, (0.0, 0.0), (0.1, 0.1))
    targets, found = Targets(AT_ONCE, percentile), []
    for load, replicas in loads.items():
        gap = 0.8 * 0.99 / load
        times = np.add.outer(np.arange(500) * 2 / load, [0.0, gap]).ravel()
        source = Held(requests_of(times, np.ones(1_000), np.full(1_000, 11.0)))
        pool = ServedPool(
            system="h-node", pool="p", point=f"at {load:g}", replicas=replicas, sample=1, share=1.0, headroom=headroom,
            requests_per_s=load * replicas, saturated_requests_per_s=1.0, curve=curve, knots=1, ttft_known=True,
            output_tokens=11.0,
        )  # fmt: skip
        alone = Pool(1, curve, targets)
        found.append(Served(pool, source, alone))
    block = Block("chat", "base", "2027", "all", 1.0, targets, tuple(one.pool for one in found))
    return Verdict(block, tuple(found))


def test_headroom_is_raised_to_what_holds_by_hand() -> None:
    """The second of two waits until they are a second apart, 1.25 times as far: at a load of 0.792, so with 21 %."""
    assert raised([verdict({0.99: 1}, 95)]) == {("chat", "at 0.99"): 0.21}
    assert raised([verdict({0.99: 1}, 45)]) == {}
    assert raised([verdict({0.75: 1}, 95)]) == {}


def test_a_pool_that_misses_is_raised_where_its_workload_does() -> None:
    """Half of a twentieth of the requests wait: 97.5 % of all do not. Of a fifth a tenth do: 90 %."""
    assert raised([verdict({0.75: 19 * 4, 0.99: 3}, 95)]) == {}
    assert raised([verdict({0.75: 4, 0.99: 1}, 95)]) == {("chat", "at 0.99"): 0.21}


def test_what_no_headroom_holds_is_told() -> None:
    """Requests that come at the same time do so at any load."""
    found = verdict({0.5: 1}, 95)
    (one,) = found.served
    source = Held(requests_of(np.repeat(np.arange(500) * 4.0, 2), np.ones(1_000), np.full(1_000, 11.0)))
    together = Served(one.pool, source, one.replicas)
    assert raised([Verdict(found.block, (together,))]) == {("chat", "at 0.5"): NONE_HOLDS}


def test_what_is_slack_is_told_of_what_was_raised_by_hand() -> None:
    assert needed([verdict({0.7: 1}, 95, headroom=0.3)]) == {("chat", "at 0.7"): 0.21}
    assert needed([verdict({0.7: 1}, 95)]) == {}


def test_of_two_pools_the_smaller_has_less_to_spare() -> None:
    """A tenth of 4 places is 0.2 standard deviations of what is taken, of 400 it is 2."""
    small, large = (pool for one in (4, 400) for pool in verdict({0.9: one}, 95).block.pools)
    assert (spare(small), spare(large)) == (pytest.approx(0.2), pytest.approx(2.0))


@pytest.mark.slow
@given(seed=st.integers(0, 99), cv=st.sampled_from([0.5, 1.0]), replicas=st.integers(2, 8))
def test_ten_times_the_burstiness_never_needs_less_headroom(seed: int, cv: float, replicas: int) -> None:
    pool = Pool(replicas, curve_of([Knot(1, 0.05, 0.006), Knot(8, 0.2, 0.013)], 8, 256.0), Targets(0.8, 95, 0.02, 95))
    saturated = replicas * pool.curve.requests_per_s(200.0, 8)  # type: ignore[union-attr]

    def needs(cv: float) -> float:
        source = Made(saturated, 600, 256.0, 200.0, cv, seed=seed)
        return headroom_held(source, pool, saturated, saturated) or NONE_HOLDS

    assert needs(10 * cv) >= needs(cv)


# --- plans ---


def asked(ttft_s: float, requests_per_s: float = 15.8, **fields: object) -> Case:
    """Replicas of 4 requests/s in 32 places that take 0.9 s for a first token, which requests of a target wait for."""
    sla = {"ttft_s": ttft_s, "ttft_percentile": 95}
    chat = cases.chat(sla=sla, demand={"requests_per_s": requests_per_s}, whole_replicas=True)
    row = point(rate=1.0, ttft_ms=900.0, ttft_statistic="mean", ttft_p99_ms=None, tpot_ms=20.0)
    return cases.case(points=(row,), workloads=[chat | {"headroom": "simulated"} | fields])


@cache
def earned() -> tuple[Case, Plan]:
    case = asked(2.8)
    return case, planner.solve(case.scenario, case.catalog)


@pytest.mark.slow
def test_a_plan_earns_its_headroom() -> None:
    """Four replicas would be full to 99 %, where too many wait; fresh requests hold with the five that it takes."""
    _, plan = earned()
    assert plan.serving["replicas"].tolist() == [5.0]
    found = plan.simulated
    assert found is not None
    assert found.seed != found.fresh_seed
    assert found.within_share >= 0.95
    (row,) = found.headroom.to_dict(orient="records")
    assert LEAST_SIMULATED < row["headroom_share"] < 0.2
    assert found.verdicts["held_by"].tolist() == ["simulation"]


@pytest.mark.slow
def test_headroom_is_earned_with_the_requests_that_the_workload_states() -> None:
    """Bursts leave fewer of them in time on five replicas than fresh requests one by one do."""
    case = asked(2.8, traffic={"arrivals": {"cv": 4.0}, "seed": 7})
    plan = planner.solve(case.scenario, case.catalog)
    assert plan.serving["replicas"].tolist() > earned()[1].serving["replicas"].tolist()
    found = plan.simulated
    assert found is not None
    assert (found.seed, found.fresh_seed % 1_000) == (7, 7)
    assert "gamma arrivals of a coefficient of variation of 4" in found.requests


@pytest.mark.slow
def test_what_was_found_is_planned_again_without_a_simulation() -> None:
    case, plan = earned()
    again = planner.solve(plan.settled(case.scenario), case.catalog)
    assert again.simulated is None
    assert again.kpis == plan.kpis
    assert again.scenario_digest != plan.scenario_digest


@pytest.mark.slow
def test_targets_that_no_headroom_holds_are_told_and_what_would_do() -> None:
    """A first token takes 0.9 s for the mean input: of lognormal ones a twentieth takes more than 2.78 times that."""
    case = asked(2.0, 8.0)
    with pytest.raises(InfeasiblePlan) as told:
        planner.solve(case.scenario, case.catalog)
    (relaxed,) = told.value.relaxations
    assert relaxed.kind == "sla"
    assert "allow at least TTFT 2.6 s instead of TTFT 2 s at percentile 95" in relaxed.sentence
    loose = asked(2.6, 8.0)
    assert planner.solve(loose.scenario, loose.catalog).audit.passed


def test_the_busiest_and_the_tightest_blocks_are_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """By night one replica is full; by day ten, with more requests, have room."""
    monkeypatch.setattr(tightest, "MOST_WAITING_WHOLE", 2)
    case = asked(2.8, headroom_by_point={})
    scenario = case.scenario.model_copy(update={"blocks": {"day": 0.25, "night": 0.25, "noon": 0.25, "dawn": 0.25}})

    def row(block: str, replicas: int, requests_per_s: float) -> dict[str, object]:
        return {
            "workload": "chat", "system": "h-node", "pool": "p", "point": point().name, "future": "base",
            "period": "2027", "block": block, "gpus": requests_per_s / 0.99, "gpus_per_replica": 4.0,
            "replicas": replicas, "requests_per_s": requests_per_s,
        }  # fmt: skip

    rows = [row("day", 10, 30.0), row("night", 1, 3.9), row("noon", 10, 20.0), row("dawn", 10, 10.0)]
    found = tightest_blocks(scenario, case.catalog, rows)
    assert [one.block.block for one in found] == ["day", "night"]
