"""``plan explain``."""

from __future__ import annotations

import typer

from planner.analysis.explain import explain
from planner.analysis.parallel import cores
from planner.cli.study import Wanted, deliver, found
from planner.errors import InfeasiblePlan
from planner.report.explained import explained_sheets


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
