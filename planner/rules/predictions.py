"""Predictions held against measurements: where both are known of one model, system, precision and lengths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planner.catalog.models import ServingPoint
from planner.rules.families import gpu_seconds
from planner.rules.rates import capped_with, proven_by_shape

# Two TPOTs within this factor are one speed: neighbours of a sweep over concurrency are further apart.
ONE_SPEED = 1.25
# A prediction of more than so many times what was measured at its speed is a reason to ask.
TWICE = 2.0

Shape = tuple[object, ...]
Proven = dict[Shape, list[ServingPoint]]


def proven(points: Iterable[ServingPoint]) -> Proven:
    """The proven rows of ``points`` by what they share with predictions of the same thing: those of catalogs alone."""
    found: Proven = {}
    for rows in proven_by_shape(point for point in points if not point.derivation).values():
        for row in rows:
            found.setdefault(_shape(row), []).append(row)
    return found


def requests_per_s(point: ServingPoint) -> float:
    """What one GPU makes of requests of the lengths that were measured, before any trust."""
    return 1 / gpu_seconds(point)


def measured_share(point: ServingPoint, measured: Proven) -> float | None:
    """The best of what was measured at the speed of a prediction, as a share of it; None where nothing was."""
    alike = [row for row in measured.get(_shape(point), ()) if _slower(row, point) and _slower(point, row)]
    return _best(alike) / requests_per_s(point) if alike else None


def beaten(point: ServingPoint, measured: Proven) -> ServingPoint | None:
    """The best measurement, at the speed of a prediction or slower, that it beats by more than twice; None where none.

    A slower server makes more of its GPUs. So where none that is as slow, or slower, makes half of what is predicted,
    either the prediction is bold or the sweeps that were measured end early.
    """
    if point.evidence != "predicted" or point.derivation:
        return None
    rivals = [row for row in measured.get(_shape(point), ()) if _slower(row, point)]
    if not rivals or requests_per_s(point) <= TWICE * _best(rivals):
        return None
    return min(rivals, key=lambda row: (-requests_per_s(row), row.name))


def _shape(point: ServingPoint) -> Shape:
    return (*capped_with(point), point.precision)


def _slower(row: ServingPoint, point: ServingPoint) -> bool:
    """Whether a row's TPOT is that of a point, or longer."""
    return row.tpot_ms * ONE_SPEED >= point.tpot_ms


def _best(rows: Sequence[ServingPoint]) -> float:
    return max(requests_per_s(row) for row in rows)
