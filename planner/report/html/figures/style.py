"""What all plots of the page share: colours, patterns, panels, layout and text that Plotly shows letter by letter."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from planner.plan import Plan
from planner.render.colours import GREY
from planner.render.sheet import plain

EDGE = {"color": GREY, "width": 0.5}
ROW_PX = 24
# Ticks of a logarithmic axis.
TICKS = tuple(digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5))


def as_json(figure: go.Figure) -> dict[str, Any]:
    """The figure as plain values."""
    plain_figure: dict[str, Any] = json.loads(json.dumps(figure.to_plotly_json()))
    return plain_figure


def text(words: str) -> str:
    """Words as Plotly shows them letter by letter: it would take tags for its own."""
    return html.escape(plain(words), quote=False)


def of_future(plan: Plan, future: str) -> dict[str, Any]:
    """What says which future a trace is of; the first is the one shown."""
    if len(plan.futures) == 1:
        return {}
    return {"meta": {"future": future}, "visible": future == plan.futures[0]}


def systems_of(plan: Plan) -> list[str]:
    """Every system of the plan: one has the same colour in all plots."""
    return sorted({*map(str, plan.fleet["system"]), *map(str, plan.serving["system"])})


def pattern(shape: str) -> dict[str, Any]:
    """Hatching that the colour-blind can tell; none for an empty shape."""
    return {"shape": shape, "size": 6, "solidity": 0.25, "fgcolor": "#ffffff", "fillmode": "overlay"} if shape else {}


def figure_of(height_px: int) -> go.Figure:
    """An empty figure of the page."""
    figure = go.Figure()
    style(figure, height_px)
    return figure


def panels(titles: Sequence[str], height_px: int) -> go.Figure:
    """Panels below each other, ``height_px`` each."""
    gap = 0.16 / len(titles) if len(titles) > 1 else 0
    figure = make_subplots(rows=len(titles), cols=1, subplot_titles=titles, shared_xaxes=True, vertical_spacing=gap)
    figure.update_annotations(font_size=13)
    style(figure, 130 + height_px * len(titles))
    return figure


def style(figure: go.Figure, height_px: int) -> None:
    """The layout that all figures have."""
    figure.update_layout(
        template="none",
        height=height_px,
        autosize=True,
        margin={"l": 60, "r": 20, "t": 40, "b": 50},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12},
        legend={
            "orientation": "h",
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "traceorder": "normal",
            # Room below it for a panel's title.
            "borderwidth": 10,
            "bordercolor": "rgba(0,0,0,0)",
        },
        hovermode="closest",
    )


def periods_below(figure: go.Figure, title: str) -> None:
    """The last panel's axis says what goes across."""
    axes = sorted((axis for axis in figure.layout if axis.startswith("xaxis")), key=lambda name: int(name[5:] or 1))
    figure.update_xaxes(automargin=True)
    figure.layout[axes[-1]].title = {"text": title}
    for axis in axes:
        if figure.layout[axis].type is None and not _two_levels(figure):
            figure.layout[axis].type = "category"


def _two_levels(figure: go.Figure) -> bool:
    return any(
        trace.type == "bar" and len(trace.x) == 2 and isinstance(trace.x[0], list | tuple) for trace in figure.data
    )
