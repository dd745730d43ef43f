"""``plan actuals``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from planner.studies.command import RUNS, Outcome, Place, Progress
from planner.studies.options import Json, RunId, Store

PLACE = Place(
    RUNS,
    50,
    "`plan actuals RUN FILE`",
    "what really came, beside the plan",
    "history.md",
)


@dataclass(frozen=True)
class Options:
    """The options of one call."""

    run: RunId
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV: period, and any of workload, output_mtok, cost_usd, power_mw.")
    ]
    store: Store = None
    json: Json = None


def run(options: Options, progress: Progress) -> Outcome:
    """What really came, beside what a saved run planned."""
    from planner.history.store import find, store_path
    from planner.studies.actuals.sheet import actuals_sheets
    from planner.studies.actuals.study import actuals

    found = actuals(find(store_path(options.store), options.run), options.file)
    return Outcome(list(actuals_sheets(found)), found.to_dict())
