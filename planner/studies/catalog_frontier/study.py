"""Rate per GPU against speed per user: every series of a model and shape, and the points that nothing beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planner.catalog.models import Catalog, ServingPoint
from planner.catalog.points import Shape, points_of
from planner.render.figures import short
from planner.render.sheet import Sheet, left, right
from planner.units import s_from_ms, user_tok_per_s


@dataclass(frozen=True)
class Series:
    """The points of one configuration on a system, the slowest per user first."""

    system: str
    name: str
    points: tuple[ServingPoint, ...]


@dataclass(frozen=True)
class Frontier:
    """All series, and per system the points that no other beats in both rate and speed, the slowest first."""

    model: str
    shape: Shape
    series: tuple[Series, ...]
    best: dict[str, tuple[ServingPoint, ...]]


def user_tok_s(point: ServingPoint) -> float:
    """Tokens per second that one user sees."""
    return user_tok_per_s(point.tpot_ms)


def frontier(catalog: Catalog, model: str, shape: Shape, systems: Sequence[str] = ()) -> Frontier:
    """Every series of a model and shape. Raises InputError for what the catalog does not know."""
    points = points_of(catalog, model, shape, systems)
    series: dict[tuple[str, str], list[ServingPoint]] = {}
    for point in points:
        series.setdefault((point.system, point.series), []).append(point)
    names = [name for name in catalog.systems if any(point.system == name for point in points)]
    found = [
        Series(system, name, tuple(sorted(knots, key=lambda point: (user_tok_s(point), point.line))))
        for (system, name), knots in sorted(series.items(), key=lambda item: (names.index(item[0][0]), item[0][1]))
    ]
    best = {name: _pareto([point for point in points if point.system == name]) for name in names}
    return Frontier(model, shape, tuple(found), best)


def _pareto(points: Sequence[ServingPoint]) -> tuple[ServingPoint, ...]:
    """The points with no other at least as fast that yields as much or more per GPU."""
    kept: list[ServingPoint] = []
    for point in sorted(points, key=lambda point: (-user_tok_s(point), -point.output_tok_s_per_gpu, point.line)):
        if not kept or point.output_tok_s_per_gpu > kept[-1].output_tok_s_per_gpu:
            kept.append(point)
    return tuple(reversed(kept))


def sheet(found: Frontier) -> Sheet:
    """The points of the frontier of each system."""
    files = sorted({point.file for series in found.series for point in series.points})
    rows = []
    for system, points in found.best.items():
        for place, point in enumerate(points):
            rows.append(
                (
                    system if place == 0 else "",
                    short(user_tok_s(point)),
                    short(point.output_tok_s_per_gpu),
                    short(s_from_ms(point.ttft_ms), 3),
                    point.precision,
                    point.mode,
                    point.spec_decode,
                    point.evidence,
                    str(point.line) if len(files) == 1 else f"{point.file}:{point.line}",
                )
            )
    count = sum(len(series.points) for series in found.series)
    return Sheet(
        f"{found.model} at {found.shape}: points that no other of their system beats",
        (
            left("system"),
            right("tok/s/user"),
            right("out tok/s/GPU"),
            right("TTFT s"),
            left(""),
            left("mode"),
            left("spec"),
            left("evidence"),
            left("line"),
        ),
        tuple(rows),
        (f"{len(rows)} of {count} points in {len(found.series)} series; lines of {', '.join(files)}.",),
    )


def to_dict(found: Frontier) -> dict[str, Any]:
    """All points by series, each with whether it is on its system's frontier."""
    best = {point.key for points in found.best.values() for point in points}
    return {
        "model": found.model,
        "shape": str(found.shape),
        "series": [
            {
                "system": series.system,
                "series": series.name,
                "points": [
                    {
                        "tok_s_per_user": user_tok_s(point),
                        "output_tok_s_per_gpu": point.output_tok_s_per_gpu,
                        "ttft_ms": point.ttft_ms,
                        "pareto": point.key in best,
                        "file": point.file,
                        "line": point.line,
                    }
                    for point in series.points
                ],
            }
            for series in found.series
        ],
    }
