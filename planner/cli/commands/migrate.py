"""``plan migrate``."""

from __future__ import annotations

from planner.cli.options import MigrateOptions as Options
from planner.studies.command import PLANS, Outcome, Place, Progress

PLACE = Place(
    PLANS,
    50,
    "`plan migrate FILE`",
    "a scenario of version 1 rewritten as version 2, comments kept; `--keep` keeps its plan too",
    "versions.md",
)


def run(options: Options, progress: Progress) -> Outcome:
    """Rewrite scenarios of version 1 as version 2, and list the fields whose meaning changes."""
    from planner.cli.migrate import rewritten

    return rewritten(options)
