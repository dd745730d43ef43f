"""One part of a report: a sentence, a small table and notes, as plain text until it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, cast

from planner.frozen import dataclass
from planner.render.console import Line, Plain, put

if TYPE_CHECKING:
    from rich.console import Console

# ASCII, so that a report looks the same in every terminal and in a file.
# What words mean to a reader who has to act; everything else is printed as it comes.
Meaning = Literal["due", "reached", "warning"]
STYLES: dict[Meaning, str] = {"due": "bold cyan", "reached": "bold magenta", "warning": "yellow"}
# A word longer than this may be broken, where a table would not fit otherwise.
LONGEST_WORD = 30
BETWEEN = 2
# What is pasted stays in one piece: a command in backticks is a word, whatever its length.
_WORDS = re.compile(r"(?:`[^`]*`|[^\s`])+")
_WITH_BLANKS = re.compile(r"\s*\S+\s*")
_COMMAND = re.compile(r"`plan [^`]+`")
# A number and its unit stand on one line. The letter is of no alphabet, one cell wide, and gone before it is printed.
_UNIT = re.compile(r"(?<=\d) (?=(?:%|×|M|k|B|MW|GPUs|ms|s)(?:\W|$))")
_HELD = "\ue000"
# Before it every letter that can be printed is one cell wide.
_WIDE_FROM = "\u0300"


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


def show(sheet: Sheet, console: Console | Plain) -> None:
    """Print a sheet and an empty line."""
    _say(sheet.sentence, "bold", console)
    if len(sheet.columns) == 1 and not sheet.columns[0].header:
        for row in sheet.rows:
            _say(row[0], "", console)
    else:
        _tables(sheet, console)
    for note in sheet.notes:
        _say(note, "dim", console)
    put([[]], console)


def _tables(sheet: Sheet, console: Console | Plain) -> None:
    for part in _parts(sheet, console.width) if sheet.rows else ():
        _print(sheet, part, console)


def wrapped(words: str, width: int) -> Iterator[str]:
    """``words`` in lines of at most ``width``; a command in backticks is never broken, so that it can be pasted."""
    if _cells_of(words) <= width:
        yield words
        return
    indent = words[: len(words) - len(words.lstrip())]
    line = ""
    for word in _WORDS.findall(_UNIT.sub(_HELD, words)):
        for piece in _pieces(word.replace(_HELD, " "), width - len(indent)):
            longer = f"{line} {piece}" if line else indent + piece
            if line and _cells_of(longer) > width:
                yield line
                longer = indent + piece
            line = longer
    yield line


def _cells_of(words: str) -> int:
    """How many cells of a terminal words take."""
    if max(words, default="") < _WIDE_FROM:
        return len(words)
    from rich.cells import cell_len

    return cell_len(words)


def _pieces(word: str, width: int) -> list[str]:
    if _cells_of(word) <= width or _COMMAND.search(word):
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
        return max(map(_cells_of, cells))
    words = [_cells_of(word.replace(_HELD, " ")) for cell in cells for word in _UNIT.sub(_HELD, cell).split()]
    return min(max(words, default=1), LONGEST_WORD)


def _widths(sheet: Sheet, part: list[int], width: int) -> list[int]:
    """How wide each column is: as its longest cell, or of those of text the widest ones narrower, one as another.

    What a row begins with has a quarter of the width before others have any to spare.
    """
    whole = [max(map(_cells_of, _cells(sheet, at))) for at in part]
    least = [_least(sheet, at) for at in part]
    room = width - BETWEEN * (len(part) - 1)
    first = min(whole[0], width // 4)
    if first + sum(least[1:]) <= room:
        least[0] = max(least[0], first)
    most = max(whole)
    while most and sum(_each(whole, least, most)) > room:
        most -= 1
    return _each(whole, least, most)


def _within(widths: list[int], width: int) -> list[int]:
    """Widths of columns that fit beside each other; where what is narrowest does not, with as much less of each."""
    padded = [*(wide + 1 for wide in widths[:-1]), max(widths[-1], 1)]
    room = width - (len(widths) - 1)
    padded = [min(wide, room) for wide in padded]
    over = sum(padded) - room
    for place, wide in enumerate(padded if over > 0 else ()):
        less = min(wide, round(over / (len(padded) - place)))
        padded[place], over = wide - less, over - less
    return [*(max(wide - 1, 0) for wide in padded[:-1]), padded[-1]]


def _each(whole: list[int], least: list[int], most: int) -> list[int]:
    return [min(wide, max(narrow, most)) for wide, narrow in zip(whole, least, strict=True)]


def _print(sheet: Sheet, part: list[int], console: Console | Plain) -> None:
    """Print columns beside each other, without the blanks at the ends of lines."""
    columns = [sheet.columns[at] for at in part]
    widths = _within(_widths(sheet, part, console.width), console.width)
    lines: list[Line] = []
    if any(column.header for column in sheet.columns):
        lines += _lines([column.header for column in columns], columns, widths, console, "dim")
        lines.append([("-" * (sum(widths) + BETWEEN * (len(part) - 1)), "")])
    for row in sheet.rows:
        lines += _lines([row[at] for at in part], columns, widths, console)
    put(lines, console)


def _lines(
    row: Sequence[str], columns: Sequence[Column], widths: Sequence[int], console: Console | Plain, head: str = ""
) -> Iterator[Line]:
    """A row in as many lines as its highest cell takes; of headers, whose style is ``head``, short ones stand below."""
    cells = [_cell(*cell, console) for cell in zip(row, columns, widths, strict=True)]
    height, styled = max(map(len, cells)), console.color_system is not None
    for number in range(height):
        pieces: list[tuple[str, str]] = []
        for words, lines, width in zip(row, cells, widths, strict=True):
            at = number - (height - len(lines) if head else 0)
            there = 0 <= at < len(lines)
            pieces += [(lines[at], _style(words, head)) if there else (" " * width, ""), (" " * BETWEEN, "")]
        # What has a style keeps its blanks.
        while pieces and not (styled and all(pieces[-1])) and not pieces[-1][0].strip():
            del pieces[-1]
        if pieces and not (styled and pieces[-1][1]):
            pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
        yield pieces


def _cell(words: str, column: Column, width: int, console: Console | Plain) -> list[str]:
    """The lines of a cell, all of its width."""
    shown = plain(words).rstrip() if column.right else plain(words)
    room = width - _cells_of(shown)
    if room >= 0:
        return [" " * room + shown if column.right else shown + " " * room]
    if not width:
        return [""]
    held = _UNIT.sub(_HELD, shown)
    if max(shown) >= _WIDE_FROM:
        return [line.replace(_HELD, " ") for line in _wide(held, column, width, console)]
    if column.right:
        return [shown[:width]]
    ends = [0, *_breaks(held, width), len(held)]
    return [held[start:end][:width].ljust(width).replace(_HELD, " ") for start, end in pairwise(ends)]


def _breaks(words: str, width: int) -> list[int]:
    """Where lines of at most ``width`` letters begin, as Rich breaks them: between words, and in one that is longer."""
    found, taken = [], 0
    for word in _WITH_BLANKS.finditer(words):
        length, start = len(word[0].rstrip()), word.start()
        if length <= width - taken:
            taken += len(word[0])
        elif length > width:
            starts = range(start, word.end(), width)
            found += [at for at in starts if at]
            taken = word.end() - starts[-1]
        elif taken and start:
            found.append(start)
            taken = len(word[0])
    return found


def _wide(words: str, column: Column, width: int, console: Console | Plain) -> list[str]:
    """The lines of words with letters that take more cells than one, or none."""
    from rich.text import Text

    justify: Literal["left", "right"] = "right" if column.right else "left"
    # Only what is justified on both sides asks the console.
    on = cast("Console", console)
    lines = Text(words).wrap(on, width, justify=justify, overflow="fold", no_wrap=column.right)
    return [line.plain for line in lines]


def _say(words: str, style: str, console: Console | Plain) -> None:
    """Print a sentence or a note, in lines of its own."""
    style = _style(words, style)
    put([[(line.rstrip(), style)] for line in wrapped(plain(words), console.width)], console)


def plain(words: str) -> str:
    """The words with a question mark for whatever cannot be printed: names come from files and move no cursor."""
    return words if words.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in words)


def _style(words: str, otherwise: str = "") -> str:
    return STYLES[words.meaning] if isinstance(words, Marked) else otherwise
