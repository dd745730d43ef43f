"""Many solves at once, each in a process of its own or on a cluster, with the same answers as one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar
from warnings import catch_warnings, simplefilter

from planner.errors import SolverFailure
from planner.studies.command import Progress

if TYPE_CHECKING:
    from planner.studies.engines import Engine, Killed

Common = TypeVar("Common")
Item = TypeVar("Item")
Result = TypeVar("Result")

# None is this machine. What it takes to use another is loaded when there is more than one case.
_EXECUTOR: ContextVar[str | None] = ContextVar("executor", default=None)


@contextmanager
def on(executor: str) -> Iterator[None]:
    """Cases of what is called inside are worked on by ``local`` processes, ``dask://HOST:PORT`` or ``ray``.

    A cluster is used however many ``workers`` a study is given. Raises InputError where there is no such executor.
    """
    from planner.studies.engines import LOCAL, check_executor

    check_executor(executor)
    before = _EXECUTOR.set(None if executor == LOCAL else executor)
    try:
        yield
    finally:
        _EXECUTOR.reset(before)


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

    In this process and in order where there is one worker, or only one item. ``work`` has to be a module's own
    function, since it is sent to the others by name. The first error ends it all: Killed too, which is that of an item
    whose worker was killed twice.
    """
    yield from unhurt(as_done_with(_alone, work, items, workers))


def unhurt(found: Iterable[tuple[int, Result | Killed]]) -> Iterator[tuple[int, Result]]:
    """What is found of each item. Raises Killed where that is one of them."""
    for index, result in found:
        # It is a SolverFailure, which a result never is.
        if isinstance(result, SolverFailure):
            raise result
        yield index, result


def as_done_with(
    work: Callable[[Common, Item], Result], common: Common, items: Sequence[Item], workers: int
) -> Iterator[tuple[int, Result | Killed]]:
    """``as_done`` of a ``work`` that is also given ``common``, which is sent to each process once.

    A killed worker costs its item, which another one tries again; an item whose worker is killed a second time yields
    Killed, and the others go on.
    """
    executor, workers = _EXECUTOR.get(), min(workers, len(items))
    if executor is None and workers <= 1:
        for index, item in enumerate(items):
            yield index, work(common, item)
        return
    if not items:
        return
    from joblib import Parallel, delayed

    from planner.studies.engines import LOCAL, engine

    running = engine(executor or LOCAL, work, common, workers)
    slots = min(running.slots, len(items))
    # The threads only wait: the work is done where the engine has it done.
    threads = Parallel(slots, backend="threading", batch_size=1, pre_dispatch=slots, return_as="generator_unordered")
    done = threads(delayed(_in_slot)(running, index, item) for index, item in enumerate(items))
    try:
        yield from done
    finally:
        running.close()
        with catch_warnings():
            # That what still runs is given up is no news to whoever ends it.
            simplefilter("ignore", UserWarning)
            done.close()


def _alone(work: Callable[[Item], Result], item: Item) -> Result:
    return work(item)


def _in_slot(running: Engine, index: int, item: Any) -> tuple[int, Any]:
    from planner.studies.engines import Killed

    try:
        return index, running.run(item)
    except Killed as killed:
        return index, killed
