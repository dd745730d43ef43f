"""``plan solve``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from planner.analysis import information
from planner.analysis.percentile import OtherPercentile, other_percentile
from planner.analysis.percentile import applies as has_targets
from planner.catalog import Catalog
from planner.cli.exits import FEASIBLE_EXIT, check_numbers, stopped
from planner.cli.output import check_json, write_json
from planner.cli.waiting import wait_for
from planner.errors import InfeasiblePlan, SolverFailure, StoppedByClock
from planner.pipeline import catalog_of, load
from planner.pipeline import solve as solve_scenario
from planner.plan import Plan
from planner.report.csv_files import csv_texts
from planner.report.files import check_folder, write_folder
from planner.report.origins import trace_sheet
from planner.report.result import infeasible, infeasible_sheet
from planner.report.sheet import Sheet, show
from planner.report.terminal import console_on, sheets
from planner.scenario import Scenario
from planner.solvers import Options, check_name


@dataclass(frozen=True)
class Asked:
    """The options of one call. ``json`` is a path or `-`."""

    solver: str | None
    gap: float | None
    time_limit: float | None
    json: str | None
    csv: Path | None
    trace: bool
    quiet: bool
    save: bool = False
    store: Path | None = None

    @property
    def report(self) -> bool:
        """Whether standard output is for the report."""
        return not self.quiet and self.json != "-"

    @property
    def information(self) -> bool:
        """Whether anybody will see what is computed beside the plan."""
        return not self.quiet or self.json is not None or self.save


@dataclass(frozen=True)
class Solved:
    """A plan and its catalog; ``worth`` and ``other`` are None where they do not apply, ``unknown`` says why not.

    ``late`` where the clock stopped what stands beside the plan.
    """

    catalog: Catalog
    plan: Plan
    worth: information.Information | None = None
    other: OtherPercentile | None = None
    unknown: str = ""
    late: bool = False


def run(source: str, overrides: tuple[str, ...], asked: Asked) -> None:
    """Solve, report, write; ends the process with the exit code of the outcome."""
    store = _check(asked)
    scenario = load(source, overrides)
    try:
        solved = wait_for(lambda tell: find(scenario, asked, tell), f"{scenario.name}: solving")
    except InfeasiblePlan as error:
        result = infeasible(scenario, error)
        write_json(asked.json, result)
        if store is not None:
            _keep(store, scenario, catalog_of(scenario), None, result, [infeasible_sheet(error)], overrides)
        # Why there is no plan is this scenario's report.
        typer.echo(str(error), err=not asked.report)
        raise typer.Exit(error.exit_code) from None
    _deliver(scenario, solved, asked, store, overrides)
    if stopped(solved.plan) or solved.late:
        raise typer.Exit(FEASIBLE_EXIT)


def _check(asked: Asked) -> Path | None:
    """The store to save in, if any. What can be wrong with options is told before a minute is spent on solving."""
    check_numbers(asked.gap, asked.time_limit)
    if asked.solver is not None:
        check_name(asked.solver)
    check_json(asked.json)
    if asked.csv is not None:
        check_folder(asked.csv, "--csv")
    if not asked.save:
        return None
    from planner.cli.history import check_store

    return check_store(asked.store)


def find(scenario: Scenario, asked: Asked, tell: Callable[[str], None]) -> Solved:
    """The plan, with what is told beside it where anybody asked for that."""
    catalog = catalog_of(scenario)
    plan = solve_scenario(scenario, catalog, solver=asked.solver, gap=asked.gap, time_limit_s=asked.time_limit)
    other, unknown = None, ""
    if asked.information and has_targets(scenario):
        limit = asked.time_limit if asked.time_limit is not None else scenario.solve.time_limit_s
        try:
            other = other_percentile(scenario, catalog, plan, Options(plan.proof.gap_asked, limit))
        except StoppedByClock as error:
            unknown = f"The cost at the other percentile is not known: {error}."
    if not (asked.information and information.applies(scenario)):
        return Solved(catalog, plan, other=other, unknown=unknown, late=bool(unknown))
    try:
        worth = information.value_of_information(
            scenario,
            catalog,
            plan,
            gap=asked.gap,
            time_limit_s=asked.time_limit,
            tell=lambda words: tell(f"{scenario.name}: value of information, {words}"),
        )
    except SolverFailure as error:
        said = f"The value of information is not known: {error}."
        late = isinstance(error, StoppedByClock) or bool(unknown)
        return Solved(catalog, plan, other=other, unknown="\n".join(filter(None, (unknown, said))), late=late)
    return Solved(catalog, plan, worth, other, unknown, bool(unknown or worth.stopped))


def _deliver(scenario: Scenario, solved: Solved, asked: Asked, store: Path | None, overrides: tuple[str, ...]) -> None:
    """Files first, then the store: a report on the screen says that everything else is done."""
    if asked.csv is not None:
        write_folder(asked.csv, csv_texts(solved.plan, trace=asked.trace))
    result = solved.plan.to_dict()
    if solved.worth is not None:
        result["information"] = solved.worth.to_dict()
    if solved.other is not None:
        result["other_percentile"] = solved.other.to_dict()
    if asked.trace:
        result["trace"] = solved.plan.trace().to_dict(orient="records")
    write_json(asked.json, result)
    view = _view(scenario, solved, asked) if asked.report or store is not None else []
    if store is not None:
        _keep(store, scenario, solved.catalog, solved.plan, result, view, overrides)
    if asked.report:
        console = console_on(sys.stdout)
        for sheet in view:
            show(sheet, console)
        if solved.unknown:
            typer.echo(solved.unknown, err=True)


def _view(scenario: Scenario, solved: Solved, asked: Asked) -> list[Sheet]:
    """The parts of the report, in order."""
    more = [information.sheet(solved.worth)] if solved.worth is not None else []
    beside = [solved.other.line()] if solved.other is not None else []
    view = list(sheets(solved.plan, scenario, solved.catalog, beside, more))
    return [*view, trace_sheet(solved.plan)] if asked.trace else view


def _keep(
    store: Path,
    scenario: Scenario,
    catalog: Catalog,
    plan: Plan | None,
    result: Mapping[str, Any],
    view: Sequence[Sheet],
    overrides: tuple[str, ...],
) -> None:
    # Loaded by those who save: a plan alone needs no store.
    from planner.cli.history import keep
    from planner.history.run import run_of

    keep(store, run_of(scenario, catalog, plan, result, view, overrides))
