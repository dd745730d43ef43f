"""What the page is made of: sections of tables and plots, and what is told beside the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.frozen import dataclass
from planner.render.sheet import Sheet
from planner.report.html.cells import Cell, Grid
from planner.report.speeds import Speeds
from planner.report.verdict import Ground

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Simulated:
    """A plan's replicas under requests: the sentence of page one, tables, and a picture as SVG with what it says."""

    sentence: str
    sheets: Sequence[Sheet]
    picture: bytes
    about: str


@dataclass(frozen=True)
class Beside:
    """What is told beside a plan: lines of the headline, further sheets, the comparison's table and its sheets.

    ``meanings`` say what each option leaves, ``uncompared`` why there is no comparison where there is none.
    ``grounds`` are the assumptions that the plan stands on, ``speeds`` what tokens cost at each speed,
    ``simulated`` what requests see; None where nobody looked.
    """

    lines: Sequence[tuple[str, str]] = ()
    sheets: Sequence[Sheet] = ()
    options: pd.DataFrame | None = None
    compared: Sequence[Sheet] = ()
    meanings: Sequence[tuple[str, str]] = ()
    uncompared: str = ""
    grounds: Sequence[Ground] | None = None
    speeds: Speeds | None = None
    simulated: Simulated | None = None


NOTHING = Beside()


@dataclass(frozen=True)
class Plot:
    """A plot with its place on the page, what it shows in a sentence, and the table of the same figures.

    Of ``half`` ones two stand side by side where there is room; ``screen`` ones are not printed: a table says the same;
    ``broad`` ones are never pressed: on a narrow screen they scroll. ``paper`` is what of its height one keeps there, 0
    for what most keep.
    """

    name: str
    about: str
    figure: go.Figure
    grids: tuple[Grid, ...] = ()
    half: bool = False
    screen: bool = False
    broad: bool = False
    paper: float = 0.0


@dataclass(frozen=True)
class View:
    """One of several ways to see a section's plots, chosen by a button."""

    name: str
    label: str
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class Section:
    """A part of the page, itself to be opened: tiles, tables, plots, and tables to be opened in it.

    ``tops`` are tables above the plots, ``legend`` the names and colours that all of those share.
    ``image`` is a picture that is none of Plotly's: its address, which holds all of it, and what it shows.
    """

    name: str
    title: str
    words: tuple[str, ...] = ()
    tops: tuple[Grid, ...] = ()
    grids: tuple[Grid, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    plots: tuple[Plot, ...] = ()
    views: tuple[View, ...] = ()
    folded: tuple[Grid, ...] = field(default=())
    tiles: tuple[tuple[str, Cell, tuple[Cell, ...]], ...] = ()
    image: tuple[str, str] | None = None


def one_plot(name: str, about: str, figure: go.Figure | None, *grids: Grid, **how: Any) -> tuple[Plot, ...]:
    """One plot, or none where there is nothing to draw; ``how`` are fields of it."""
    return () if figure is None else (Plot(name, about, figure, grids, **how),)
