"""``plan compare``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.errors import InputError
from planner.studies.command import PLANS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Gap, Json, Set, TimeLimit

PLACE = Place(
    PLANS,
    40,
    "`plan compare A B`, `--options buy+rent,reserve+rent,…`",
    "scenarios, or one under named alternatives, side by side and in words",
    "compare.md",
)


@dataclass(frozen=True)
class Options:
    """The options of one call."""

    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Scenario files; one with --options.")]
    options: Annotated[
        str | None,
        typer.Option("--options", metavar="NAMES", help="mixed,buy,reserve,rent,api,hopper,blackwell; + joins some."),
    ] = None
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    json: Json = None
    csv: Csv = None


def run(options: Options, progress: Progress) -> Outcome:
    """Plans side by side: scenarios, or one scenario under named alternatives."""
    from planner.pipeline import load
    from planner.studies.compare.options import check_options
    from planner.studies.compare.sheet import comparison_sheets
    from planner.studies.compare.study import compare
    from planner.studies.pool import cores
    from planner.studies.result import clock_sentence

    sources, asked = options.scenarios, options.options
    names = () if asked is None else check_options(name for name in asked.split(",") if name)
    if names and len(sources) != 1:
        raise InputError("--options are alternatives of one scenario; name one scenario with them")
    if not names and len(sources) < 2:
        raise InputError(
            f"{sources[0]} alone has nothing beside it; name a second scenario, or --options mixed,buy,rent"
        )
    scenarios = [load(source, tuple(options.overrides or ())) for source in sources]
    found = compare(
        scenarios,
        names,
        gap=options.gap,
        time_limit_s=options.time_limit,
        jobs=cores(),
        progress=lambda words: progress(f"comparing: {words}"),
    )
    title = f"{scenarios[0].name} under {len(names)} options" if names else f"{len(scenarios)} scenarios side by side"
    return Outcome(
        list(comparison_sheets(found.table, found.sentences, title)),
        found.to_dict(),
        found.tables,
        message=clock_sentence(found.stopped),
        exit_code=exit_of_stopped(found.stopped),
    )
