"""How many threads a plan may take: all cores, or one where many plans are made at once."""

from __future__ import annotations

import os

_ALONE = [True]


def share_cores() -> None:
    """From here on each plan of this process takes one thread: other processes have the other cores."""
    _ALONE[0] = False


def most_threads() -> int:
    """Threads that a plan may take; what it is does not depend on them."""
    return (os.cpu_count() or 1) if _ALONE[0] else 1
