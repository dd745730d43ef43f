"""Bars as plots: what each of several inputs does to one figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.render.colours import COLOURS
from planner.render.plots import write_plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = COLOURS[:3]
GREY = "#999999"


def tornado(
    path: Path, title: str, names: Sequence[str], low: Sequence[float], high: Sequence[float], unit: str
) -> None:
    """Bars from zero to the effect of each input's low and high value, the longest on top."""
    places = list(range(len(names)))[::-1]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.barh(places, low, color=BLUE, label="low")
        axes.barh(places, high, color=ORANGE, label="high", height=0.5)
        axes.set_yticks(places, names)
        axes.axvline(0.0, color="black", linewidth=0.8)
        axes.set_xlabel(unit)
        axes.set_title(title)
        axes.legend()

    write_plot(path, draw, _size(len(names)))


def waterfall(path: Path, title: str, names: Sequence[str], base: float, rises: Sequence[float], unit: str) -> None:
    """The first bar ``base`` from zero, each other one from ``base`` to its own height."""
    places = list(range(len(names)))[::-1]
    colours = [GREEN, *[BLUE if rise >= 0 else ORANGE for rise in rises]]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.barh(places, [base, *rises], left=[0.0, *[base for _ in rises]], color=colours)
        axes.set_yticks(places, names)
        axes.axvline(base, color=GREY, linewidth=0.8)
        axes.set_xlabel(unit)
        axes.set_title(title)

    write_plot(path, draw, _size(len(names)))


def _size(bars: int) -> tuple[float, float]:
    return 9.0, 1.2 + 0.4 * bars
