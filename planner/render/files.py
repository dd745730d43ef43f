"""Files written whole or not at all: beside their place first, then moved there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from planner.errors import InputError


def check_file(path: Path, option: str) -> None:
    """Raises InputError where a file could not be written at ``path``."""
    if path.is_dir():
        raise InputError(f"{option} {path}: that is a folder, name a file in it")
    _check_folder(path.parent, path, option)


def check_folder(path: Path, option: str) -> None:
    """Raises InputError where files could not be written into the folder ``path``, which need not exist."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} {path}: that is a file, name a folder")
    _check_folder(path if path.exists() else path.parent, path, option)


def _check_folder(folder: Path, path: Path, option: str) -> None:
    if not folder.is_dir():
        raise InputError(f"{option} {path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{option} {path}: the folder {folder} cannot be written to")


def write_file(path: Path, text: str) -> None:
    """Write ``text`` at ``path``. Raises InputError where that fails; then nothing is there."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` at ``path``. Raises InputError where that fails; then nothing is there."""
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(handle, "wb") as file:
                file.write(content)
            _move(Path(beside), path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"{path} could not be written: {error.strerror or error}") from error


def write_folder(folder: Path, texts: Mapping[str, str | bytes]) -> None:
    """Write ``texts`` (bytes as they are) by file name into ``folder``; other files in it stay.

    Raises InputError where that fails.
    """
    there = folder.exists()
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder if there else folder.parent))
        try:
            for name, text in texts.items():
                (beside / name).write_bytes(text.encode() if isinstance(text, str) else text)
            folder.mkdir(exist_ok=True)
            for name in texts:
                _move(beside / name, folder / name)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise InputError(f"{folder} could not be written: {error.strerror or error}") from error


def _move(source: Path, target: Path) -> None:
    """Replace ``target``, with the permissions that any new file would have."""
    mask = os.umask(0)
    os.umask(mask)
    source.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~mask)
    source.replace(target)
