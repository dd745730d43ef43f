"""The headroom that a pool takes: how far below saturation its requests have to stay for the targets to hold."""

from __future__ import annotations

from planner.traffic.fewest import between, stretched
from planner.traffic.requests import Source
from planner.traffic.simulate import Pool, simulate

# Headroom is told to one in a hundred of saturation, and looked for up to so many.
STEPS, MOST = 100, 95


def headroom_held(source: Source, pool: Pool, requests_per_s: float, saturated_per_s: float) -> float | None:
    """The least headroom with which ``pool`` holds its targets, a share of saturation; None where 0.95 does not do.

    The requests of ``source``, which come at ``requests_per_s``, come closer together or further apart for it, bursts
    and all. More headroom is taken to be no worse.
    """

    def holds(headroom: int) -> bool:
        return simulate(*stretched(source, pool, requests_per_s / (saturated_per_s * (1 - headroom / STEPS)))).holds

    if not holds(MOST):
        return None
    return between(holds, -1, MOST) / STEPS
