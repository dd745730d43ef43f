"""A console to print on: plain in a pipe, at most as wide as a report."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console

WIDTH = 100


class _Console(Console):
    """A console whose reader may go away, which is told where everything else is."""

    def on_broken_pipe(self) -> None:
        """Leave it to whoever ends the process."""
        raise BrokenPipeError


def console_on(file: TextIO, width: int = WIDTH) -> Console:
    """A console on ``file``: plain and ``width`` columns wide, unless it is a terminal: at most 100, maybe narrower."""
    if file.isatty():
        console = _Console(file=file, highlight=False)
        console.width = min(console.width, WIDTH)
        return console
    return _Console(
        file=file, width=width, color_system=None, force_terminal=False, highlight=False, legacy_windows=False
    )
