"""What stands at a path, asked so that no name is a surprise, and files read so that no file is endless.

``pathlib`` raises for a name that is too long, holds a NUL or leads through a folder that may not be searched; here
nothing is there then, and whoever opens it says why.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

# No honest input comes near: 10⁵ serving points are a tenth of it.
MOST_BYTES = 300_000_000
# Where the system keeps what a process was given open, such as the pipe of `plan <(generate)`.
GIVEN = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")
STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def is_there(path: Path) -> bool:
    """Whether anything stands at ``path``."""
    return os.path.exists(path)


def is_folder(path: Path) -> bool:
    """Whether a folder stands at ``path``."""
    return os.path.isdir(path)


def is_file(path: Path) -> bool:
    """Whether a regular file stands at ``path``."""
    return os.path.isfile(path)


def names_in(folder: Path) -> list[str]:
    """The names of what stands in a folder, sorted; none where it may not be read."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []


def real(path: Path) -> Path:
    """``path`` from the root, its links followed; as it is written where no file can have such a name."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return Path(os.path.normpath(Path.cwd() / path))


def is_stdout(path: Path | str) -> bool:
    """Whether ``path`` is a name for standard output."""
    return os.path.normpath(path) in STDOUT


def read_bytes(path: Path) -> bytes:
    """All that a file holds. Raises OSError, with a sentence, for what is no file, has no end or no such name."""
    try:
        mode = os.stat(path).st_mode
        given = str(path).startswith(GIVEN)
        if stat.S_ISDIR(mode):
            raise OSError(0, "this is a folder, not a file")
        # A pipe without a writer never opens, and a device has no end.
        if not (stat.S_ISREG(mode) or (given and stat.S_ISFIFO(mode))):
            kind = "a pipe" if stat.S_ISFIFO(mode) else "a device"
            raise OSError(0, f"this is {kind}, not a file; `-` reads standard input")
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise OSError(0, "no such file") from None
    except ValueError:
        raise OSError(0, "no file can have this name") from None
    if len(content) > MOST_BYTES:
        raise OSError(0, f"this holds more than {MOST_BYTES:,} bytes")
    return content
