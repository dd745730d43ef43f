"""Sweeps as processes that can be killed, and a Dask cluster of this machine for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.store import ROOT

ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
# Far more than anything here takes, on any machine.
PATIENCE_S = 300


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers, none of which is started again when it ends."""

    executor: str
    workers: Sequence[subprocess.Popen[bytes]]


@contextmanager
def process(*words: str, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A Python module's command as a process that ends here at the latest."""
    started = subprocess.Popen([sys.executable, "-m", *words], env=ENVIRONMENT, **more)  # type: ignore[call-overload]
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A Dask cluster on this machine's loopback, of single processes with one thread each."""
    file = folder / "scheduler.json"
    here = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    quiet = ("--scheduler-file", str(file), "--no-dashboard")
    with ExitStack() as stack:
        scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *quiet)
        stack.enter_context(process(*scheduler, **here))
        wait_until(file.exists)
        worker = ("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", *quiet)
        started = [stack.enter_context(process(*worker, **here)) for _ in range(workers)]
        address = json.loads(file.read_text())["address"].removeprefix("tcp://")
        yield Cluster(f"dask://{address}", started)


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command as a process, to its end."""
    command = [sys.executable, "-m", "planner.cli", *map(str, words)]
    return subprocess.run(command, env=ENVIRONMENT, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_S)


def wait_until(holds: Callable[[], bool]) -> None:
    """Until it holds, which it does sooner or later."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def kill(started: subprocess.Popen[bytes]) -> None:
    """As the system ends a process that takes too much memory."""
    os.kill(started.pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The worker processes of a process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_bytes()
            except (OSError, ValueError, IndexError):
                continue
            if parent == pid and b"resource_tracker" not in words:
                found.append(int(folder.name))
    return found
