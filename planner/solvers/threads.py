"""How many threads a plan may take: all cores, or one where many plans are made at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
_ALONE = [True]


def share_cores() -> None:
    """From here on each plan of this process takes one thread: other processes have the other cores."""
    _ALONE[0] = False


def most_threads() -> int:
    """Threads that a plan may take; what it is does not depend on them."""
    return (os.cpu_count() or 1) if _ALONE[0] else 1


def side_by_side(work: Callable[[Item], None], items: Iterable[Item]) -> None:
    """``work`` on every item, on as many threads as a plan may take. Raises what it raises."""
    # It brings along what logs, which most plans do without.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(most_threads()) as pool:
        list(pool.map(work, items))
