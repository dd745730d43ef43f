"""``plan alternatives``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.errors import InputError
from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Executor, Gap, Json, Plot, ScenarioPath, Set, TimeLimit, command_options

PLACE = Place(
    DECISIONS,
    80,
    "`plan alternatives SCENARIO`",
    "plans within 1, 2, 5 % that differ most: what to decide now, what to keep open",
    "alternatives.md",
)


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    within: Annotated[
        str, typer.Option("--within", metavar="PERCENTS", help="How far above the best plan's cost, such as 1,2,5.")
    ] = "1,2,5"
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    executor: Executor = None
    json: Json = None
    csv: Csv = None
    plot: Plot = None


def run(options: Options, progress: Progress) -> Outcome:
    """Plans that cost little more than the best and differ most, and what all of them share."""
    from planner.pipeline import load
    from planner.studies.alternatives.plot import alternatives_picture
    from planner.studies.alternatives.sheet import alternative_sheets
    from planner.studies.alternatives.study import alternatives
    from planner.studies.pool import cores

    shares = _shares(options.within)
    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = alternatives(
        scenario, within=shares, gap=options.gap, time_limit_s=options.time_limit, workers=cores(), progress=progress
    )
    return Outcome(
        alternative_sheets(found),
        found.to_dict(),
        found.tables,
        lambda: alternatives_picture(found),
        exit_code=exit_of_stopped(found.stopped),
    )


def _shares(text: str) -> tuple[float, ...]:
    """Percents, separated by commas, as shares."""
    try:
        percents = [float(word) for word in text.split(",")]
    except ValueError:
        raise InputError(f"--within {text}: write percents separated by commas, such as 1,2,5") from None
    for number in percents:
        if not 0 < number < 100:
            raise InputError(f"--within {text}: {number:g} is not above 0 and below 100; nearest: {_near(number)}")
    return tuple(number / 100 for number in percents)


def _near(number: float) -> str:
    return "99" if number >= 100 else "0.1"
