"""Cost against speed: the points that may serve a workload, the best of each system, and those that the plan uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from planner.render.colours import GREY, RED, colour_of
from planner.render.figures import percent, price, short
from planner.report.html.figures.style import EDGE, TICKS, figure_of, text
from planner.report.serving import short_point
from planner.report.speeds import SpeedPoint, best_of

SYMBOLS = {"fp4": "diamond", "fp8": "circle", "bf16": "square", "fp16": "square"}
OTHER = "cross"
# A point of less is not worth a mark.
LEAST_SHARE, LABELLED_SHARE = 0.02, 0.1
# Costs or speeds further apart have room for fewer ticks.
MOST_APART = 100.0


def speeds_figure(
    points: Sequence[SpeedPoint], title: str, asked: float | None, per: str, systems: Sequence[str]
) -> go.Figure | None:
    """One workload's points; ``asked`` is the speed that it must have at least, ``per`` names what a cost is for.

    ``systems`` are all that have a colour of their own. None where there is no point.
    """
    if not points:
        return None
    figure = figure_of(340)
    best = {system: best_of([one for one in points if one.system == system]) for system in {p.system for p in points}}
    dearest = max(point.usd_per_mtok for mine in best.values() for point in mine)
    for system, mine in sorted(best.items()):
        colour = colour_of(system, systems)
        looks = {"color": colour, "line": EDGE}
        # What is dearer than the worst of the best would press all others together.
        others = [one for one in points if one.system == system and one not in mine and one.usd_per_mtok <= dearest]
        if others:
            figure.add_trace(_marks(system, others, per, "markers", marker=looks | {"size": 5, "opacity": 0.35}))
        figure.add_trace(_marks(system, mine, per, "lines+markers", marker=looks | {"size": 8}, line={"color": colour}))
    chosen = [point for point in points if point.share >= LEAST_SHARE]
    if chosen:
        ring = {"symbol": "circle-open", "size": 20, "color": GREY, "line": {"width": 3, "color": GREY}}
        trace = _marks("used by the plan", chosen, per, "markers+text", marker=ring)
        labels = [f"<b>{percent(point.share)}</b>" if point.share >= LABELLED_SHARE else "" for point in chosen]
        trace.update(text=labels, textposition="top center")
        figure.add_trace(trace)
    if asked:
        figure.add_vline(x=asked, line={"color": RED, "width": 1.5, "dash": "dash"})
    figure.update_layout(title={"text": text(title), "font": {"size": 14}, "x": 0, "xanchor": "left"})
    figure.update_xaxes(type="log", title="tokens/s that each user sees", **_ticks([point.speed for point in points]))
    costs = [point.usd_per_mtok for point in points if point.usd_per_mtok <= dearest]
    figure.update_yaxes(type="log", title="$ per Mtok", **_ticks(costs))
    return figure


def legend(points: Sequence[SpeedPoint], systems: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Name and colour of each system that is drawn, of the mark of what is used, and of what is asked for."""
    drawn = sorted({point.system for point in points})
    return (
        *((system, colour_of(system, systems)) for system in drawn),
        ("ringed: used by the plan, with its share of the requests", GREY),
        ("dashed: the speed asked for", RED),
    )


def _ticks(values: Sequence[float]) -> dict[str, Any]:
    """Ticks at 1, 2 and 5 of each power of ten: of many powers at 1 alone."""
    low, high = min(values), max(values)
    shown = [tick for tick in TICKS if low / 2.5 <= tick <= high * 2.5]
    if high / low > MOST_APART:
        shown = [tick for tick in shown if f"{tick:e}".startswith("1")]
    return {"tickvals": shown, "ticktext": [f"{tick:,.6g}" for tick in shown]}


def _marks(system: str, points: Sequence[SpeedPoint], per: str, mode: str, **looks: Any) -> go.Scatter:
    """Points as marks, each precision with a shape of its own."""
    if "symbol" not in looks["marker"]:
        looks["marker"] = looks["marker"] | {"symbol": [SYMBOLS.get(point.precision, OTHER) for point in points]}
    return go.Scatter(
        name=text(system),
        legendgroup=text(system),
        showlegend=False,
        x=[point.speed for point in points],
        y=[point.usd_per_mtok for point in points],
        mode=mode,
        customdata=[_about(point, per) for point in points],
        hovertemplate="%{customdata}<extra></extra>",
        **looks,
    )


def _about(point: SpeedPoint, per: str) -> str:
    used = f"<br>serves {percent(point.share)} of the requests" if point.share >= LEAST_SHARE else ""
    speed = f"{short(point.speed)} tokens/s for each user"
    what = f"{text(point.system)} {text(point.precision)}, {text(short_point(point.name))}"
    return f"{what}<br>{speed}<br>{price(point.usd_per_mtok)} {per}<br>{text(point.evidence)}{used}"
