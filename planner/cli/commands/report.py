"""``plan report``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.studies.command import PLANS, Outcome, Place, Progress
from planner.studies.options import Gap, ScenarioPath, Set, Solver, TimeLimit

PLACE = Place(
    PLANS,
    20,
    "`plan report SCENARIO -o plan.html`",
    "the plan as one page that needs no network: plots, tables, proof, comparison, sources",
    "report.md",
)


@dataclass(frozen=True)
class Options:
    """The options of one call; ``output`` is a path or `-`, ``options`` names of alternatives with commas or none."""

    scenario: ScenarioPath
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - for standard output.")
    ]
    overrides: Set = None
    solver: Solver = None
    gap: Gap = None
    time_limit: TimeLimit = None
    options: Annotated[
        str, typer.Option("--options", metavar="NAMES", help="What to compare with, as in `plan compare`, or none.")
    ] = "buy,rent,hopper"


def run(options: Options, progress: Progress) -> Outcome:
    """The plan as one page of HTML that needs no network: plots, tables, proof, comparison, sources."""
    from planner.cli.report import reported

    return reported(options, progress)
