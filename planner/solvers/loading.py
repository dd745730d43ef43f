"""How a large library is loaded: each of its symbols bound when it is first called, where the system can do so."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bound_late() -> Iterator[None]:
    """Libraries loaded inside are bound late; most of what is in them no plan ever calls."""
    if not hasattr(sys, "setdlopenflags"):
        yield
        return
    before = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        yield
    finally:
        sys.setdlopenflags(before)
