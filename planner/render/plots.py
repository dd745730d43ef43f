"""Plots as files: SVG that is the same byte for byte every time, or PNG, by the same rules for all studies.

A plot has a sentence that says what was found, axes in words with units, figures without powers of ten, and texts that
cover no other: those beside points and lines are placed once everything else has its room.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.errors import InputError
from planner.frozen import dataclass
from planner.render.colours import GREY
from planner.render.figures import DOLLARS, MILLIONS, THOUSANDS, Unit, short
from planner.render.files import check_file, write_bytes
from planner.render.placing import INK, SMALL, Later, settle
from planner.render.sheet import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png")
# On a screen of 400 pixels the smallest letters, of 8.5 points, are still 8.5 pixels high.
WIDTH_IN = 5.6
TITLE_LETTERS = 60
NOTE_LETTERS = 84
LEGEND_COLUMNS = 3
# Stands for a blank that no line ends at.
KEPT = "\N{NO-BREAK SPACE}"
# What ticks of a linear axis may be apart, by powers of ten.
STEPS = (1, 2, 2.5, 5, 10)
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "token-factory-planner",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    # A dollar is a dollar.
    "text.parse_math": False,
}


@dataclass(frozen=True)
class Picture:
    """A plot: a sentence as its title, what draws it, its height, and a line below it in small letters.

    ``draw`` hands back what is placed once the rest of the figure has its room.
    """

    title: str
    draw: Callable[[Figure], Iterable[Later]]
    height_in: float = 4.4
    note: str = ""


def check_plot(path: Path | None, option: str = "--plot") -> None:
    """Raises InputError where no plot could be written at ``path``."""
    if path is None:
        return
    if path.suffix not in SUFFIXES:
        raise InputError(f"{option} {path}: name a file that ends with .svg or .png")
    check_file(path, option)


def write_plot(path: Path, picture: Picture) -> None:
    """Write a picture in the format that the file's name ends with."""
    write_bytes(path, drawn(picture, path.suffix.removeprefix(".")))


def drawn(picture: Picture, form: str) -> bytes:
    """The same as bytes; ``form`` is svg or png."""
    from matplotlib import rc_context

    # The user's own matplotlibrc has no say, nor has the clock.
    with rc_context(_STYLE):
        figure = figure_of(picture)
        made = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(made, format=form, metadata=metadata, dpi=200)
    return made.getvalue()


def figure_of(picture: Picture) -> Figure:
    """A picture as a figure, everything in its place."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        title, note = wrapped(picture.title, TITLE_LETTERS), wrapped(picture.note, NOTE_LETTERS)
        rows = 0.16 * title.count("\n") + 0.14 * note.count("\n")
        figure = Figure(figsize=(WIDTH_IN, picture.height_in + rows), layout="constrained")
        figure.suptitle(title, x=0.015, ha="left", fontsize=10.5, fontweight="bold")
        if note:
            figure.supxlabel(note, x=0.015, ha="left", fontsize=SMALL, color="#555555")
        later = list(picture.draw(figure))
        settle(figure, later)
    return figure


def wrapped(words: str, letters: int) -> str:
    """Words in lines of at most so many letters, without those that cannot be printed."""
    # What belongs to a figure stays in its line.
    kept = re.sub(r"(?<=\d) (?=(?:[%×]|[kM]|MW|ms|months?|GPUs|tokens/s)(?!\w))|(?<=×) (?=\d)", KEPT, plain(words))
    return textwrap.fill(kept, letters, break_on_hyphens=False).replace(KEPT, " ")


def head(axes: Axes, sentence: str) -> None:
    """A sentence over a panel below the first, like the picture's own."""
    axes.set_title(wrapped(sentence, TITLE_LETTERS - 4), loc="left", fontsize=9.5, fontweight="bold")


def with_legend(figure: Figure, names: Sequence[str], handles: Callable[[Axes], Sequence[Any]]) -> Any:
    """Axes below a legend that begins where the title does; its height is that of ``legend_in``."""
    from matplotlib.transforms import blended_transform_factory

    above = legend_in(names)
    size = figure.get_size_inches()[1]
    top, axes = figure.subplots(2, 1, height_ratios=(above, size - above - 1.0))
    top.axis("off")
    places = blended_transform_factory(figure.transFigure, top.transAxes)
    legend = top.legend(
        handles(axes), names, loc="upper left", bbox_to_anchor=(0.012, 1.0), bbox_transform=places,
        ncols=LEGEND_COLUMNS, fontsize=SMALL, handlelength=1.2, borderaxespad=0.0, columnspacing=1.2,
    )  # fmt: skip
    legend.set_in_layout(False)
    return axes


def legend_in(names: Sequence[str]) -> float:
    """Inches that a legend of these names is high."""
    return 0.1 + 0.18 * -(-len(names) // LEGEND_COLUMNS)


def dollars(usd: Iterable[float]) -> Unit:
    """The unit of an axis of dollars: that in which ``money`` says the largest of these."""
    largest = max((abs(amount) for amount in usd if np.isfinite(amount)), default=0.0)
    return MILLIONS if largest >= MILLIONS.usd else THOUSANDS if largest >= 10 * THOUSANDS.usd else DOLLARS


def figures_on(axis: Axis, *, most: int = 7, text: Callable[[float], str] = short) -> None:
    """Ticks of a linear axis as plain figures."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=most, steps=STEPS))
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))


def log_figures_on(axes: Axes, which: str, low: float, high: float) -> None:
    """Make one axis (x or y) logarithmic from ``low`` to ``high``, with ticks that say their figures, three or more."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set(**{f"{which}scale": "log", f"{which}lim": (low, high)})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(list(log_ticks(low, high))))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """From three to nine round figures between ``low`` and ``high``, however near or far they are.

    >>> log_ticks(22, 40), log_ticks(1, 300)
    ((25.0, 30.0, 35.0, 40.0), (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0))
    """
    from matplotlib.ticker import MaxNLocator

    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    found: list[float] = []
    for leading in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        found = [float(f"{one}e{power}") for power in powers for one in leading]
        found = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(found) <= 9:
            break
    if len(found) >= 3:
        return tuple(found)
    between = MaxNLocator(nbins=6, steps=STEPS).tick_values(low, high)
    return tuple(float(value) for value in between if low <= value <= high)
