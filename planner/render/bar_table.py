"""A picture of bars that is a table as well: what each is, its figure in words, and a bar beside it."""

from __future__ import annotations

from planner.frozen import dataclass

PLAN_COLOUR, OTHER_COLOUR = "#0072B2", "#8c8c8c"


@dataclass(frozen=True)
class Bar:
    """A row of a picture: what it is, its figure in words, how much of the room its bar takes, and its colour."""

    name: str
    text: str
    share: float
    colour: str = PLAN_COLOUR


@dataclass(frozen=True)
class Bars:
    """A picture that is a table as well: a title that says what it shows, headers, rows, and what stands below."""

    title: str
    heads: tuple[str, str]
    rows: tuple[Bar, ...]
    note: str = ""
