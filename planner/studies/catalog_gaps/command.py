"""``plan catalog gaps``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.errors import InputError
from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Csv, Executor, Json, ScenarioPath, Set, TimeLimit, command_options

PLACE = Place(EVIDENCE, 35, page="gaps.md")


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    overrides: Set = None
    time_limit: TimeLimit = None
    executor: Executor = None
    script: Annotated[
        str | None,
        typer.Option("--script", metavar="FILE", help="Write all benchmarks as a shell script; - for standard output."),
    ] = None
    json: Json = None
    csv: Csv = None


def run(options: Options, progress: Progress) -> Outcome:
    """What to measure next: rows that nobody measured, by how much of the plan's cost they move, with benchmarks."""
    from planner.pipeline import load
    from planner.render.files import check_file
    from planner.studies.catalog_gaps.sheet import gaps_sheets, script, width_of
    from planner.studies.catalog_gaps.study import gaps
    from planner.studies.pool import cores

    printed = options.script == "-"
    if printed and options.json == "-":
        raise InputError("--script -: standard output is for the JSON already; name a file")
    if options.script is not None and not printed:
        check_file(Path(options.script), "--script")
    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = gaps(scenario, time_limit_s=options.time_limit, workers=cores(), progress=progress)
    sheets = gaps_sheets(found)
    files = [] if options.script is None else [(options.script, script(found))]
    return Outcome([] if printed else sheets, found.to_dict(), found.tables, files=files, width=width_of(sheets))
