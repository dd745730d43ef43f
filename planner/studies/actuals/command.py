"""``plan actuals``."""

from __future__ import annotations

import sys
from pathlib import Path

from planner.cli.output import check_json, write_json
from planner.history.store import find, store_path
from planner.render.console import console_on
from planner.render.sheet import show
from planner.studies.actuals.sheet import actuals_sheets
from planner.studies.actuals.study import actuals


def run(wanted: str, file: Path, store: Path | None, json: str | None) -> None:
    """Set what came beside what a run planned."""
    check_json(json)
    found = actuals(find(store_path(store), wanted), file)
    write_json(json, found.to_dict())
    if json != "-":
        console = console_on(sys.stdout)
        for sheet in actuals_sheets(found):
            show(sheet, console)
