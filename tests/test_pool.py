"""One pool of cases: the order, what a killed process costs, and executors that there are not."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from planner.errors import InputError, SolverFailure
from planner.solvers.threads import most_threads
from planner.studies import pool
from planner.studies.engines import Killed, _remote, _Same, check_executor


def doubled(number: int) -> int:
    return 2 * number


def fatal(folder: Path, number: int) -> int:
    """``number``, but the process ends at 1 once and at 2 always."""
    seen = folder / str(number)
    if number == 2 or (number == 1 and not seen.exists()):
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refused(number: int) -> int:
    raise InputError(f"{number} is refused")


def test_one_worker_is_this_process_and_keeps_the_order() -> None:
    assert list(pool.as_done(lambda number: -number, [3, 1, 2], 1)) == [(0, -3), (1, -1), (2, -2)]
    assert list(pool.as_done(doubled, [], 4)) == []


@pytest.mark.process
def test_many_workers_find_what_one_finds_and_tell_how_far_they_are() -> None:
    heard: list[str] = []
    found = pool.each(doubled, list(range(9)), workers=2, progress=heard.append, done="numbers")
    assert found == pool.each(doubled, list(range(9)))
    assert heard == [f"{done} of 9 numbers" for done in range(10)]


@pytest.mark.process
def test_an_item_whose_process_is_killed_is_tried_again_and_given_up_at_the_second_time(tmp_path: Path) -> None:
    found = dict(pool.as_done_with(fatal, tmp_path, list(range(6)), 2))
    killed = found.pop(2)
    assert found == {number: number for number in (0, 1, 3, 4, 5)}
    assert isinstance(killed, Killed)
    assert str(killed) == "each of two processes that worked on it was killed; is there enough memory for it?"


@pytest.mark.process
def test_the_first_error_ends_it_all() -> None:
    with pytest.raises(InputError, match="is refused"):
        list(pool.as_done(refused, list(range(4)), 2))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dusk://here:1", "--executor dusk://here:1: write local, dask://HOST:PORT or ray"),
        ("dask://here", "--executor dask://here: write local, dask://HOST:PORT or ray"),
        ("dask://:8786", "--executor dask://:8786: write local, dask://HOST:PORT or ray"),
        ("dask://here:port", "--executor dask://here:port: write local, dask://HOST:PORT or ray"),
    ],
)
def test_an_executor_that_there_is_not_is_refused(name: str, said: str) -> None:
    with pytest.raises(InputError) as refusal:
        check_executor(name)
    assert str(refusal.value) == said


def test_an_executor_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(InputError) as refusal, pool.on("dask://here:8786"):
        pass
    expected = "--executor dask: distributed is not installed; pip install 'token-factory-planner[dask]'"
    assert str(refusal.value) == expected


def test_a_worker_of_another_version_of_the_planner_is_refused() -> None:
    with pytest.raises(SolverFailure, match=r"a worker has version .* of the planner, this is 0.0.0; they must agree"):
        _remote("0.0.0", fatal, _Same(None), 1)


@pytest.mark.process
def test_a_plan_takes_one_thread_where_others_are_made_beside_it() -> None:
    assert most_threads() == (os.cpu_count() or 1)
    assert set(pool.each(threads, [1, 2], workers=2)) == {1}


def threads(number: int) -> int:
    return most_threads()
