"""How a command runs: check the shared options, work with signs of life, write, print, exit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from planner.cli.commands import Command
from planner.cli.exits import check_numbers, exits
from planner.cli.output import check_json, on_stdout, say, stdout, write_json, write_text
from planner.cli.waiting import wait_for
from planner.render.files import check_folder, write_bytes, write_folder
from planner.render.hints import call_of, filled
from planner.studies.command import Outcome, Progress

if TYPE_CHECKING:
    from planner.history.run import Run


def execute(command: Command, options: Any) -> None:
    """Run ``command`` and end as its outcome says."""
    with exits(lambda words: filled(words, _call(options))):
        check(options)
        run = command.module.run
        with_engine = partial(_on_executor, getattr(options, "executor", None), run, options)
        deliver(wait_for(with_engine, "loading"), options)


def _on_executor(executor: str | None, run: Any, options: Any, progress: Progress) -> Outcome:
    """What ``run`` finds, its solves spread over the executor that was asked for."""
    if executor is None:
        return cast(Outcome, run(options, progress))
    from planner.studies.pool import on

    with on(executor):
        return cast(Outcome, run(options, progress))


def check(options: Any) -> None:
    """Everything that can be wrong with the shared options is told before a minute is spent on solving."""
    check_numbers(getattr(options, "gap", None), getattr(options, "time_limit", None))
    solver, plot, csv = (getattr(options, name, None) for name in ("solver", "plot", "csv"))
    if solver is not None:
        from planner.solvers import check_name

        check_name(solver)
    executor = getattr(options, "executor", None)
    if executor is not None:
        from planner.studies.engines import check_executor

        check_executor(executor)
    check_json(getattr(options, "json", None))
    if plot is not None:
        from planner.render.plots import check_plot

        check_plot(plot)
    if csv is not None:
        check_folder(csv, "--csv")


def deliver(outcome: Outcome, options: Any) -> None:
    """Files first, then the store: a report on the screen says that everything else is done."""
    json, csv, plot = (getattr(options, name, None) for name in ("json", "csv", "plot"))
    if csv is not None and outcome.tables:
        from planner.render.csv import csv_text

        write_folder(csv, {f"{name}.csv": csv_text(frame) for name, frame in outcome.tables.items()})
    if plot is not None and outcome.plot is not None:
        from planner.render.plots import write_plot

        write_plot(plot, outcome.plot())
    if isinstance(outcome.json, str):
        write_text(json, outcome.json)
    elif outcome.json is not None:
        write_json(json, outcome.json)
    for target, content in outcome.files:
        _write(target, content)
    if outcome.saved is not None:
        _keep(options.store, outcome.saved)
    call = _call(options)
    if outcome.text:
        say(filled(outcome.text, call))
    elif not on_stdout(json):
        _print(outcome, call)
    if outcome.message:
        typer.echo(filled(outcome.message, call), err=True)
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


def _write(target: str, content: str | bytes | Mapping[str, bytes]) -> None:
    if isinstance(content, str):
        write_text(target, content)
    elif isinstance(content, bytes):
        write_bytes(Path(target), content)
    else:
        write_folder(Path(target), content)


def _keep(store: Path | None, run: Run) -> None:
    """Save a run and say so on standard error, which leaves standard output to the result."""
    from planner.history.store import save, store_path

    saved = save(store_path(store), run)
    typer.echo(f"run {saved.id} saved; `plan show {saved.id}` shows it", err=True)


def _call(options: Any) -> tuple[str, ...]:
    """What a hint names; nothing where no scenario was read, or several were."""
    several: list[str] = getattr(options, "scenarios", None) or []
    scenario = several[0] if len(several) == 1 else getattr(options, "scenario", None)
    return call_of(scenario, getattr(options, "overrides", None)) if isinstance(scenario, str) else ()


def _print(outcome: Outcome, call: tuple[str, ...]) -> None:
    if not outcome.sheets:
        return
    from planner.render.console import WIDTH, console_on
    from planner.render.sheet import show

    console = console_on(stdout(), outcome.width or WIDTH)
    for sheet in outcome.sheets:
        show(sheet.written(lambda words: filled(words, call)), console)
