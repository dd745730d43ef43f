"""``plan catalog diff``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import TableJson, command_options

PLACE = Place(EVIDENCE, 60)


@command_options
class Options:
    """The options of one call."""

    before: Annotated[str, typer.Argument(metavar="A", help="builtin or a folder; several joined with +.")]
    after: Annotated[str, typer.Argument(metavar="B", help="The same.")]
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """The rows that B adds to A, removes and changes, field by field."""
    from planner.cli.catalog.rows import diff

    return diff(options.before, options.after)
