"""The commands that look back: saved runs, what changed, what remains to plan, what really came."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli.exits import exits
from planner.cli.options import Json, Store

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The number of a saved run, or `last`.")]


def add_to(app: typer.Typer) -> None:
    """Make them commands of ``app``."""
    for command in (history, show):
        app.command()(command)


def history(store: Store = None, json: Json = None) -> None:
    """The runs that were saved with --save."""
    with exits():
        from planner.cli.history import show_history

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
        from planner.cli.history import show_run

        show_run(run, scenario, store, json)
