"""Interpolated points: a series at exactly a workload's latency targets, between two measured concurrencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from planner.catalog.models import DerivedPoint, ServingPoint
from planner.rules.families import family, gpu_seconds, shape_of
from planner.rules.measured import METRICS, MeasuredPoints, derived_point, stated


def between_concurrencies(measured: MeasuredPoints, points: list[ServingPoint]) -> Iterator[DerivedPoint]:
    """Where a series crosses the targets of ``workload``: between two neighbours with the same replica."""
    series: dict[tuple[Any, ...], list[ServingPoint]] = defaultdict(list)
    for point in points:
        # A predictor can be measured at the target itself; and what is interpolated stands under no cap.
        if point.evidence != "predicted":
            replica = (point.replica_gpus, point.largest_worker_gpus)
            series[point.system, point.series, replica, shape_of(point), family(point)].append(point)
    for sweep in series.values():
        for pair in pairwise(sorted(sweep, key=lambda point: point.concurrency)):
            if (between := _at_target(measured, *pair)) is not None:
                yield between


def _at_target(measured: MeasuredPoints, low: ServingPoint, high: ServingPoint) -> DerivedPoint | None:
    """The point between two that just meets the targets, all figures linear in between; None where none is better.

    Throughput against latency is concave along a sweep, and latency against concurrency convex: so the chord claims
    neither more tokens nor less latency than there would be.
    """
    targets = {metric: measured.target(metric)[0] for metric in METRICS}
    limits = {metric: np.inf if limit is None else limit for metric, limit in targets.items()}
    latencies = {metric: (measured.latency(low, metric), measured.latency(high, metric)) for metric in METRICS}
    if not np.isfinite(list(latencies.values())).all():
        return None
    met = [all(latencies[metric][end] <= limits[metric] for metric in METRICS) for end in (0, 1)]
    if met[0] == met[1]:
        return None
    inner, outer = (0, 1) if met[0] else (1, 0)
    ends, name = (low, high), measured.workload.name
    if gpu_seconds(ends[outer]) >= gpu_seconds(ends[inner]):
        return None
    step = min(
        (limits[metric] - pair[inner]) / (pair[outer] - pair[inner])
        for metric, pair in latencies.items()
        if pair[outer] > limits[metric]
    )
    if not 0 < step < 1:
        return None

    def at(first: float, second: float) -> float:
        return first + step * (second - first)

    def figure(name: str) -> float:
        return at(getattr(ends[inner], name), getattr(ends[outer], name))

    reached = {metric: min(limits[metric], at(pair[inner], pair[outer])) for metric, pair in latencies.items()}
    return derived_point(
        "interpolated",
        measured,
        ends,
        series=f"{low.series.removesuffix(f'+{name}')}+{name}",
        concurrency=figure("concurrency"),
        input_tok_s_per_gpu=figure("input_tok_s_per_gpu"),
        output_tok_s_per_gpu=figure("output_tok_s_per_gpu"),
        note=f"{100 * step:.0f} % of the way from {ends[inner].name} to {ends[outer].name}",
        **stated(measured, ends, reached),
    )
