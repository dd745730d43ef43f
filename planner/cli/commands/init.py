"""``plan init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.studies.command import PLANS, Outcome, Place, Progress
from planner.studies.options import command_options

PLACE = Place(PLANS, 40, "`plan init FILE`", "a commented scenario that solves, to start from")


@command_options
class Options:
    """The options of one call."""

    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; must not exist yet.")]


def run(options: Options, progress: Progress) -> Outcome:
    """A commented scenario that solves, to start from."""
    from planner.cli.documents import template

    return template(options.file)
