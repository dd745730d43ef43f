"""One part of a report: a sentence, a small table and notes, as plain text until it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

# ASCII, so that a report looks the same in every terminal and in a file.
LINES = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
# What words mean to a reader who has to act; everything else is printed as it comes.
Meaning = Literal["due", "reached", "warning"]
STYLES: dict[Meaning, str] = {"due": "bold cyan", "reached": "bold magenta", "warning": "yellow"}
# A word longer than this may be broken, where a table would not fit otherwise.
LONGEST_WORD = 30
BETWEEN = 2
# What is pasted stays in one piece: a command in backticks is a word, whatever its length.
_WORDS = re.compile(r"(?:`[^`]*`|[^\s`])+")
_COMMAND = re.compile(r"`plan [^`]+`")
# A number and its unit stand on one line. The letter is of no alphabet, one cell wide, and gone before it is printed.
_UNIT = re.compile(r"(?<=\d) (?=(?:%|×|M|k|B|MW|GPUs|ms|s)(?:\W|$))")
_HELD = "\ue000"


class Marked(str):
    """Words with their meaning, which shows on a terminal alone."""

    __slots__ = ("meaning",)
    meaning: Meaning

    def __new__(cls, words: str, meaning: Meaning) -> Marked:
        """``words`` as they are."""
        made = super().__new__(cls, words)
        made.meaning = meaning
        return made


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

    def written(self, write: Callable[[str], str]) -> Sheet:
        """The same with every text as ``write`` has it."""

        def keep(words: str) -> str:
            new = write(words)
            return Marked(new, words.meaning) if isinstance(words, Marked) else new

        rows = tuple(tuple(map(keep, row)) for row in self.rows)
        return Sheet(keep(self.sentence), self.columns, rows, tuple(map(keep, self.notes)))


def left(header: str = "") -> Column:
    """A column of text."""
    return Column(header)


def right(header: str) -> Column:
    """A column of numbers."""
    return Column(header, right=True)


def marked(row: Sequence[str], meaning: Meaning) -> tuple[str, ...]:
    """A row whose words all mean the same."""
    return tuple(Marked(cell, meaning) for cell in row)


def show(sheet: Sheet, console: Console) -> None:
    """Print a sheet and an empty line."""
    _say(sheet.sentence, "bold", console)
    if len(sheet.columns) == 1 and not sheet.columns[0].header:
        for row in sheet.rows:
            _say(row[0], "", console)
    else:
        _tables(sheet, console)
    for note in sheet.notes:
        _say(note, "dim", console)
    console.print()


def _tables(sheet: Sheet, console: Console) -> None:
    for part in _parts(sheet, console.width) if sheet.rows else ():
        _print(_table(sheet, part, console.width), console)


def wrapped(words: str, width: int) -> Iterator[str]:
    """``words`` in lines of at most ``width``; a command in backticks is never broken, so that it can be pasted."""
    if cell_len(words) <= width:
        yield words
        return
    indent = words[: len(words) - len(words.lstrip())]
    line = ""
    for word in _WORDS.findall(_UNIT.sub(_HELD, words)):
        for piece in _pieces(word.replace(_HELD, " "), width - len(indent)):
            longer = f"{line} {piece}" if line else indent + piece
            if line and cell_len(longer) > width:
                yield line
                longer = indent + piece
            line = longer
    yield line


def _pieces(word: str, width: int) -> list[str]:
    if cell_len(word) <= width or _COMMAND.search(word):
        return [word]
    return [word[at : at + width] for at in range(0, len(word), max(width, 1))]


def _parts(sheet: Sheet, width: int) -> Iterator[list[int]]:
    """Which columns stand beside each other: all, or as many as fit at a time, the leading ones of text in each."""
    least = [_least(sheet, at) for at in range(len(sheet.columns))]
    names = 1
    while names < len(least) - 1 and not any(column.right for column in sheet.columns[: names + 1]):
        names += 1
    keys = list(range(names)) if sum(least[:names]) + BETWEEN * names <= width / 2 else [0]
    part = list(keys)
    for at in range(keys[-1] + 1, len(least)):
        taken = sum(least[one] + BETWEEN for one in part) + least[at]
        if taken > width and len(part) > len(keys):
            yield part
            part = list(keys)
        part.append(at)
    yield part


def _cells(sheet: Sheet, at: int) -> list[str]:
    return [plain(sheet.columns[at].header), *(plain(row[at]) for row in sheet.rows)]


def _least(sheet: Sheet, at: int) -> int:
    """The narrowest that a column can be read at: numbers whole, of text the longest word."""
    cells = _cells(sheet, at)
    if sheet.columns[at].right:
        return max(map(cell_len, cells))
    words = [cell_len(word) for cell in cells for word in _UNIT.sub(_HELD, cell).split()]
    return min(max(words, default=1), LONGEST_WORD)


def _widths(sheet: Sheet, part: list[int], width: int) -> list[int]:
    """How wide each column is: as its longest cell, or of those of text the widest ones narrower, one as another.

    What a row begins with has a quarter of the width before others have any to spare.
    """
    whole = [max(map(cell_len, _cells(sheet, at))) for at in part]
    least = [_least(sheet, at) for at in part]
    room = width - BETWEEN * (len(part) - 1)
    first = min(whole[0], width // 4)
    if first + sum(least[1:]) <= room:
        least[0] = max(least[0], first)
    most = max(whole)
    while most and sum(_each(whole, least, most)) > room:
        most -= 1
    return _each(whole, least, most)


def _each(whole: list[int], least: list[int], most: int) -> list[int]:
    return [min(wide, max(narrow, most)) for wide, narrow in zip(whole, least, strict=True)]


def _table(sheet: Sheet, part: list[int], width: int) -> Table:
    headed = any(column.header for column in sheet.columns)
    table = Table(box=LINES, show_header=headed, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="")
    for at, wide in zip(part, _widths(sheet, part, width), strict=True):
        column = sheet.columns[at]
        table.add_column(
            _text(column.header, "dim"),
            justify="right" if column.right else "left",
            no_wrap=column.right,
            overflow="fold",
            width=wide,
        )
    for row in sheet.rows:
        table.add_row(*(_text(row[at]) for at in part))
    return table


def _say(words: str, style: str, console: Console) -> None:
    """Print a sentence or a note, in lines of its own."""
    style = _style(words, style)
    for line in wrapped(plain(words), console.width):
        console.print(Text(line.rstrip(), style=style), soft_wrap=True)


def _print(table: Table, console: Console) -> None:
    """Print a table, without the blanks at the ends of its lines."""
    with console.capture() as captured:
        console.print(table)
    lines = "\n".join(line.rstrip() for line in captured.get().replace(_HELD, " ").splitlines())
    console.print(Text.from_ansi(lines) if console.is_terminal else Text(lines), soft_wrap=True)


def plain(words: str) -> str:
    """The words with a question mark for whatever cannot be printed: names come from files and move no cursor."""
    return words if words.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in words)


def _style(words: str, otherwise: str = "") -> str:
    return STYLES[words.meaning] if isinstance(words, Marked) else otherwise


def _text(words: str, style: str = "") -> Text:
    return Text(_UNIT.sub(_HELD, plain(words)), style=_style(words, style))
