"""Bars to the right and left of a line: what inputs do to one figure, what options cost, how far decisions may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from planner.frozen import dataclass
from planner.render.colours import GREY, PALETTE, RED
from planner.render.placing import INK, SMALL, Ends, Later
from planner.render.plots import Picture, figures_on, legend_in, with_legend, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE = PALETTE[:2]
NAME_LETTERS = 24
BAR_LETTERS = 24
LINE_IN = 0.15
# Room for the title, the axis and its label.
FRAME_IN = 1.25


@dataclass(frozen=True)
class Bar:
    """One of the bars of an input: how far it goes, None where it has none, what stands beside it, and its colour."""

    length: float | None
    text: str
    colour: str = BLUE


def tornado(
    title: str, across: str, rows: Sequence[tuple[str, Sequence[Bar]]], note: str = "", *, letters: int = BAR_LETTERS
) -> Picture:
    """For each input bars from zero, such as of its low and its high value, with what each comes to beside it.

    Two that go apart are one bar to the eye; any others share the row without covering each other. The texts have
    lines of at most so many ``letters``.
    """
    rows = [(name, [replace(bar, text=wrapped(bar.text, letters)) for bar in bars]) for name, bars in rows]
    lanes = max([sum(_lines(lane) for lane in _lanes(bars)) for _, bars in rows], default=1)

    def draw(figure: Figure) -> Iterable[Later]:
        axes = _rows(figure, [name for name, _ in rows], across)
        for place, (_, bars) in enumerate(rows):
            shared = _lanes(bars)
            for index, lane in enumerate(shared):
                middle = place + 0.78 * ((index + 0.5) / len(shared) - 0.5)
                for bar in lane:
                    axes.barh([middle], [bar.length or 0.0], color=bar.colour, height=min(0.6, 0.68 / len(shared)))
                    _beside(axes, middle, bar.length or 0.0, bar.text, RED if bar.length is None else INK)
        axes.axvline(0.0, color=INK, linewidth=0.8)
        yield Ends(axes)

    return Picture(title, draw, _height([name for name, _ in rows], 0.06 + LINE_IN * lanes), note)


def _lines(bars: Sequence[Bar]) -> int:
    return max(bar.text.count("\n") + 1 for bar in bars)


def _lanes(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Bars that may lie in one line, from the top of a row down."""
    if len(bars) == 2 and all(bar.length is not None for bar in bars):
        (one, other) = (bar.length or 0.0 for bar in bars)
        if one * other < 0:
            return [list(bars)]
    return [[bar] for bar in bars]


def _beside(axes: Axes, place: float, end: float, text: str, colour: str = INK, away: float = 4.0) -> None:
    side = "right" if end < 0 else "left"
    axes.annotate(
        text, (end, place), xytext=(-away if end < 0 else away, 0), textcoords="offset points", ha=side, va="center",
        fontsize=SMALL, color=colour, annotation_clip=False,
    )  # fmt: skip


def waterfall(
    title: str, across: str, base: tuple[str, float, str], rises: Sequence[tuple[str, float, str]], note: str = ""
) -> Picture:
    """The first bar from zero, each other one from its end on; name, length and text of each."""

    def draw(figure: Figure) -> Iterable[Later]:
        axes = _rows(figure, [base[0], *(name for name, _, _ in rises)], across)
        axes.barh([0], [base[1]], color=GREY, height=0.6)
        _beside(axes, 0, base[1], base[2])
        for place, (_, rise, text) in enumerate(rises, start=1):
            axes.barh([place], [rise], left=base[1], color=ORANGE if rise >= 0 else BLUE, height=0.6)
            _beside(axes, place, base[1] + max(rise, 0.0), text)
        axes.axvline(base[1], color=GREY, linewidth=0.8)
        yield Ends(axes)

    return Picture(title, draw, _height([base[0], *(name for name, _, _ in rises)]), note)


@dataclass(frozen=True)
class Stack:
    """A row of parts by name, negative ones to the left of zero, and what its end says; no parts: only that."""

    name: str
    parts: Mapping[str, float]
    text: str


def stacked(title: str, across: str, rows: Sequence[Stack], colours: Mapping[str, str], note: str = "") -> Picture:
    """Rows of parts laid end to end, a colour for each, and a mark where the parts come to."""
    rows = [replace(row, text=wrapped(row.text, BAR_LETTERS)) for row in rows]
    lines = max((row.text.count("\n") + 1 for row in rows), default=1)
    shown = [part for part in colours if any(abs(row.parts.get(part, 0.0)) > 0 for row in rows)]

    def draw(figure: Figure) -> Iterable[Later]:
        axes = _rows(figure, [row.name for row in rows], across, {part: colours[part] for part in shown})
        for place, row in enumerate(rows):
            ends = {True: 0.0, False: 0.0}
            for part in shown:
                length = row.parts.get(part, 0.0)
                axes.barh(
                    [place], [length], left=ends[length >= 0], color=colours[part], height=0.6, edgecolor="white",
                    linewidth=0.5,
                )  # fmt: skip
                ends[length >= 0] += length
            if row.parts:
                axes.plot([sum(row.parts.values())], [place], "D", color=INK, markersize=4)
            _beside(axes, place, ends[True], row.text, INK if row.parts else RED, away=8.0)
        axes.axvline(0.0, color=INK, linewidth=0.8)
        yield Ends(axes)

    height = legend_in(shown) + _height([row.name for row in rows], max(0.2, LINE_IN * lines))
    return Picture(title, draw, height, note)


@dataclass(frozen=True)
class Span:
    """A row from ``least`` to ``most`` with a mark at ``best``; what is below ``least`` is sure."""

    name: str
    least: float
    best: float
    most: float
    colour: str
    text: str


def spans(title: str, across: str, rows: Sequence[Span], note: str = "") -> Picture:
    """A thick bar up to each row's least, a thin one from there to its most, and a diamond at the best plan's."""

    def draw(figure: Figure) -> Iterable[Later]:
        axes = _rows(figure, [row.name for row in rows], across)
        for place, row in enumerate(rows):
            axes.barh([place], [row.least], color=row.colour, height=0.5)
            axes.barh([place], [row.most - row.least], left=row.least, color=row.colour, height=0.16, alpha=0.55)
            axes.plot([row.best], [place], "D", color=INK, markersize=5, zorder=4, clip_on=False)
            _beside(axes, place, max(row.most, row.best), row.text, away=8.0)
        axes.set_xlim(left=0.0)
        yield Ends(axes)

    return Picture(title, draw, _height([row.name for row in rows]), note)


def _height(names: Sequence[str], bars_in: float = 0.2) -> float:
    """Of a picture with these rows, in inches."""
    lines = max((1 + wrapped(name, NAME_LETTERS).count("\n") for name in names), default=1)
    return FRAME_IN + (0.13 + max(LINE_IN * lines, bars_in)) * len(names)


def _rows(figure: Figure, names: Sequence[str], across: str, legend: Mapping[str, str] | None = None) -> Axes:
    """Axes with a row for each name, the first on top, below a legend of colours by name where there is one."""
    axes: Axes
    if legend:
        axes = with_legend(figure, list(legend), lambda axes: [axes.barh([0], [0], color=c) for c in legend.values()])
    else:
        axes = figure.subplots()
    axes.set_yticks(range(len(names)), [wrapped(name, NAME_LETTERS) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(across)
    figures_on(axes.xaxis, most=6)
    return axes
