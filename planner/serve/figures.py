"""Power by period beside the scenario as it is."""

from __future__ import annotations

import pickle

import pandas as pd
import plotly.graph_objects as go

from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.render.colours import COLOURS, GREY, RED
from planner.report.html.figures.style import panels, periods_below, text
from planner.report.limits import power_use
from planner.report.view import timeline_of
from planner.scenario import Scenario
from planner.serve.values import Question

ROOM_PX = 200


def power_beside(question: Question, plan: Plan) -> go.Figure | None:
    """MW by period at each site, before and now, each against its cap; None where there is no site."""
    names = [site.name for site in question.scenario.sites]
    if not names:
        return None
    figure = panels([f"{text(name)}: power by period" for name in names], ROOM_PX)
    sides = (
        ("as it is", pickle.loads(question.before.plan), question.base, GREY, "dot"),
        ("as asked", plan, question.scenario, COLOURS[0], "solid"),
    )
    for label, made, scenario, colour, dash in sides:
        rows = _rows(made, scenario)
        for panel, name in enumerate(names, start=1):
            mine = rows[rows["site"] == name]
            if mine.empty:
                continue
            for what, column, line in (
                (f"{label}, MW", "used_mw", {"color": colour, "width": 2.5, "dash": dash}),
                (f"cap {label}", "cap_mw", {"color": RED, "width": 1.5, "dash": dash}),
            ):
                trace = go.Scatter(
                    name=what,
                    legendgroup=what,
                    showlegend=panel == 1,
                    x=list(mine["period"]),
                    y=[float(value) for value in mine[column]],
                    mode="lines",
                    line=line | {"shape": "hvh"},
                    hovertemplate=f"%{{x}}: %{{y:.3f}} MW<extra>{what}</extra>",
                )
                figure.add_trace(trace, row=panel, col=1)
    figure.update_yaxes(title="MW", rangemode="tozero")
    periods_below(figure, "period")
    return figure


def _rows(plan: Plan, scenario: Scenario) -> pd.DataFrame:
    return power_use(plan, scenario, timeline_of(scenario, catalog_of(scenario))).frame()
