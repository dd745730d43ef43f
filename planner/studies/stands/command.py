"""``plan stands``."""

from __future__ import annotations

from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Gap, Json, Plot, ScenarioPath, Set, TimeLimit, command_options

PLACE = Place(
    DECISIONS,
    95,
    "`plan stands SCENARIO`",
    "the five assumptions that carry the plan: what it costs without each, and where the orders due next would change",
    "stands.md",
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
    plot: Plot = None


def run(options: Options, progress: Progress) -> Outcome:
    """What the plan stands on: the assumptions that carry it, and where each would change the orders due next."""
    from planner.pipeline import load
    from planner.studies.stands.plot import stands_picture
    from planner.studies.stands.sheet import stands_sheets
    from planner.studies.stands.study import stands

    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = stands(scenario, gap=options.gap, time_limit_s=options.time_limit, progress=progress)
    return Outcome(
        stands_sheets(found),
        found.to_dict(),
        found.tables,
        lambda: stands_picture(found),
        exit_code=exit_of_stopped(found.stopped),
    )
