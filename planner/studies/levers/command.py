"""``plan levers``."""

from __future__ import annotations

from pathlib import Path

from planner.cli.studies import Wanted, deliver, found
from planner.render.plots import check_plot
from planner.studies.levers.sheet import levers_sheets, plot_levers
from planner.studies.levers.study import iceberg
from planner.studies.pool import cores


def run(source: str, overrides: tuple[str, ...], plot: Path | None, wanted: Wanted) -> None:
    """Solve with and without, report, plot."""
    check_plot(plot)
    study = found(
        source,
        overrides,
        wanted,
        lambda scenario, tell: iceberg(
            scenario, gap=wanted.gap, time_limit_s=wanted.time_limit, workers=cores(), tell=tell
        ),
    )
    if plot is not None:
        plot_levers(plot, study.scenario, study["levers"])
    deliver(study, levers_sheets(study.tables, study.sentences), wanted)
