"""``plan catalog show``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Catalogs, TableJson, command_options

PLACE = Place(EVIDENCE, 40)


@command_options
class Options:
    """The options of one call."""

    row: Annotated[str, typer.Argument(metavar="ROW", help="A row's name, FILE:LINE, or a source.")]
    catalogs: Catalogs = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """Every field of a row with its unit, its place and its sources."""
    from planner.cli.catalog.rows import show_row

    return show_row(options.row, options.catalogs)
