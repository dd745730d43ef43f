"""Scenarios and catalogs with one to three things changed in them, loaded, built and solved: nothing may fall over.

Run by hand, for hours or for minutes; every case can be had again by its seed, kind and number, and a run that was
broken off goes on with ``--first``::

    python tests/mutate.py --scenarios 100000 --catalogs 20000 --solve 5000 --seed 1
    python tests/mutate.py --only solve:123

A case passes that ends in a plan or in sentences: of bad input each with its file and its field. What counts: a
traceback, a warning, a matrix that is no numbers, a fault without a place, a plan that nobody finds though nobody says
what is in its way, a case that takes longer than ``--patience``, a process that dies.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.mutated_cases import ROOT, RUNS, read_once

FELL = "FELL OVER"
BLOCK = 50
# Files in memory, where there is such a place, are written and removed at once.
MEMORY = Path("/dev/shm")
# A process is replaced after so many blocks: an engine that loses a little memory in each of them has done no harm.
BLOCKS = 60
# An engine does not hear the alarm; so many times the patience later its process is ended.
DEAF = 3


class Hung(Exception):
    """A case took longer than anybody waits."""


@contextlib.contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Raises Hung in what takes longer."""

    def ring(number: int, frame: Any) -> None:
        raise Hung(f"longer than {seconds} s")

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


@dataclass(frozen=True)
class Fall:
    """A case that fell over: where in the planner, and what it said."""

    kind: str
    number: int
    where: str
    said: str

    def __str__(self) -> str:
        return f"{self.where}  {self.said}  (--only {self.kind}:{self.number})"


@dataclass
class Tally:
    """What became of the cases, and those that fell over."""

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    fell: list[Fall] = field(default_factory=list)

    def add(self, kind: str, end: str | Fall) -> None:
        """Count a case; one that fell is told at once."""
        self.ends[kind, FELL if isinstance(end, Fall) else end] += 1
        if isinstance(end, Fall):
            self.fell.append(end)
            print(f"FELL  {end}", flush=True)

    def print(self) -> None:
        """Counts, and the falls by place with a case of each."""
        for (kind, end), count in sorted(self.ends.items()):
            print(f"{count:8,}  {kind}: {end}")
        for where, count in Counter(fall.where for fall in self.fell).most_common():
            print(f"{count:8,}  {next(fall for fall in self.fell if fall.where == where)}")


def case(kind: str, number: int, seed: int, seconds: int, folder: Path) -> str | Fall:
    """How one case ends."""
    try:
        with patience(seconds), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return RUNS[kind](number, seed, folder)
    except Exception as error:
        trace = traceback.extract_tb(error.__traceback__)
        ours = [step for step in trace if str(ROOT / "planner") in step.filename] or list(trace)
        where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
        return Fall(kind, number, where, f"{type(error).__name__}: {str(error)[:160]!r}")


def work(pipe: Connection, seed: int, seconds: int) -> None:
    """A process: blocks of cases come in, the end of each case goes out."""
    read_once()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made:
        while (block := pipe.recv()) is not None:
            kind, numbers = block
            for number in numbers:
                folder = Path(made) / "case"
                folder.mkdir()
                pipe.send(case(kind, number, seed, seconds, folder))
                shutil.rmtree(folder)


Block = tuple[str, range]


@dataclass
class Worker:
    """A process with its block, how many cases of it have ended, and when the last did."""

    process: BaseProcess
    pipe: Connection
    block: Block | None = None
    ended: int = 0
    heard_s: float = field(default_factory=time.monotonic)
    blocks: int = 0

    @classmethod
    def started(cls, seed: int, seconds: int) -> Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, seed, seconds), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, block: Block) -> None:
        self.pipe.send(block)
        self.block, self.ended, self.blocks = block, 0, self.blocks + 1
        self.heard_s = time.monotonic()

    def hear(self, tally: Tally) -> None:
        """Count the case that ended. Raises EOFError where the process died."""
        assert self.block is not None
        kind, numbers = self.block
        tally.add(kind, self.pipe.recv())
        self.ended, self.heard_s = self.ended + 1, time.monotonic()
        if self.ended == len(numbers):
            self.block = None

    def lost(self, tally: Tally) -> list[Block]:
        """Ends the process; the case that it was at fell, and what was behind that is still to do."""
        self.process.kill()
        self.process.join()
        if self.block is None:
            return []
        kind, numbers = self.block
        said = "the process did not come back, or died"
        tally.add(kind, Fall(kind, numbers[self.ended], "engine", f"{said} (exit code {self.process.exitcode})"))
        left = numbers[self.ended + 1 :]
        return [(kind, left)] if left else []

    def retire(self) -> None:
        """Ends a process that has nothing to do."""
        self.pipe.send(None)
        self.process.join()


def run_all(blocks: deque[Block], seed: int, jobs: int, seconds: int) -> Tally:
    """Every case of ``blocks``, ``jobs`` at once."""
    tally, told, started = Tally(), time.monotonic(), time.monotonic()
    workers: list[Worker] = []
    while blocks or workers:
        while blocks and len(workers) < jobs:
            workers.append(Worker.started(seed, seconds))
        for worker in list(workers):
            if worker.block is None and blocks and worker.blocks < BLOCKS:
                worker.give(blocks.popleft())
            elif worker.block is None:
                worker.retire()
                workers.remove(worker)
        ready = wait([worker.pipe for worker in workers], timeout=1.0)
        for worker in list(workers):
            try:
                if worker.pipe in ready:
                    worker.hear(tally)
                elif time.monotonic() - worker.heard_s > DEAF * seconds:
                    raise EOFError
            except EOFError:
                blocks.extendleft(worker.lost(tally))
                workers.remove(worker)
        if time.monotonic() - told > 30:
            told = time.monotonic()
            at = ", ".join(f"{worker.block[0]}:{worker.block[1][0]}" for worker in workers if worker.block)
            done = ", ".join(f"{kind} {end} {count:,}" for (kind, end), count in sorted(tally.ends.items()))
            print(f"{told - started:6,.0f} s  {done}  (at {at})", flush=True)
    return tally


def main() -> int:
    """Run what is asked for; 1 where anything fell over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=1000, help="mutated scenarios to load and build")
    parser.add_argument("--catalogs", type=int, default=200, help="mutated files of catalogs to load and build over")
    parser.add_argument("--solve", type=int, default=50, help="mutated scenarios to solve")
    parser.add_argument("--first", type=int, default=0, help="number of the first case of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.add_argument("--patience", type=int, default=300, help="seconds after which a case counts as hung")
    parser.add_argument("--only", default="", help="one case, such as solve:123 or catalog:7, with its traceback")
    parser.add_argument("--keep", type=Path, help="with --only: the folder to leave the case's files in")
    asked = parser.parse_args()
    # Hundreds of thousands of catalogs that nobody will ask for again.
    os.environ["PLAN_CACHE"] = "off"
    if asked.only:
        kind, _, number = asked.only.partition(":")
        warnings.simplefilter("error", RuntimeWarning)
        folder = asked.keep or Path(tempfile.mkdtemp())
        folder.mkdir(parents=True, exist_ok=True)
        print(RUNS[kind](int(number), asked.seed, folder))
        return 0
    started = time.monotonic()
    blocks = deque(
        (kind, range(first, min(first + BLOCK, asked.first + count)))
        for kind, count in (("scenario", asked.scenarios), ("catalog", asked.catalogs), ("solve", asked.solve))
        for first in range(asked.first, asked.first + count, BLOCK)
    )
    tally = run_all(blocks, asked.seed, asked.jobs, asked.patience)
    tally.print()
    print(f"{time.monotonic() - started:,.0f} s, seed {asked.seed}, from {asked.first}")
    return 1 if tally.fell else 0


if __name__ == "__main__":
    sys.exit(main())
