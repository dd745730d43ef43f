"""``plan actuals``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.studies.command import RESULTS, Outcome, Place, Progress
from planner.studies.options import Json, Store, command_options

PLACE = Place(
    RESULTS,
    50,
    "`plan actuals RUN FILE`",
    "what really happened, beside a saved or approved plan, by period, workload and tag",
    "history.md",
)


@command_options
class Options:
    """The options of one call."""

    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The number of a saved run, `last`, or a baseline, FILE.json.")
    ]
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV: period, and any of workload, a tag, output_mtok, cost_usd, power_mw."
        ),
    ]
    store: Store = None
    json: Json = None


def run(options: Options, progress: Progress) -> Outcome:
    """What really came, beside what a saved run planned."""
    from planner.history.baseline import run_or_baseline
    from planner.history.store import store_path
    from planner.studies.actuals.sheet import actuals_sheets
    from planner.studies.actuals.study import actuals

    run, baseline = run_or_baseline(options.run, store_path(options.store))
    found = actuals(run, options.file, baseline)
    return Outcome(list(actuals_sheets(found)), found.to_dict())
