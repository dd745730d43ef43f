"""``plan solve``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.studies.command import PLANS, Outcome, Place, Progress
from planner.studies.options import Csv, Gap, Json, Save, ScenarioPath, Set, Solver, Store, TimeLimit

PLACE = Place(
    PLANS,
    10,
    "`plan SCENARIO`",
    "the plan; `--set path=value` changes a field, `--json FILE` and `--csv DIR` write it",
)


@dataclass(frozen=True)
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    overrides: Set = None
    solver: Solver = None
    gap: Gap = None
    time_limit: TimeLimit = None
    json: Json = None
    csv: Csv = None
    trace: Annotated[
        bool, typer.Option("--trace", help="Say which catalog rows and sources each figure comes from.")
    ] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no report.")] = False
    save: Save = False
    store: Store = None

    @property
    def report(self) -> bool:
        """Whether standard output is for the report."""
        return not self.quiet and self.json != "-"

    @property
    def information(self) -> bool:
        """Whether anybody will see what is computed beside the plan."""
        return not self.quiet or self.json is not None or self.save


def run(options: Options, progress: Progress) -> Outcome:
    """The cheapest plan that keeps every limit, with its proof."""
    from planner.cli.solve import solved

    return solved(options, progress)
