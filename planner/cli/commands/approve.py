"""``plan approve``."""

from __future__ import annotations

from planner.cli.options import ApproveOptions as Options
from planner.studies.command import RESULTS, Outcome, Place, Progress

PLACE = Place(
    RESULTS,
    25,
    "`plan approve RUN`",
    "a saved run as the approved plan, which `plan diff` and `plan actuals` compare with",
    "budgeting.md",
)


def run(options: Options, progress: Progress) -> Outcome:
    """Export a saved run as the approved plan: a baseline file under a digest."""
    from planner.cli.approve import approved

    return approved(options)
