"""``plan frontier``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.errors import InputError
from planner.paths import is_stdout, is_there, read_bytes
from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Csv, Executor, Gap, Json, Plot, ScenarioPath, Set, TimeLimit, command_options

if TYPE_CHECKING:
    from planner.studies.frontier.study import Frontier

PLACE = Place(
    DECISIONS,
    60,
    "`plan frontier SCENARIO --over PATH=…`",
    "the optimum along one field or two: power, budget, latency, demand",
    "frontier.md",
)


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    over: Annotated[
        list[str],
        typer.Option("--over", metavar="PATH=FROM:TO:STEP", help="A field's values, or PATH=1,2,4; once or twice."),
    ]
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    executor: Executor = None
    jobs: Annotated[int | None, typer.Option("--jobs", help="Plans solved at once; default: one per core.")] = None
    resume: Annotated[bool, typer.Option("--resume", help="Continue with the cells that --json FILE already has.")] = (
        False
    )
    json: Json = None
    csv: Csv = None
    plot: Plot = None

    @property
    def file(self) -> Path | None:
        """Where the cells are written as they come."""
        return None if self.json in (None, "-") or is_stdout(str(self.json)) else Path(str(self.json))


def run(options: Options, progress: Progress) -> Outcome:
    """The optimum along one field or two: cost and fleet against power, budget, latency, demand."""
    from planner.pipeline import load
    from planner.render.figures import bar
    from planner.render.files import write_file
    from planner.render.sheet import Sheet
    from planner.studies.frontier.axes import parse_axis
    from planner.studies.frontier.plot import frontier_picture
    from planner.studies.frontier.sheet import frontier_sheets
    from planner.studies.frontier.study import checked, frontier
    from planner.studies.pool import cores
    from planner.studies.result import clock_sentence

    _check(options)
    axes = checked([parse_axis(axis) for axis in options.over])
    scenario = load(options.scenario, tuple(options.overrides or ()))
    known = _known(options)

    def heard(so_far: Frontier) -> None:
        done, total = len(so_far.cells), so_far.size
        progress(f"{scenario.name}: {bar(done / total)} {done} of {total} plans")
        if options.file is not None:
            write_file(options.file, so_far.to_json())

    jobs = options.jobs if options.jobs is not None else cores()
    found = frontier(
        scenario, axes, gap=options.gap, time_limit_s=options.time_limit, jobs=jobs, known=known, progress=heard
    )
    names = [axis.name for axis in found.axes]
    table, mix = found.table, found.mix
    return Outcome(
        [*frontier_sheets(table, mix, names, found.scenario), *(Sheet(sentence) for sentence in found.sentences)],
        found.to_dict(),
        found.tables,
        lambda: frontier_picture(found),
        message=clock_sentence(found.stopped),
        exit_code=exit_of_stopped(found.stopped),
    )


def _check(options: Options) -> None:
    if options.jobs is not None and options.jobs < 1:
        raise InputError(f"--jobs {options.jobs}: must be 1 or more")
    if options.resume and options.file is None:
        raise InputError("--resume: name the file to go on with as --json FILE")


def _known(options: Options) -> dict[str, dict[str, Any]]:
    """The cells of the file to go on with; none where there is no such file yet."""
    import json

    from planner.studies.frontier.study import known_cells

    if not options.resume or options.file is None or not is_there(options.file):
        return {}
    try:
        return known_cells(json.loads(read_bytes(options.file)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise InputError(f"--resume: {options.json} is not what plan frontier --json writes") from None
