"""The plots of the page, as Plotly figures: units on the axes, colours and patterns that the colour-blind can tell.

Figures carry no theme: the page's script gives them the colours of light, dark or paper. Names are escaped, since
Plotly reads tags in any text.
"""

from __future__ import annotations

import datetime as dt
import html
import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from planner.kinds.evidence import ORDER
from planner.plan import Plan
from planner.render.figures import count, money, short
from planner.render.plots import COLOURS
from planner.render.sheet import plain
from planner.report.cash import category_name
from planner.report.html import flows
from planner.report.limits import power_use
from planner.report.orders import Order, orders
from planner.report.serving import UNSERVED, servers_of
from planner.scenario import Scenario
from planner.timeline import Timeline
from planner.units import MS_PER_S

# Black is no colour on a dark page.
PALETTE = (*COLOURS[:7], "#999999")
RED = COLOURS[3]
GREY = "#808080"
PATTERNS = {"own": "", "rented": "/", "spot": "."}
DAY_MS = 86_400_000
MOST_STEPS = 60
_EDGE = {"color": GREY, "width": 0.5}
ROW_PX = 24
# Ticks of a logarithmic axis, in s or ms.
TICKS = tuple(digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5))


def as_json(figure: go.Figure) -> dict[str, Any]:
    """The figure as plain values."""
    plain_figure: dict[str, Any] = json.loads(json.dumps(figure.to_plotly_json()))
    return plain_figure


def timeline_figure(plan: Plan, scenario: Scenario, timeline: Timeline) -> go.Figure | None:
    """Each purchase and contract from the day of its order to its service, contracts to their end; None for none."""
    steps = sorted(orders(plan, scenario), key=lambda order: (order.by or timeline.starts[order.place], order.place))
    steps = sorted(sorted(steps, key=lambda order: -order.usd)[:MOST_STEPS], key=steps.index)
    if not steps:
        return None
    figure = _figure(190 + ROW_PX * len(steps))
    labels = _labels(plan, steps)
    waits = [(label, order) for label, order in zip(labels, steps, strict=True) if order.by is not None]
    figure.add_trace(
        _bars(
            "ordered, not there yet",
            [label for label, _ in waits],
            [(order.by, timeline.starts[order.place]) for _, order in waits if order.by is not None],
            [_about(order, f"order by {order.by}, there on {timeline.starts[order.place]}") for _, order in waits],
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
                [(timeline.starts[order.place], end) for _, order, end in runs],
                [_about(order, f"{timeline.starts[order.place]} to {end}") for _, order, end in runs],
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
            days = [timeline.starts[order.place] for _, order in marked]
            figure.add_trace(
                go.Scatter(
                    x=[day.isoformat() for day in days],
                    y=[label for label, _ in marked],
                    mode="markers",
                    name=name,
                    marker={"symbol": symbol, "size": 10, "color": colour, "line": _EDGE},
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
    pattern: str,
) -> go.Bar:
    return go.Bar(
        name=name,
        orientation="h",
        y=list(labels),
        base=[first.isoformat() for first, _ in spans],
        x=[(after - first).days * DAY_MS for first, after in spans],
        width=0.5,
        marker={"color": colour, "line": _EDGE, "pattern": _pattern(pattern)},
        customdata=list(about),
        hovertemplate="%{customdata}<extra></extra>",
    )


def _upright(figure: go.Figure, day: dt.date, what: str) -> None:
    line = {"color": GREY, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=day.isoformat(), x1=day.isoformat(), y0=0, y1=1, yref="paper", line=line)
    figure.add_annotation(
        x=day.isoformat(), y=1, yref="paper", yanchor="bottom", showarrow=False, text=what, font={"size": 10}
    )


def power_figure(plan: Plan, scenario: Scenario, timeline: Timeline) -> go.Figure | None:
    """MW provisioned by system against the cap, a panel for each site; None where there is no site."""
    sites = [site.name for site in scenario.sites]
    if not sites:
        return None
    figure = _panels([f"{text(site.name)}, {site.cap_at} side of the meter" for site in scenario.sites], 300)
    known = _systems(plan)
    caps = power_use(plan, scenario, timeline)
    periods = list(timeline.names[: timeline.reported])
    frames = {future: flows.power(plan, scenario, future) for future in plan.futures}
    shown: set[tuple[str, str]] = set()
    for panel, site in enumerate(sites, start=1):
        for future, frame in frames.items():
            mine = frame[frame["site"] == site]
            for system in sorted(set(mine["system"])):
                rows = (
                    mine[mine["system"] == system].groupby("period")[["mw", "count"]].sum().reindex(periods).fillna(0)
                )
                figure.add_trace(
                    go.Bar(
                        name=text(system),
                        legendgroup=text(system),
                        showlegend=(future, system) not in shown,
                        x=periods,
                        y=[float(value) for value in rows["mw"]],
                        customdata=[count(float(value)) for value in rows["count"]],
                        marker={"color": _colour(system, known), "line": _EDGE},
                        hovertemplate="%{x}: %{y:.3f} MW<br>%{customdata} in service<extra>%{fullData.name}</extra>",
                        **_of_future(plan, future),
                    ),
                    row=panel,
                    col=1,
                )
                shown.add((future, system))
        cap = caps[caps["site"] == site]
        figure.add_trace(
            go.Scatter(
                name="cap",
                legendgroup="cap",
                showlegend=panel == 1,
                x=periods,
                y=[float(value) for value in cap["cap_mw"]],
                mode="lines",
                line={"color": RED, "width": 2.5, "shape": "hvh"},
                hovertemplate="%{x}: cap %{y:.3f} MW<extra></extra>",
            ),
            row=panel,
            col=1,
        )
    figure.update_layout(barmode="stack", bargap=0.15)
    figure.update_yaxes(title="MW provisioned", rangemode="tozero")
    _periods_below(figure, "period")
    return figure


def served_figure(plan: Plan, scenario: Scenario, timeline: Timeline) -> go.Figure | None:
    """Requests a second by load block, stacked by supply, a panel for each workload; None where nothing is asked."""
    frames = {future: flows.served(plan, scenario, timeline, future) for future in plan.futures}
    supplies = flows.supplies(list(frames.values()))
    if not supplies:
        return None
    figure = _panels([text(workload.name) for workload in scenario.workloads], 200)
    systems = _systems(plan)
    apis = [name for name in supplies if name.startswith("token API")]
    places = [(period, block) for period in timeline.names[: timeline.reported] for block in timeline.blocks]
    across = [[period for period, _ in places], [text(block) for _, block in places]]
    shown: set[tuple[str, str]] = set()
    for panel, workload in enumerate(scenario.workloads, start=1):
        unit = "weighted GPUs" if workload.kind == "gpu_hours" else "requests/s"
        for future, frame in frames.items():
            mine = frame[frame["workload"] == workload.name]
            for supply in supplies:
                rows = mine[mine["supply"] == supply]
                if rows.empty:
                    continue
                rate = {
                    (period, block): float(value)
                    for period, block, value in zip(rows["period"], rows["block"], rows["rate"], strict=True)
                }
                figure.add_trace(
                    go.Bar(
                        name=text(supply),
                        legendgroup=text(supply),
                        showlegend=(future, supply) not in shown,
                        x=across,
                        y=[rate.get(place, 0.0) for place in places],
                        marker={
                            "color": _supply_colour(supply, systems, apis),
                            "line": _EDGE,
                            "pattern": _pattern(_pattern_of(supply) or ("x" if supply in apis else "")),
                        },
                        hovertemplate="%{x}: %{y:,.4~g} " + unit + "<extra>%{fullData.name}</extra>",
                        **_of_future(plan, future),
                    ),
                    row=panel,
                    col=1,
                )
                shown.add((future, supply))
        figure.update_yaxes(title=unit, rangemode="tozero", row=panel, col=1)
    figure.update_layout(barmode="stack", bargap=0.05)
    figure.update_xaxes(tickfont={"size": 9})
    _periods_below(figure, "load blocks of each period")
    return figure


def _pattern_of(supply: str) -> str | None:
    """The pattern of GPUs by how they are got, None for what is no GPU."""
    if supply == UNSERVED or supply.startswith("token API"):
        return None
    return PATTERNS[supply.rpartition(" ")[2]]


def _supply_colour(supply: str, systems: Sequence[str], apis: Sequence[str]) -> str:
    if supply == UNSERVED:
        return RED
    if supply in apis:
        return PALETTE[-1 - apis.index(supply) % 3]
    return _colour(supply.rpartition(" ")[0], systems)


def cost_figure(table: pd.DataFrame, unit: str, scale: float, hover: str) -> go.Figure:
    """Cost by category stacked over periods; ``table`` as of ``flows.cash``, shown in ``scale`` of its unit."""
    figure = _figure(430)
    for index, category in enumerate(table.columns):
        figure.add_trace(
            go.Bar(
                name=text(category_name(str(category))),
                x=[str(period) for period in table.index],
                y=[float(value) / scale for value in table[category]],
                marker={
                    "color": PALETTE[index % len(PALETTE)],
                    "line": _EDGE,
                    "pattern": _pattern("/" if index >= len(PALETTE) else ""),
                },
                hovertemplate=f"%{{x}}: {hover}<extra>%{{fullData.name}}</extra>",
            )
        )
    figure.update_layout(barmode="relative", bargap=0.15)
    figure.update_yaxes(title=unit)
    _periods_below(figure, "period")
    return figure


def latency_figure(plan: Plan, scenario: Scenario, timeline: Timeline) -> go.Figure | None:
    """The slowest point's TTFT and TPOT of each server, beside the workload's targets; None where nothing has any."""
    servers = servers_of(plan, scenario, timeline)
    rows = [
        (workload, name, share)
        for workload in scenario.workloads
        for name, share in sorted(servers.get(workload.name, {}).items(), key=lambda item: (-item[1].requests, item[0]))
        if share.ttft_ms or share.tpot_ms
    ]
    if not rows:
        return None
    labels = [f"{text(workload.name)}: {text(name)}" for workload, name, _ in rows]
    figure = make_subplots(
        rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=("time to first token", "per token")
    )
    _style(figure, 180 + ROW_PX * len(rows))
    panels = (
        ("TTFT, s", [share.ttft_ms / MS_PER_S for *_, share in rows], [w.sla.ttft_s for w, *_ in rows], "ttft"),
        ("TPOT, ms", [share.tpot_ms for *_, share in rows], [w.sla.tpot_ms for w, *_ in rows], "tpot"),
    )
    for panel, (axis, values, targets, which) in enumerate(panels, start=1):
        unit = axis.rpartition(" ")[2]
        percentiles = [getattr(w.sla, f"{which}_percentile") for w, *_ in rows]
        known = [(label, limit, at) for label, limit, at in zip(labels, targets, percentiles, strict=True) if limit]
        figure.add_trace(
            go.Scatter(
                name="target",
                legendgroup="target",
                showlegend=panel == 1,
                x=[float(limit) for _, limit, _ in known],
                y=[label for label, _, _ in known],
                mode="markers",
                marker={"symbol": "line-ns", "size": 14, "line": {"width": 3, "color": RED}},
                customdata=[f"target p{at} ≤ {short(limit)} {unit}" for _, limit, at in known],
                hovertemplate="%{y}<br>%{customdata}<extra></extra>",
            ),
            row=1,
            col=panel,
        )
        there = [(label, value) for label, value in zip(labels, values, strict=True) if value]
        figure.add_trace(
            go.Scatter(
                name="slowest point",
                legendgroup="slowest point",
                showlegend=panel == 1,
                x=[float(value) for _, value in there],
                y=[label for label, _ in there],
                mode="markers",
                marker={"symbol": "circle", "size": 10, "color": COLOURS[0], "line": _EDGE},
                hovertemplate=f"%{{y}}<br>%{{x:.4~g}} {unit}<extra></extra>",
            ),
            row=1,
            col=panel,
        )
        figure.update_xaxes(
            type="log",
            title=f"{axis} (log scale)",
            tickvals=list(TICKS),
            ticktext=[short(tick) for tick in TICKS],
            row=1,
            col=panel,
        )
    figure.update_yaxes(
        autorange="reversed", automargin=True, categoryorder="array", categoryarray=labels, tickfont={"size": 11}
    )
    return figure


def evidence_figure(plan: Plan) -> go.Figure:
    """Shares of output tokens and of NPV cost by evidence class."""
    shares = plan.kpis["evidence_share"]
    figure = _figure(230)
    for index, name in enumerate((*ORDER, "scenario")):
        values = [float(shares[of].get(name, 0.0)) for of in ("tokens", "cost")]
        if any(values):
            figure.add_trace(
                go.Bar(
                    name=name,
                    orientation="h",
                    y=["output tokens", "NPV cost"],
                    x=[100 * value for value in values],
                    marker={"color": PALETTE[index], "line": _EDGE},
                    hovertemplate="%{y}: %{x:.1f} %<extra>%{fullData.name}</extra>",
                )
            )
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_xaxes(title="share, %", range=[0, 100])
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure


def comparison_figure(table: pd.DataFrame, unit: str, scale: float) -> go.Figure | None:
    """NPV of all cost by option; one without a plan says so. None where there are not two to compare."""
    rows = table.to_dict(orient="records")
    if sum(not pd.isna(row["npv_usd"]) for row in rows) < 2:
        return None
    figure = _figure(120 + 34 * len(rows))
    names = [text(str(row["name"])) for row in rows]
    there = [(name, row) for name, row in zip(names, rows, strict=True) if not pd.isna(row["npv_usd"])]
    figure.add_trace(
        go.Bar(
            name="NPV of all cost",
            orientation="h",
            y=[name for name, _ in there],
            x=[float(row["npv_usd"]) / scale for _, row in there],
            marker={"color": COLOURS[0], "line": _EDGE},
            customdata=[money(float(row["npv_usd"])) for _, row in there],
            text=[money(float(row["npv_usd"])) for _, row in there],
            textposition="auto",
            hovertemplate="%{y}: %{customdata} NPV<extra></extra>",
            showlegend=False,
        )
    )
    for name, row in zip(names, rows, strict=True):
        if pd.isna(row["npv_usd"]):
            figure.add_annotation(x=0, y=name, xanchor="left", showarrow=False, text="no plan: see below")
    figure.update_xaxes(title=f"NPV of all cost, {unit}", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", automargin=True, categoryorder="array", categoryarray=names)
    return figure


def text(words: str) -> str:
    """Words as Plotly shows them letter by letter: it would take tags for its own."""
    return html.escape(plain(words), quote=False)


def _of_future(plan: Plan, future: str) -> dict[str, Any]:
    """What says which future a trace is of; the first is the one shown."""
    if len(plan.futures) == 1:
        return {}
    return {"meta": {"future": future}, "visible": future == plan.futures[0]}


def _systems(plan: Plan) -> list[str]:
    """Every system of the plan: one has the same colour in all plots."""
    return sorted({*map(str, plan.fleet["system"]), *map(str, plan.serving["system"])})


def _colour(name: str, names: Sequence[str]) -> str:
    return PALETTE[names.index(name) % (len(PALETTE) - 1)]


def _pattern(shape: str) -> dict[str, Any]:
    return {"shape": shape, "size": 6, "solidity": 0.25, "fgcolor": "#ffffff", "fillmode": "overlay"} if shape else {}


def _figure(height_px: int) -> go.Figure:
    figure = go.Figure()
    _style(figure, height_px)
    return figure


def _panels(titles: Sequence[str], height_px: int) -> go.Figure:
    """Panels below each other, ``height_px`` each."""
    gap = 0.16 / len(titles) if len(titles) > 1 else 0
    figure = make_subplots(rows=len(titles), cols=1, subplot_titles=titles, shared_xaxes=True, vertical_spacing=gap)
    _style(figure, 130 + height_px * len(titles))
    return figure


def _style(figure: go.Figure, height_px: int) -> None:
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


def _periods_below(figure: go.Figure, title: str) -> None:
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
