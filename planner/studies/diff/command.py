"""``plan diff``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from planner.errors import InfeasiblePlan, InputError
from planner.studies.command import FEASIBLE_EXIT, RESULTS, Outcome, Place, Progress
from planner.studies.options import Gap, Json, Store, TimeLimit, command_options

PLACE = Place(
    RESULTS,
    30,
    "`plan diff A B`",
    "runs, scenarios, results, baselines or git revisions: inputs, decisions, cost; `--fail-above 3%` for pipelines",
    "history.md",
)
# B costs more than --fail-above allows.
ABOVE_EXIT = 6


@command_options
class Options:
    """The options of one call."""

    a: Annotated[
        str, typer.Argument(metavar="A", help="A run, a scenario, result or baseline file, or REV:path/to/file.")
    ]
    b: Annotated[str, typer.Argument(metavar="B", help="What it became.")]
    fail_above: Annotated[
        str | None,
        typer.Option("--fail-above", metavar="PERCENT", help="Exit code 6 where B's cost per Mtok is more above A's."),
    ] = None
    gap: Gap = None
    time_limit: TimeLimit = None
    store: Store = None
    json: Json = None
    markdown: Annotated[
        str | None, typer.Option("--markdown", metavar="FILE", help="Write it as Markdown; - for standard output.")
    ] = None


def run(options: Options, progress: Progress) -> Outcome:
    """What changed: in the inputs, in the decisions, in the cost."""
    from planner.history.store import store_path
    from planner.studies.diff.comparand import answered, read
    from planner.studies.diff.sheet import diff_markdown, diff_sheets, sentence
    from planner.studies.diff.study import diff
    from planner.studies.result import clock_sentence

    _check(options)
    allowed = None if options.fail_above is None else _share(options.fail_above)
    store = store_path(options.store)
    sides = [read(source, store) for source in (options.a, options.b)]
    one, other = (answered(side, gap=options.gap, time_limit_s=options.time_limit, progress=progress) for side in sides)
    found = diff(one, other)
    too_much = allowed is not None and other.planned and found.above(allowed)
    sheets = list(diff_sheets(found))
    message, code, verdict = "", 0, sentence(found)
    if not other.planned:
        message, code = f"{other.label} has no plan", InfeasiblePlan.exit_code
        verdict = f"{message}."
    elif too_much:
        message, code = f"{verdict} More than {options.fail_above} is not allowed here.", ABOVE_EXIT
        verdict = message
    elif late := [side.label for side in (one, other) if side.planned and not side.result["solver"]["reproducible"]]:
        message, code = clock_sentence(late), FEASIBLE_EXIT
        verdict = f"{verdict} {message}"
    return Outcome(
        sheets if options.markdown != "-" else (),
        found.to_dict(),
        files=[(options.markdown, diff_markdown(found, verdict))] if options.markdown is not None else (),
        message=message,
        exit_code=code,
    )


def _check(options: Options) -> None:
    from planner.render.files import check_file

    if options.markdown is not None and options.markdown != "-":
        check_file(Path(options.markdown), "--markdown")
    if options.json == options.markdown == "-":
        raise InputError("--json - and --markdown - both want standard output; name a file for one of them")
    if options.a == options.b == "-":
        raise InputError("standard input is one scenario; name a file for the other")


def _share(text: str) -> float:
    """``3%`` or ``2.5 %`` as a share."""
    number = text.strip().removesuffix("%").strip()
    try:
        share = float(number) / 100
    except ValueError:
        share = math.nan
    if not text.strip().endswith("%") or not (math.isfinite(share) and share >= 0):
        raise InputError(f"--fail-above {text}: write a percentage, such as 3%")
    return share
