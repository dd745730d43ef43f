"""Tables of the page: each figure as text, with its value and where in the result it stands."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from planner.frozen import dataclass
from planner.render.sheet import Sheet, plain
from planner.report.html.words import in_words

SHORT, LONGEST_WORD, SENTENCE = 12, 30, 120
# A table of as many rows is not torn by a page's end.
WHOLE = 8
# Of more columns each has to be narrow.
MANY = 16


@dataclass(frozen=True)
class Cell:
    """A text of the page; ``value`` is the figure behind it and ``figure`` says where the result holds that.

    ``figure`` is a path such as ``kpis.npv_usd`` or ``purchases.3.cost_usd``; or ``sum cashflow.usd?category=energy``,
    the sum of a table's field over the rows that match, each by its future's probability where the field is money;
    ``first`` is the field of the first such row; ``levelised`` is ``sum``, over the NPV, times the levelised cost;
    ``served`` is the rate of one supply, token APIs and what is unserved among them, or of all where none is named.
    Of the filters, ``category=cost`` is every cost (of money undiscounted: capex and opex), ``future`` admits rows that
    hold in all. ``scale`` is what one of the text's unit is, where the table's header names the unit; ``heat`` how far
    its shade goes, from 0 to 1.
    """

    text: str
    figure: str = ""
    value: float | None = None
    scale: float = 1.0
    right: bool = False
    link: str = ""
    heat: float | None = None

    @property
    def kind(self) -> str:
        """How the page breaks its lines: n, s for a number or short text never; w anywhere; l in a wide column."""
        if self.right:
            return "n"
        if len(self.text) <= SHORT:
            return "s"
        if max(map(len, self.text.split()), default=0) > LONGEST_WORD:
            return "w"
        return "l" if len(self.text) > SENTENCE else ""


@dataclass(frozen=True)
class Grid:
    """A table: ``caption`` says what it holds, ``sheet`` that it is the terminal's, ``long`` that it is for screens.

    ``heat`` says that its figures are shaded, from the least to the most, ``study`` that they are of a study beside the
    plan, not of its result.
    """

    caption: str
    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    sheet: bool = False
    long: bool = False
    heat: bool = False
    study: bool = False

    @property
    def looks(self) -> str:
        """Whether it should stand on one page of paper, is shaded, and has so many columns that they must be narrow."""
        looks = {"whole": len(self.rows) <= WHOLE, "heat": self.heat, "dense": len(self.columns) > MANY}
        return " ".join(name for name, there in looks.items() if there)


def words(text: object) -> Cell:
    """A cell of text."""
    return Cell(plain(str(text)))


def number(text: str, figure: str = "", value: float | None = None, scale: float = 1.0) -> Cell:
    """A cell of a figure, to the right."""
    return Cell(plain(text), figure, None if value is None else float(value), scale, right=True)


def heading(text: str, *, right: bool = False) -> Cell:
    """A column's header."""
    return Cell(plain(text), right=right)


def headings(*texts: str, numbers_from: int = 99) -> tuple[Cell, ...]:
    """Headers of columns, those of numbers to the right from position ``numbers_from`` on."""
    return tuple(heading(text, right=index >= numbers_from) for index, text in enumerate(texts))


def rows_where(op: str, table: str, field: str, **filters: str) -> str:
    """The path of a figure over the rows of a table that match ``filters``."""
    return f"{op} {table}.{field}?{urlencode(filters)}"


def of_sheet(sheet: Sheet) -> Grid:
    """A part of the terminal's report as a table, bars of # left out: the page draws them."""
    shown = [
        index
        for index, column in enumerate(sheet.columns)
        if column.header or not all(set(row[index]) <= {"#", "."} for row in sheet.rows)
    ]
    columns = tuple(heading(sheet.columns[index].header, right=sheet.columns[index].right) for index in shown)
    rows = tuple(
        tuple(Cell(plain(row[index]), right=sheet.columns[index].right) for index in shown) for row in sheet.rows
    )
    return Grid(plain(sheet.sentence), columns, rows, tuple(plain(note) for note in sheet.notes), sheet=True)


def worded(sheet: Sheet) -> Sheet:
    """A sheet of the terminal without names of fields."""
    columns = tuple(replace(column, header=in_words(column.header)) for column in sheet.columns)
    rows = tuple(tuple(in_words(cell) for cell in row) for row in sheet.rows)
    return Sheet(in_words(sheet.sentence), columns, rows, tuple(in_words(note) for note in sheet.notes))
