"""``plan catalog import``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer

from planner.errors import InputError
from planner.importers import Given, import_files
from planner.schedule import parse_date

MOST_REASONS = 10


def run(files: list[Path], into: Path, given: Given) -> None:
    """Import ``files`` and say what became of each run."""
    if into.exists() and not into.is_dir():
        raise InputError(f"--into {into}: this is a file; name a folder")
    brought = import_files(files, into, given, dt.date.today())
    for what, names in (("added", brought.added), ("replaced", brought.replaced), ("unchanged", brought.unchanged)):
        if names:
            typer.echo(f"{what}: {_rows(len(names))}, {'such as ' if len(names) > 1 else ''}{names[0]}")
    for what, told in (("kept out", brought.kept_out), ("doubtful", brought.doubtful)):
        for place, reason in told[:MOST_REASONS]:
            typer.echo(f"{what}: {place}: {reason}")
        if len(told) > MOST_REASONS:
            typer.echo(f"{what}: {len(told) - MOST_REASONS} more")
    for path in brought.files:
        typer.echo(f"{path} written")
    if not (brought.added or brought.replaced or brought.unchanged):
        typer.echo(f"nothing to import; {into} is as it was")
    else:
        typer.echo(f"to plan with it: catalogs: [builtin, {into}]")


def day(text: str | None) -> dt.date | None:
    """A date of the command line. Raises InputError for what is none."""
    try:
        return None if text is None else parse_date(text)
    except ValueError as error:
        raise InputError(f"--as-of {error}") from None


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"
