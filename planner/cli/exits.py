"""How the command ends: every error as a sentence on standard error, and its exit code."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from planner.cli.waiting import INTERRUPTED
from planner.errors import InputError, PlannerError
from planner.plan import Plan

FEASIBLE_EXIT = 4


@contextmanager
def exits() -> Iterator[None]:
    """Ends the command with a sentence and the error's exit code instead of a traceback."""
    try:
        yield
    except PlannerError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def stopped(plan: Plan) -> bool:
    """Whether the search for ``plan`` ended above the gap, or with the clock."""
    return plan.status == "feasible" or not plan.proof.reproducible


def check_numbers(gap: float | None, time_limit: float | None) -> None:
    """Raises InputError for a gap or a time limit that no solve can have."""
    if gap is not None and not 0 < gap < 1:
        raise InputError(f"--gap {gap:g}: must be more than 0 and less than 1, such as 0.001")
    if time_limit is not None and not (time_limit > 0 and math.isfinite(time_limit)):
        raise InputError(f"--time-limit {time_limit:g}: must be a number of seconds above 0, such as 60")
