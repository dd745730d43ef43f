"""Standard output for what the planner says: engines that print on their own are not heard."""

from __future__ import annotations

import os
import sys


def keep_stdout() -> None:
    """From here on only Python writes to standard output; what native code prints (HiGHS does, rarely) goes nowhere.

    For a process that is the planner's own: a result on standard output has nothing else there.
    """
    try:
        sys.stdout.flush()
        own = os.dup(sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):
        return  # closed, or no file at all
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    sys.stdout = os.fdopen(own, "w", encoding=encoding, errors=errors, buffering=1 if os.isatty(own) else -1)
