"""Many solves at once, each in a process of its own, with the same answers as one after the other."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import TypeVar

from planner.streams import keep_stdout

Work = TypeVar("Work")
Answer = TypeVar("Answer")

# More processes than this gain nothing: each holds the catalog, the solvers and pandas.
MOST_JOBS = 8


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def answers(call: Callable[[Work], Answer], work: Sequence[Work], jobs: int) -> Iterator[tuple[int, Answer]]:
    """``(index, call(work[index]))`` of every piece of work, as they are done, on up to ``jobs`` processes.

    In this process and in order where ``jobs`` is 1 or there is only one piece. ``call`` has to be a module's own
    function, since it is sent to the others by name. The first error ends it all.
    """
    jobs = min(jobs, len(work), MOST_JOBS)
    if jobs <= 1:
        for index, piece in enumerate(work):
            yield index, call(piece)
        return
    # Fresh processes: an engine's threads do not survive a fork.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin)
    try:
        waiting = {pool.submit(call, piece): index for index, piece in enumerate(work)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """A worker keeps standard output clean and ends with whoever asked, however that ends."""
    keep_stdout()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
