"""A block is simulated with the hours of a trace that belong to it: what the load shape has is not counted again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.pipeline import catalog_of, load
from planner.scenario import Scenario
from planner.simulation.pools import Block, all_blocks
from planner.simulation.requests import Traffic, counted_once, sources, traffic_of, words_of
from planner.traffic.hours import hours_of, of_hours
from planner.traffic.requests import Held, Requests, joined, requests_of
from planner.traffic.trace import Trace
from tests.store import TINY
from tests.test_simulate import ROW

HOUR_S = 3_600.0


def made(counts: Sequence[int], seed: int = 1) -> Requests:
    """So many requests by hour, the first at its beginning and the others anywhere; those of busy hours are longer."""
    drawn = np.random.default_rng(seed)
    times = [hour * HOUR_S + np.sort(drawn.random(count)) * HOUR_S for hour, count in enumerate(counts)]
    times[0][0] = 0.0
    lengths = np.repeat(counts, counts).astype(float)
    return requests_of(np.concatenate(times), lengths, lengths)


def written(path: Path, counts: Sequence[int]) -> Trace:
    rows = made(counts)
    lines = (f"{time:.4f},{tokens:g},{tokens:g}" for time, tokens in zip(rows.time_s, rows.input_tokens, strict=True))
    path.write_text("arrival_time,input_toks,output_toks\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return Trace(path)


def tiny(folder: Path, counts: Sequence[int], said: str = "") -> Scenario:
    """Tiny, whose day has twice the demand of its night, half of the hours each, with a trace as traffic."""
    written(folder / "days.csv", counts)
    (folder / "own.yaml").write_text(
        f"extends: {TINY}\nworkloads:\n  - name: chat\n    traffic: {{trace: days.csv}}\n{said}", encoding="utf-8"
    )
    return load(folder / "own.yaml")


def block_of(scenario: Scenario, name: str) -> Block:
    row = {**ROW, "block": name}
    (found,) = all_blocks(scenario, catalog_of(scenario), scenario.workloads[0], [row])
    return found


BUSY_DAYS = [900, 100] * 24


@pytest.mark.parametrize(("block", "tokens"), [("day", 900.0), ("night", 100.0)])
def test_a_block_has_the_hours_that_are_as_busy(tmp_path: Path, block: str, tokens: float) -> None:
    scenario = tiny(tmp_path, BUSY_DAYS)
    traffic = counted_once(scenario, "chat", traffic_of(scenario, "chat"))
    whole, held = traffic.of_block(block_of(scenario, block))
    assert whole.requests == len(held.requests) == 24 * tokens
    assert whole.span_s == pytest.approx(24 * HOUR_S, rel=2e-3)
    assert set(held.requests.input_tokens) == {tokens}
    assert np.all(np.diff(held.requests.time_s) >= 0)
    assert words_of(traffic).startswith("days.csv (vLLM), of its 48 hours those that are as busy as the block, time st")


def test_they_come_at_the_blocks_rate_and_the_workloads_lengths(tmp_path: Path) -> None:
    scenario = tiny(tmp_path, BUSY_DAYS)
    (tokens,) = [one.tokens for one in scenario.workloads]
    assert tokens is not None
    found = block_of(scenario, "night")
    traffic = counted_once(scenario, "chat", traffic_of(scenario, "chat", requests=2_000))
    (source,) = sources(found, tokens, traffic, 0)
    rows = joined([*source.blocks()])
    assert len(rows) / rows.time_s[-1] == pytest.approx(found.requests_per_s, rel=0.05)
    assert rows.input_tokens.mean() == pytest.approx(tokens.input, rel=0.01)
    # Of the whole trace nine requests of ten come in one half of the time; here all come alike.
    by_half = np.histogram(rows.time_s, bins=2, range=(0, rows.time_s[-1]))[0]
    assert by_half[0] == pytest.approx(by_half[1], rel=0.1)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (BUSY_DAYS, "    load: flat\n"),
        (BUSY_DAYS, "    load: even\nload_shapes:\n  even: {day: 1, night: 1}\n"),
        (BUSY_DAYS[:8], ""),
    ],
)
def test_a_trace_is_whole_where_no_shape_has_its_hours(tmp_path: Path, counts: list[int], said: str) -> None:
    """A flat load, and a trace of less than a day, whose unevenness the shape knows nothing of."""
    scenario = tiny(tmp_path, counts, said)
    traffic = counted_once(scenario, "chat", traffic_of(scenario, "chat"))
    whole, _ = traffic.of_block(block_of(scenario, "day"))
    assert whole.requests == sum(counts)
    assert "hours" not in words_of(traffic)


def test_the_headroom_of_a_trace_is_that_of_what_varies_within_a_block(tmp_path: Path) -> None:
    """Hours of 900 and of 100 at random times: within a block of either, arrivals are Poisson's again."""
    trace = written(tmp_path / "days.csv", BUSY_DAYS)
    _, held = trace.between(0.0, 0.5)
    gaps = np.diff(held.requests.time_s)
    assert gaps.std() / gaps.mean() == pytest.approx(1.0, rel=0.05)
    assert trace.summary.gap_cv > 1.5
    assert Traffic(trace).hours == 48
    assert Traffic(trace, by_block=False).hours == 0


COUNTS = st.lists(st.integers(1, 40), min_size=24, max_size=60)


@given(COUNTS, st.integers(1, 5))
def test_blocks_of_whole_hours_share_them_all(counts: list[int], blocks: int) -> None:
    """Each request of the hours that count is in exactly one block, and the busier hours come first."""
    rows = made(counts)
    hours = hours_of(Held(rows))
    count = len(hours.seconds)
    edges = np.unique(np.round(np.linspace(0, count, blocks + 1))) / count
    parts = [hours.ranked(first, after) for first, after in pairwise(edges)]
    assert np.sort(np.concatenate(parts)).tolist() == list(range(count))
    rates = hours.requests / hours.seconds
    for busier, calmer in pairwise(parts):
        assert rates[busier].min() >= rates[calmer].max()
    taken = [of_hours(Held(rows), part) for part in parts]
    assert sum(map(len, taken)) == hours.requests.sum()
    for part, chosen in zip(taken, parts, strict=True):
        assert np.all(np.diff(part.time_s) >= 0)
        assert part.time_s[-1] <= len(chosen) * HOUR_S
