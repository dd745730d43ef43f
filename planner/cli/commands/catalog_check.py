"""``plan catalog check``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.studies.command import CATALOG, Outcome, Place, Progress
from planner.studies.options import Catalogs, TableJson

PLACE = Place(CATALOG, 10)


@dataclass(frozen=True)
class Options:
    """The options of one call."""

    catalogs: Catalogs = None
    max_age_days: Annotated[
        int | None, typer.Option("--max-age-days", help="Rows older than this are stale, over the limit of each table.")
    ] = None
    today: Annotated[
        str | None, typer.Option("--today", metavar="DATE", help="Day the age counts to; else the newest row's.")
    ] = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """What a row cannot or should not say. Exit code 2 where there is a finding."""
    from planner.cli.catalog.check import checked

    return checked(options)
