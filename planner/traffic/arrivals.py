"""Requests that are made: gamma arrivals of a rate and a burstiness, lognormal lengths about their means."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from planner.frozen import dataclass
from planner.traffic.requests import BLOCK, Floats, Requests, requests_of
from planner.traffic.spread import INPUT_CV, OUTPUT_CV


@dataclass(frozen=True)
class Made:
    """``count`` requests at ``rate_per_s``; ``cv`` is the standard deviation of the time between two over its mean.

    0 is a steady beat, 1 Poisson arrivals, above come bursts. ``input_cv`` and ``output_cv`` are the same of lengths.
    Of several ``sources`` each is such a stream with its part of the rate, so that bursts of one meet calm of others.
    """

    rate_per_s: float
    count: int
    input_tokens: float
    output_tokens: float
    cv: float = 1.0
    input_cv: float = INPUT_CV
    output_cv: float = OUTPUT_CV
    seed: int = 0
    sources: int = 1

    def blocks(self) -> Iterator[Requests]:
        """The requests from the first on."""
        # One stream for each column: another burstiness leaves the lengths as they are.
        times, inputs, outputs = (np.random.Generator(np.random.PCG64([self.seed, column])) for column in range(3))
        for time_s in self._one(times) if self.sources == 1 else self._several(times):
            given = _lengths(inputs, self.input_tokens, self.input_cv, len(time_s))
            yield requests_of(time_s, given, _lengths(outputs, self.output_tokens, self.output_cv, len(time_s)))

    def _one(self, times: np.random.Generator) -> Iterator[Floats]:
        now = 0.0
        for start in range(0, self.count, BLOCK):
            time_s = now + np.cumsum(_gaps(times, self.rate_per_s, self.cv, min(BLOCK, self.count - start)))
            now = float(time_s[-1])
            yield time_s

    def _several(self, times: np.random.Generator) -> Iterator[Floats]:
        """The times of all sources in order, a slice of time after another."""
        rate = self.rate_per_s / self.sources
        # Each has been running for long: what is left of a gap that is met by chance, and longer ones are met more.
        ahead = [times.random(1) * _met(times, rate, self.cv) for _ in range(self.sources)]
        left, end = self.count, 0.0
        while left > 0:
            end += BLOCK / self.rate_per_s
            parts = []
            for at, known in enumerate(ahead):
                while known[-1] < end:
                    size = 1 + round(rate * (end - known[-1]))
                    known = np.concatenate((known, known[-1] + np.cumsum(_gaps(times, rate, self.cv, size))))
                first = int(np.searchsorted(known, end))
                parts.append(known[:first])
                ahead[at] = known[first:]
            time_s = np.sort(np.concatenate(parts))[:left]
            left -= len(time_s)
            if len(time_s):
                yield time_s


def _gaps(generator: np.random.Generator, rate_per_s: float, cv: float, size: int) -> Floats:
    if cv == 0:
        return np.full(size, 1 / rate_per_s)
    return generator.gamma(cv**-2, cv**2 / rate_per_s, size)


def _met(generator: np.random.Generator, rate_per_s: float, cv: float) -> Floats:
    """A gap that a moment falls into: drawn in proportion to its length, which of a gamma one adds 1 to its shape."""
    if cv == 0:
        return np.array([1 / rate_per_s])
    return generator.gamma(1 + cv**-2, cv**2 / rate_per_s, 1)


def _lengths(generator: np.random.Generator, mean: float, cv: float, size: int) -> Floats:
    """Whole tokens, at least one; rounding is to the nearest, so the mean stays for means of a few tokens and more."""
    variance = math.log1p(cv**2)
    drawn = generator.lognormal(math.log(mean) - variance / 2, math.sqrt(variance), size)
    return np.maximum(np.rint(drawn), 1.0)
