"""``plan catalog sources``."""

from __future__ import annotations

from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Catalogs, TableJson, command_options

PLACE = Place(EVIDENCE, 50)


@command_options
class Options:
    """The options of one call."""

    catalogs: Catalogs = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """The sources, and how many rows of which tables rest on each."""
    from planner.cli.catalog.rows import sources

    return sources(options.catalogs)
