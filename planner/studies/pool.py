"""Many solves at once, each in a process of its own, with the same answers as one after the other."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from planner.streams import keep_stdout
from planner.studies.command import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")

# More processes than this gain nothing: each holds the catalog, the solvers and pandas.
MOST_WORKERS = 8


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def each(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int = 1,
    progress: Progress = lambda words: None,
    done: str = "done",
) -> list[Result]:
    """``work`` of every item, in their order, as ``as_done`` does it; ``progress`` hears how many are ``done``."""
    progress(f"0 of {len(items)} {done}")
    found: dict[int, Result] = {}
    for index, result in as_done(work, items, workers):
        found[index] = result
        progress(f"{len(found)} of {len(items)} {done}")
    return [found[index] for index in range(len(items))]


def as_done(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[tuple[int, Result]]:
    """``(index, work(items[index]))`` of every item, as they are done, in up to ``workers`` processes.

    In this process and in order where there is one worker, which is what a host program without a main guard needs, or
    only one item. ``work`` has to be a module's own function, since it is sent to the others by name. The first error
    ends it all.
    """
    workers = min(workers, len(items), MOST_WORKERS)
    if workers <= 1:
        for index, item in enumerate(items):
            yield index, work(item)
        return
    # Loaded where there is more than one worker: a plan alone needs none of it.
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    # Fresh processes: an engine's threads do not survive a fork.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin)
    finished = False
    try:
        waiting = {pool.submit(work, item): index for index, item in enumerate(items)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
        finished = True
    finally:
        # Idle workers end at once, and a pool that is left behind can meet the interpreter's end half shut.
        pool.shutdown(wait=finished, cancel_futures=True)


def _begin() -> None:
    """A worker keeps standard output clean and ends with whoever asked, however that ends."""
    from multiprocessing import parent_process

    keep_stdout()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)
