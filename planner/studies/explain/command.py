"""``plan explain``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.errors import InfeasiblePlan
from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Executor, Gap, Json, ScenarioPath, Set, TimeLimit, command_options

PLACE = Place(
    DECISIONS,
    70,
    "`plan explain SCENARIO`",
    "what a megawatt, a million or a millisecond is worth; `--why-not NAME`; which limits conflict",
    "explain.md",
)


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    why_not: Annotated[
        list[str] | None,
        typer.Option(
            "--why-not", metavar="NAME", help="A system, offer, quote, token API or serving point left out; repeatable."
        ),
    ] = None
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    executor: Executor = None
    json: Json = None
    csv: Csv = None


def run(options: Options, progress: Progress) -> Outcome:
    """What each limit costs, why something is not in the plan, or why there is none."""
    from planner.pipeline import load
    from planner.studies.explain.sheet import explain_sheets
    from planner.studies.explain.study import explain
    from planner.studies.pool import cores

    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = explain(
        scenario,
        rejected=tuple(options.why_not or ()),
        gap=options.gap,
        time_limit_s=options.time_limit,
        workers=cores(),
        progress=progress,
    )
    code = exit_of_stopped(found.stopped) if found.feasible else InfeasiblePlan.exit_code
    return Outcome(explain_sheets(found), found.to_dict(), found.tables, exit_code=code)
