"""Plots as files: SVG that is the same byte for byte every time, or PNG, in colours that the colour-blind can tell."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.errors import InputError
from planner.render.colours import COLOURS
from planner.render.files import check_file, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DASHES = ("-", "--", "-.", ":")
SUFFIXES = (".svg", ".png")
# A source below this share of the largest fleet would be a line.
LEAST_SHOWN = 0.005
_WAYS = ("own", "contract", "hourly")
_HATCHES = ("", "////", "....")
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "token-factory-planner",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Line:
    """One curve with its name."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def check_plot(path: Path | None, option: str = "--plot") -> None:
    """Raises InputError where no plot could be written at ``path``."""
    if path is None:
        return
    if path.suffix not in SUFFIXES:
        raise InputError(f"{option} {path}: name a file that ends with .svg or .png")
    check_file(path, option)


def write_plot(path: Path, draw: Callable[[Figure], None], size: tuple[float, float] = (7.0, 5.0)) -> None:
    """Write what ``draw`` puts on a figure of ``size`` inches, in the format that the file's name ends with."""
    write_bytes(path, drawn(draw, path.suffix.removeprefix("."), size))


def drawn(draw: Callable[[Figure], None], form: str, size: tuple[float, float] = (7.0, 5.0)) -> bytes:
    """The same as bytes; ``form`` is svg or png."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # The user's own matplotlibrc has no say, nor has the clock.
    with rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        made = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(made, format=form, metadata=metadata, dpi=150)
    return made.getvalue()


def line_and_mix(
    x: str, values: pd.Series[float], y: str, line: pd.Series[float], low: pd.Series[float], mix: pd.DataFrame
) -> Callable[[Figure], None]:
    """A line ``y`` over ``x`` with what is proven below it; the fleet's mean GPUs stacked underneath, where known.

    Values without a plan (NaN) leave a gap and a cross on the axis.
    """

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        above.plot(values, line, "o-", color=COLOURS[0], label="plan")
        if low.notna().any():
            above.fill_between(values, low, line, color=COLOURS[0], alpha=0.25, label="not ruled out by the proof")
        missing = values[line.isna()]
        if len(missing):
            at = np.zeros(len(missing))
            above.plot(missing, at, "x", color=COLOURS[3], label="no plan", transform=above.get_xaxis_transform())
        above.set_ylabel(y)
        above.legend(loc="best")
        if len(mix):
            _stack(below, mix[x], mix.drop(columns=x))
        below.set_ylabel("mean GPUs")
        below.set_xlabel(x)

    return draw


def _stack(axes: Any, x: pd.Series[float], sources: pd.DataFrame) -> None:
    """Areas on top of each other: a colour for each system, a hatch for how it is got, what is owned lowest."""
    enough = sources.max() >= LEAST_SHOWN * sources.sum(axis=1).max()
    names = sorted(
        (name for name in sources.columns if enough[name]), key=lambda name: (_WAYS.index(name.split(" ")[0]), name)
    )
    systems = sorted({name.split(" ", 1)[1] for name in names})
    colours = [COLOURS[systems.index(name.split(" ", 1)[1]) % len(COLOURS)] for name in names]
    areas = axes.stackplot(x, [sources[name] for name in names], labels=names, colors=colours)
    for area, name in zip(areas, names, strict=True):
        area.set_hatch(_HATCHES[_WAYS.index(name.split(" ")[0])])
        area.set_edgecolor("white")
        area.set_linewidth(0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, reverse=True)


def heat_map(rows: str, columns: str, cells: pd.DataFrame, what: str) -> Callable[[Figure], None]:
    """``cells`` (index: values of ``rows``, columns: values of ``columns``) as colours; a cross where there is none."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        shown = axes.pcolormesh(np.ma.masked_invalid(cells.to_numpy(dtype=float)), cmap="cividis", edgecolors="white")
        for row, values in enumerate(cells.to_numpy(dtype=float)):
            for column, value in enumerate(values):
                if math.isnan(value):
                    axes.text(column + 0.5, row + 0.5, "×", ha="center", va="center", color=COLOURS[3])
        axes.set_xticks(np.arange(len(cells.columns)) + 0.5, [f"{value:g}" for value in cells.columns], rotation=45)
        axes.set_yticks(np.arange(len(cells.index)) + 0.5, [f"{value:g}" for value in cells.index])
        axes.grid(visible=False)
        axes.set_xlabel(columns)
        axes.set_ylabel(rows)
        figure.colorbar(shown, label=f"{what}; × no plan")

    return draw


def curves(
    panels: Sequence[tuple[str, str, Sequence[Line]]], marks: Sequence[Sequence[float]]
) -> Callable[[Figure], None]:
    """Panels (x axis, y axis, lines) below each other, with thin upright lines at each panel's ``marks``."""

    def draw(figure: Figure) -> None:
        places = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
        for axes, (x, y, lines), at in zip(places, panels, marks, strict=True):
            for index, line in enumerate(lines):
                style = DASHES[index % len(DASHES)]
                axes.plot(line.x, line.y, style, color=COLOURS[index % len(COLOURS)], label=line.name)
            for mark in at:
                axes.axvline(mark, color="#999999", linewidth=0.8)
            axes.set_xlabel(x)
            axes.set_ylabel(y)
            axes.set_ylim(bottom=0)
            axes.legend(loc="best", fontsize=8)

    return draw
