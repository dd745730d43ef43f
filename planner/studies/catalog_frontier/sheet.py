"""The points of a model that nothing beats, on a terminal and as an SVG figure, the same bytes every time."""

from __future__ import annotations

import io
from typing import Any

from planner.render.figures import short
from planner.render.sheet import Sheet, left, right
from planner.studies.catalog_frontier.study import SpeedFrontier, user_tok_s
from planner.units import s_from_ms

# Okabe and Ito, then Tol: told apart with any colour vision, and each with its own marker.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000", "#882255", "#999933", "#888888")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")


def speed_frontier_sheet(found: SpeedFrontier) -> Sheet:
    """The points of the frontier of each system."""
    files = sorted({point.file for series in found.series for point in series.points})
    several = len(set(found.makers.values())) > 1
    rows, maker = [], ""
    for system, points in found.best.items():
        for index, point in enumerate(points):
            # One maker is named in no column, and of several each at its first system.
            first = found.makers[system] if index == 0 and found.makers[system] != maker else ""
            maker = first or maker
            rows.append(
                (
                    *((first,) if several else ()),
                    system if index == 0 else "",
                    short(user_tok_s(point)),
                    short(point.output_tok_s_per_gpu),
                    "-" if point.ttft_ms is None else short(s_from_ms(point.ttft_ms), 3),
                    point.precision,
                    point.mode,
                    point.spec_decode,
                    point.evidence,
                    str(point.line) if len(files) == 1 else f"{point.file}:{point.line}",
                )
            )
    count = sum(len(series.points) for series in found.series)
    return Sheet(
        f"{found.model} at {found.shape}: points that no other of their system beats",
        (
            *((left("maker"),) if several else ()),
            left("system"),
            right("tok/s/user"),
            right("out tok/s/GPU"),
            right("TTFT s"),
            left(""),
            left("mode"),
            left("spec"),
            left("evidence"),
            left("line"),
        ),
        tuple(rows),
        (f"{len(rows)} of {count} points in {len(found.series)} series; lines of {', '.join(files)}.",),
    )


def svg(found: SpeedFrontier) -> str:
    """A thin line per series, filled points where nothing of the system is better, a colour per system."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    settings: dict[Any, Any] = {
        "svg.hashsalt": "token-factory-planner",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=(8, 5), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        looks = {system: index % len(COLOURS) for index, system in enumerate(found.best)}
        for series in found.series:
            look = looks[series.system]
            axes.plot(
                [user_tok_s(point) for point in series.points],
                [point.output_tok_s_per_gpu for point in series.points],
                color=COLOURS[look],
                marker=MARKERS[look],
                markersize=3,
                markerfacecolor="white",
                linewidth=0.6,
                alpha=0.5,
            )
        for system, points in found.best.items():
            look = looks[system]
            axes.plot(
                [user_tok_s(point) for point in points],
                [point.output_tok_s_per_gpu for point in points],
                color=COLOURS[look],
                marker=MARKERS[look],
                markersize=6,
                linestyle="none",
                label=system,
            )
        axes.set_xlabel("tokens/s per user (1000 / TPOT in ms)")
        axes.set_ylabel("output tokens/s per GPU, all deployed GPUs")
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter(NullFormatter())
        axes.set_title(f"{found.model} at {found.shape}; filled: no point of the system is better in both")
        axes.grid(visible=True, which="both", linewidth=0.3, alpha=0.5)
        axes.legend(frameon=False)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
