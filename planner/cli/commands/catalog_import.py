"""``plan catalog import``."""

from __future__ import annotations

from planner.cli.options import FileOptions as Options
from planner.studies.command import EVIDENCE, Outcome, Place, Progress

PLACE = Place(EVIDENCE, 90)


def run(options: Options, progress: Progress) -> Outcome:
    """Make rows of a catalog from what benchmark tools and price lists write."""
    from planner.cli.catalog.import_ import imported

    return imported(options)
