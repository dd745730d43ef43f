"""How far above its target a share of requests in time has to be, for other requests of the same kind to hold it too.

A simulation is one draw. Where 95 % of a block's requests are in time in the long run, every other draw shows less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from planner.simulation.requests import Traffic
from planner.traffic.outcome import Outcome

# An outcome, and how many such pools it stands for.
Weighed = tuple[Outcome, float]
# The square of the coefficient of variation of what a request takes, about: those of lengths are near one.
_LENGTHS = 1.0


class Margin(NamedTuple):
    """Targets hold by it if they do with ``chances`` more load, by ``errors`` of the share.

    ``chances`` are standard deviations of the load of a pool from one simulation to another: near saturation, one that
    happened to get less work than planned says nothing of its queue. ``errors`` are standard errors of the share.
    """

    chances: float
    errors: float


# Headroom is found with twice what it is judged by, so that fresh requests hold what those that found it do.
FOUND = Margin(1.0, 3.0)
JUDGED = Margin(0.5, 1.5)
# More load by less than so much, some of a step of headroom, is not told from none.
LEAST_MORE = 0.004


def chance(traffic: Traffic, requests: float) -> float:
    """The standard deviation of the load that so many requests are, a share of it."""
    gaps = traffic.cv if traffic.trace is None else traffic.trace.summary.gap_cv
    return math.sqrt((gaps**2 + _LENGTHS) / requests)


def holds_by(parts: Sequence[Weighed], margin: Margin) -> bool:
    """Whether the requests of all ``parts`` together meet each target at its percentile by a margin's errors."""
    targets = parts[0][0].targets
    requests = sum(outcome.requests * weight for outcome, weight in parts)
    variances = [(outcome.variances, weight) for outcome, weight in parts]

    def held(limit_s: float, percentile: int, at: int, within: float) -> bool:
        if math.isinf(limit_s):
            return True
        error = math.sqrt(sum(both[at] * weight**2 for both, weight in variances))
        return within - margin.errors * error >= percentile / 100 * requests

    in_ttft, in_tpot = (
        sum(getattr(outcome, name) * weight for outcome, weight in parts) for name in ("within_ttft", "within_tpot")
    )
    return held(targets.ttft_s, targets.ttft_percentile, 0, in_ttft) and held(
        targets.tpot_s, targets.tpot_percentile, 1, in_tpot
    )
