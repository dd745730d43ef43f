"""Columns of a sheet stand as a table of Rich's would, whatever they hold; that one takes three times as long."""

from __future__ import annotations

import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from planner.render import sheet
from planner.render.console import console_on
from planner.render.sheet import Column, Marked, Sheet

LINES = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
WORDS = [
    "a",
    "hall",
    "hgx-h200",
    "12 GPUs",
    "3 %",
    "`plan compare x`",
    "日本",
    "ü-long-word" * 3,
    "ü-long-word",
    "$1.5 M",
    "-",
    "  in",
]
CELLS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
MARKED = st.one_of(CELLS, CELLS, CELLS, st.builds(Marked, CELLS, st.sampled_from(["due", "reached", "warning"])))


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    headed, count = draw(st.booleans()), draw(st.integers(1, 5))
    columns = [Column(draw(CELLS) if headed else "", draw(st.booleans())) for _ in range(count)]
    rows = draw(st.lists(st.tuples(*[MARKED] * count), min_size=1, max_size=4))
    return Sheet("", tuple(columns), tuple(rows))


def in_a_file(part: Sheet, width: int) -> str:
    file = io.StringIO()
    sheet._tables(part, console_on(file, width))
    return file.getvalue()


def printed(part: Sheet, console: Console) -> str:
    sheet._tables(part, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def by_rich(part: Sheet, console: Console) -> str:
    """The same by a table of Rich's, whose lines are cut behind."""

    def text(words: str, style: str = "") -> Text:
        return Text(sheet._UNIT.sub(sheet._HELD, words), style=sheet._style(words, style))

    for places in sheet._parts(part, console.width):
        headed = any(column.header for column in part.columns)
        table = Table(box=LINES, show_header=headed, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        table.header_style = ""
        for at, wide in zip(places, sheet._widths(part, places, console.width), strict=True):
            column = part.columns[at]
            table.add_column(
                text(column.header, "dim"),
                justify="right" if column.right else "left",
                no_wrap=column.right,
                overflow="fold",
                width=wide,
            )
        for row in part.rows:
            table.add_row(*(text(row[at]) for at in places))
        with console.capture() as captured:
            console.print(table)
        lines = "\n".join(line.rstrip() for line in captured.get().replace(sheet._HELD, " ").splitlines())
        console.print(Text.from_ansi(lines) if console.is_terminal else Text(lines), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@settings(max_examples=60)
@given(sheets(), st.sampled_from([40, 60, 80, 100]), st.booleans())
def test_columns_stand_as_rich_lays_them(part: Sheet, width: int, coloured: bool) -> None:
    for places in sheet._parts(part, width):
        assume(sum(sheet._widths(part, places, width)) + sheet.BETWEEN * (len(places) - 1) <= width)
    both = [
        Console(file=io.StringIO(), width=width, force_terminal=coloured, color_system="standard" if coloured else None)
        for _ in range(2)
    ]
    found = printed(part, both[0])
    assert found == by_rich(part, both[1])
    assert coloured or found == in_a_file(part, width)


@pytest.mark.parametrize("width", [20, 30, 40])
def test_in_a_window_that_is_too_narrow_every_column_gives_way(width: int) -> None:
    columns = (Column("limit"), Column("periods in which it binds"), Column("limit is", right=True))
    part = Sheet(
        "", columns, (("power of hall", "2 (2027 to 2028)", "1,234,567.06 MW"), ("air", "-", "$1.5 M per GPU"))
    )
    consoles = [Console(file=io.StringIO(), width=width) for _ in range(2)]
    found = printed(part, consoles[0])
    assert found == by_rich(part, consoles[1])
    assert max(map(len, found.splitlines())) <= width
