"""``plan levers``."""

from __future__ import annotations

from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Executor, Gap, Json, Plot, ScenarioPath, Set, TimeLimit, command_options

PLACE = Place(
    DECISIONS,
    100,
    "`plan levers SCENARIO`",
    "the cost without FP4, MTP, disaggregation and the like, each alone and all together",
    "levers.md",
)


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    executor: Executor = None
    json: Json = None
    csv: Csv = None
    plot: Plot = None


def run(options: Options, progress: Progress) -> Outcome:
    """What the plan would cost without FP4, MTP, disaggregation and the like: each alone and all together."""
    from planner.pipeline import load
    from planner.studies.levers.plot import levers_picture
    from planner.studies.levers.sheet import levers_sheets
    from planner.studies.levers.study import levers
    from planner.studies.pool import cores

    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = levers(scenario, gap=options.gap, time_limit_s=options.time_limit, workers=cores(), progress=progress)
    return Outcome(
        levers_sheets(found),
        found.to_dict(),
        found.tables,
        lambda: levers_picture(found),
        exit_code=exit_of_stopped(found.stopped),
    )
