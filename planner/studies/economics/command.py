"""``plan economics``."""

from __future__ import annotations

from planner.cli.studies import Wanted, deliver, found
from planner.studies.economics.sheet import economics_sheets
from planner.studies.economics.study import economics


def run(source: str, overrides: tuple[str, ...], wanted: Wanted) -> None:
    """Solve and report."""
    study = found(
        source,
        overrides,
        wanted,
        lambda scenario, tell: economics(scenario, gap=wanted.gap, time_limit_s=wanted.time_limit, tell=tell),
    )
    deliver(study, economics_sheets(study.tables, study.sentences), wanted)
