"""``plan compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.errors import InfeasiblePlan, InputError
from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Executor, Gap, Json, Plot, Set, TimeLimit, command_options

PLACE = Place(
    DECISIONS,
    40,
    "`plan compare SCENARIO`, `plan compare A B`, `--options buy+rent,…`",
    "buy or rent: the plan beside what each way alone would cost and need; or scenarios side by side",
    "compare.md",
)


@command_options
class Options:
    """The options of one call."""

    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO...", help="One scenario file: buy or rent? More: side by side.")
    ]
    options: Annotated[
        str | None,
        typer.Option(
            "--options",
            metavar="NAMES",
            help="Some of plan,buy,rent,reserve,api,hopper,blackwell; + joins some; default: what is open.",
        ),
    ] = None
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    executor: Executor = None
    json: Json = None
    csv: Csv = None
    plot: Plot = None


def run(options: Options, progress: Progress) -> Outcome:
    """Buy or rent? One scenario's plan beside what each way alone would cost and need, or scenarios side by side."""
    from planner.pipeline import load
    from planner.studies.compare.options import check_options
    from planner.studies.compare.plot import comparison_picture
    from planner.studies.compare.sheet import comparison_sheets
    from planner.studies.compare.study import compare
    from planner.studies.pool import cores
    from planner.studies.result import clock_sentence

    sources, asked = options.scenarios, options.options
    names = () if asked is None else check_options(name for name in asked.split(",") if name)
    if names and len(sources) != 1:
        raise InputError("--options are alternatives of one scenario; name one scenario with them")
    scenarios = [load(source, tuple(options.overrides or ())) for source in sources]
    found = compare(
        scenarios,
        names,
        gap=options.gap,
        time_limit_s=options.time_limit,
        jobs=cores(),
        progress=lambda words: progress(f"comparing: {words}"),
    )
    count, alone = len(found.entries), len(sources) == 1
    title = f"{scenarios[0].name} under {count} options" if alone else f"{count} scenarios side by side"
    # An answer for every column was asked for; of options that were named, some may be there to be ruled out.
    unanswered = InfeasiblePlan.exit_code if alone and not names and found.unanswered else 0
    sheets = comparison_sheets(
        found.table, found.sentences, title, workloads=found.workloads, answer=found.answer, remarks=found.remarks
    )
    return Outcome(
        list(sheets),
        found.to_dict(),
        found.tables,
        lambda: comparison_picture(found),
        message=clock_sentence(found.stopped),
        exit_code=unanswered or exit_of_stopped(found.stopped),
    )
