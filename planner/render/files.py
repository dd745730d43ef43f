"""Files written whole or not at all: beside their place first, then moved there. Links are followed, never replaced;
what is no file, such as a pipe or `/dev/null`, is written to."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from planner.errors import InputError
from planner.paths import is_folder, is_stdout, is_there, real


def check_file(path: Path, option: str) -> None:
    """Raises InputError where a file could not be written at ``path``."""
    if is_folder(path):
        raise InputError(f"{option} {path}: that is a folder, name a file in it")
    _check_folder(path.parent, path, option)
    _check_name(path, option)


def check_folder(path: Path, option: str) -> None:
    """Raises InputError where files could not be written into the folder ``path``, which need not exist."""
    if is_there(path) and not is_folder(path):
        raise InputError(f"{option} {path}: that is a file, name a folder")
    _check_folder(path if is_there(path) else path.parent, path, option)
    _check_name(path, option)


def _check_folder(folder: Path, path: Path, option: str) -> None:
    if not is_folder(folder):
        raise InputError(f"{option} {path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK) and not is_stream(path):
        raise InputError(f"{option} {path}: the folder {folder} cannot be written to")


def _check_name(path: Path, option: str) -> None:
    """Raises InputError where nothing can have this name."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise InputError(f"{option} {path}: {_said(error)}") from error


def is_stream(path: Path) -> bool:
    """Whether something stands at ``path`` that is written to and not replaced: a pipe, a terminal, a device."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def write_file(path: Path, text: str) -> None:
    """Write ``text`` at ``path``. Raises InputError where that fails; then nothing is there."""
    write_bytes(path, _bytes(text))


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` at ``path``. Raises InputError where that fails; then nothing is there."""
    try:
        if is_stdout(path) and sys.stdout is not None:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        elif is_stream(path):
            _pour(path, content)
        else:
            _put([(path, content)])
    except (OSError, ValueError) as error:
        raise InputError(f"{path} could not be written: {_said(error)}") from error


def write_folder(folder: Path, texts: Mapping[str, str | bytes]) -> None:
    """Write ``texts`` (bytes as they are) by file name into ``folder``; other files in it stay.

    Raises InputError where that fails.
    """
    made = not is_there(folder)
    try:
        if made:
            folder.mkdir()
        for name in texts:
            if is_stream(folder / name):
                raise InputError(f"{folder / name} could not be written: it is no file")
        _put([(folder / name, _bytes(text)) for name, text in texts.items()])
    except (OSError, ValueError) as error:
        if made and is_folder(folder) and not os.listdir(folder):
            folder.rmdir()
        raise InputError(f"{folder} could not be written: {_said(error)}") from error


def _bytes(text: str | bytes) -> bytes:
    """Text as UTF-8; what that cannot write, half of a surrogate pair, becomes a question mark."""
    return text.encode(errors="replace") if isinstance(text, str) else text


def _put(contents: list[tuple[Path, bytes]]) -> None:
    """Write files beside where they belong, behind every link that leads there, and move them when all are whole."""
    ready: list[tuple[Path, Path]] = []
    try:
        for path, content in contents:
            target = real(path)
            if os.path.islink(target):
                raise OSError(0, "the link leads round in a circle")
            handle, beside = tempfile.mkstemp(prefix=".plan-", dir=target.parent)
            ready.append((Path(beside), target))
            with open(handle, "wb") as file:
                file.write(content)
        for source, target in ready:
            _move(source, target)
    finally:
        for source, _ in ready:
            source.unlink(missing_ok=True)


def _pour(path: Path, content: bytes) -> None:
    """Write into what is no file. A pipe that nobody reads is refused: it would never open."""
    handle = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    os.set_blocking(handle, True)
    with open(handle, "wb") as file:
        file.write(content)


def _said(error: Exception) -> str:
    """What the system says, in words."""
    if isinstance(error, OSError):
        if error.errno == errno.ENXIO:
            return "it is a pipe that nobody reads"
        return error.strerror or str(error)
    return "no file can have this name"


def _move(source: Path, target: Path) -> None:
    """Replace ``target``, with the permissions that any new file would have."""
    mask = os.umask(0)
    os.umask(mask)
    source.chmod(os.stat(target).st_mode & 0o777 if is_there(target) else 0o666 & ~mask)
    source.replace(target)
