"""``plan export``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from planner.studies.command import PLANS, Outcome, Place, Progress
from planner.studies.options import Gap, ScenarioPath, Set, Solver, TimeLimit

PLACE = Place(
    PLANS,
    120,
    "`plan export SCENARIO`",
    "an Excel workbook with live sums, Parquet, FinOps FOCUS cost rows, the model as MPS or LP",
    "export.md",
)


@dataclass(frozen=True)
class Options:
    """The options of one call: where to write what."""

    scenario: ScenarioPath
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="An Excel workbook with live sums: FILE.xlsx.")
    ] = None
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="DIR", help="Every table as a Parquet file into DIR.")
    ] = None
    focus: Annotated[
        Path | None,
        typer.Option("--focus", metavar="FILE", help="Cost rows in FinOps FOCUS columns: FILE.csv or FILE.parquet."),
    ] = None
    mps: Annotated[
        Path | None, typer.Option("--mps", metavar="FILE", help="The model itself, not solved: FILE.mps or FILE.lp.")
    ] = None
    overrides: Set = None
    solver: Solver = None
    gap: Gap = None
    time_limit: TimeLimit = None

    @property
    def solves(self) -> bool:
        """Whether anything is wanted that only a plan has."""
        return not (self.xlsx is self.parquet is self.focus is None)


def run(options: Options, progress: Progress) -> Outcome:
    """The plan for others to work with: workbook, Parquet, FinOps cost rows, and the model itself."""
    from planner.cli.export import exported

    return exported(options, progress)
