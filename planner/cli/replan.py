"""``plan replan``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from planner.cli.exits import FEASIBLE_EXIT, stopped
from planner.cli.history import check_store, keep
from planner.cli.output import write_json
from planner.cli.study import Wanted
from planner.cli.waiting import wait_for
from planner.errors import InputError
from planner.history.replan import replan, replanned_view
from planner.history.run import run_of
from planner.history.store import find, store_path
from planner.pipeline import load
from planner.report.csv_files import csv_texts
from planner.report.files import write_folder
from planner.report.sheet import show
from planner.report.terminal import console_on
from planner.schedule import parse_date


@dataclass(frozen=True)
class Asked:
    """The options of one call. ``json`` is a path or `-`."""

    as_of: str
    scenario: str | None
    overrides: tuple[str, ...]
    future: str | None
    gap: float | None
    time_limit: float | None
    json: str | None
    csv: Path | None
    save: bool
    store: Path | None


def go(wanted: str, asked: Asked) -> None:
    """Plan the rest, write and print it; ends with 4 where the search was stopped above the gap."""
    Wanted(asked.gap, asked.time_limit, asked.json, asked.csv).check()
    try:
        as_of = parse_date(asked.as_of)
    except ValueError as error:
        raise InputError(f"--as-of: {error}") from None
    path = store_path(asked.store)
    run = find(path, wanted)
    if asked.save:
        check_store(asked.store)
    scenario = run.question(asked.overrides) if asked.scenario is None else load(asked.scenario, asked.overrides)
    found = wait_for(
        lambda tell: replan(run, as_of, scenario, future=asked.future, gap=asked.gap, time_limit_s=asked.time_limit),
        f"{run.scenario}: planning the rest",
    )
    if asked.csv is not None:
        write_folder(asked.csv, csv_texts(found.plan))
    result, view = found.to_dict(), replanned_view(found)
    write_json(asked.json, result)
    if asked.save:
        keep(path, run_of(found.scenario, found.catalog, found.plan, result, view, asked.overrides))
    if asked.json != "-":
        console = console_on(sys.stdout)
        for sheet in view:
            show(sheet, console)
    if stopped(found.plan):
        raise typer.Exit(FEASIBLE_EXIT)
