"""``plan history`` and ``plan show``, and how a run is saved."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import typer

from planner._version import __version__
from planner.cli.output import check_json, write_json, write_text
from planner.errors import InputError
from planner.history.run import Run
from planner.history.store import Listed, find, listed, prepare, save, store_path
from planner.render.console import console_on
from planner.render.figures import gap_percent, money, price
from planner.render.sheet import Sheet, left, right, show

HISTORY_VERSION = 1


def check_store(store: Path | None) -> Path:
    """The store's file. Raises InputError where a run could not be saved in it, before anything is solved."""
    path = store_path(store)
    prepare(path, own=store is not None)
    return path


def keep(path: Path, run: Run) -> Run:
    """Save a run and say so on standard error, which leaves standard output to the result."""
    saved = save(path, run)
    typer.echo(f"run {saved.id} saved; `plan show {saved.id}` shows it", err=True)
    return saved


def show_history(store: Path | None, json: str | None) -> None:
    """Print every run, one to a line."""
    check_json(json)
    path = store_path(store)
    found = listed(path)
    write_json(json, {"version": HISTORY_VERSION, "planner": __version__, "runs": [asdict(run) for run in found]})
    if json == "-":
        return
    show(_history_sheet(found, path), console_on(sys.stdout))


def _history_sheet(found: list[Listed], path: Path) -> Sheet:
    if not found:
        return Sheet("No run is saved yet; `plan SCENARIO --save` saves one.")
    columns = (
        right("run"), left("when, UTC"), left("scenario"), right("$ per Mtok output"), right("NPV"), right("gap"),
        left("scenario digest"),
    )  # fmt: skip
    rows = tuple(
        (
            str(run.id),
            run.saved_at[:16].replace("T", " "),
            run.scenario,
            price(run.levelised_usd_per_mtok_output),
            "no plan" if run.npv_usd is None else money(run.npv_usd),
            "-" if run.gap is None else gap_percent(run.gap),
            run.scenario_digest,
        )
        for run in found
    )
    return Sheet(f"{len(found)} saved run{'s' if len(found) > 1 else ''}:", columns, rows)


def show_run(wanted: str, scenario: bool, store: Path | None, json: str | None) -> None:
    """Print a run's view, its result as it was written, or its scenario."""
    check_json(json)
    if scenario and json == "-":
        raise InputError("--scenario and --json - both want standard output; name a file for one of them")
    run = find(store_path(store), wanted)
    write_text(json, run.result_text)
    if scenario:
        typer.echo(run.scenario_text, nl=False)
        return
    if json == "-":
        return
    console = console_on(sys.stdout)
    for sheet in run.view:
        show(sheet, console)
