"""The commands that look back: saved runs, what changed, what remains to plan, what really came."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.exits import exits
from planner.cli.options import Csv, Gap, Json, Save, Set, Store, TimeLimit

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The number of a saved run, or `last`.")]


def add_to(app: typer.Typer) -> None:
    """Make them commands of ``app``."""
    for command in (history, show, diff, replan, actuals):
        app.command()(command)


def history(store: Store = None, json: Json = None) -> None:
    """The runs that were saved with --save."""
    with exits():
        from planner.studies.history.command import show_history

        show_history(store, json)


def show(
    run: RunId,
    scenario: Annotated[bool, typer.Option("--scenario", help="Its whole scenario instead, as YAML.")] = False,
    store: Store = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Its result as it was written; - for standard output.")
    ] = None,
) -> None:
    """A saved run as it was printed."""
    with exits():
        from planner.studies.history.command import show_run

        show_run(run, scenario, store, json)


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A run, a scenario or result file, or REV:path/to/file.yaml.")],
    b: Annotated[str, typer.Argument(metavar="B", help="What it became.")],
    fail_above: Annotated[
        str | None,
        typer.Option("--fail-above", metavar="PERCENT", help="Exit code 6 where B's cost per Mtok is more above A's."),
    ] = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    store: Store = None,
    json: Json = None,
    markdown: Annotated[
        str | None, typer.Option("--markdown", metavar="FILE", help="Write it as Markdown; - for standard output.")
    ] = None,
) -> None:
    """What changed: in the inputs, in the decisions, in the cost."""
    with exits():
        from planner.studies.diff.command import Asked, run

        run(a, b, Asked(fail_above, gap, time_limit, store, json, markdown))


def replan(
    run: RunId,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DAY", help="What was ordered and signed before it stays, e.g. 2028-01.")
    ],
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="FILE", help="What is known today; default: the run's own.")
    ] = None,
    overrides: Set = None,
    future: Annotated[
        str | None, typer.Option("--future", metavar="NAME", help="The one of the run's futures that came true.")
    ] = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    json: Json = None,
    csv: Csv = None,
    save: Save = False,
    store: Store = None,
) -> None:
    """The cheapest plan for the rest, with what a saved run has bought and signed by a day."""
    with exits():
        from planner.studies.replan.command import Asked, go

        asked = Asked(as_of, scenario, tuple(overrides or ()), future, gap, time_limit, json, csv, save, store)
        go(run, asked)


def actuals(
    run: RunId,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV: period, and any of workload, output_mtok, cost_usd, power_mw.")
    ],
    store: Store = None,
    json: Json = None,
) -> None:
    """What really came, beside what a saved run planned."""
    with exits():
        from planner.studies.actuals.command import run as compare

        compare(run, file, store, json)
