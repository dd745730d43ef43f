"""Lines, areas, points and cells: one figure along one or two others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.frozen import dataclass
from planner.render.colours import RED
from planner.render.figures import digits, short
from planner.render.placing import INK, SMALL, Later, Mark, Side
from planner.render.plots import Picture, figures_on, head, legend_in, log_figures_on, with_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
HATCHES = ("", "////", "....")
# With more columns or rows a cell has no room for its figure.
MOST_CELLS = (11, 24)
# Dots closer than this share of both axes are one to the eye.
NEAR = 0.035
Point = tuple[float, float, str]


@dataclass(frozen=True)
class Line:
    """One curve with its name and colour."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str


@dataclass(frozen=True)
class Panel:
    """Curves over one axis, each named at its right end, and points with what they say; ``sentence`` stands over it.

    ``limit`` is an upright line of its own with its name; the axis goes to ``right``, and to ``top`` at least.
    """

    sentence: str
    x: str
    y: str
    lines: Sequence[Line]
    points: Sequence[Point] = ()
    limit: tuple[float, str] | None = None
    right: float | None = None
    top: float | None = None


@dataclass(frozen=True)
class Area:
    """One layer of a stack; the ``hatch`` is an index of ``HATCHES``."""

    name: str
    y: Sequence[float]
    colour: str
    hatch: int = 0


def curves(title: str, panels: Sequence[Panel], note: str = "") -> Picture:
    """Panels below each other; the first one's sentence is the picture's."""

    def draw(figure: Figure) -> Iterable[Later]:
        places = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
        for axes, panel in zip(places, panels, strict=True):
            if panel.sentence:
                head(axes, panel.sentence)
            for index, line in enumerate(panel.lines):
                axes.plot(line.x, line.y, DASHES[index % len(DASHES)], color=line.colour, linewidth=1.8)
            axes.set_xlabel(panel.x)
            axes.set_ylabel(panel.y)
            axes.set_ylim(bottom=0)
            if panel.right is not None:
                axes.set_xlim(0, panel.right)
            if panel.top is not None:
                axes.set_ylim(top=panel.top)
            figures_on(axes.xaxis)
            figures_on(axes.yaxis, most=6)
            yield Side(axes, [(line.y[-1], line.name, line.colour) for line in panel.lines])
            if panel.limit is not None:
                axes.axvline(panel.limit[0], color=RED, linewidth=1.2, linestyle=":")
                yield Mark(axes, panel.limit[0], 0.0, panel.limit[1], RED)
            yield from _points(axes, panel.points)

    return Picture(title, draw, 0.5 + 2.6 * len(panels), note)


def _points(axes: Axes, points: Sequence[Point]) -> Iterable[Later]:
    """Dots with what they say; of those that nearly cover each other the first says what all do."""
    said: list[tuple[float, float, list[str]]] = []
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for x, y, text in sorted(points):
        axes.plot([x], [y], "o", color=INK, markersize=4, zorder=5, clip_on=False)
        for at, up, texts in said:
            if abs(x - at) < NEAR * (right - left) and abs(y - up) < NEAR * (high - low):
                texts.extend([text] if text not in texts else [])
                break
        else:
            said.append((x, y, [text]))
    for x, y, texts in said:
        yield Mark(axes, x, y, ", ".join(texts))


def line_over_areas(
    title: str,
    x: tuple[str, Sequence[float]],
    line: tuple[str, Sequence[float], Sequence[float]],
    areas: tuple[str, Sequence[float], Sequence[Area]],
    points: Sequence[Point] = (),
    note: str = "",
) -> Picture:
    """A line with what is proven below it, and areas stacked underneath over the same axis.

    ``x``, ``line`` and ``areas`` begin with their axis' label; ``line`` has its values and those proven below, the
    areas their own x. Values without a line (NaN) leave a gap and a red cross on the axis.
    """

    def draw(figure: Figure) -> Iterable[Later]:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        at, high, low = (np.asarray(values, dtype=float) for values in (x[1], line[1], line[2]))
        above.plot(at, high, "o-", color=INK, linewidth=1.8, markersize=4, clip_on=False)
        if np.isfinite(low).any():
            above.fill_between(at, low, high, color=INK, alpha=0.2, linewidth=0)
        above.margins(y=0.18)
        missing = at[np.isnan(high)]
        if len(missing):
            above.plot(
                missing, 0.03 + 0 * missing, "x", color=RED, transform=above.get_xaxis_transform(), clip_on=False
            )
        above.set_ylabel(line[0])
        below.set_ylabel(areas[0])
        below.set_xlabel(x[0])
        for axis in (above.yaxis, below.yaxis):
            figures_on(axis, most=5)
        figures_on(below.xaxis)
        above.tick_params(axis="x", labelbottom=False)
        if np.isnan(high).all():
            for axes in (above, below):
                axes.set_yticks([])
            above.text(0.5, 0.5, "no plan", color=RED, ha="center", transform=above.transAxes)
        above.set_xlim(at.min(), at.max())
        yield Side(below, _stack(below, areas[1], areas[2]))
        yield from _points(above, points)

    return Picture(title, draw, 5.0, note)


def _stack(axes: Any, x: Sequence[float], areas: Sequence[Area]) -> list[tuple[float, str, str]]:
    """Areas on top of each other, each with the height of its right end's middle, its name and colour."""
    if not areas:
        return []
    layers = axes.stackplot(x, [area.y for area in areas], colors=[area.colour for area in areas])
    for layer, area in zip(layers, areas, strict=True):
        layer.set(hatch=HATCHES[area.hatch], edgecolor="white", linewidth=0.3)
    ends = np.cumsum([0.0, *(area.y[-1] for area in areas)])
    middles = (ends[1:] + ends[:-1]) / 2
    return [(float(y), area.name, area.colour) for y, area in zip(middles, areas, strict=True)]


def heat_map(title: str, rows: str, columns: str, cells: pd.DataFrame, what: str) -> Picture:
    """``cells`` (index: values of ``rows``, columns: values of ``columns``) as colours and figures; × for none."""
    values = cells.to_numpy(dtype=float)
    told = values.shape[0] <= MOST_CELLS[1] and values.shape[1] <= MOST_CELLS[0]

    def draw(figure: Figure) -> Iterable[Later]:
        axes = figure.subplots()
        shown = axes.pcolormesh(np.ma.masked_invalid(values), cmap="cividis", edgecolors="white")
        low, high = shown.get_clim()
        # What differs in its last bits only has one colour.
        shown.set_clim(low, high := max(high, low + 0.01 * abs(low)))
        for (row, column), value in np.ndenumerate(values):
            at: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": SMALL}
            if math.isnan(value):
                axes.plot([column + 0.5], [row + 0.5], "x", color=RED, markersize=4)
            elif told:
                dark = high > low and (value - low) / (high - low) < 0.55
                axes.text(column + 0.5, row + 0.5, digits(value), color="white" if dark else "black", **at)
        for axis, names in ((axes.xaxis, cells.columns), (axes.yaxis, cells.index)):
            every = -(-len(names) // (10 if axis is axes.xaxis else 20))
            axis.set_ticks(np.arange(0, len(names), every) + 0.5, [short(float(name)) for name in names[::every]])
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set_xlabel(columns)
        axes.set_ylabel(rows)
        if not told:
            bar = figure.colorbar(shown, label=what)
            figures_on(bar.ax.yaxis)
        return ()

    note = f"{'In each cell' if told else 'Colours'}: {what}.{' ×: no plan.' if np.isnan(values).any() else ''}"
    height = 1.4 + (0.3 * values.shape[0] if told else 3.0)
    return Picture(title, draw, max(height, 2.6), note)


@dataclass(frozen=True)
class Cloud:
    """Thin lines through all points of a thing, and large marks at its best, ``joined`` by a thick one or not."""

    name: str
    colour: str
    series: Sequence[tuple[Sequence[float], Sequence[float]]]
    best: tuple[Sequence[float], Sequence[float]]
    joined: bool = True


def clouds(
    title: str, x: str, y: str, things: Sequence[Cloud], note: str = "", factors: Sequence[float] = ()
) -> Picture:
    """One figure against another, both logarithmic, in a colour and with a mark for each thing.

    Thin lines run where the second is each of ``factors`` times the first.
    """

    def mark(index: int) -> dict[str, Any]:
        return {"marker": MARKERS[index % len(MARKERS)], "color": things[index].colour}

    def draw(figure: Figure) -> Iterable[Later]:
        names = [thing.name for thing in things]
        axes = with_legend(
            figure, names, lambda axes: [axes.plot([], [], ls="none", **mark(i))[0] for i in range(len(names))]
        )
        for index, thing in enumerate(things):
            for across, up in thing.series:
                axes.plot(across, up, markersize=2.5, mfc="white", lw=0.5, alpha=0.3, **mark(index))
            look = {"ms": 6, "lw": 1.4} if thing.joined else {"ms": 4, "ls": "none"}
            axes.plot(*thing.best, **look, **mark(index))
        for which, place in (("x", 0), ("y", 1)):
            found = [value for thing in things for one in (*thing.series, thing.best) for value in one[place]]
            log_figures_on(axes, which, min(found) / 1.15, max(found) * 1.15)
        for factor in factors:
            ends = axes.get_xlim()
            axes.plot(ends, [factor * end for end in ends], color=INK, lw=0.8, ls="-" if factor == 1 else ":", zorder=1)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        return ()

    return Picture(title, draw, 4.2 + legend_in([thing.name for thing in things]), note)
