"""Where a result goes as JSON: a file or standard output."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.render.files import check_file, write_file
from planner.schema.result import text_of


def check_json(target: str | None) -> None:
    """Raises InputError where ``target`` could not be written; `-` is standard output."""
    if target is not None and target != "-":
        check_file(Path(target), "--json")


def write_json(target: str | None, result: Mapping[str, Any]) -> None:
    """Write ``result`` to ``target``, whole or not at all; nothing where that is None."""
    if target is not None:
        write_text(target, text_of(result))


def write_text(target: str | None, text: str) -> None:
    """Write ``text`` to ``target``, `-` for standard output, whole or not at all; nothing where that is None."""
    if target is None:
        return
    if target != "-":
        write_file(Path(target), text)
        return
    # UTF-8 whatever the terminal speaks: that is what JSON is.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
