"""``plan catalog import``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import fields

from planner.cli.options import FileOptions
from planner.errors import InputError
from planner.importers import ImportOptions, ImportSummary, import_files
from planner.importers.tally import told
from planner.paths import is_folder, is_there
from planner.schedule import parse_date
from planner.studies.command import Outcome

MOST_REASONS = 10
MOST_KINDS = 6


def imported(options: FileOptions) -> Outcome:
    """Import the files and say what became of each run."""
    stated = {field.name: getattr(options, field.name) for field in fields(ImportOptions)}
    given = ImportOptions(**stated | {"as_of": day_of(options.as_of)})
    into = options.into
    if is_there(into) and not is_folder(into):
        raise InputError(f"--into {into}: this is a file; name a folder")
    summary = import_files(options.files, into, given, dt.date.today())
    lines = list(_told(summary))
    if not (summary.added or summary.replaced or summary.unchanged):
        lines.append(f"nothing to import; {into} is as it was")
    else:
        lines.append(f"to plan with it: catalogs: [builtin, {into}]")
        lines += [f"and in a workload: {said}" for said in summary.workloads]
    return Outcome(text="\n".join(lines) + "\n")


def _told(summary: ImportSummary) -> Iterator[str]:
    for what, names in (("added", summary.added), ("replaced", summary.replaced), ("unchanged", summary.unchanged)):
        if names:
            yield f"{what}: {_rows(len(names))}, {'such as ' if len(names) > 1 else ''}{names[0]}"
    for what, cases in (("kept out", summary.kept_out), ("doubtful", summary.doubtful)):
        for place, reason in cases[:MOST_REASONS]:
            yield f"{what}: {place}: {reason}"
        if len(cases) > MOST_REASONS:
            yield f"{what}: {len(cases) - MOST_REASONS} more"
    yield _sum(summary)
    yield from (f"{path} written" for path in summary.files)


def _sum(summary: ImportSummary) -> str:
    """Rows in, kept, and kept out by reason."""
    out = sum(summary.reasons.values())
    why = f": {told(summary.reasons, MOST_KINDS)}" if out else ""
    return f"rows: {summary.read:,} in, {summary.kept:,} kept, {out:,} kept out{why}"


def day_of(text: str | None) -> dt.date | None:
    """A date of the command line. Raises InputError for what is none."""
    try:
        return None if text is None else parse_date(text)
    except ValueError as error:
        raise InputError(f"--as-of {error}") from None


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"
