"""``plan report``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from planner.analysis import information
from planner.analysis.compare import compare
from planner.analysis.options import check_options, option_words
from planner.analysis.parallel import cores
from planner.cli.exits import FEASIBLE_EXIT, check_numbers, stopped
from planner.cli.solve import Asked, Solved, find
from planner.cli.waiting import wait_for
from planner.errors import SolverFailure
from planner.pipeline import load
from planner.report.files import check_file, write_file
from planner.report.sheet import plain
from planner.scenario import Scenario
from planner.solvers import check_name

if TYPE_CHECKING:
    from planner.report.html.page import Beside

STDOUT = "-"
PLAN = "mixed"
NOTHING = "none"


@dataclass(frozen=True)
class Wanted:
    """The options of one call; ``output`` is a path or `-`, ``options`` names of alternatives with commas or none."""

    output: str
    solver: str | None
    gap: float | None
    time_limit: float | None
    options: str


def run(source: str, overrides: tuple[str, ...], wanted: Wanted) -> None:
    """Solve, compare, write the page; ends the process with the exit code of the outcome."""
    check_numbers(wanted.gap, wanted.time_limit)
    if wanted.solver is not None:
        check_name(wanted.solver)
    names = () if wanted.options == NOTHING else check_options(name for name in wanted.options.split(",") if name)
    if wanted.output != STDOUT:
        check_file(Path(wanted.output), "--output")
    scenario = load(source, overrides)
    solved, page = wait_for(lambda tell: _page(scenario, wanted, names, tell), f"{scenario.name}: solving")
    if wanted.output == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(page.encode())
        sys.stdout.buffer.flush()
    else:
        write_file(Path(wanted.output), page)
        typer.echo(f"{wanted.output}: the plan of {plain(scenario.name)}, {solved.plan.status}")
    if solved.unknown:
        typer.echo(solved.unknown, err=True)
    if stopped(solved.plan) or solved.late:
        raise typer.Exit(FEASIBLE_EXIT)


def _page(
    scenario: Scenario, wanted: Wanted, names: tuple[str, ...], tell: Callable[[str], None]
) -> tuple[Solved, str]:
    from planner.report.html.page import html_report

    asked = Asked(wanted.solver, wanted.gap, wanted.time_limit, json=None, csv=None, trace=False, quiet=False)
    solved = find(scenario, asked, tell)
    beside = _beside(scenario, solved, wanted, names, tell)
    tell(f"{scenario.name}: drawing")
    return solved, html_report(solved.plan, scenario, solved.catalog, beside)


def _beside(
    scenario: Scenario, solved: Solved, wanted: Wanted, names: tuple[str, ...], tell: Callable[[str], None]
) -> Beside:
    """What stands beside the plan; a comparison that no engine could finish in time says so instead."""
    from planner.report.html.page import Beside

    beside = Beside(
        lines=[solved.other.line()] if solved.other is not None else [],
        sheets=[information.sheet(solved.worth)] if solved.worth is not None else [],
    )
    others = tuple(name for name in names if name != PLAN)
    if not others:
        return replace(beside, uncompared="No options were asked for.")
    try:
        found = compare(
            scenario,
            (PLAN, *others),
            solver=wanted.solver,
            gap=wanted.gap,
            time_limit_s=wanted.time_limit,
            known={PLAN: solved.plan},
            jobs=cores(),
            tell=lambda words: tell(f"{scenario.name}: options, {words}"),
        )
    except SolverFailure as error:
        return replace(beside, uncompared=f"The comparison is not known: {error}.")
    meanings = [(name, option_words(name)) for name in others]
    return replace(beside, options=found.table, sentences=found.sentences, meanings=meanings)
