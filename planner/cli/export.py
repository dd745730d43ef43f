"""``plan export``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from planner.catalog import Catalog
from planner.cli.exits import FEASIBLE_EXIT, check_numbers, stopped
from planner.cli.waiting import wait_for
from planner.errors import InputError
from planner.export import focus, mps, parquet, workbook
from planner.export.ledger import ledger
from planner.export.target import check_ending
from planner.pipeline import catalog_of, load
from planner.pipeline import solve as solve_scenario
from planner.plan import Plan
from planner.report.figures import gap_percent, money
from planner.report.files import check_file, check_folder, write_bytes, write_folder
from planner.report.headline import CLOCK
from planner.scenario import Scenario
from planner.solvers import check_name


@dataclass(frozen=True)
class Asked:
    """The options of one call: where to write what."""

    xlsx: Path | None
    parquet: Path | None
    focus: Path | None
    mps: Path | None
    solver: str | None
    gap: float | None
    time_limit: float | None

    @property
    def solves(self) -> bool:
        """Whether anything is wanted that only a plan has."""
        return not (self.xlsx is self.parquet is self.focus is None)


@dataclass(frozen=True)
class Made:
    """One file, or a folder of them, made whole before anything is written; ``says`` is what it holds."""

    path: Path
    content: bytes | dict[str, bytes]
    says: str

    def write(self) -> None:
        """Write it, whole or not at all."""
        if isinstance(self.content, bytes):
            write_bytes(self.path, self.content)
        else:
            write_folder(self.path, self.content)


def run(source: str, overrides: tuple[str, ...], asked: Asked) -> None:
    """Solve where a plan is asked for, write, say what; ends the process with 4 where the gap is not proven."""
    _check(asked)
    scenario = load(source, overrides)
    plan, made = wait_for(lambda tell: _make(scenario, asked, tell), f"{scenario.name}: solving")
    for file in made:
        file.write()
    for file in made:
        typer.echo(f"{file.path}: {file.says}")
    if plan is not None and stopped(plan):
        typer.echo(
            f"The plan is within {gap_percent(plan.proof.gap)} of the optimum, {gap_percent(plan.proof.gap_asked)} "
            f"was asked for{'' if plan.proof.reproducible else CLOCK}.",
            err=True,
        )
        raise typer.Exit(FEASIBLE_EXIT)


def _check(asked: Asked) -> None:
    """Everything that can be wrong with the options is told before a minute is spent on solving."""
    if not asked.solves and asked.mps is None:
        raise InputError(
            "plan export writes nothing without one of --xlsx FILE, --parquet DIR, --focus FILE, --mps FILE"
        )
    check_numbers(asked.gap, asked.time_limit)
    if asked.solver is not None:
        check_name(asked.solver)
    for path, endings, option in (
        (asked.xlsx, workbook.ENDINGS, "--xlsx"),
        (asked.focus, focus.ENDINGS, "--focus"),
        (asked.mps, mps.ENDINGS, "--mps"),
    ):
        if path is not None:
            check_ending(path, endings, option)
            check_file(path, option)
    if asked.parquet is not None:
        check_folder(asked.parquet, "--parquet")


def _make(scenario: Scenario, asked: Asked, tell: Callable[[str], None]) -> tuple[Plan | None, list[Made]]:
    catalog = catalog_of(scenario)
    # First, since it may be refused and takes no time.
    model = [_model(scenario, catalog, asked.mps)] if asked.mps is not None else []
    if not asked.solves:
        return None, model
    plan = solve_scenario(scenario, catalog, solver=asked.solver, gap=asked.gap, time_limit_s=asked.time_limit)
    tell(f"{scenario.name}: making the files")
    found = ledger(plan, scenario, catalog)
    made: list[Made] = []
    if asked.xlsx is not None:
        says = f"workbook, {len(plan.tables)} tables and the {len(found.table):,} payments behind their sums"
        made.append(Made(asked.xlsx, workbook.workbook_of(found), says))
    if asked.parquet is not None:
        tables = parquet.parquet_files(plan)
        rows = sum(len(frame) for frame in plan.tables.values())
        made.append(Made(asked.parquet, tables, f"{len(tables)} Parquet tables, {rows:,} rows"))
    if asked.focus is not None:
        costs = focus.rows_of(found)
        billed, effective = money(float(costs["BilledCost"].sum())), money(float(costs["EffectiveCost"].sum()))
        says = f"FOCUS {focus.specification()['version']}, {len(costs):,} rows: {billed} billed, {effective} effective"
        made.append(Made(asked.focus, focus.focus_bytes(costs, plan, asked.focus.suffix.lower()), says))
    return plan, made + model


def _model(scenario: Scenario, catalog: Catalog, path: Path) -> Made:
    text, (columns, rows) = mps.model_text(scenario, catalog, path.suffix.lower())
    return Made(path, text.encode(), f"the model, {columns:,} variables and {rows:,} constraints")
