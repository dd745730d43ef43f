"""One part of a report: a sentence, a small table and notes, as plain text until it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

# ASCII, so that a report looks the same in every terminal and in a file.
LINES = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


@dataclass(frozen=True)
class Column:
    """A column: its header with the unit, numbers to the right."""

    header: str = ""
    right: bool = False


@dataclass(frozen=True)
class Sheet:
    """``sentence`` introduces ``rows``, one text per column; ``notes`` say what the table leaves out."""

    sentence: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def left(header: str = "") -> Column:
    """A column of text."""
    return Column(header)


def right(header: str) -> Column:
    """A column of numbers."""
    return Column(header, right=True)


def show(sheet: Sheet, console: Console) -> None:
    """Print a sheet and an empty line."""
    console.print(_text(sheet.sentence, "bold"))
    if sheet.rows:
        headed = any(column.header for column in sheet.columns)
        table = Table(
            box=LINES, show_header=headed, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style=""
        )
        for column in sheet.columns:
            table.add_column(
                _text(column.header, "dim"),
                justify="right" if column.right else "left",
                no_wrap=column.right,
                overflow="fold",
            )
        for row in sheet.rows:
            table.add_row(*(_text(cell) for cell in row))
        _print(table, console)
    for note in sheet.notes:
        _print(_text(note, "dim"), console)
    console.print()


def _print(shown: Table | Text, console: Console) -> None:
    """Print a table or a sentence; into a file without the blanks at the ends of its lines."""
    if console.is_terminal:
        console.print(shown)
        return
    with console.capture() as captured:
        console.print(shown)
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.print(Text("\n".join(lines)), soft_wrap=True)


def plain(words: str) -> str:
    """The words with a question mark for whatever cannot be printed: names come from files and move no cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)


def _text(words: str, style: str = "") -> Text:
    return Text(plain(words), style=style)
