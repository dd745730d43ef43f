"""``plan catalog list``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Catalogs, TableJson, command_options

PLACE = Place(EVIDENCE, 30)


@command_options
class Options:
    """The options of one call."""

    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[systems|offers|apis|serving|energy|shapes|paths|accuracy|models|gains|sources]",
            help="What to list.",
        ),
    ] = None
    system: Annotated[str | None, typer.Option("--system", help="Only rows of this system.")] = None
    maker: Annotated[str | None, typer.Option("--maker", help="Only systems of this maker.")] = None
    model: Annotated[str | None, typer.Option("--model", help="Only rows of this model.")] = None
    provider: Annotated[str | None, typer.Option("--provider", help="Only rows of this provider.")] = None
    catalogs: Catalogs = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """The rows of a table, one a line; without a table, how many each has."""
    from planner.cli.catalog.rows import list_rows

    wanted = {"system": options.system, "maker": options.maker, "model": options.model, "provider": options.provider}
    return list_rows(options.table, options.catalogs, wanted)
