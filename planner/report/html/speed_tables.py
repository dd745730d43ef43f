"""The tables beside the pictures of cost against speed."""

from __future__ import annotations

from collections.abc import Sequence

from planner.render.figures import digits, percent, price
from planner.report.html.cells import Grid, heading, headings, number, words
from planner.report.serving import short_point
from planner.report.speeds import SpeedPoint, Speeds


def used(points: Sequence[SpeedPoint], workload: str, per: str) -> Grid:
    """The points of a workload that the plan uses, those that serve the most first."""
    ranked = sorted((point for point in points if point.share), key=lambda point: (-point.share, point.name))
    rows = tuple(
        (
            words(point.system),
            words(point.precision),
            words(short_point(point.name)),
            number(digits(point.speed)),
            number(price(point.usd_per_mtok)),
            number(percent(point.share, 1)),
            words(point.evidence),
        )
        for point in ranked
    )
    columns = (
        *headings("system", "precision", "operating point"),
        *headings("tokens/s a user", f"$ {per}", "of requests", numbers_from=0),
        heading("evidence"),
    )
    return Grid(f"Points that serve {workload}", columns, rows, study=True)


def gpu_hours(found: Speeds) -> Grid:
    """What an hour of each system's GPU is priced at in the pictures of cost against speed."""
    rows = tuple((words(one.system), number(price(one.usd_per_gpu_hour)), words(one.way)) for one in found.hours)
    columns = (heading("system"), heading("$ per GPU-hour", right=True), heading("cheapest way, in use all the time"))
    notes = tuple(f"{name} serves, and can be had by no way that is allowed: not drawn." for name in found.unpriced)
    return Grid("Prices of GPU-hours behind cost against speed", columns, rows, notes, study=True)
