"""The plots of the page, as Plotly figures: units on the axes, colours and patterns that the colour-blind can tell.

Figures carry no theme: the page's script gives them the colours of light, dark or paper. Names are escaped, since
Plotly reads tags in any text.
"""

from planner.report.html.figures.capacity import latency_figure, power_figure, served_figures, served_legend
from planner.report.html.figures.money import comparison_figure, cost_figure, evidence_figure
from planner.report.html.figures.speeds import legend, speeds_figure
from planner.report.html.figures.steps import MOST_STEPS, timeline_figure
from planner.report.html.figures.style import as_json, systems_of

__all__ = [
    "MOST_STEPS", "as_json", "comparison_figure", "cost_figure", "evidence_figure", "latency_figure", "legend",
    "power_figure",
    "served_figures", "served_legend", "speeds_figure", "systems_of", "timeline_figure",
]  # fmt: skip
