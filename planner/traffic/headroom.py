"""The headroom that a pool takes: how far below saturation its requests have to stay for the targets to hold."""

from __future__ import annotations

from dataclasses import replace

from planner.traffic.requests import Source
from planner.traffic.scaled import Stretched
from planner.traffic.simulate import Pool, simulate

# Headroom is told to one in a hundred of saturation, and looked for up to so many.
_STEPS, _MOST = 100, 95


def headroom_held(source: Source, pool: Pool, requests_per_s: float, saturated_per_s: float) -> float | None:
    """The least headroom with which ``pool`` holds its targets, a share of saturation; None where 0.95 does not do.

    The requests of ``source``, which come at ``requests_per_s``, come closer together or further apart for it, bursts
    and all. More headroom is taken to be no worse.
    """

    def holds(headroom: int) -> bool:
        factor = requests_per_s / (saturated_per_s * (1 - headroom / _STEPS))
        return simulate(Stretched(source, factor), replace(pool, warm_up_s=pool.warm_up_s * factor)).holds

    if not holds(_MOST):
        return None
    short, enough = -1, _MOST
    while enough - short > 1:
        middle = (short + enough) // 2
        if holds(middle):
            enough = middle
        else:
            short = middle
    return enough / _STEPS
