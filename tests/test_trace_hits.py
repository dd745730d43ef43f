"""Block hashes of a trace: what a cache that forgets nothing has of each input."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import InputError
from planner.pipeline import catalog_of, load
from planner.simulation.requests import Traffic
from planner.studies.simulate.study import Ask, Simulation, of_serving
from planner.traffic.requests import joined
from planner.traffic.trace import Trace
from tests.store import TINY
from tests.test_simulate import ROW


def line(at: int, given: int, blocks: str) -> str:
    return f'{{"timestamp": {at}, "input_length": {given}, "output_length": 5, "hash_ids": {blocks}}}\n'


HASHED = (
    line(0, 1300, "[0, 1, 2]") + line(1000, 1500, "[0, 1, 3]") + line(2000, 1300, "[0, 1, 2]") + line(3000, 9, "[7]")
)


def traced(folder: Path, text: str) -> Trace:
    (folder / "day.jsonl").write_text(text, encoding="utf-8")
    return Trace(folder / "day.jsonl")


def test_leading_blocks_that_came_before_are_in_the_cache(tmp_path: Path) -> None:
    """Two blocks of 512, then all three of 1300 tokens but the last token; 2323 of 4109 in all."""
    trace = traced(tmp_path, HASHED)
    for _ in range(2):
        assert joined([*trace.blocks()]).cached_tokens.tolist() == [0, 1024, 1299, 0]
    assert trace.summary.cached_share == pytest.approx(2323 / 4109)


def test_a_block_behind_a_new_one_is_no_hit(tmp_path: Path) -> None:
    trace = traced(tmp_path, line(0, 1024, "[0, 1]") + line(1, 1024, "[5, 1]"))
    assert joined([*trace.blocks()]).cached_tokens.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ("[0, 1, 2, 3]", "4 blocks of 512 tokens are more than 1300 tokens fill"),
        ('"abc"', "abc is no list of the numbers of blocks"),
        ("[0.5]", "is no list of the numbers of blocks"),
    ],
)
def test_other_hashes_are_refused_with_their_line(tmp_path: Path, blocks: str, said: str) -> None:
    trace = traced(tmp_path, HASHED + line(4000, 1300, blocks))
    with pytest.raises(InputError, match=rf"day\.jsonl:5: hash_ids: .*{said}"):
        _ = trace.summary


def test_hits_are_not_read_and_not_counted_twice(tmp_path: Path) -> None:
    trace = traced(tmp_path, HASHED)

    def simulated(*overrides: str) -> Simulation:
        scenario = load(TINY, overrides)
        return of_serving(scenario, catalog_of(scenario), [ROW], Traffic(trace, requests=400), Ask(fewest=False))

    found, stated = simulated(), simulated("workloads.chat.prefix_cache_hit_share=0.3")
    assert found.requests.endswith("56.5 % of the input in a cache that forgets nothing")
    assert "cache" not in stated.requests
