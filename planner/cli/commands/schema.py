"""``plan schema``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.studies.command import PLANS, Outcome, Place, Progress
from planner.studies.options import command_options

PLACE = Place(PLANS, 60, "`plan schema scenario`", "JSON Schemas, also of `catalog` and `result`")


@command_options
class Options:
    """The options of one call."""

    which: Annotated[str, typer.Argument(metavar="scenario|catalog|result", help="What to describe.")]
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", help="Of an earlier version of that format, such as 1.")
    ] = None


def run(options: Options, progress: Progress) -> Outcome:
    """The JSON Schema of a scenario, a catalog or a result, on standard output."""
    from planner.cli.documents import schema

    return Outcome(text=schema(options.which, options.version))
