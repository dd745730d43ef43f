"""``plan frontier``."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from planner.analysis.axes import parse_axis
from planner.analysis.frontier import Cell, Frontier, checked, frontier, known_cells
from planner.analysis.parallel import cores
from planner.analysis.study import clock_sentence
from planner.cli.exits import FEASIBLE_EXIT, check_numbers
from planner.cli.output import check_json, write_json
from planner.cli.waiting import wait_for
from planner.errors import InputError
from planner.pipeline import load
from planner.report.csv_files import csv_text
from planner.report.figures import bar
from planner.report.files import check_folder, write_folder
from planner.report.line import frontier_plot, frontier_sheets
from planner.report.plots import check_plot, write_plot
from planner.report.sheet import show
from planner.report.terminal import console_on


@dataclass(frozen=True)
class Asked:
    """The options of one call. ``json`` is a path or `-`."""

    over: tuple[str, ...]
    gap: float | None
    time_limit: float | None
    jobs: int | None
    resume: bool
    json: str | None
    csv: Path | None
    plot: Path | None


def run(source: str, overrides: tuple[str, ...], asked: Asked) -> None:
    """Solve every cell, write each as it comes, print the table."""
    _check(asked)
    axes = checked([parse_axis(axis) for axis in asked.over])
    scenario = load(source, overrides)
    known = _known(asked)

    def work(tell: Callable[[str], None]) -> Frontier:
        total = 1
        for axis in axes:
            total *= len(axis.values)

        def after(so_far: Frontier) -> None:
            done = len(so_far.cells)
            tell(f"{scenario.name}: {bar(done / total)} {done} of {total} plans")
            if asked.json not in (None, "-"):
                write_json(asked.json, so_far.to_dict())

        jobs = asked.jobs if asked.jobs is not None else cores()
        return frontier(
            scenario, axes, gap=asked.gap, time_limit_s=asked.time_limit, jobs=jobs, known=known, after=after
        )

    found = wait_for(work, f"{scenario.name}: frontier")
    _deliver(found, asked)
    if found.stopped:
        typer.echo(clock_sentence(found.stopped), err=True)
        raise typer.Exit(FEASIBLE_EXIT)


def _check(asked: Asked) -> None:
    check_numbers(asked.gap, asked.time_limit)
    check_json(asked.json)
    check_plot(asked.plot)
    if asked.csv is not None:
        check_folder(asked.csv, "--csv")
    if asked.jobs is not None and asked.jobs < 1:
        raise InputError(f"--jobs {asked.jobs}: must be 1 or more")
    if asked.resume and asked.json in (None, "-"):
        raise InputError("--resume: name the file to go on with as --json FILE")


def _known(asked: Asked) -> dict[str, Cell]:
    """The cells of the file to go on with; none where there is no such file yet."""
    if not asked.resume or asked.json is None or not Path(asked.json).exists():
        return {}
    try:
        return known_cells(json_text.loads(Path(asked.json).read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, OSError):
        raise InputError(f"--resume: {asked.json} is not what `plan frontier --json` writes") from None


def _deliver(found: Frontier, asked: Asked) -> None:
    names = [axis.name for axis in found.axes]
    if asked.csv is not None:
        write_folder(asked.csv, {"frontier.csv": csv_text(found.table), "mix.csv": csv_text(found.mix)})
    if asked.plot is not None:
        write_plot(asked.plot, frontier_plot(found.table, found.mix, names))
    write_json(asked.json, found.to_dict())
    if asked.json == "-":
        return
    console = console_on(sys.stdout)
    for sheet in frontier_sheets(found.table, found.mix, names, found.scenario):
        show(sheet, console)
