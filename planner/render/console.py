"""A console to print on: plain in a pipe, at most as wide as a report."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console

WIDTH = 100


def console_on(file: TextIO, width: int = WIDTH) -> Console:
    """A console on ``file``: plain and ``width`` columns wide, unless it is a terminal: at most 100, maybe narrower."""
    if file.isatty():
        console = Console(file=file, highlight=False)
        console.width = min(console.width, WIDTH)
        return console
    return Console(
        file=file, width=width, color_system=None, force_terminal=False, highlight=False, legacy_windows=False
    )
