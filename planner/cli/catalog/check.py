"""``plan catalog check``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from planner.catalog import load_catalog
from planner.catalog.check import Checked, check
from planner.catalog.load import BUILTIN
from planner.cli.options import CheckOptions
from planner.errors import InputError
from planner.schedule import parse_date
from planner.studies.command import Outcome


def checked(options: CheckOptions) -> Outcome:
    """Every finding, one a line; exit code 2 where there is any."""
    if options.max_age_days is not None and options.max_age_days < 0:
        raise InputError(f"--max-age-days {options.max_age_days}: must be a number of days, 0 or more")
    day = _day(options.today)
    found = check(load_catalog(options.catalogs or [BUILTIN]), day, options.max_age_days)
    return Outcome(
        json=_result(found),
        text="" if options.json == "-" else "".join(f"{line}\n" for line in _lines(found)),
        exit_code=InputError.exit_code if found.findings else 0,
    )


def _lines(checked: Checked) -> Iterator[str]:
    yield from (str(finding) for finding in checked.findings)
    if checked.unchecked:
        yield "not held against FLOP/s, bandwidth and memory, for want of parameters in models.yaml:"
        yield f"  {', '.join(checked.unchecked)}"
    found = f"{len(checked.findings)} finding{'' if len(checked.findings) == 1 else 's'}"
    yield f"{checked.rows:,} rows as of {checked.today}: {found if checked.findings else 'no findings'}"


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return parse_date(text)
    except ValueError as error:
        raise InputError(f"--today {text}: {error}") from None


def _result(checked: Checked) -> dict[str, object]:
    return {
        "today": checked.today.isoformat(),
        "rows": checked.rows,
        "findings": [
            {"file": fault.file, "line": fault.line, "field": fault.field, "message": fault.message}
            for fault in checked.findings
        ],
        "models_without_parameters": list(checked.unchecked),
    }
