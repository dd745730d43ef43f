"""Where a result goes: a file or standard output."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from planner.errors import InputError
from planner.paths import is_stdout
from planner.render.files import check_file, write_file
from planner.streams import plain_lines


def on_stdout(target: str | None) -> bool:
    """Whether ``target`` is standard output, by any of its names."""
    return target is not None and (target == "-" or is_stdout(target))


def check_json(target: str | None) -> None:
    """Raises InputError where ``target`` could not be written; `-` is standard output."""
    if target is not None and not on_stdout(target):
        check_file(Path(target), "--json")


def write_json(target: str | None, result: Mapping[str, Any]) -> None:
    """Write ``result`` to ``target``, whole or not at all; nothing where that is None."""
    if target is not None:
        # Its schema is loaded by who writes one.
        from planner.schema.result import text_of

        write_text(target, text_of(result))


def write_text(target: str | None, text: str) -> None:
    """Write ``text`` to ``target``, `-` for standard output, whole or not at all; nothing where that is None."""
    if target is None:
        return
    if not on_stdout(target):
        write_file(Path(target), text)
        return
    # UTF-8 whatever the terminal speaks: that is what JSON is.
    out = stdout()
    out.flush()
    out.buffer.write(text.encode(errors="replace"))
    out.buffer.flush()


def say(text: str) -> None:
    """Write ``text`` to standard output: for a terminal in its encoding, into a file or a pipe as UTF-8."""
    out = stdout()
    if out.isatty():
        out.write(plain_lines(text))
        out.flush()
    else:
        write_text("-", text)


def stdout() -> TextIO:
    """Standard output. Raises InputError where it is closed."""
    # Only a process that was started so has none.
    if sys.stdout is None:
        raise InputError("standard output is closed; what was asked for cannot be shown")
    return sys.stdout
