"""Rate per GPU against speed per user: every series of a model, and the points of each system that nothing beats."""

from __future__ import annotations

from collections.abc import Sequence

from planner.catalog.models import ServingPoint
from planner.render.colours import colour_of
from planner.render.figures import short
from planner.render.lines import Cloud, clouds
from planner.render.plots import Picture
from planner.studies.catalog_frontier.study import SpeedFrontier, user_tok_s

NOTE = "Large marks: no point of the system is better in both. Both axes are logarithmic."


def speed_picture(found: SpeedFrontier) -> Picture:
    """A thin line per series, large points where nothing of the system is better, a colour per system."""
    systems = list(found.best)
    things = [
        Cloud(
            system,
            colour_of(system, systems),
            [_line(series.points) for series in found.series if series.system == system],
            _line(found.best[system]),
        )
        for system in systems
    ]
    return clouds(_finding(found), "tokens/s per user", "output tokens/s per GPU, of all GPUs deployed", things, NOTE)


def _line(points: Sequence[ServingPoint]) -> tuple[list[float], list[float]]:
    return [user_tok_s(point) for point in points], [point.output_tok_s_per_gpu for point in points]


def _finding(found: SpeedFrontier) -> str:
    """Which system makes most per GPU, and which is fastest for one user."""
    points = [(system, point) for system, best in found.best.items() for point in best]
    most = max(points, key=lambda item: item[1].output_tok_s_per_gpu)
    fastest = max(points, key=lambda item: user_tok_s(item[1]))
    rate, speed = short(most[1].output_tok_s_per_gpu, 3), short(user_tok_s(fastest[1]), 3)
    who = "is" if most[0] == fastest[0] else f"{fastest[0]} is"
    return (
        f"Of {found.model} at {found.shape}, {most[0]} makes most per GPU, {rate} tokens/s, "
        f"and {who} fastest for one user, {speed} tokens/s."
    )
