"""``plan export``."""

from __future__ import annotations

from pathlib import Path

from planner.catalog import Catalog
from planner.cli.options import ExportOptions
from planner.errors import InputError
from planner.export import focus, mps, parquet
from planner.frozen import dataclass
from planner.pipeline import catalog_of, load
from planner.pipeline import solve as solve_scenario
from planner.plan import Plan
from planner.plan.ledger import ledger_of
from planner.render.figures import gap_percent, money
from planner.render.files import check_file, check_folder
from planner.render.target import check_ending
from planner.report import workbook
from planner.report.headline import CLOCK
from planner.scenario import Scenario
from planner.studies.command import Outcome, Progress, exit_of


@dataclass(frozen=True)
class Made:
    """One file, or a folder of them, made whole before anything is written; ``says`` is what it holds."""

    path: Path
    content: bytes | dict[str, bytes]
    says: str


def exported(options: ExportOptions, progress: Progress) -> Outcome:
    """Solve where a plan is asked for, make the files, say what is in them."""
    _check(options)
    scenario = load(options.scenario, tuple(options.overrides or ()))
    progress(f"{scenario.name}: solving")
    plan, made = _make(scenario, options, progress)
    code = exit_of(plan) if plan is not None else 0
    within = ""
    if plan is not None and code:
        within = (
            f"The plan is within {gap_percent(plan.proof.gap)} of the optimum, {gap_percent(plan.proof.gap_asked)} "
            f"was asked for{'' if plan.proof.reproducible else CLOCK}."
        )
    return Outcome(
        files=[(str(file.path), file.content) for file in made],
        text="".join(f"{file.path}: {file.says}\n" for file in made),
        message=within,
        exit_code=code,
    )


def _check(options: ExportOptions) -> None:
    """Everything that can be wrong with the options is told before a minute is spent on solving."""
    if not options.solves and options.mps is None:
        raise InputError(
            "plan export writes nothing without one of --xlsx FILE, --parquet DIR, --focus FILE, --mps FILE"
        )
    for path, endings, option in (
        (options.xlsx, workbook.ENDINGS, "--xlsx"),
        (options.focus, focus.ENDINGS, "--focus"),
        (options.mps, mps.ENDINGS, "--mps"),
    ):
        if path is not None:
            check_ending(path, endings, option)
            check_file(path, option)
    if options.parquet is not None:
        check_folder(options.parquet, "--parquet")


def _make(scenario: Scenario, options: ExportOptions, progress: Progress) -> tuple[Plan | None, list[Made]]:
    catalog = catalog_of(scenario)
    # First, since it may be refused and takes no time.
    model = [_model(scenario, catalog, options.mps)] if options.mps is not None else []
    if not options.solves:
        return None, model
    plan = solve_scenario(scenario, catalog, solver=options.solver, gap=options.gap, time_limit_s=options.time_limit)
    progress(f"{scenario.name}: making the files")
    found = ledger_of(plan, scenario, catalog)
    made: list[Made] = []
    if options.xlsx is not None:
        says = f"workbook, {len(plan.tables)} tables and the {len(found.table):,} payments behind their sums"
        made.append(Made(options.xlsx, workbook.workbook_of(found), says))
    if options.parquet is not None:
        tables = parquet.parquet_files(plan)
        rows = sum(len(frame) for frame in plan.tables.values())
        made.append(Made(options.parquet, tables, f"{len(tables)} Parquet tables, {rows:,} rows"))
    if options.focus is not None:
        costs = focus.rows_of(found)
        billed, effective = money(float(costs["BilledCost"].sum())), money(float(costs["EffectiveCost"].sum()))
        says = f"FOCUS {focus.specification()['version']}, {len(costs):,} rows: {billed} billed, {effective} effective"
        made.append(Made(options.focus, focus.focus_bytes(costs, plan, options.focus.suffix.lower()), says))
    return plan, made + model


def _model(scenario: Scenario, catalog: Catalog, path: Path) -> Made:
    text, (columns, rows) = mps.model_text(scenario, catalog, path.suffix.lower())
    return Made(path, text.encode(), f"the model, {columns:,} variables and {rows:,} constraints")
