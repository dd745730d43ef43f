"""A study's way out: JSON, CSV files and the report, in that order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from planner.cli.exits import FEASIBLE_EXIT, check_numbers
from planner.cli.output import check_json, write_json
from planner.cli.waiting import wait_for
from planner.pipeline import load
from planner.report.csv_files import csv_text
from planner.report.files import check_folder, write_folder
from planner.report.sheet import Sheet, show
from planner.report.terminal import console_on
from planner.scenario import Scenario

if TYPE_CHECKING:
    from planner.analysis.study import Study


@dataclass(frozen=True)
class Wanted:
    """The options that every study has. ``json`` is a path or `-`."""

    gap: float | None
    time_limit: float | None
    json: str | None
    csv: Path | None

    def check(self) -> None:
        """Everything that can be wrong with them is told before a minute is spent on solving."""
        check_numbers(self.gap, self.time_limit)
        check_json(self.json)
        if self.csv is not None:
            check_folder(self.csv, "--csv")


def found(
    source: str,
    overrides: tuple[str, ...],
    wanted: Wanted,
    ask: Callable[[Scenario, Callable[[str], None]], Study],
) -> Study:
    """The study of the scenario at ``source``, with signs of life while it is made."""
    wanted.check()
    scenario = load(source, overrides)
    return wait_for(lambda tell: ask(scenario, tell), f"{scenario.name}: solving")


def deliver(study: Study, sheets: Sequence[Sheet], wanted: Wanted) -> None:
    """Files first: a report on the screen says that everything else is done. Ends with 4 where the clock struck."""
    if wanted.csv is not None:
        write_folder(wanted.csv, {f"{name}.csv": csv_text(frame) for name, frame in study.tables.items()})
    write_json(wanted.json, study.to_dict())
    if wanted.json != "-":
        console = console_on(sys.stdout)
        for sheet in sheets:
            show(sheet, console)
    if study.stopped and study.facts.get("feasible", True):
        raise typer.Exit(FEASIBLE_EXIT)
