"""``plan replan``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.errors import InputError
from planner.studies.command import RESULTS, Outcome, Place, Progress, exit_of
from planner.studies.options import Csv, Gap, Json, RunId, Save, Set, Store, TimeLimit, command_options

PLACE = Place(
    RESULTS,
    40,
    "`plan replan RUN --as-of DAY`",
    "what is bought and signed by then stays, the rest is planned anew",
    "history.md",
)


@command_options
class Options:
    """The options of one call."""

    run: RunId
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DAY", help="What was ordered and signed before it stays, e.g. 2028-01.")
    ]
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="FILE", help="What is known today; default: the run's own.")
    ] = None
    overrides: Set = None
    future: Annotated[
        str | None, typer.Option("--future", metavar="NAME", help="The one of the run's futures that came true.")
    ] = None
    gap: Gap = None
    time_limit: TimeLimit = None
    json: Json = None
    csv: Csv = None
    save: Save = False
    store: Store = None


def run(options: Options, progress: Progress) -> Outcome:
    """The cheapest plan for the rest, with what a saved run has bought and signed by a day."""
    from planner.history.run import run_of
    from planner.history.store import find, prepare, store_path
    from planner.pipeline import load
    from planner.schedule import parse_date
    from planner.studies.replan.sheet import replan_sheets
    from planner.studies.replan.study import replan

    try:
        as_of = parse_date(options.as_of)
    except ValueError as error:
        raise InputError(f"--as-of: {error}") from None
    path = store_path(options.store)
    before = find(path, options.run)
    if options.save:
        prepare(path, own=options.store is not None)
    overrides = tuple(options.overrides or ())
    scenario = before.question(overrides) if options.scenario is None else load(options.scenario, overrides)
    progress(f"{before.scenario}: planning the rest")
    found = replan(before, as_of, scenario, future=options.future, gap=options.gap, time_limit_s=options.time_limit)
    result, view = found.to_dict(), replan_sheets(found)
    kept = run_of(found.scenario, found.catalog, found.plan, result, view, overrides) if options.save else None
    return Outcome(view, result, found.tables, saved=kept, exit_code=exit_of(found.plan))
