"""``plan compare``."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from planner.analysis.compare import Comparison, compare
from planner.analysis.options import check_options
from planner.analysis.parallel import cores
from planner.analysis.study import clock_sentence
from planner.cli.exits import FEASIBLE_EXIT, check_numbers
from planner.cli.output import check_json, write_json
from planner.cli.waiting import wait_for
from planner.errors import InputError
from planner.pipeline import load
from planner.report.comparison import comparison_sheets
from planner.report.csv_files import csv_text
from planner.report.files import check_folder, write_folder
from planner.report.sheet import show
from planner.report.terminal import console_on
from planner.scenario import Scenario


def run(
    sources: list[str],
    options: str | None,
    overrides: tuple[str, ...],
    gap: float | None,
    time_limit: float | None,
    json: str | None,
    csv: Path | None,
) -> None:
    """Solve every scenario or option, print them side by side."""
    check_numbers(gap, time_limit)
    check_json(json)
    if csv is not None:
        check_folder(csv, "--csv")
    names = () if options is None else check_options(name for name in options.split(",") if name)
    if names and len(sources) != 1:
        raise InputError("--options are alternatives of one scenario; name one scenario with them")
    if not names and len(sources) < 2:
        raise InputError(
            f"{sources[0]} alone has nothing beside it; name a second scenario, or --options mixed,buy,rent"
        )
    scenarios = [load(source, overrides) for source in sources]
    found = wait_for(
        lambda tell: compare(
            scenarios,
            names,
            gap=gap,
            time_limit_s=time_limit,
            jobs=cores(),
            tell=lambda words: tell(f"comparing: {words}"),
        ),
        "comparing",
    )
    if csv is not None:
        write_folder(csv, {"compare.csv": csv_text(found.table)})
    write_json(json, found.to_dict())
    if json != "-":
        _show(found, scenarios, names)
    if found.stopped:
        typer.echo(clock_sentence(found.stopped), err=True)
        raise typer.Exit(FEASIBLE_EXIT)


def _show(found: Comparison, scenarios: list[Scenario], names: tuple[str, ...]) -> None:
    title = f"{scenarios[0].name} under {len(names)} options" if names else f"{len(scenarios)} scenarios side by side"
    console = console_on(sys.stdout)
    for sheet in comparison_sheets(found.table, found.sentences, title):
        show(sheet, console)
