"""The points of a model that nothing beats, on a terminal."""

from __future__ import annotations

from planner.render.figures import short
from planner.render.sheet import Sheet, left, right
from planner.studies.catalog_frontier.study import SpeedFrontier, user_tok_s
from planner.units import s_from_ms


def speed_frontier_sheet(found: SpeedFrontier) -> Sheet:
    """The points of the frontier of each system."""
    files = sorted({point.file for series in found.series for point in series.points})
    several = len(set(found.makers.values())) > 1
    rows, maker = [], ""
    for system, points in found.best.items():
        for index, point in enumerate(points):
            # One maker is named in no column, and of several each at its first system.
            first = found.makers[system] if index == 0 and found.makers[system] != maker else ""
            maker = first or maker
            rows.append(
                (
                    *((first,) if several else ()),
                    system if index == 0 else "",
                    short(user_tok_s(point)),
                    short(point.output_tok_s_per_gpu),
                    "-" if point.ttft_ms is None else short(s_from_ms(point.ttft_ms), 3),
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
            *((left("maker"),) if several else ()),
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
