"""How many threads a plan may take: all cores, or one where many plans are made at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
# Relaxations of matrices with fewer columns take less time than threads do.
WIDE = 1_000
_ALONE = [True]


def share_cores() -> None:
    """From here on each plan of this process takes one thread: other processes have the other cores."""
    _ALONE[0] = False


def most_threads() -> int:
    """Threads that a plan may take; what it is does not depend on them."""
    return (os.cpu_count() or 1) if _ALONE[0] else 1


def each(work: Callable[[Item], Result], items: Sequence[Item], *, at_once: bool) -> list[Result]:
    """What ``work`` makes of every item, in their order, whether or not they are worked on ``at_once``."""
    if not at_once:
        return [work(item) for item in items]
    found: dict[int, Result] = {}

    def at(place: int) -> None:
        found[place] = work(items[place])

    side_by_side(at, range(len(items)))
    return [found[place] for place in range(len(items))]


def side_by_side(work: Callable[[Item], None], items: Iterable[Item]) -> None:
    """``work`` on every item, on as many threads as a plan may take. Raises what it raises."""
    # It brings along what logs, which most plans do without.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(most_threads()) as pool:
        list(pool.map(work, items))
