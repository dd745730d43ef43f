"""``plan catalog check``."""

from __future__ import annotations

import datetime as dt
import sys

import typer

from planner.catalog import load_catalog
from planner.catalog.check import Checked, check
from planner.catalog.load import BUILTIN
from planner.cli.output import check_json, write_json
from planner.errors import InputError
from planner.schedule import parse_date


def run(catalogs: list[str] | None, max_age_days: int | None, today: str | None, json: str | None) -> None:
    """Print every finding, one a line; exit code 2 where there is any."""
    check_json(json)
    if max_age_days is not None and max_age_days < 0:
        raise InputError(f"--max-age-days {max_age_days}: must be a number of days, 0 or more")
    day = _day(today)
    checked = check(load_catalog(catalogs or [BUILTIN]), day, max_age_days)
    write_json(json, _result(checked))
    if json != "-":
        for finding in checked.findings:
            print(finding)
        if checked.unchecked:
            print("not held against FLOP/s, bandwidth and memory, for want of parameters in models.yaml:")
            print(f"  {', '.join(checked.unchecked)}")
        found = f"{len(checked.findings)} finding{'' if len(checked.findings) == 1 else 's'}"
        print(f"{checked.rows:,} rows as of {checked.today}: {found if checked.findings else 'no findings'}")
        sys.stdout.flush()
    if checked.findings:
        raise typer.Exit(2)


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
