"""What came of a simulation: latency at its percentiles, who was within the targets, queue, busiest minute."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.traffic.queue import QueueTimes
from planner.traffic.tally import Tally

MINUTE_S = 60.0
# Rows that are kept before they are counted.
_HELD = 8_192
# Times are sums of many parts: a limit that is met exactly is met.
_ROUNDED = 1 + 1e-9
# Parts of the time that are compared with each other, to tell how far one simulation is off another.
_PARTS = 10


class Targets(NamedTuple):
    """Limits in seconds, each at a percentile; infinite where there is none."""

    ttft_s: float = math.inf
    ttft_percentile: int = 50
    tpot_s: float = math.inf
    tpot_percentile: int = 50


NO_TARGETS = Targets()


class Busiest(NamedTuple):
    """The minute in which most requests came: when it began, how many, the share of them within all targets."""

    from_s: float
    requests: float
    within: float


@dataclass
class Load:
    """What replicas were in, integrated over time.

    ``span_s`` is the time itself, ``replicas_s`` times the replicas, ``places_s`` times the places in them; of these
    ``running_s`` were taken and ``waiting_s`` requests queued. ``busy_s`` are replicas with a request in them,
    ``down_s`` replicas that had failed. ``tokens`` were written after first ones.
    """

    span_s: float = 0.0
    replicas_s: float = 0.0
    places_s: float = 0.0
    running_s: float = 0.0
    waiting_s: float = 0.0
    busy_s: float = 0.0
    down_s: float = 0.0
    tokens: float = 0.0

    def times(self, weight: float) -> Load:
        """Of so many pools like it, side by side."""
        return Load(**({name: value * weight for name, value in vars(self).items()} | {"span_s": self.span_s}))

    def plus(self, other: Load) -> Load:
        """Of both pools, side by side."""
        sums = {name: value + getattr(other, name) for name, value in vars(self).items()}
        return Load(**(sums | {"span_s": max(self.span_s, other.span_s)}))


@dataclass
class Outcome:
    """Requests that came after the warm-up; all times in seconds.

    ``within_ttft``, ``within_tpot`` and ``within`` count those within one target and within all; ``refused`` those that
    no replica took; ``restarted`` how often one began anew on another replica. ``arriving`` is the load while requests
    came, ``load`` until the last was answered, warm-up included in both. ``most_waiting`` is the longest queue,
    ``waiting`` the queue through time, and ``since_s`` when the first of the requests that are counted came.
    """

    targets: Targets
    replicas: float
    ttft: Tally = field(default_factory=Tally)
    tpot: Tally = field(default_factory=Tally)
    whole: Tally = field(default_factory=Tally)
    wait: Tally = field(default_factory=Tally)
    waiting: QueueTimes = field(default_factory=QueueTimes)
    within_ttft: float = 0
    within_tpot: float = 0
    within: float = 0
    refused: float = 0
    restarted: float = 0
    most_waiting: float = 0
    arriving: Load = field(default_factory=Load)
    load: Load = field(default_factory=Load)
    since_s: float = math.inf
    came_by_minute: dict[int, float] = field(default_factory=dict)
    within_by_minute: dict[int, float] = field(default_factory=dict)
    within_ttft_by_minute: dict[int, float] = field(default_factory=dict)
    within_tpot_by_minute: dict[int, float] = field(default_factory=dict)
    _rows: list[tuple[float, float, float, float, float]] = field(default_factory=list, repr=False)

    def answered(self, came_s: float, admitted_s: float, first_s: float, end_s: float, steps: float) -> None:
        """Count a request: when it came, was let in, had its first token and its last, ``steps`` tokens later."""
        self._rows.append((came_s, admitted_s, first_s, end_s, steps))
        if len(self._rows) == _HELD:
            self.settle()

    def turned_away(self, came_s: float) -> None:
        """Count a request that no replica took."""
        self.refused += 1
        minute = int(came_s // MINUTE_S)
        self.came_by_minute[minute] = self.came_by_minute.get(minute, 0) + 1

    def settle(self) -> None:
        """Count what is kept."""
        if not self._rows:
            return
        came, admitted, first, end, steps = np.array(self._rows).T
        self._rows.clear()
        targets = self.targets
        ttft = first - came
        many = steps > 0
        tpot = np.where(many, (end - first) / np.where(many, steps, 1.0), 0.0)
        self.ttft.add(ttft)
        self.tpot.add(tpot[many])
        self.whole.add(end - came)
        self.wait.add(admitted - came)
        self.waiting.add(came, admitted)
        self.since_s = min(self.since_s, float(came.min()))
        in_ttft, in_tpot = ttft <= targets.ttft_s * _ROUNDED, tpot <= targets.tpot_s * _ROUNDED
        both = in_ttft & in_tpot
        self.within_ttft += int(in_ttft.sum())
        self.within_tpot += int(in_tpot.sum())
        self.within += int(both.sum())
        minutes = (came // MINUTE_S).astype(np.int64)
        _count(minutes, self.came_by_minute)
        for within, by_minute in (
            (both, self.within_by_minute),
            (in_ttft, self.within_ttft_by_minute),
            (in_tpot, self.within_tpot_by_minute),
        ):
            _count(minutes[within], by_minute)

    @property
    def requests(self) -> float:
        """Requests that are counted: answered or refused."""
        return self.whole.count + self.refused

    @property
    def share_within(self) -> float:
        """Share of them within all targets; those refused are not."""
        return self._share(self.within)

    @property
    def share_within_ttft(self) -> float:
        """Share of them with the first token in time."""
        return self._share(self.within_ttft)

    @property
    def share_within_tpot(self) -> float:
        """Share of them whose tokens come fast enough."""
        return self._share(self.within_tpot)

    @property
    def holds(self) -> bool:
        """Whether each target is met at its percentile, and nobody was refused where there is one."""
        targets = self.targets
        in_ttft = math.isinf(targets.ttft_s) or self.share_within_ttft >= targets.ttft_percentile / 100
        return in_ttft and (math.isinf(targets.tpot_s) or self.share_within_tpot >= targets.tpot_percentile / 100)

    @property
    def variances(self) -> tuple[float, float]:
        """Variances of how many are within each target, first token and tokens, from one such simulation to another.

        They are what the parts of the time tell, ten or as many as there are minutes, and at least those of requests
        that know nothing of each other.
        """
        return (
            self._variance(self.within_ttft, self.within_ttft_by_minute),
            self._variance(self.within_tpot, self.within_tpot_by_minute),
        )

    def _variance(self, within: float, by_minute: dict[int, float]) -> float:
        share = self._share(within)
        alone = within * (1 - share)
        if len(self.came_by_minute) < 2:
            return alone
        minutes = range(min(self.came_by_minute), max(self.came_by_minute) + 1)
        off = np.array([by_minute.get(at, 0.0) - share * self.came_by_minute.get(at, 0.0) for at in minutes])
        parts = min(_PARTS, len(off))
        sums = np.array([part.sum() for part in np.array_split(off, parts)])
        return max(alone, float((sums**2).sum()) * parts / (parts - 1))

    @property
    def utilisation(self) -> float:
        """Share of the places in all replicas that were taken while requests came."""
        return self.arriving.running_s / self.arriving.places_s if self.arriving.places_s else math.nan

    @property
    def mean_waiting(self) -> float:
        """Requests in queues while requests came, on average."""
        return self.arriving.waiting_s / self.arriving.span_s if self.arriving.span_s else math.nan

    @property
    def busiest(self) -> Busiest | None:
        """The busiest minute; of minutes alike the first."""
        if not self.came_by_minute:
            return None
        at = min(self.came_by_minute, key=lambda minute: (-self.came_by_minute[minute], minute))
        came = self.came_by_minute[at]
        return Busiest(at * MINUTE_S, came, self.within_by_minute.get(at, 0) / came)

    @property
    def busiest_hour(self) -> tuple[float, float]:
        """When the hour in which most requests came began and ended; all of the time where that is less."""
        if not self.came_by_minute:
            return 0.0, 0.0
        first, last = min(self.came_by_minute), max(self.came_by_minute)
        came = np.array([self.came_by_minute.get(minute, 0.0) for minute in range(first, last + 1)])
        hour = min(60, len(came))
        sums = np.convolve(came, np.ones(hour), "valid")
        start = first + int(np.argmax(sums))
        return max(start * MINUTE_S, self.since_s), min((start + hour) * MINUTE_S, self.arriving.span_s)

    def times(self, weight: float) -> Outcome:
        """What so many such pools do side by side, of which this one is a sample."""
        return Outcome(
            self.targets,
            since_s=self.since_s,
            **{name: getattr(self, name) * weight for name in _COUNTS},
            **{name: getattr(self, name).times(weight) for name in _TALLIES},
            **self._by_minute(lambda name: {at: count * weight for at, count in getattr(self, name).items()}),
        )

    def plus(self, other: Outcome) -> Outcome:
        """Both pools' requests together; their longest queues are added, though they need not be of one moment."""
        return Outcome(
            self.targets,
            since_s=min(self.since_s, other.since_s),
            **{name: getattr(self, name) + getattr(other, name) for name in _COUNTS},
            **{name: getattr(self, name).plus(getattr(other, name)) for name in _TALLIES},
            **self._by_minute(lambda name: _added(getattr(self, name), getattr(other, name))),
        )

    @staticmethod
    def _by_minute(of: Callable[[str], dict[int, float]]) -> dict[str, Any]:
        return {name: of(name) for name in _BY_MINUTE}

    def _share(self, count: float) -> float:
        return count / self.requests if self.requests else math.nan


_COUNTS = ("replicas", "within_ttft", "within_tpot", "within", "refused", "restarted", "most_waiting")
_BY_MINUTE = ("came_by_minute", "within_by_minute", "within_ttft_by_minute", "within_tpot_by_minute")
_TALLIES = ("ttft", "tpot", "whole", "wait", "waiting", "arriving", "load")


def _added(one: dict[int, float], other: dict[int, float]) -> dict[int, float]:
    return {minute: one.get(minute, 0) + other.get(minute, 0) for minute in {**one, **other}}


def _count(minutes: NDArray[np.int64], by_minute: dict[int, float]) -> None:
    for minute, count in zip(*np.unique(minutes, return_counts=True), strict=True):
        by_minute[int(minute)] = by_minute.get(int(minute), 0) + int(count)
