"""The clock of a search: it measures, and it breaks off what takes too long. It decides nothing else.

A search that it broke off says so, and no further leg is begun: what a leg finds in the time that another one left
over would be another plan on another machine.
"""

from __future__ import annotations

import time
from dataclasses import replace

from planner.errors import StoppedByClock
from planner.solvers.answer import Options

# A limit of nothing is read as none by some engines.
LEAST_S = 0.01


class Clock:
    """Started when it is made; one for all legs of a search."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """What the search has taken so far."""
        return time.perf_counter() - self._started

    def rest(self, options: Options) -> Options:
        """``options`` for the next leg, which is broken off when the search's time is up."""
        return replace(options, time_limit_s=max(self.limit_s - self.seconds, LEAST_S))


def stopped(limit_s: float) -> StoppedByClock:
    """The clock has struck before what stands beside a plan is known."""
    return StoppedByClock(f"the clock stopped the search ({limit_s:g} s)")


def no_plan(limit_s: float) -> StoppedByClock:
    """The clock has struck, and there is no plan."""
    return StoppedByClock(
        f"no plan found within {limit_s:g} s, when the clock stopped the search; give it more time (--time-limit), "
        "a wider gap (--gap) or another engine (--solver highs)"
    )
