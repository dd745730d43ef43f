"""How many requests wait through time, in memory that does not grow with them."""

from __future__ import annotations

import numpy as np

from planner.traffic.requests import Floats

# Stretches that time is cut into; where these do not reach, each becomes two.
STRETCHES = 2_048
SHORTEST_S = 1 / 16


class QueueTimes:
    """Seconds that requests waited, by the stretch of time in which they did; ``width_s`` is how long one lasts."""

    def __init__(self, width_s: float = SHORTEST_S) -> None:
        self.width_s = width_s
        self.waited_s: Floats = np.zeros(STRETCHES)

    def add(self, came_s: Floats, admitted_s: Floats) -> None:
        """Count requests that waited from when they came until they were let in."""
        waits = admitted_s > came_s
        if not waits.any():
            return
        came, admitted = np.sort(came_s[waits]), np.sort(admitted_s[waits])
        while admitted[-1] > self.width_s * STRETCHES:
            self._widen()
        waited: Floats = np.diff(_since(came, self._edges) - _since(admitted, self._edges))
        self.waited_s += waited

    def requests(self, from_s: float, to_s: float, parts: int) -> Floats:
        """Requests that waited on average in each of so many equal ``parts`` of a time."""
        edges = np.linspace(from_s, to_s, parts + 1)
        until = np.concatenate([[0.0], np.cumsum(self.waited_s)])
        waiting: Floats = np.diff(np.interp(edges, self._edges, until)) / np.diff(edges)
        return waiting

    def times(self, weight: float) -> QueueTimes:
        """Of so many pools like it."""
        found = QueueTimes(self.width_s)
        found.waited_s = self.waited_s * weight
        return found

    def plus(self, other: QueueTimes) -> QueueTimes:
        """Of both pools."""
        found, more = self.times(1.0), other.times(1.0)
        while found.width_s < more.width_s:
            found._widen()
        while more.width_s < found.width_s:
            more._widen()
        found.waited_s += more.waited_s
        return found

    @property
    def _edges(self) -> Floats:
        edges: Floats = np.arange(STRETCHES + 1, dtype=np.float64) * np.float64(self.width_s)
        return edges

    def _widen(self) -> None:
        """Make two stretches one."""
        self.waited_s = np.concatenate([self.waited_s.reshape(-1, 2).sum(axis=1), np.zeros(STRETCHES // 2)])
        self.width_s *= 2


def _since(times: Floats, edges: Floats) -> Floats:
    """Seconds that have passed at each edge since all the ``times`` before it, which are in order."""
    before = np.searchsorted(times, edges)
    sums = np.concatenate([[0.0], np.cumsum(times)])
    passed: Floats = before * edges - sums[before]
    return passed
