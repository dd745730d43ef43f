"""``plan explain``."""

from __future__ import annotations

import typer

from planner.cli.studies import Wanted, deliver, found
from planner.errors import InfeasiblePlan
from planner.studies.explain.sheet import explained_sheets
from planner.studies.explain.study import explain
from planner.studies.pool import cores


def run(source: str, overrides: tuple[str, ...], rejected: tuple[str, ...], wanted: Wanted) -> None:
    """Explain and report; ends with the exit code of an infeasible scenario where there is no plan."""
    study = found(
        source,
        overrides,
        wanted,
        lambda scenario, tell: explain(
            scenario,
            rejected=rejected,
            gap=wanted.gap,
            time_limit_s=wanted.time_limit,
            workers=cores(),
            tell=tell,
        ),
    )
    deliver(study, explained_sheets(study.tables, study.sentences), wanted)
    if not study.facts["feasible"]:
        raise typer.Exit(InfeasiblePlan.exit_code)
