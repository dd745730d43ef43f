"""``plan show``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.errors import InputError
from planner.studies.command import RESULTS, Outcome, Place, Progress
from planner.studies.options import RunId, Store, command_options

# `plan history` speaks for it in tables of commands.
PLACE = Place(RESULTS, 20)


@command_options
class Options:
    """The options of one call."""

    run: RunId
    scenario: Annotated[bool, typer.Option("--scenario", help="Its whole scenario instead, as YAML.")] = False
    store: Store = None
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Its result as it was written; - for standard output.")
    ] = None


def run(options: Options, progress: Progress) -> Outcome:
    """A saved run as it was printed."""
    from planner.history.store import store_path
    from planner.studies.show.sheet import show_sheets
    from planner.studies.show.study import shown

    if options.scenario and options.json == "-":
        raise InputError("--scenario and --json - both want standard output; name a file for one of them")
    found = shown(store_path(options.store), options.run)
    return Outcome(show_sheets(found), found.to_json(), text=found.run.scenario_text if options.scenario else "")
