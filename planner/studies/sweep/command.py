"""``plan sweep``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.errors import InputError, SolverFailure
from planner.studies.command import DECISIONS, Outcome, Place, Progress, exit_of_stopped
from planner.studies.options import Executor, Gap, Json, ScenarioPath, Set, TimeLimit, command_options

if TYPE_CHECKING:
    from planner.studies.sweep.study import Sweep

PLACE = Place(
    DECISIONS,
    65,
    "`plan sweep SCENARIO --cases cases.csv -o results.parquet`",
    "thousands of cases, a row of figures for each: on a laptop, on Dask or Ray, under SLURM or Snakemake",
    "sweeps.md",
)
FORMATS = (".parquet", ".csv")


@command_options
class Options:
    """The options of one call."""

    scenario: ScenarioPath
    cases: Annotated[
        Path,
        typer.Option("--cases", metavar="FILE", help="A CSV file: a row a case, columns are paths as in --set."),
    ]
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a row a case: FILE.parquet or FILE.csv."),
    ] = None
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="DIR", help="Keep each result in DIR, and go on with those that are there."),
    ] = None
    part: Annotated[
        str | None, typer.Option("--part", metavar="K/N", help="Only every N-th case, from the K-th on.")
    ] = None
    explain: Annotated[
        bool, typer.Option("--explain", help="Find what to relax where there is no plan; takes longer than a plan.")
    ] = False
    in_parts: Annotated[
        bool, typer.Option("--in-parts", help="Plan in parts of replicas and hourly lots: many times faster.")
    ] = False
    overrides: Set = None
    gap: Gap = None
    time_limit: TimeLimit = None
    jobs: Annotated[int | None, typer.Option("--jobs", help="Cases solved at once; default: one per core.")] = None
    executor: Executor = None
    json: Json = None


def run(options: Options, progress: Progress) -> Outcome:
    """A row of figures for each of many cases: any overrides, thousands of them, resumable, on a cluster."""
    from planner.pipeline import load
    from planner.studies.pool import cores
    from planner.studies.sweep.cases import read_cases
    from planner.studies.sweep.sheet import sweep_sheets
    from planner.studies.sweep.study import sweep

    _check(options)
    cases = read_cases(options.cases)
    scenario = load(options.scenario, tuple(options.overrides or ()))
    found = sweep(
        scenario,
        cases,
        gap=options.gap,
        time_limit_s=options.time_limit,
        explained=options.explain,
        in_parts=options.in_parts,
        part=_part(options.part),
        keep_in=options.keep,
        workers=options.jobs if options.jobs is not None else cores(),
        progress=progress,
    )
    failed = int((found.results["status"] == "failed").sum())
    return Outcome(
        sweep_sheets(found),
        found.to_dict(),
        found.tables,
        files=_files(options.output, found),
        message=f"{failed:,} of the cases failed; their rows say why" if failed else "",
        exit_code=SolverFailure.exit_code if failed else exit_of_stopped(found.stopped),
    )


def _check(options: Options) -> None:
    """Raises InputError for what could not be done at the end, or not at all."""
    from planner.render.files import check_file, check_folder

    if options.jobs is not None and options.jobs < 1:
        raise InputError(f"--jobs {options.jobs}: must be 1 or more")
    if options.output is not None:
        if options.output.suffix not in FORMATS:
            raise InputError(f"--output {options.output}: write FILE.parquet or FILE.csv")
        check_file(options.output, "--output")
    if options.keep is not None:
        check_folder(options.keep, "--keep")
    _part(options.part)


def _part(text: str | None) -> tuple[int, int]:
    """``K/N`` as numbers; all of them without."""
    if text is None:
        return 1, 1
    first, slash, count = text.partition("/")
    if slash and first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count):
        return int(first), int(count)
    raise InputError(f"--part {text}: write K/N with K from 1 to N, such as 3/100")


def _files(output: Path | None, found: Sweep) -> list[tuple[str, str | bytes]]:
    from planner.studies.sweep.written import written

    return [] if output is None else [(str(output), written(found, output.suffix))]
