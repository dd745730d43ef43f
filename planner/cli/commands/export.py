"""``plan export``."""

from __future__ import annotations

from planner.cli.options import ExportOptions as Options
from planner.studies.command import RESULTS, Outcome, Place, Progress

PLACE = Place(
    RESULTS,
    60,
    "`plan export SCENARIO`",
    "an Excel workbook with live sums, Parquet, FinOps FOCUS cost rows, the model as MPS or LP",
    "export.md",
)


def run(options: Options, progress: Progress) -> Outcome:
    """The plan for others to work with: workbook, Parquet, FinOps cost rows, and the model itself."""
    from planner.cli.export import exported

    return exported(options, progress)
