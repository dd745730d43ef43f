"""Results of cases kept in a folder, a file each under the case's digest, so that a sweep goes on where it ended.

Several sweeps may share a folder, at the same time too. A file that is damaged is as if it were not there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from planner.errors import InputError
from planner.paths import read_bytes
from planner.render.files import write_file
from planner.studies.sweep.row import NO_PLAN, Row, Task

VERSION = 1


def kept_row(folder: Path, task: Task) -> dict[str, Any] | None:
    """The row that is kept for a case; None where there is none that answers it.

    What the clock ended holds only where no more time is given now, and a missing reason only where none is asked for.
    """
    try:
        found = json.loads(read_bytes(_file(folder, task)))
        row = {name: found["row"][name] for name in Row.__annotations__}
        explained, time_limit_s = bool(found["explained"]), float(found["time_limit_s"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if found.get("version") != VERSION or (not row["reproducible"] and time_limit_s < task.time_limit_s):
        return None
    if row["status"] == "infeasible" and explained != task.explained:
        return None if task.explained else row | {"reason": NO_PLAN}
    return row


def keep(folder: Path, task: Task, row: dict[str, Any]) -> None:
    """Keep the row of a case, whole or not at all. Raises InputError where that fails."""
    text = {
        "version": VERSION,
        "explained": task.explained,
        "time_limit_s": task.time_limit_s,
        "gap_asked": task.gap,
        "catalog_digest": task.catalog,
        "row": row,
    }
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"--keep {folder}: {error.strerror}") from error
    write_file(_file(folder, task), json.dumps(text, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _file(folder: Path, task: Task) -> Path:
    return folder / f"{task.digest}.json"
