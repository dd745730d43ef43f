"""How the command ends: every error as a sentence on standard error, and its exit code."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from planner.cli.waiting import INTERRUPTED
from planner.errors import InputError, PlannerError
from planner.streams import drop_stdout

# What the shell tells of a command whose reader went away, such as `| head`.
UNREAD = 141
UNWRITTEN = 2
NO_MEMORY = 5


@contextmanager
def exits(worded: Callable[[str], str] = str) -> Iterator[None]:
    """Ends the command with a sentence, as ``worded``, and the error's exit code instead of a traceback."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except PlannerError as error:
        _end(error.exit_code, worded(str(error)))
    except BrokenPipeError:
        drop_stdout()
        _end(UNREAD)
    except OSError as error:
        # Files are written and read where their faults are told; what is left is standard output.
        drop_stdout()
        _end(UNWRITTEN, f"{error.filename or 'standard output'} could not be written: {error.strerror or error}")
    except MemoryError:
        _end(NO_MEMORY, "there is not enough memory for this; plan fewer periods, blocks, futures or offers")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _end(code: int, sentence: str = "") -> None:
    if sentence:
        typer.echo(sentence, err=True)
    raise typer.Exit(code) from None


def check_numbers(gap: float | None, time_limit: float | None) -> None:
    """Raises InputError for a gap or a time limit that no solve can have."""
    if gap is not None and not 0 < gap < 1:
        raise InputError(f"--gap {gap:g}: must be more than 0 and less than 1, such as 0.001")
    if time_limit is not None and not (time_limit > 0 and math.isfinite(time_limit)):
        raise InputError(f"--time-limit {time_limit:g}: must be a number of seconds above 0, such as 60")
