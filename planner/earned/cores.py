"""Simulations side by side, each core with a process of its own: they are plain Python, which no thread speeds up.

``python -m planner.earned.cores`` reads one pickled simulation after another from standard input and answers each.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from threading import Lock

from planner.errors import SolverFailure
from planner.solvers.threads import most_threads, side_by_side
from planner.streams import keep_stdout
from planner.traffic.outcome import Outcome
from planner.traffic.requests import Source
from planner.traffic.simulate import Pool, simulate

Asked = tuple[Source, Pool]
# Simulated requests from which on processes of their own pay.
_WORTH_A_PROCESS = 200_000


def outcomes(asked: Sequence[Asked], requests: float) -> list[Outcome]:
    """The outcome of each simulation, in their order, of so many ``requests`` in all; the same on any number of cores.

    Raises SolverFailure where a process ends early, and what a simulation raises.
    """
    cores = min(most_threads(), len(asked))
    if cores < 2 or requests < _WORTH_A_PROCESS:
        return [simulate(*one) for one in asked]
    found: dict[int, Outcome] = {}
    left, lock = iter(enumerate(asked)), Lock()

    def next_ones() -> Iterator[tuple[int, Asked]]:
        while True:
            with lock:
                one = next(left, None)
            if one is None:
                return
            yield one

    def answer(child: subprocess.Popen[bytes]) -> None:
        for at, one in next_ones():
            found[at] = _asked(child, one)

    with ExitStack() as stack:
        children = [_child() for _ in range(cores)]
        for child in children:
            stack.callback(_end, child)
        side_by_side(answer, children)
    return [found[at] for at in range(len(asked))]


def _child() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "planner.earned.cores"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        # What it did not take is of no use any more.
        with suppress(OSError):
            assert pipe is not None
            pipe.close()
    child.wait()


def _asked(child: subprocess.Popen[bytes], one: Asked) -> Outcome:
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        pickle.dump(one, child.stdin)
        child.stdin.flush()
        answer = pickle.load(child.stdout)
    except (OSError, EOFError, pickle.UnpicklingError):
        raise SolverFailure("a simulation's process was killed; is there enough memory for it?") from None
    if isinstance(answer, Exception):
        raise answer
    assert isinstance(answer, Outcome)
    return answer


def _main() -> None:
    keep_stdout()
    while True:
        try:
            source, pool = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer: Outcome | Exception = simulate(source, pool)
        except Exception as error:
            answer = error
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
