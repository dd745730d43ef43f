"""Cost by category and period, its evidence, and options side by side."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from planner.kinds.cash import in_words
from planner.kinds.evidence import ORDER
from planner.plan import Plan
from planner.render.colours import COLOURS, SYSTEM_COLOURS
from planner.render.figures import money
from planner.report.html.figures.style import EDGE, figure_of, pattern, periods_below, text
from planner.report.verdict import option_name


def cost_figure(table: pd.DataFrame, unit: str, scale: float, hover: str) -> go.Figure:
    """Cost by category stacked over periods; ``table`` as of ``flows.cash``, shown in ``scale`` of its unit."""
    figure = figure_of(380)
    for index, category in enumerate(table.columns):
        figure.add_trace(
            go.Bar(
                name=text(in_words(str(category))),
                x=[str(period) for period in table.index],
                y=[float(value) / scale for value in table[category]],
                marker={
                    "color": SYSTEM_COLOURS[index % len(SYSTEM_COLOURS)],
                    "line": EDGE,
                    "pattern": pattern("/" if index >= len(SYSTEM_COLOURS) else ""),
                },
                hovertemplate=f"%{{x}}: {hover}<extra>%{{fullData.name}}</extra>",
            )
        )
    figure.update_layout(barmode="relative", bargap=0.15)
    figure.update_yaxes(title=unit)
    periods_below(figure, "period")
    return figure


def evidence_figure(plan: Plan) -> go.Figure:
    """Shares of output tokens and of NPV cost by evidence class."""
    shares = plan.kpis["evidence_share"]
    figure = figure_of(230)
    for index, name in enumerate((*ORDER, "scenario")):
        values = [float(shares[of].get(name, 0.0)) for of in ("tokens", "cost")]
        if any(values):
            figure.add_trace(
                go.Bar(
                    name=name,
                    orientation="h",
                    y=["output tokens", "NPV cost"],
                    x=[100 * value for value in values],
                    marker={"color": SYSTEM_COLOURS[index % len(SYSTEM_COLOURS)], "line": EDGE},
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
    figure = figure_of(120 + 34 * len(rows))
    names = [text(option_name(row).rstrip(",") if index else "this plan") for index, row in enumerate(rows)]
    there = [(name, row) for name, row in zip(names, rows, strict=True) if not pd.isna(row["npv_usd"])]
    figure.add_trace(
        go.Bar(
            name="NPV of all cost",
            orientation="h",
            y=[name for name, _ in there],
            x=[float(row["npv_usd"]) / scale for _, row in there],
            marker={"color": COLOURS[0], "line": EDGE},
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
