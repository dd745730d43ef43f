"""Rates: what one GPU makes of a workload at a serving point."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog.models import ServingPoint
from planner.kinds.evidence import PROVEN
from planner.scenario.models import Scenario, Workload
from planner.timeline import Timeline

Floats = NDArray[np.float64]


def point_rate(
    scenario: Scenario, timeline: Timeline, workload: Workload, point: ServingPoint, rivals: Iterable[ServingPoint]
) -> Floats:
    """Requests/s per GPU by period, (T,): after trust and cap, less headroom, with the software's gain.

    ``rivals`` are the points among which those that cap a predicted one are.
    """
    rate = trusted_rate(scenario, workload, point)
    if point.evidence == "predicted":
        proven = [trusted_rate(scenario, workload, rival) for rival in rivals if caps(rival, point, workload)]
        rate = min(rate, max(proven, default=rate))
    return rate * (1 - workload.headroom_at(point.name)) * software_gain(scenario, timeline, point)


def gpu_hours_rate(workload: Workload, system: str, timeline: Timeline) -> Floats:
    """Weighted GPUs that one GPU of a system is worth to a gpu_hours workload, (T,); 0 where it is not named."""
    return np.full(timeline.periods, workload.gpu_hours_weight.get(system, 0.0) * (1 - workload.headroom_at(system)))


def trusted_rate(scenario: Scenario, workload: Workload, point: ServingPoint) -> float:
    """Requests/s per GPU of closed-loop saturation, times the trust in the point's evidence."""
    assert workload.tokens is not None
    saturated = min(
        point.input_tok_s_per_gpu / workload.tokens.input, point.output_tok_s_per_gpu / workload.tokens.output
    )
    return saturated * scenario.trust.of(point.evidence)


def software_gain(scenario: Scenario, timeline: Timeline, point: ServingPoint) -> Floats:
    """Growth of a point's throughput to each period's middle, (T,): from the start, or from the day of measurement."""
    procurement = scenario.procurement
    growth = procurement.software_gain_per_year.get(point.system, 0.0)
    if not growth:
        return np.ones(timeline.periods)
    since = point.as_of if procurement.software_gain_from == "measured" else timeline.starts[0]
    return bits.power(1 + growth, timeline.years_since(since))


def capped_with(point: ServingPoint) -> tuple[object, ...]:
    """What proven points share with the predicted ones that they cap: model, system and nominal lengths."""
    return point.model, point.system, point.input_tokens_nominal, point.output_tokens_nominal


def proven_by_shape(points: Iterable[ServingPoint]) -> dict[tuple[object, ...], list[ServingPoint]]:
    """The proven ones of ``points``, by what they share with those that they may cap."""
    found: dict[tuple[object, ...], list[ServingPoint]] = defaultdict(list)
    for point in points:
        if point.evidence in PROVEN:
            found[capped_with(point)].append(point)
    return found


def telling(scenario: Scenario, workload: Workload, rivals: Iterable[ServingPoint]) -> list[ServingPoint]:
    """Those of ``rivals`` of one shape that cap what all of them cap: none of the others is as fast and makes as much.

    Of a hundred thousand rows some tens tell, and a predicted point is held against those alone.
    """
    able = [rival for rival in rivals if rival.derivation != "interpolated" and rival.serves(workload.name)]
    figures = [(-trusted_rate(scenario, workload, rival), rival.known_ttft_ms, rival.tpot_ms) for rival in able]
    return [able[position] for position in foremost(figures)]


def foremost(figures: Sequence[tuple[float, ...]]) -> list[int]:
    """Positions of the rows of ``figures`` that no other is at or below in all of them, by their figures.

    Of equals the first. It is no work with the square of all where a row has three figures, or few rows are foremost.
    """
    if not figures:
        return []
    given = np.array(figures, dtype=float)
    front: Stairs | Front = Stairs() if given.shape[1] == 3 else Front(given.shape)
    # Those before a row are at or below it in the first figure.
    return [int(position) for position in np.lexsort(given.T[::-1]) if front.takes(given[position, 1:])]


class Front:
    """Rows of which none is at or below another in all figures."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._kept = np.empty((shape[0], shape[1] - 1))
        self._count = 0

    def takes(self, own: Floats) -> bool:
        """Whether no row so far is at or below this one, which then joins them."""
        if np.any(np.all(self._kept[: self._count] <= own, axis=1)):
            return False
        self._kept[self._count] = own
        self._count += 1
        return True


class Stairs:
    """The same of rows of two figures, as steps: the first figure rises, the second falls."""

    def __init__(self) -> None:
        self._first: list[float] = []
        self._second: list[float] = []

    def takes(self, own: Floats) -> bool:
        """Whether no row so far is at or below this one, which then joins them."""
        first, second = float(own[0]), float(own[1])
        at = bisect_right(self._first, first)
        if at and self._second[at - 1] <= second:
            return False
        start = end = bisect_left(self._first, first)
        while end < len(self._second) and self._second[end] >= second:
            end += 1
        self._first[start:end], self._second[start:end] = [first], [second]
        return True


def no_slower(rival: ServingPoint, point: ServingPoint) -> bool:
    """Whether a proven ``rival`` of the same model, system and nominal lengths has no longer latency than ``point``."""
    return (
        rival.evidence in PROVEN
        and capped_with(rival) == capped_with(point)
        and rival.tpot_ms <= point.tpot_ms
        and (point.ttft_ms is None or (rival.ttft_ms is not None and rival.ttft_ms <= point.ttft_ms))
    )


def caps(rival: ServingPoint, point: ServingPoint, workload: Workload) -> bool:
    """Whether a predicted ``point`` may claim no more than ``rival`` makes: proven, no slower, there for the workload.

    What is interpolated caps nothing: a target that lets it in would make plans dearer.
    """
    return rival.derivation != "interpolated" and rival.serves(workload.name) and no_slower(rival, point)
