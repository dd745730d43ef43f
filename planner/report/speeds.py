"""What tokens cost at each speed: the points that may serve a workload, the best of them, and those that are used."""

from __future__ import annotations

from collections.abc import Sequence

from planner.frozen import dataclass


@dataclass(frozen=True)
class SpeedPoint:
    """An operating point that may serve a workload: its ``speed`` (tokens/s that a user sees) and USD per Mtok.

    ``share`` is the part of the workload's requests that the plan serves at it.
    """

    workload: str
    system: str
    precision: str
    name: str
    evidence: str
    speed: float
    usd_per_mtok: float
    share: float = 0.0


@dataclass(frozen=True)
class HourPrice:
    """What an hour of a system's GPU costs at the cheapest of the ways that are allowed, and which way that is."""

    system: str
    usd_per_gpu_hour: float
    way: str


@dataclass(frozen=True)
class Speeds:
    """Every point with its cost, the prices of GPU-hours behind that, and ``unpriced``: used, yet no way to get it."""

    points: tuple[SpeedPoint, ...]
    hours: tuple[HourPrice, ...]
    unpriced: tuple[str, ...] = ()

    def of(self, workload: str) -> tuple[SpeedPoint, ...]:
        """The points of one workload."""
        return tuple(point for point in self.points if point.workload == workload)


def best_of(points: Sequence[SpeedPoint]) -> list[SpeedPoint]:
    """Those of ``points`` that no other beats in both speed and cost, the slowest first."""
    found: list[SpeedPoint] = []
    for point in sorted(points, key=lambda point: (-point.speed, point.usd_per_mtok, point.name)):
        if not found or point.usd_per_mtok < found[-1].usd_per_mtok:
            found.append(point)
    return found[::-1]
