"""Standard output and error of a process that is the planner's own."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO

# What another stream writes through, and would close when it is forgotten.
_KEPT: list[TextIO] = []


def keep_open() -> None:
    """Give whoever closed a standard stream nowhere in its place.

    Else the next file that is opened takes its number, and what an engine prints lands in it. ``sys.stdin`` and
    ``sys.stdout`` stay None, which says that they were closed; on standard error nothing can be said then.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8", errors="replace")  # noqa: SIM115
        _KEPT.append(sys.stderr)


def keep_stdout() -> None:
    """From here on only Python writes to standard output; what native code prints (HiGHS does, rarely) goes nowhere.

    For a process that is the planner's own: a result on standard output has nothing else there. A letter that its
    encoding lacks becomes a question mark.
    """
    try:
        sys.stdout.flush()
        own = os.dup(sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):
        return  # closed, or no file at all
    encoding = sys.stdout.encoding
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    sys.stdout = os.fdopen(own, "w", encoding=encoding, errors="replace", buffering=1 if os.isatty(own) else -1)


def drop_stdout() -> None:
    """Forget what standard output did not take, so that the end of the process does not stumble over it again."""
    with suppress(AttributeError, OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def plain_lines(words: str) -> str:
    """Lines of text with a question mark for whatever cannot be printed: names come from files and move no cursor."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in words)


class Plain(io.TextIOWrapper):
    """A stream of sentences: nothing in them reaches the terminal as a command to it."""

    def write(self, words: str) -> int:
        """Write ``words``, plain; where the stream takes no more, there is nobody to tell."""
        # Whoever asks whether this is a stream of bytes does so by writing some.
        if not isinstance(words, str):
            raise TypeError("this takes text")
        with suppress(OSError):
            super().write(plain_lines(words))
        return len(words)

    def flush(self) -> None:
        """Write on what is held back."""
        with suppress(OSError):
            super().flush()


def plain_stderr() -> None:
    """From here on standard error takes sentences only; what draws on a terminal has ``sys.__stderr__``."""
    # A host program may have put something without bytes in its place.
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = Plain(
            sys.stderr.buffer, encoding=sys.stderr.encoding, errors="backslashreplace", line_buffering=True
        )
