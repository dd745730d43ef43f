"""``plan catalog``: rows from the files that benchmark tools and price lists write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.exits import exits

catalog = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Bring your own benchmarks and prices into a catalog.",
)


@catalog.callback()
def group() -> None:
    """Bring your own benchmarks and prices into a catalog."""


@catalog.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Results of benchmark tools, price lists.")],
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="The catalog to add the rows to.")],
    system: Annotated[str | None, typer.Option("--system", help="Key of systems.yaml.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="As scenarios name it.")] = None,
    precision: Annotated[str | None, typer.Option("--precision", help="fp4, fp8, bf16 or int4.")] = None,
    gpus_per_replica: Annotated[int | None, typer.Option("--gpus-per-replica", min=1)] = None,
    largest_worker_gpus: Annotated[int | None, typer.Option("--largest-worker-gpus", min=1)] = None,
    mode: Annotated[str | None, typer.Option("--mode", help="agg or disagg.")] = None,
    spec_decode: Annotated[str | None, typer.Option("--spec-decode", help="none, mtp, eagle or unknown.")] = None,
    engine: Annotated[str | None, typer.Option("--engine")] = None,
    engine_version: Annotated[str | None, typer.Option("--engine-version")] = None,
    series: Annotated[str | None, typer.Option("--series", help="Name of the sweep over concurrency.")] = None,
    provider: Annotated[str | None, typer.Option("--provider", help="Of a price list that does not name it.")] = None,
    input_tokens: Annotated[float | None, typer.Option("--input-tokens", help="Nominal length.")] = None,
    output_tokens: Annotated[float | None, typer.Option("--output-tokens", help="Nominal length.")] = None,
    ttft_limit_ms: Annotated[float | None, typer.Option("--ttft-limit-ms", help="MLPerf: the p99 limit.")] = None,
    tpot_limit_ms: Annotated[float | None, typer.Option("--tpot-limit-ms", help="MLPerf: the p99 limit.")] = None,
    evidence: Annotated[str | None, typer.Option("--evidence", help="Over the tool's own class.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Where the file has no date.")] = None,
) -> None:
    """Make rows of a catalog from what benchmark tools and price lists write."""
    with exits():
        from planner.cli.catalog_import import day, run
        from planner.importers import Given

        given = Given(
            system=system,
            model=model,
            precision=precision,
            gpus_per_replica=gpus_per_replica,
            largest_worker_gpus=largest_worker_gpus,
            mode=mode,
            spec_decode=spec_decode,
            engine=engine,
            engine_version=engine_version,
            series=series,
            provider=provider,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            ttft_limit_ms=ttft_limit_ms,
            tpot_limit_ms=tpot_limit_ms,
            evidence=evidence,
            as_of=day(as_of),
        )
        run(files, into, given)
