"""Power and served demand by period, and the latency of what serves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from planner.plan import Plan
from planner.render.colours import COLOURS, PALETTE, RED, colour_of
from planner.render.figures import count, short
from planner.report.html import flows
from planner.report.html.figures.style import (
    EDGE,
    ROW_PX,
    TICKS,
    figure_of,
    of_future,
    panels,
    pattern,
    periods_below,
    style,
    systems_of,
    text,
)
from planner.report.limits import power_use
from planner.report.serving import UNSERVED, servers_of
from planner.scenario import Scenario
from planner.timeline import Timeline
from planner.units import MS_PER_S

PATTERNS = {"own": "", "rented": "/", "spot": "."}


def power_figure(plan: Plan, scenario: Scenario, timeline: Timeline) -> go.Figure | None:
    """MW provisioned by system against the cap, a panel for each site; None where there is no site."""
    sites = [site.name for site in scenario.sites]
    if not sites:
        return None
    figure = panels([f"{text(site.name)}, {site.cap_at} side of the meter" for site in scenario.sites], 240)
    known = systems_of(plan)
    caps = power_use(plan, scenario, timeline).frame()
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
                        marker={"color": colour_of(system, known), "line": EDGE},
                        hovertemplate="%{x}: %{y:.3f} MW<br>%{customdata} in service<extra>%{fullData.name}</extra>",
                        **of_future(plan, future),
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
    periods_below(figure, "period")
    return figure


def served_figures(plan: Plan, scenario: Scenario, timeline: Timeline) -> dict[str, go.Figure]:
    """Requests a second by period, stacked by supply, of each workload that is served anything."""
    frames = {future: flows.served_on_average(plan, scenario, timeline, future) for future in plan.futures}
    supplies = flows.supplies(list(frames.values()))
    found = {}
    for workload in scenario.workloads:
        mine = {future: frame[frame["workload"] == workload.name] for future, frame in frames.items()}
        if any(len(frame) for frame in mine.values()):
            unit = "weighted GPUs" if workload.kind == "gpu_hours" else "requests/s"
            figure = figure_of(230)
            figure.add_traces(list(_served(plan, mine, supplies, list(timeline.names[: timeline.reported]), unit)))
            figure.update_layout(
                barmode="stack",
                bargap=0.15,
                showlegend=False,
                title={"text": text(workload.name), "font": {"size": 14}, "x": 0, "xanchor": "left"},
            )
            figure.update_yaxes(title=unit, rangemode="tozero")
            periods_below(figure, "period")
            found[workload.name] = figure
    return found


def _served(
    plan: Plan, frames: dict[str, pd.DataFrame], supplies: Sequence[str], periods: Sequence[str], unit: str
) -> Iterator[go.Bar]:
    systems = systems_of(plan)
    apis = [name for name in supplies if name.startswith("token API")]
    for future, frame in frames.items():
        for supply in supplies:
            rows = frame[frame["supply"] == supply]
            if rows.empty:
                continue
            rate = dict(zip(rows["period"], rows["rate"], strict=True))
            yield go.Bar(
                name=text(supply),
                x=list(periods),
                y=[float(rate.get(period, 0.0)) for period in periods],
                marker={
                    "color": _supply_colour(supply, systems, apis),
                    "line": EDGE,
                    "pattern": pattern(_pattern_of(supply) or ("x" if supply in apis else "")),
                },
                hovertemplate="%{x}: %{y:,.4~g} " + unit + "<extra>%{fullData.name}</extra>",
                **of_future(plan, future),
            )


def served_legend(plan: Plan, scenario: Scenario, timeline: Timeline) -> tuple[tuple[str, str], ...]:
    """Name and colour of each system, token API and of what is not served; how GPUs are got is told by hatching."""
    supplies = flows.supplies([flows.served(plan, scenario, timeline, future) for future in plan.futures])
    systems = systems_of(plan)
    apis = [name for name in supplies if name.startswith("token API")]
    found = {}
    for supply in supplies:
        of_gpus = _pattern_of(supply) is not None
        found[supply.rpartition(" ")[0] if of_gpus else supply] = _supply_colour(supply, systems, apis)
    return tuple(sorted(found.items()))


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
    return colour_of(supply.rpartition(" ")[0], systems)


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
        rows=1,
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.04,
        subplot_titles=("first token", "each token after it"),
    )
    style(figure, 180 + ROW_PX * len(rows))
    first = [share.ttft_ms / MS_PER_S for *_, share in rows]
    each = [share.tpot_ms for *_, share in rows]
    axes = (
        ("seconds to the first token", "s", first, [workload.sla.ttft_s for workload, *_ in rows], "ttft"),
        ("milliseconds for each token after it", "ms", each, [workload.sla.tpot_ms for workload, *_ in rows], "tpot"),
    )
    for panel, (axis, unit, values, targets, which) in enumerate(axes, start=1):
        percentiles = [getattr(w.sla, f"{which}_percentile") for w, *_ in rows]
        known = [(label, limit, at) for label, limit, at in zip(labels, targets, percentiles, strict=True) if limit]
        marks = _marks(
            "target",
            [(limit, label) for label, limit, _ in known],
            panel,
            marker={"symbol": "line-ns", "size": 14, "line": {"width": 3, "color": RED}},
            customdata=[f"target p{at} ≤ {short(limit)} {unit}" for _, limit, at in known],
            hovertemplate="%{y}<br>%{customdata}<extra></extra>",
        )
        figure.add_trace(marks, row=1, col=panel)
        there = [(value, label) for label, value in zip(labels, values, strict=True) if value]
        marks = _marks(
            "slowest point",
            there,
            panel,
            marker={"symbol": "circle", "size": 10, "color": COLOURS[0], "line": EDGE},
            hovertemplate=f"%{{y}}<br>%{{x:.4~g}} {unit}<extra></extra>",
        )
        figure.add_trace(marks, row=1, col=panel)
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


def _marks(name: str, at: Sequence[tuple[float, str]], panel: int, **looks: Any) -> go.Scatter:
    """A mark for each (latency, label), named in the legend once."""
    return go.Scatter(
        name=name,
        legendgroup=name,
        showlegend=panel == 1,
        x=[float(value) for value, _ in at],
        y=[label for _, label in at],
        mode="markers",
        **looks,
    )
