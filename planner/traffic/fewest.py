"""The fewest replicas that hold the targets for the same requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from planner.traffic.outcome import Outcome
from planner.traffic.requests import Source
from planner.traffic.simulate import Pool, simulate

# Twice as many, so often, are tried before it is said that no number holds.
_DOUBLINGS = 6


@dataclass(frozen=True)
class Fewest:
    """``replicas`` hold, one less do not; None where not even ``tried`` do. Shares within all targets by replicas."""

    replicas: int | None
    tried: int
    shares: dict[int, float]


def fewest(source: Source, pool: Pool, known: Outcome | None = None) -> Fewest:
    """The fewest replicas of ``pool`` that hold its targets for ``source``; ``known`` is what is simulated already.

    Between what holds and what does not the middle is tried: more replicas are taken to be no worse.
    """
    shares: dict[int, float] = {}

    def holds(replicas: int) -> bool:
        same = known is not None and known.replicas == replicas
        found = known if same and known is not None else simulate(source, replace(pool, replicas=replicas))
        shares[replicas] = found.share_within
        return found.holds

    enough, short = pool.replicas, 0
    if not holds(enough):
        short = enough
        for _ in range(_DOUBLINGS):
            enough *= 2
            if holds(enough):
                break
            short = enough
        else:
            return Fewest(None, enough, shares)
    return Fewest(_least(holds, short, enough), max(shares), shares)


def _least(holds: Callable[[int], bool], short: int, enough: int) -> int:
    while enough - short > 1:
        middle = (short + enough) // 2
        if holds(middle):
            enough = middle
        else:
            short = middle
    return enough
