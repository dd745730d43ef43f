"""``plan sensitivity``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Executor, Gap, Json, Plot, ScenarioPath, Set, TimeLimit, command_options

if TYPE_CHECKING:
    from planner.studies.sensitivity.worlds import World

PLACE = Place(
    DECISIONS,
    90,
    "`plan sensitivity SCENARIO`",
    "each input low and high: the cost of a token, the first year's orders, the regret of today's orders",
    "sensitivity.md",
)


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="PATH=LOW,HIGH", help="A field's low and high, over the usual; repeatable."),
    ] = None
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    executor: Executor = None
    json: Json = None
    csv: Csv = None
    plot: Plot = None


def run(options: Options, progress: Progress) -> Outcome:
    """What each input does to the cost of a token and to today's orders, and what they would regret."""
    from planner.pipeline import load
    from planner.studies.pool import cores
    from planner.studies.sensitivity.plot import sensitivity_picture
    from planner.studies.sensitivity.sheet import sensitivity_sheets
    from planner.studies.sensitivity.study import sensitivity

    worlds = [world for text in options.vary or () for world in _worlds(options, text)]
    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = sensitivity(
        scenario, vary=worlds, gap=options.gap, time_limit_s=options.time_limit, workers=cores(), progress=progress
    )
    return Outcome(
        sensitivity_sheets(found),
        found.to_dict(),
        found.tables,
        lambda: sensitivity_picture(found),
        exit_code=exit_of_stopped(found.stopped),
    )


def _worlds(options: Options, text: str) -> list[World]:
    """The scenario with one field at its low and at its high value."""
    from planner.errors import InputError
    from planner.pipeline import catalog_of, load
    from planner.studies.sensitivity.worlds import World

    path, _, values = text.partition("=")
    low, comma, high = values.partition(",")
    if not (path and comma and low.strip() and high.strip()):
        raise InputError(f"--vary {text}: write path=low,high, such as --vary finance.discount_rate=0.08,0.12")
    if options.scenario == "-":
        raise InputError("--vary reads the scenario several times, so it cannot come from standard input; name a file")
    found = []
    for side, value in (("low", low.strip()), ("high", high.strip())):
        scenario = load(options.scenario, (*(options.overrides or ()), f"{path}={value}"))
        found.append(World(path, side, value, scenario, catalog_of(scenario)))
    return found
