"""``plan report``."""

from __future__ import annotations

from planner.cli.options import ReportOptions as Options
from planner.studies.command import RESULTS, Outcome, Place, Progress

PLACE = Place(
    RESULTS,
    5,
    "`plan report SCENARIO -o plan.html`",
    "the plan as one page that needs no network: plots, tables, proof, comparison, sources",
    "report.md",
)


def run(options: Options, progress: Progress) -> Outcome:
    """The plan as one page of HTML that needs no network: plots, tables, proof, comparison, sources."""
    from planner.cli.report import reported

    return reported(options, progress)
