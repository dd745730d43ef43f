"""``plan solve``."""

from __future__ import annotations

from planner.cli.options import SolveOptions as Options
from planner.studies.command import PLANS, Outcome, Place, Progress

PLACE = Place(
    PLANS,
    10,
    "`plan SCENARIO`",
    "the plan; `--set path=value` changes a field, `--json FILE` and `--csv DIR` write it",
)


def run(options: Options, progress: Progress) -> Outcome:
    """The cheapest plan that keeps every limit, with its proof."""
    from planner.cli.solve import solved

    return solved(options, progress)
