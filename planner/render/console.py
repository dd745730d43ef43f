"""A console to print on: plain in a pipe, as wide as a reader's eye follows on a terminal."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console

# Of a report in a pipe or a file, whatever the terminal.
WIDTH = 100
# Of a terminal no more is used: longer lines are hard to follow.
WIDEST = 120


class _Console(Console):
    """A console whose reader may go away, which is told where everything else is."""

    def on_broken_pipe(self) -> None:
        """Leave it to whoever ends the process."""
        raise BrokenPipeError


def console_on(file: TextIO, width: int = WIDTH) -> Console:
    """A console on ``file``: plain and ``width`` columns wide, unless it is a terminal: as wide as that, at most 120.

    Colours are the terminal's own, and none where ``NO_COLOR`` is set.
    """
    if file.isatty():
        console = _Console(file=file, highlight=False)
        console.width = min(console.width, WIDEST)
        return console
    return _Console(
        file=file, width=width, color_system=None, force_terminal=False, highlight=False, legacy_windows=False
    )
