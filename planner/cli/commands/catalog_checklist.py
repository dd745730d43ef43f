"""``plan catalog checklist``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Catalogs, TableJson, command_options

PLACE = Place(EVIDENCE, 80)


@command_options
class Options:
    """The options of one call."""

    row: Annotated[
        str | None,
        typer.Argument(metavar="OFFER|API", help="Its name, as `list offers` or `list apis` has it."),
    ] = None
    whole: Annotated[
        bool, typer.Option("--all", help="All there is to ask, as a page for a request for proposals.")
    ] = False
    catalogs: Catalogs = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """What the catalog does not know of an offer or a token API: the questions to ask before signing."""
    from planner.cli.catalog.checklist import checklist

    return checklist(options.row, options.whole, options.catalogs, options.json)
