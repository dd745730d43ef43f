"""``plan simulate`` as a picture: latency against its target, and the queue through the busiest hour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from planner.render.colours import SYSTEM_COLOURS
from planner.render.figures import count, digits, percent
from planner.render.lines import Line, Panel, Point, curves
from planner.render.plots import Picture
from planner.studies.simulate.study import Simulation

# Times the target up to which an axis goes, however late the last requests are.
_MOST, _LEAST = 4.0, 1.5
# Waiting requests below which nobody queues.
_NOBODY = 0.05
# Minutes from which on what is shown is an hour, or nearly.
_HOUR = 59.0


class _Limited(NamedTuple):
    """A workload's latency that is nearest to its target, or furthest beyond it."""

    row: Any
    name: str
    column: str
    target: float
    percentile: int
    within: float

    @property
    def label(self) -> str:
        return f"{self.row['workload']}, {self.name}"


def simulation_picture(found: Simulation) -> Picture:
    """Each workload's share of requests by latency over its target; below it the requests that wait."""
    rows = found.workloads.to_dict(orient="records")
    colours = {str(row["workload"]): SYSTEM_COLOURS[at % len(SYSTEM_COLOURS)] for at, row in enumerate(rows)}
    limited = [one for row in rows if (one := _nearest(row)) is not None]
    panels = [_latency(limited, found.latencies, colours) if limited else _seconds(rows, found.latencies, colours)]
    panels.append(_queue(found.queues, colours))
    return curves(_finding(limited, found), panels, _note(rows, limited, found))


def _nearest(row: Any) -> _Limited | None:
    """Of the latencies with a target the one with the least to spare, None of a workload without."""
    found = []
    for name, metric, unit in (("first token", "ttft", "s"), ("each token", "tpot", "ms")):
        target = float(row[f"{metric}_target_{unit}"])
        if math.isfinite(target):
            percentile, within = int(row[f"{metric}_percentile"]), float(row[f"{metric}_within_share"])
            found.append(_Limited(row, name, f"{metric}_{unit}", target, percentile, within))
    return min(found, key=lambda one: one.within - one.percentile / 100, default=None)


def _latency(limited: Sequence[_Limited], latencies: pd.DataFrame, colours: dict[str, str]) -> Panel:
    lines: list[Line] = []
    points: list[Point] = []
    sides = [(one, _of(latencies, one.row["workload"])) for one in limited]
    furthest = max(float((table[one.column] / one.target).max()) for one, table in sides)
    right = min(max(furthest, _LEAST), _MOST)
    for one, table in sides:
        x, y = table[one.column].to_numpy(dtype=float) / one.target, 100 * table["share"].to_numpy(dtype=float)
        lines.append(Line(one.label, *_cut(x, y, right), colours[str(one.row["workload"])]))
        points.append((1.0, 100 * one.within, f"{one.row['workload']} {percent(one.within, 1)}"))
    asked = " and ".join(map(str, sorted({one.percentile for one in limited})))
    limit = (1.0, f"target, for {asked} %")
    across, up = "time, as a multiple of its target", "requests within it, %"
    return Panel("", across, up, lines, points, limit, right, 100.0)


def _seconds(rows: Sequence[Any], latencies: pd.DataFrame, colours: dict[str, str]) -> Panel:
    lines = []
    for row in rows:
        table = _of(latencies, row["workload"])
        x, y = table["ttft_s"].to_numpy(dtype=float), 100 * table["share"].to_numpy(dtype=float)
        lines.append(Line(str(row["workload"]), x.tolist(), y.tolist(), colours[str(row["workload"])]))
    return Panel("", "time to the first token, s", "requests within it, %", lines, top=100.0)


def _cut(x: np.ndarray, y: np.ndarray, right: float) -> tuple[list[float], list[float]]:
    """A curve from nothing at 0 to where it leaves the axis, or level to its end."""
    kept = x <= right
    last = float(np.interp(right, x, y))
    return [0.0, float(x[0]), *x[kept].tolist(), right], [0.0, 0.0, *y[kept].tolist(), last]


def _queue(queues: pd.DataFrame, colours: dict[str, str]) -> Panel:
    lines = []
    for workload, colour in colours.items():
        table = _of(queues, workload)
        if len(table):
            minutes, waiting = (table[name].tolist() for name in ("minute", "waiting_requests"))
            lines.append(Line(workload, [0.0, *minutes], [waiting[0], *waiting], colour))
    most, last = (float(queues[name].max()) if len(queues) else 1.0 for name in ("waiting_requests", "minute"))
    across = "minutes of the busiest hour" if last > _HOUR else "minutes, of all that is simulated"
    top = max(1.05 * most, 1.0)
    return Panel(_queued(queues), across, "requests that wait", lines, right=last, top=top)


def _queued(queues: pd.DataFrame) -> str:
    if not len(queues) or queues["waiting_requests"].max() < _NOBODY:
        return "Nobody waits for a place."
    most = queues.loc[queues["waiting_requests"].idxmax()]
    requests = float(most["waiting_requests"])
    said = count(requests) if requests >= 10 else digits(requests, 2)
    return f"Up to {said} requests of {most['workload']} wait for a place, in minute {math.ceil(most['minute'])}."


def _finding(limited: Sequence[_Limited], found: Simulation) -> str:
    if not limited:
        return "No workload has a target: this is how long requests take to their first token."
    missed = [str(one.row["workload"]) for one in limited if not one.row["holds"]]
    share = percent(found.within_share, 1)
    if missed:
        verb = "misses its targets" if len(missed) == 1 else "miss their targets"
        return f"By simulation {' and '.join(missed)} {verb}; {share} of all requests are within theirs."
    return f"By simulation every target holds, and {share} of requests are within all of theirs."


def _note(rows: Sequence[Any], limited: Sequence[_Limited], found: Simulation) -> str:
    return " ".join(_notes(rows, limited, found))


def _notes(rows: Sequence[Any], limited: Sequence[_Limited], found: Simulation) -> Iterator[str]:
    if limited:
        yield ("Of two targets the one that is nearer to being missed. Dots say the share in time.")
    unlimited = len(rows) - len(limited)
    if limited and unlimited:
        yield f"Without a target: {unlimited}."
    yield f"Requests: {found.requests}; seed {found.seed}."


def _of(table: pd.DataFrame, workload: str) -> pd.DataFrame:
    return table[table["workload"] == workload]
