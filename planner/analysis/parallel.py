"""Many solves at once, each in a process of its own, with the same answers as one after the other."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.process import BaseProcess
from typing import TypeVar

Work = TypeVar("Work")
Answer = TypeVar("Answer")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def answers(call: Callable[[Work], Answer], work: Sequence[Work], jobs: int) -> Iterator[tuple[int, Answer]]:
    """``(index, call(work[index]))`` of every piece of work, as they are done, on up to ``jobs`` processes.

    In this process and in order where ``jobs`` is 1 or there is only one piece. ``call`` has to be a module's own
    function, since it is sent to the others by name. The first error ends it all.
    """
    if min(jobs, len(work)) <= 1:
        for index, piece in enumerate(work):
            yield index, call(piece)
        return
    # Fresh processes: an engine's threads do not survive a fork.
    pool = ProcessPoolExecutor(min(jobs, len(work)), multiprocessing.get_context("spawn"), _leave_with_parent)
    try:
        waiting = {pool.submit(call, piece): index for index, piece in enumerate(work)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _leave_with_parent() -> None:
    """Ends this process when the one that started it is gone, however it went."""
    # Standard output belongs to the command: an engine that prints must not write into it.
    os.dup2(2, 1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
