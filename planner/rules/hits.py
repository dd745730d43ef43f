"""Hits in the prefix cache: the work they spare a request, by the hardware's floors or by a configuration's fit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from planner.catalog.models import ServingPoint
from planner.rules.extrapolated import Extrapolator
from planner.rules.families import fit_of, least_work
from planner.rules.measured import MeasuredPoints
from planner.rules.work import Lengths, Work


class Hits:
    """What the hits of a workload spare the points of one configuration.

    By the floors where those are known and the workload may rest on extrapolation: they tell prefill from decoding
    over a long context. Else by the plane through the configuration's shapes, where that tells what input costs.
    """

    def __init__(self, measured: MeasuredPoints, extrapolator: Extrapolator, group: Sequence[ServingPoint]) -> None:
        self._measured, self._extrapolator, self._group = measured, extrapolator, group
        self.share = measured.workload.prefix_cache_hit_share

    @cached_property
    def plane(self) -> Work:
        """The configuration's fit with no latency limit, where input is cheapest."""
        return fit_of(tuple(least_work(self._group).values()))

    def spared(self, parents: Sequence[ServingPoint], lengths: Lengths, work: float) -> float:
        """GPU-seconds that the hits spare a request of ``lengths`` and ``work``, served as ``parents`` are."""
        if not self.share:
            return 0.0
        left = [self._left(parent, lengths) for parent in parents]
        known = [share for share in left if share is not None]
        if len(known) == len(left):
            return work * (1 - max(known))
        return self.plane.saved_by_hits(lengths, self.share, work)

    def how(self, parents: Sequence[ServingPoint], lengths: Lengths) -> Literal["fitted", "extrapolated"]:
        """By which of the two it is told."""
        return "fitted" if any(self._left(parent, lengths) is None for parent in parents) else "extrapolated"

    def _left(self, point: ServingPoint, lengths: Lengths) -> float | None:
        if self._measured.workload.extrapolate == "never":
            return None
        return self._extrapolator.left_by_hits(point, lengths, self.share)
