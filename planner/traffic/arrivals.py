"""Requests that are made: gamma arrivals of a rate and a burstiness, lognormal lengths about their means."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planner.traffic.requests import BLOCK, Floats, Requests, requests_of

# Coefficients of variation of the lengths, where nothing is said: those of the conversations in Azure's trace of 2023
# are 0.96 and 0.78.
INPUT_CV = 1.0
OUTPUT_CV = 0.8


@dataclass(frozen=True)
class Made:
    """``count`` requests at ``rate_per_s``; ``cv`` is the standard deviation of the time between two over its mean.

    0 is a steady beat, 1 Poisson arrivals, above come bursts. ``input_cv`` and ``output_cv`` are the same of lengths.
    """

    rate_per_s: float
    count: int
    input_tokens: float
    output_tokens: float
    cv: float = 1.0
    input_cv: float = INPUT_CV
    output_cv: float = OUTPUT_CV
    seed: int = 0

    def blocks(self) -> Iterator[Requests]:
        """The requests from the first on."""
        # One stream for each column: another burstiness leaves the lengths as they are.
        times, inputs, outputs = (np.random.Generator(np.random.PCG64([self.seed, column])) for column in range(3))
        now = 0.0
        for start in range(0, self.count, BLOCK):
            size = min(BLOCK, self.count - start)
            time_s = now + np.cumsum(_gaps(times, self.rate_per_s, self.cv, size))
            now = float(time_s[-1])
            given = _lengths(inputs, self.input_tokens, self.input_cv, size)
            yield requests_of(time_s, given, _lengths(outputs, self.output_tokens, self.output_cv, size))


def _gaps(generator: np.random.Generator, rate_per_s: float, cv: float, size: int) -> Floats:
    if cv == 0:
        return np.full(size, 1 / rate_per_s)
    return generator.gamma(cv**-2, cv**2 / rate_per_s, size)


def _lengths(generator: np.random.Generator, mean: float, cv: float, size: int) -> Floats:
    """Whole tokens, at least one; rounding is to the nearest, so the mean stays for means of a few tokens and more."""
    variance = math.log1p(cv**2)
    drawn = generator.lognormal(math.log(mean) - variance / 2, math.sqrt(variance), size)
    return np.maximum(np.rint(drawn), 1.0)
