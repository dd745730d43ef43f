"""Where a file goes: the ending of a file's name says its format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from planner.errors import InputError


def check_ending(path: Path, endings: Sequence[str], option: str) -> str:
    """The ending of ``path``, one of ``endings``. Raises InputError for another."""
    ending = path.suffix.lower()
    if ending not in endings:
        raise InputError(f"{option} {path}: the name has to end in {' or '.join(endings)}")
    return ending
