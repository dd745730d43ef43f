"""Options of the commands that are no studies and take more than a name, each in the order of its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.studies.options import (
    Catalogs,
    Csv,
    Gap,
    Json,
    RunId,
    Save,
    ScenarioPath,
    Set,
    Solver,
    Store,
    TableJson,
    TimeLimit,
    command_options,
)


@command_options
class SolveOptions:
    """The options of one call."""

    scenario: ScenarioPath
    overrides: Set = None
    solver: Solver = None
    gap: Gap = None
    time_limit: TimeLimit = None
    json: Json = None
    csv: Csv = None
    trace: Annotated[
        bool, typer.Option("--trace", help="Say which catalog rows and sources each figure comes from.")
    ] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no report.")] = False
    save: Save = False
    store: Store = None

    @property
    def report(self) -> bool:
        """Whether standard output is for the report."""
        return not self.quiet and self.json != "-"

    @property
    def viewed(self) -> bool:
        """Whether the report is printed, or kept with a run."""
        return self.report or self.save

    @property
    def tabled(self) -> bool:
        """Whether the tables are written or kept, with what no report shows of them."""
        return self.json is not None or self.csv is not None or self.save

    @property
    def information(self) -> bool:
        """Whether anybody will see what is computed beside the plan."""
        return not self.quiet or self.json is not None or self.save


@command_options
class ReportOptions:
    """The options of one call; ``output`` is a path or `-`, ``options`` names of alternatives with commas or none."""

    scenario: ScenarioPath
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - for standard output.")
    ]
    overrides: Set = None
    solver: Solver = None
    gap: Gap = None
    time_limit: TimeLimit = None
    options: Annotated[
        str, typer.Option("--options", metavar="NAMES", help="What to compare with, as in plan compare, or none.")
    ] = "buy,rent,hopper"
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="A part on what requests see of the plan, as plan simulate does it."),
    ] = False
    board: Annotated[bool, typer.Option("--board", help="Page one alone, for print: A4 or Letter, no scripts.")] = False


@command_options
class ExportOptions:
    """The options of one call: where to write what."""

    scenario: ScenarioPath
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="An Excel workbook with live sums: FILE.xlsx.")
    ] = None
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="DIR", help="Every table as a Parquet file into DIR.")
    ] = None
    focus: Annotated[
        Path | None,
        typer.Option("--focus", metavar="FILE", help="Cost rows in FinOps FOCUS columns: FILE.csv or FILE.parquet."),
    ] = None
    mps: Annotated[
        Path | None, typer.Option("--mps", metavar="FILE", help="The model itself, not solved: FILE.mps or FILE.lp.")
    ] = None
    overrides: Set = None
    solver: Solver = None
    gap: Gap = None
    time_limit: TimeLimit = None

    @property
    def solves(self) -> bool:
        """Whether anything is wanted that only a plan has."""
        return not (self.xlsx is self.parquet is self.focus is None)


@command_options
class MigrateOptions:
    """The options of one call; ``output`` is a path or `-`."""

    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Scenario files; what they extend is rewritten with them.")
    ]
    keep: Annotated[
        bool, typer.Option("--keep", help="Write out what version 1 left unsaid, so that the plan stays the same.")
    ] = False
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write it, if not in place; - for standard output."
        ),
    ] = None


@command_options
class ApproveOptions:
    """The options of one call; ``output`` is a path or `-`."""

    run: RunId
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write it, else baseline.json; - for standard output."
        ),
    ] = None
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who approved it.")] = None
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day it was approved; the clock is not used.")
    ] = None
    store: Store = None


@command_options
class CheckOptions:
    """The options of one call."""

    catalogs: Catalogs = None
    max_age_days: Annotated[
        int | None, typer.Option("--max-age-days", help="Rows older than this are stale, over the limit of each table.")
    ] = None
    today: Annotated[
        str | None, typer.Option("--today", metavar="DATE", help="Day the age counts to; else the newest row's.")
    ] = None
    json: TableJson = None


@command_options
class FileOptions:
    """The options of one call: what to import where, and what its files do not say."""

    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Results of benchmark tools, price lists, traces.")
    ]
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="The catalog to add the rows to.")]
    system: Annotated[str | None, typer.Option("--system", help="Key of systems.yaml.")] = None
    model: Annotated[str | None, typer.Option("--model", help="As scenarios name it.")] = None
    precision: Annotated[str | None, typer.Option("--precision", help="fp4, mxfp4, fp8, bf16 or int4.")] = None
    gpus_per_replica: Annotated[int | None, typer.Option("--gpus-per-replica", min=1, help="GPUs of one replica.")] = (
        None
    )
    largest_worker_gpus: Annotated[
        int | None, typer.Option("--largest-worker-gpus", min=1, help="GPUs of its largest worker.")
    ] = None
    mode: Annotated[str | None, typer.Option("--mode", help="agg or disagg.")] = None
    spec_decode: Annotated[
        str | None, typer.Option("--spec-decode", help="none, mtp, eagle, draft_model, ngram or other.")
    ] = None
    kv_offload: Annotated[str | None, typer.Option("--kv-offload", help="Whether the KV cache spilled: on or off.")] = (
        None
    )
    kv_routing: Annotated[
        str | None, typer.Option("--kv-routing", help="Whether prefixes led requests: on or off.")
    ] = None
    engine: Annotated[str | None, typer.Option("--engine", help="Serving engine, e.g. vllm.")] = None
    engine_version: Annotated[str | None, typer.Option("--engine-version", help="Its version.")] = None
    series: Annotated[str | None, typer.Option("--series", help="Name of the sweep over concurrency.")] = None
    shape: Annotated[
        str | None, typer.Option("--shape", help="Name of the load shape of a trace or a series of rates.")
    ] = None
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="MAP", help="Fields of such a file: time=ts,rate=rps,unit=ms.")
    ] = None
    provider: Annotated[str | None, typer.Option("--provider", help="Of a price list that does not name it.")] = None
    input_tokens: Annotated[float | None, typer.Option("--input-tokens", help="Nominal length.")] = None
    output_tokens: Annotated[float | None, typer.Option("--output-tokens", help="Nominal length.")] = None
    ttft_limit_ms: Annotated[float | None, typer.Option("--ttft-limit-ms", help="MLPerf: the p99 limit.")] = None
    tpot_limit_ms: Annotated[float | None, typer.Option("--tpot-limit-ms", help="MLPerf: the p99 limit.")] = None
    evidence: Annotated[str | None, typer.Option("--evidence", help="Over the tool's own class.")] = None
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Where the file has no date.")] = None
    failed_share: Annotated[
        float, typer.Option("--failed-share", min=0, max=1, help="Requests that may have failed in a run that counts.")
    ] = 0.01
