"""What reports are printed on: a terminal, as wide as a reader's eye follows, or a file, plain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# Of a report in a pipe or a file, whatever the terminal.
WIDTH = 100
# Of a terminal no more is used: longer lines are hard to follow.
WIDEST = 120

# Words of a line, each with Rich's name of its style or none.
Line = Sequence[tuple[str, str]]


class Plain:
    """A file that is no terminal, ``width`` columns wide: it shows no style, so it does without Rich."""

    color_system = None

    def __init__(self, file: TextIO, width: int) -> None:
        self.width = width
        self._file = file

    def print(self, lines: Iterable[Line]) -> None:
        """Write lines as they are."""
        self._file.write("".join("".join(words for words, _ in line) + "\n" for line in lines))
        self._file.flush()


def console_on(file: TextIO, width: int = WIDTH) -> Console | Plain:
    """What prints on ``file``: plain and ``width`` columns wide, unless it is a terminal: as wide as that, at most 120.

    Colours are the terminal's own, and none where ``NO_COLOR`` is set.
    """
    if not file.isatty():
        return Plain(file, width)
    from rich.console import Console

    class Told(Console):
        """A console whose reader may go away, which is told where everything else is."""

        def on_broken_pipe(self) -> None:
            """Leave it to whoever ends the process."""
            raise BrokenPipeError

    console = Told(file=file, highlight=False)
    console.width = min(console.width, WIDEST)
    return console


def put(lines: Iterable[Line], console: Console | Plain) -> None:
    """Print lines, however long, without the blanks at their ends that nobody sees."""
    if isinstance(console, Plain):
        console.print(lines)
        return
    from rich.text import Text

    console.print(Text("\n").join(Text.assemble(*line) for line in lines), soft_wrap=True)
