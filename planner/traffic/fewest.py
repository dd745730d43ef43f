"""The fewest replicas that hold the targets for the same requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from planner.frozen import dataclass
from planner.traffic.outcome import Outcome
from planner.traffic.requests import Source
from planner.traffic.scaled import Stretched
from planner.traffic.simulate import Pool, simulate

# Twice as many, so often, are tried before it is said that no number holds.
_DOUBLINGS = 6


@dataclass(frozen=True)
class Fewest:
    """``replicas`` hold, one less do not; None where not even the most that were tried do.

    ``shares`` are those within all targets by replicas.
    """

    replicas: int | None
    shares: dict[int, float]


def fewest(
    source: Source, pool: Pool, known: Outcome | None = None, *, of: int | None = None, least: int = 1
) -> Fewest:
    """The fewest replicas of a pool of ``of`` that hold its targets for ``source``.

    ``pool`` is the pool itself, or a sample of its replicas whose requests are then closer together or further apart,
    as fewer or more replicas share all of them. ``known`` is what is simulated already. Below ``least`` the requests
    are more than replicas can answer, so that no such number holds for long. Tried are ``least``, then ever more above
    it, then the middle between what holds and what does not: more replicas are taken to be no worse.
    """
    whole = of or pool.replicas
    shares: dict[int, float] = {}

    def holds(replicas: int) -> bool:
        found = known if known is not None and replicas == whole else _simulated(source, pool, replicas, whole)
        shares[replicas] = found.share_within
        return found.holds

    if not holds(whole):
        for doubled in range(1, _DOUBLINGS + 1):
            if holds(whole * 2**doubled):
                return Fewest(between(holds, whole * 2 ** (doubled - 1), whole * 2**doubled), shares)
        return Fewest(None, shares)
    short, step = min(least, whole) - 1, 1
    while short + step < whole and not holds(short + step):
        short, step = short + step, 2 * step
    return Fewest(between(holds, short, min(short + step, whole)), shares)


def _simulated(source: Source, pool: Pool, replicas: int, whole: int) -> Outcome:
    if pool.replicas == whole:
        return simulate(source, replace(pool, replicas=replicas))
    return simulate(*stretched(source, pool, replicas / whole))


def stretched(source: Source, pool: Pool, factor: float) -> tuple[Source, Pool]:
    """A simulation's requests closer together or further apart, and as many of them before they are counted."""
    return Stretched(source, factor), replace(pool, warm_up_s=pool.warm_up_s * factor)


def between(holds: Callable[[int], bool], short: int, enough: int) -> int:
    """The least that holds, above ``short``, which does not, up to ``enough``, which does."""
    while enough - short > 1:
        middle = (short + enough) // 2
        if holds(middle):
            enough = middle
        else:
            short = middle
    return enough
