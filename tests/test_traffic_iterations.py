"""A replica that works in iterations: by hand, against one that takes every step, and fitted to what it has done."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import InputError
from planner.traffic.arrivals import Made
from planner.traffic.calibrate import Answered, fitted
from planner.traffic.iterations import Iterations, StepReplica
from planner.traffic.replica import Job
from planner.traffic.requests import Held, Requests, joined, requests_of
from planner.traffic.simulate import Failures, Pool, simulate


def jobs(rows: Requests) -> list[Job]:
    columns = (rows.time_s.tolist(), rows.input_tokens.tolist(), rows.output_tokens.tolist())
    return [Job(number, came, inp, 0.0, out) for number, (came, inp, out) in enumerate(zip(*columns, strict=True))]


def answered(model: Iterations, rows: Requests) -> list[tuple[Job, float]]:
    """Each request with when its last token was there, in the order in which they came."""
    done: list[tuple[Job, float]] = []
    replica = StepReplica(model, lambda job, now: done.append((job, now)))
    for job in jobs(rows):
        while replica.next_s <= job.came_s:
            replica.step(replica.next_s)
        replica.arrive(job, job.came_s)
    while replica.next_s < math.inf:
        replica.step(replica.next_s)
    return sorted(done, key=lambda pair: pair[0].number)


def every_step(model: Iterations, rows: Requests) -> list[tuple[float, float]]:
    """First and last token of each request, one step after the other in plain loops; a cache that is never full."""
    waiting = jobs(rows)
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    left = {job.number: job.reading for job in waiting}
    held = {job.number: 0.0 for job in waiting}
    written = {job.number: 0 for job in waiting}
    under_way: list[Job] = []
    now = 0.0
    while waiting or under_way:
        if not under_way:
            now = max(now, waiting[0].came_s)
        writers = [job for job in under_way if left[job.number] == 0]
        budget = model.step_tokens - len(writers)
        while waiting and waiting[0].came_s <= now and len(under_way) < model.limit:
            if budget - sum(left[job.number] for job in under_way) <= 0:
                break
            under_way.append(waiting.pop(0))
        chunks = {}
        for job in under_way:
            if job not in writers and budget > 0:
                chunks[job.number] = min(left[job.number], budget)
                budget -= chunks[job.number]
        cache = sum(held[job.number] for job in under_way) + sum(chunks.values())
        now += model.base_s + model.token_s * (len(writers) + sum(chunks.values())) + model.cached_s * cache
        for job in [*under_way]:
            number = job.number
            if number in chunks:
                left[number] -= chunks[number]
                held[number] += chunks[number]
            elif job in writers:
                held[number] += 1
                written[number] += 1
            if left[number] == 0:
                first.setdefault(number, now)
                if written[number] == job.steps:
                    last[number] = now
                    under_way.remove(job)
    return [(first[number], last[number]) for number in sorted(first)]


MODEL = Iterations(0.010, 0.0001, 1e-6, limit=2, step_tokens=100)


def test_two_requests_by_hand() -> None:
    """The first reads 80 in 10 + 8 + 0.08 ms. The second came in between: 20 are read beside a token of the first."""
    rows = requests_of(np.array([1.0, 1.01]), np.array([80.0, 20.0]), np.array([3.0, 2.0]))
    (one, one_s), (two, two_s) = answered(MODEL, rows)
    read = 0.010 + 0.008 + 80e-6
    assert one.first_s == pytest.approx(1 + read)
    both = 0.010 + 21 * 0.0001 + 100e-6
    assert two.first_s == pytest.approx(1 + read + both)
    # Then each writes its last token: 2 tokens, with 81 and 20 in the cache.
    end = 0.010 + 2 * 0.0001 + 101e-6
    assert one_s == two_s == pytest.approx(1 + read + both + end)


def test_who_came_last_is_put_back_where_the_cache_is_full() -> None:
    """Inputs of 50 and 40 fit 94. The first begins alone, and has a token in the cache when both write.

    One step of both is left then; the second goes with 41 tokens, and is let in again when the first has ended.
    """
    model = replace(MODEL, cache_tokens=94.0)
    rows = requests_of(np.zeros(2), np.array([50.0, 40.0]), np.array([11.0, 6.0]))
    (one, one_s), (two, two_s) = answered(model, rows)
    assert one.first_s == pytest.approx(0.010 + 0.0050 + 50e-6)
    assert two.first_s == pytest.approx(one.first_s + 0.010 + 0.0041 + 90e-6)
    shared = 0.010 + 0.0002 + 91e-6
    alone = 8 * (0.010 + 0.0001) + sum(range(52, 60)) * 1e-6
    assert one_s == pytest.approx(two.first_s + shared + alone)
    again = 0.010 + 0.0041 + 41e-6
    rest = 4 * (0.010 + 0.0001) + sum(range(41, 45)) * 1e-6
    assert two_s == pytest.approx(one_s + again + rest)
    # Of 42 free tokens the first took 8, so of the 41 that were the second's 34 are there still and not read again.
    (_, kept_one_s), (_, kept_two_s) = answered(replace(model, keeps_prefix=True), rows)
    assert kept_one_s == one_s
    assert kept_two_s == pytest.approx(two_s - 34 * 0.0001)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Iterations, Requests]:
    model = Iterations(
        draw(st.sampled_from([0.0, 0.01])),
        draw(st.sampled_from([1e-4, 1e-3])),
        draw(st.sampled_from([0.0, 1e-5])),
        draw(st.integers(1, 8)),
        draw(st.sampled_from([16.0, 64.0, 500.0])),
    )
    made = Made(draw(st.sampled_from([2.0, 8.0, 40.0])), 40, 60.0, 12.0, 1.5, seed=draw(st.integers(0, 10_000)))
    return model, joined([*made.blocks()])


@pytest.mark.property
@given(runs())
def test_many_steps_at_once_are_as_each_by_itself(case: tuple[Iterations, Requests]) -> None:
    model, rows = case
    seen = [(job.first_s, end_s) for job, end_s in answered(model, rows)]
    assert np.array(seen) == pytest.approx(np.array(every_step(model, rows)), rel=1e-9)


@pytest.mark.property
@given(runs(), st.sampled_from([math.inf, 300.0, 900.0]), st.booleans())
def test_every_request_is_answered_and_little_s_law_holds(
    case: tuple[Iterations, Requests], cache_tokens: float, keeps_prefix: bool
) -> None:
    model, rows = case
    pool = Pool(2, replace(model, cache_tokens=cache_tokens, keeps_prefix=keeps_prefix))
    found = simulate(Held(rows), pool)
    assert found.whole.count == len(rows)
    assert found.load.running_s + found.load.waiting_s == pytest.approx(found.whole.total_s, rel=1e-9)
    # Nothing that was written is written again.
    assert found.load.tokens == pytest.approx(float((rows.output_tokens - 1).sum()))
    failing = simulate(Held(rows), replace(pool, failures=Failures(2.0, 0.5), seed=3))
    assert failing.whole.count == len(rows)


def test_the_fit_finds_the_engine_that_wrote_the_log() -> None:
    """A made run of a known engine under bursts: what 300 requests tell of a step is within 2 %, of its parts 15 %."""
    model = Iterations(0.012, 5e-5, 7e-8, limit=64)
    made = Made(6.0, 300, 800.0, 300.0, 2.0, output_cv=0.4, seed=4)
    done = answered(model, joined([*made.blocks()]))
    log = Answered(
        np.array([job.admitted_s for job, _ in done]),
        np.array([job.first_s for job, _ in done]),
        np.array([end_s for _, end_s in done]),
        np.array([job.given for job, _ in done]),
        np.array([job.steps + 1 for job, _ in done]),
    )
    for chosen in (None, np.arange(300) < 150):
        found = fitted(log, of=chosen)
        assert found.error < 0.01
        assert found.requests > 100

        def step(base: float, token: float, cached: float) -> float:
            return base + token * 90 + cached * 40_000

        assert step(*found[:3]) == pytest.approx(step(0.012, 5e-5, 7e-8), rel=0.02)
        assert found[:3] == pytest.approx((0.012, 5e-5, 7e-8), rel=0.15)
    with pytest.raises(InputError, match="a fit takes 30"):
        fitted(log.of(np.arange(300) < 20))
