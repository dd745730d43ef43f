"""Plots as SVG or PNG: the same bytes for the same figures, colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from planner.errors import InputError
from planner.report.files import check_file

# Okabe and Ito's palette.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#999999"
KINDS = (".svg", ".png")


def check_plot(path: Path | None) -> None:
    """Raises InputError where no plot could be written at ``path``."""
    if path is None:
        return
    if path.suffix not in KINDS:
        raise InputError(f"--plot {path}: the name has to end in .svg or .png; nearest: {path.with_suffix('.svg')}")
    check_file(path, "--plot")


def tornado(
    path: Path, title: str, names: Sequence[str], low: Sequence[float], high: Sequence[float], unit: str
) -> None:
    """Bars from zero to the effect of each input's low and high value, the longest on top."""
    figure, axes = _axes(len(names))
    places = list(range(len(names)))[::-1]
    axes.barh(places, low, color=BLUE, label="low")
    axes.barh(places, high, color=ORANGE, label="high", height=0.5)
    axes.set_yticks(places, names)
    axes.axvline(0.0, color="black", linewidth=0.8)
    axes.set_xlabel(unit)
    axes.set_title(title)
    axes.legend()
    _write(figure, path)


def waterfall(path: Path, title: str, names: Sequence[str], base: float, rises: Sequence[float], unit: str) -> None:
    """The first bar ``base`` from zero, each other one from ``base`` to its own height."""
    figure, axes = _axes(len(names))
    places = list(range(len(names)))[::-1]
    colours = [GREEN, *[BLUE if rise >= 0 else ORANGE for rise in rises]]
    axes.barh(places, [base, *rises], left=[0.0, *[base for _ in rises]], color=colours)
    axes.set_yticks(places, names)
    axes.axvline(base, color=GREY, linewidth=0.8)
    axes.set_xlabel(unit)
    axes.set_title(title)
    _write(figure, path)


def _axes(bars: int) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 1.2 + 0.4 * bars), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _write(figure: Any, path: Path) -> None:
    import matplotlib as mpl

    from planner.report.files import write_bytes

    # Texts as texts, ids from a fixed salt and no date: the same figures are the same file.
    held = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "token-factory-planner", "svg.fonttype": "none"}):
        kind = path.suffix.removeprefix(".")
        figure.savefig(held, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
    write_bytes(path, held.getvalue())
