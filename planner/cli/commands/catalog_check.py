"""``plan catalog check``."""

from __future__ import annotations

from planner.cli.options import CheckOptions as Options
from planner.studies.command import EVIDENCE, Outcome, Place, Progress

PLACE = Place(EVIDENCE, 10)


def run(options: Options, progress: Progress) -> Outcome:
    """What a row cannot or should not say. Exit code 2 where there is a finding."""
    from planner.cli.catalog.check import checked

    return checked(options)
