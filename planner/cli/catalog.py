"""``plan catalog``: look into catalogs, hold them against physics and each other, compare what their points cost."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli.exits import exits

catalog = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Look into catalogs: check them, list and compare their rows, see what each point costs.",
)

Catalogs = Annotated[
    list[str] | None,
    typer.Option(
        "--catalog", metavar="NAME|FOLDER", help="builtin (the default) or a folder; repeatable, later over earlier."
    ),
]
Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the table as JSON; - for standard output.")
]


@catalog.command()
def check(
    catalogs: Catalogs = None,
    max_age_days: Annotated[int | None, typer.Option("--max-age-days", help="Rows older than this are stale.")] = None,
    today: Annotated[
        str | None, typer.Option("--today", metavar="DATE", help="Day the age counts to; else the newest row's.")
    ] = None,
    json: Json = None,
) -> None:
    """What a row cannot or should not say. Exit code 2 where there is a finding."""
    with exits():
        from planner.cli.catalog_check import run

        run(catalogs, max_age_days, today, json)
