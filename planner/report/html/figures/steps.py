"""Purchases and contracts over time, each from its order to its service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import plotly.graph_objects as go

from planner.plan import Plan
from planner.render.colours import GREY, RED
from planner.render.figures import count, money
from planner.report.html.figures.style import EDGE, ROW_PX, figure_of, pattern, text
from planner.report.orders import Order, orders
from planner.scenario import Scenario
from planner.timeline import Timeline

DAY_MS = 86_400_000
MOST_STEPS = 60


def timeline_figure(plan: Plan, scenario: Scenario, timeline: Timeline) -> go.Figure | None:
    """Each purchase and contract from the day of its order to its service, contracts to their end; None for none."""
    steps = sorted(orders(plan, scenario), key=lambda order: (order.by or timeline.starts[order.index], order.index))
    steps = sorted(sorted(steps, key=lambda order: -order.usd)[:MOST_STEPS], key=steps.index)
    if not steps:
        return None
    figure = figure_of(190 + ROW_PX * len(steps))
    labels = _labels(plan, steps)
    waits = [(label, order) for label, order in zip(labels, steps, strict=True) if order.by is not None]
    figure.add_trace(
        _bars(
            "on order",
            [label for label, _ in waits],
            [(order.by, timeline.starts[order.index]) for _, order in waits if order.by is not None],
            [_about(order, f"order by {order.by}, there on {timeline.starts[order.index]}") for _, order in waits],
            "#56B4E9",
            "/",
        )
    )
    runs = [(label, order, order.end) for label, order in zip(labels, steps, strict=True) if order.end is not None]
    if runs:
        figure.add_trace(
            _bars(
                "contract runs",
                [label for label, _, _ in runs],
                [(timeline.starts[order.index], end) for _, order, end in runs],
                [_about(order, f"{timeline.starts[order.index]} to {end}") for _, order, end in runs],
                "#0072B2",
                "",
            )
        )
    for verb, name, symbol, colour in (
        ("buy", "in service", "diamond", "#009E73"),
        ("convert", "hall converted", "square", "#CC79A7"),
        ("retire", "retired", "x", RED),
    ):
        marked = [(label, order) for label, order in zip(labels, steps, strict=True) if order.verb == verb]
        if marked:
            days = [timeline.starts[order.index] for _, order in marked]
            figure.add_trace(
                go.Scatter(
                    x=[day.isoformat() for day in days],
                    y=[label for label, _ in marked],
                    mode="markers",
                    name=name,
                    marker={"symbol": symbol, "size": 10, "color": colour, "line": EDGE},
                    customdata=[_about(order, f"{name} {day}") for (_, order), day in zip(marked, days, strict=True)],
                    hovertemplate="%{customdata}<extra></extra>",
                )
            )
    last = timeline.starts[timeline.reported]
    _upright(figure, scenario.horizon.decided_on, "decided")
    _upright(figure, last, "reported until")
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(
        autorange="reversed", automargin=True, categoryorder="array", categoryarray=labels, tickfont={"size": 11}
    )
    figure.update_xaxes(type="date", title="date")
    return figure


def _labels(plan: Plan, steps: Sequence[Order]) -> list[str]:
    """A name for each step, none of them twice: Plotly would put both on one line."""
    several = len(plan.futures) > 1
    found: list[str] = []
    for order in steps:
        label = text(order.words + (f" ({order.future})" if several and order.future != "all" else ""))
        label += ", lookahead" if order.lookahead else ""
        # A space that is not seen tells steps of the same words apart.
        while label in found:
            label += "\u200b"
        found.append(label)
    return found


def _about(order: Order, when: str) -> str:
    gpus = f"<br>{count(order.gpus)} GPUs" if order.gpus else ""
    cost = f"<br>{money(order.usd)}" if order.usd else ""
    return f"{text(order.words)}<br>{when}{gpus}{cost}"


def _bars(
    name: str,
    labels: Sequence[str],
    spans: Sequence[tuple[dt.date, dt.date]],
    about: Sequence[str],
    colour: str,
    hatching: str,
) -> go.Bar:
    return go.Bar(
        name=name,
        orientation="h",
        y=list(labels),
        base=[first.isoformat() for first, _ in spans],
        x=[(after - first).days * DAY_MS for first, after in spans],
        width=0.5,
        marker={"color": colour, "line": EDGE, "pattern": pattern(hatching)},
        customdata=list(about),
        hovertemplate="%{customdata}<extra></extra>",
    )


def _upright(figure: go.Figure, day: dt.date, what: str) -> None:
    line = {"color": GREY, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=day.isoformat(), x1=day.isoformat(), y0=0, y1=1, yref="paper", line=line)
    figure.add_annotation(
        x=day.isoformat(), y=1, yref="paper", yanchor="bottom", showarrow=False, text=what, font={"size": 10}
    )
