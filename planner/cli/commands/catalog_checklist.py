"""``plan catalog checklist``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Catalogs, TableJson

PLACE = Place(EVIDENCE, 80)


@dataclass(frozen=True)
class Options:
    """The options of one call."""

    offer: Annotated[str, typer.Argument(metavar="OFFER", help="Its name, as `list offers` has it.")]
    catalogs: Catalogs = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """What the catalog does not know of an offer: the questions to ask before signing."""
    from planner.cli.catalog.checklist import checklist

    return checklist(options.offer, options.catalogs)
