"""``plan economics``."""

from __future__ import annotations

from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Gap, Json, ScenarioPath, Set, TimeLimit, command_options

PLACE = Place(
    DECISIONS,
    110,
    "`plan economics SCENARIO`",
    "margin, payback, rate of return, the token price at which the plan breaks even",
    "economics.md",
)


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    json: Json = None
    csv: Csv = None


def run(options: Options, progress: Progress) -> Outcome:
    """The plan as an investment: margin, payback, rate of return, the token price at which it breaks even."""
    from planner.pipeline import load
    from planner.studies.economics.sheet import economics_sheets
    from planner.studies.economics.study import economics

    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = economics(scenario, gap=options.gap, time_limit_s=options.time_limit, progress=progress)
    return Outcome(economics_sheets(found), found.to_dict(), found.tables, exit_code=exit_of_stopped(found.stopped))
