"""How fast a replica is with so many requests in it: from measured points, or from the time of one iteration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from planner.frozen import dataclass

# Digits of requests in flight that are told as the points of a curve.
_SAME = 1e-9


class Knot(NamedTuple):
    """Latency at so many requests in flight: seconds to the first token, and for each one after it."""

    requests: float
    ttft_s: float
    tpot_s: float


@dataclass(frozen=True)
class Curve:
    """Seconds that reading an input of ``input_tokens`` and writing a token take with n requests in a replica.

    ``ttft_s`` and ``tpot_s`` hold n = 0, 1 … ``limit``; no more are let in. Nobody's output is read in less than
    nothing: a TTFT of 0 leaves reading out.
    """

    limit: int
    input_tokens: float
    ttft_s: tuple[float, ...]
    tpot_s: tuple[float, ...]

    def requests_per_s(self, output_tokens: float, requests: int) -> float:
        """What a replica makes with always so many requests of the mean lengths in it, by Little's law."""
        return requests / (self.ttft_s[requests] + (output_tokens - 1) * self.tpot_s[requests])


def curve_of(knots: Sequence[Knot], limit: int, input_tokens: float) -> Curve:
    """The curve through ``knots``: linear between them, flat below the first and above the last."""
    ordered = sorted(knots)
    at = [knot.requests for knot in ordered]
    counts = np.arange(limit + 1, dtype=float)
    ttft = np.interp(counts, at, [knot.ttft_s for knot in ordered])
    tpot = np.interp(counts, at, [knot.tpot_s for knot in ordered])
    return Curve(limit, input_tokens, tuple(ttft.tolist()), tuple(tpot.tolist()))


def in_flight(requests_per_s: float, knot: Knot, output_tokens: float) -> float:
    """Requests in a replica that makes so many a second at the latency of ``knot``, by Little's law."""
    return requests_per_s * (knot.ttft_s + (output_tokens - 1) * knot.tpot_s)


def scaled(knots: Sequence[Knot], own: Knot, requests: float) -> list[Knot]:
    """``knots`` of a series at or below its point ``own``, with their requests in flight such that own has so many.

    A plan counts on more or less of a point than was measured (trust, caps, software to come) at the point's latency.
    """
    factor = requests / own.requests
    below = [knot for knot in knots if knot.requests < own.requests * (1 - _SAME)]
    return [knot._replace(requests=knot.requests * factor) for knot in [*below, own]]


def limit_of(requests: float) -> int:
    """The admission limit of a replica with so many requests in flight on average at most: the nearest whole one."""
    return max(1, math.floor(requests + 0.5))
