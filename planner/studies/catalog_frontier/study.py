"""Rate per GPU against speed per user: every series of a model and shape, and the points that nothing beats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planner.catalog.models import Catalog, ServingPoint
from planner.catalog.points import Shape, points_of
from planner.catalog.tables import by_maker
from planner.frozen import dataclass
from planner.studies.result import Result
from planner.units import user_tok_per_s


@dataclass(frozen=True)
class Series:
    """The points of one configuration on a system, the slowest per user first."""

    system: str
    name: str
    points: tuple[ServingPoint, ...]


@dataclass(frozen=True)
class SpeedFrontier(Result):
    """All series, and per system the points that no other beats in both rate and speed, the slowest first.

    Systems stand by maker; ``makers`` has that of each.
    """

    model: str
    shape: Shape
    series: tuple[Series, ...]
    best: dict[str, tuple[ServingPoint, ...]]
    makers: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """All points by series, each with whether it is on its system's frontier."""
        best = {point.key for points in self.best.values() for point in points}
        return {
            "model": self.model,
            "shape": str(self.shape),
            "series": [
                {
                    "maker": self.makers[series.system],
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
                for series in self.series
            ],
        }


def user_tok_s(point: ServingPoint) -> float:
    """Tokens per second that one user sees."""
    return user_tok_per_s(point.tpot_ms)


def speed_frontier(catalog: Catalog, model: str, shape: Shape, systems: Sequence[str] = ()) -> SpeedFrontier:
    """Every series of a model and shape. Raises InputError for what the catalog does not know."""
    points = points_of(catalog, model, shape, systems)
    series: dict[tuple[str, str], list[ServingPoint]] = {}
    for point in points:
        series.setdefault((point.system, point.series), []).append(point)
    with_points = {point.system for point in points}
    systems_of = by_maker(catalog, [row for name, row in catalog.systems.items() if name in with_points])
    names = [row.system for row in systems_of]
    found = [
        Series(system, name, tuple(sorted(knots, key=lambda point: (user_tok_s(point), point.line))))
        for (system, name), knots in sorted(series.items(), key=lambda item: (names.index(item[0][0]), item[0][1]))
    ]
    best = {name: _pareto([point for point in points if point.system == name]) for name in names}
    return SpeedFrontier(model, shape, tuple(found), best, {row.system: row.maker for row in systems_of})


def _pareto(points: Sequence[ServingPoint]) -> tuple[ServingPoint, ...]:
    """The points with no other at least as fast that yields as much or more per GPU."""
    kept: list[ServingPoint] = []
    for point in sorted(points, key=lambda point: (-user_tok_s(point), -point.output_tok_s_per_gpu, point.line)):
        if not kept or point.output_tok_s_per_gpu > kept[-1].output_tok_s_per_gpu:
            kept.append(point)
    return tuple(reversed(kept))
