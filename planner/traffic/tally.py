"""What is counted of requests, in memory that does not grow with them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

PERCENTILES = (50, 90, 95, 99)
# Two neighbouring bins lie so far apart; a percentile is told to half of it.
RATIO = 1.001
# Seconds of the lowest bin's upper edge, and bins: up to some 10⁷ s.
LEAST_S = 1e-6
BINS = 30_000


class Tally:
    """Seconds of many requests: count, mean, least, most, and a histogram of logarithmic bins."""

    def __init__(self) -> None:
        self.count: float = 0
        self.total_s = 0.0
        self.least_s = math.inf
        self.most_s = -math.inf
        self._bins: NDArray[np.float64] = np.zeros(BINS)

    def add(self, seconds: NDArray[np.float64]) -> None:
        """Count them."""
        if not len(seconds):
            return
        self.count += len(seconds)
        self.total_s += math.fsum(seconds)
        self.least_s = min(self.least_s, float(seconds.min()))
        self.most_s = max(self.most_s, float(seconds.max()))
        places = np.ceil(np.log(np.maximum(seconds, LEAST_S) / LEAST_S) / math.log(RATIO)).astype(np.int64)
        self._bins += np.bincount(np.minimum(places, BINS - 1), minlength=BINS)

    def percentile(self, percent: float) -> float:
        """The least value with at least so many of a hundred at or below it, to 0.05 %; NaN of none."""
        if not self.count:
            return math.nan
        rank = percent / 100 * self.count * (1 - 1e-12)
        at = min(int(np.searchsorted(np.cumsum(self._bins), rank)), BINS - 1)
        middle = LEAST_S * RATIO ** (at - 0.5) if at else 0.0
        return min(max(middle, self.least_s), self.most_s)

    @property
    def mean(self) -> float:
        """The mean in seconds; NaN of none."""
        return self.total_s / self.count if self.count else math.nan

    def times(self, weight: float) -> Tally:
        """So many requests for each one."""
        found = Tally()
        found.count, found.total_s, found._bins = self.count * weight, self.total_s * weight, self._bins * weight
        found.least_s, found.most_s = self.least_s, self.most_s
        return found

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        found = Tally()
        found.count, found.total_s = self.count + other.count, self.total_s + other.total_s
        found.least_s, found.most_s = min(self.least_s, other.least_s), max(self.most_s, other.most_s)
        found._bins = self._bins + other._bins
        return found
