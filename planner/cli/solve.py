"""``plan solve``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from planner.catalog import Catalog
from planner.cli.exits import FEASIBLE_EXIT, check_numbers
from planner.cli.output import check_json, write_json
from planner.cli.waiting import wait_for
from planner.errors import InfeasiblePlan, SolverFailure
from planner.pipeline import catalog_of, load
from planner.pipeline import solve as solve_scenario
from planner.plan import Plan
from planner.render.console import console_on
from planner.render.files import check_folder, write_folder
from planner.render.sheet import Sheet, show
from planner.report.csv_files import csv_texts
from planner.report.origins import trace_sheet
from planner.report.terminal import sheets
from planner.scenario import Scenario
from planner.schema.result import infeasible, infeasible_sheet
from planner.solvers import Options, check_name
from planner.studies import information
from planner.studies.percentile import OtherPercentile, other_percentile
from planner.studies.percentile import applies as has_targets


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
    """A plan and its catalog; ``worth`` and ``other`` are None where they do not apply, ``unknown`` says why not."""

    catalog: Catalog
    plan: Plan
    worth: information.Information | None = None
    other: OtherPercentile | None = None
    unknown: str = ""


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
    if solved.plan.status == "feasible":
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
    from planner.studies.history.command import check_store

    return check_store(asked.store)


def find(scenario: Scenario, asked: Asked, tell: Callable[[str], None]) -> Solved:
    """The plan, with what is told beside it where anybody asked for that."""
    catalog = catalog_of(scenario)
    plan = solve_scenario(scenario, catalog, solver=asked.solver, gap=asked.gap, time_limit_s=asked.time_limit)
    other = None
    if asked.information and has_targets(scenario):
        other = other_percentile(scenario, catalog, plan, Options(plan.proof.gap_asked, scenario.solve.time_limit_s))
    if not (asked.information and information.applies(scenario)):
        return Solved(catalog, plan, other=other)
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
        return Solved(catalog, plan, other=other, unknown=f"The value of information is not known: {error}.")
    return Solved(catalog, plan, worth, other)


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
    from planner.history.run import run_of
    from planner.studies.history.command import keep

    keep(store, run_of(scenario, catalog, plan, result, view, overrides))
