"""``plan catalog``: look into catalogs, hold them against physics and each other, compare what their points cost."""

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
    help="Look into catalogs: import, check, list and compare their rows, see what each point costs.",
)

Catalogs = Annotated[
    list[str] | None,
    typer.Option(
        "--catalog", metavar="NAME|FOLDER", help="builtin (the default) or a folder; repeatable, later over earlier."
    ),
]
Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the table as JSON; - for standard output.")
]

Shape = Annotated[str, typer.Option("--shape", metavar="IN/OUT", help="Nominal input and output tokens.")]
Systems = Annotated[list[str] | None, typer.Option("--system", help="Only this system; repeatable.")]


@catalog.command()
def check(
    catalogs: Catalogs = None,
    max_age_days: Annotated[
        int | None, typer.Option("--max-age-days", help="Rows older than this are stale, over the limit of each table.")
    ] = None,
    today: Annotated[
        str | None, typer.Option("--today", metavar="DATE", help="Day the age counts to; else the newest row's.")
    ] = None,
    json: Json = None,
) -> None:
    """What a row cannot or should not say. Exit code 2 where there is a finding."""
    with exits():
        from planner.cli.catalog.check import run

        run(catalogs, max_age_days, today, json)


@catalog.command()
def levers(
    model: Annotated[str, typer.Option("--model", help="A model with serving points.")],
    tpot_ms: Annotated[float, typer.Option("--tpot-ms", help="Time per output token, at most.")],
    ttft_s: Annotated[float | None, typer.Option("--ttft-s", help="Time to first token, at most.")] = None,
    shape: Shape = "8192/1024",
    systems: Systems = None,
    precision: Annotated[str | None, typer.Option("--precision", help="Only points of this precision.")] = None,
    usd_per_gpu_hour: Annotated[
        list[str] | None,
        typer.Option("--usd-per-gpu-hour", metavar="SYSTEM=PRICE", help="Over the cheapest published offer."),
    ] = None,
    rows_only: Annotated[
        bool, typer.Option("--rows-only", help="Only figures of rows, nothing between two of a series.")
    ] = False,
    catalogs: Catalogs = None,
    json: Json = None,
) -> None:
    """What FP4, speculative decoding, disaggregation and wide workers bring at a speed, per system."""
    with exits():
        from planner.studies.catalog_levers.command import run

        limits = (tpot_ms, ttft_s)
        run(model, catalogs, shape, limits, systems or (), precision, usd_per_gpu_hour or (), json, rows_only)


@catalog.command("list")
def list_rows(
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[systems|offers|apis|serving|energy|shapes|paths|accuracy|models|sources]", help="What to list."
        ),
    ] = None,
    system: Annotated[str | None, typer.Option("--system", help="Only rows of this system.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Only rows of this model.")] = None,
    provider: Annotated[str | None, typer.Option("--provider", help="Only rows of this provider.")] = None,
    catalogs: Catalogs = None,
    json: Json = None,
) -> None:
    """The rows of a table, one a line; without a table, how many each has."""
    with exits():
        from planner.cli.catalog.rows import list_rows as run

        run(table, catalogs, {"system": system, "model": model, "provider": provider}, json)


@catalog.command()
def show(
    row: Annotated[str, typer.Argument(metavar="ROW", help="A row's name, FILE:LINE, or a source.")],
    catalogs: Catalogs = None,
    json: Json = None,
) -> None:
    """Every field of a row with its unit, its place and its sources."""
    with exits():
        from planner.cli.catalog.rows import show_row

        show_row(row, catalogs, json)


@catalog.command()
def sources(catalogs: Catalogs = None, json: Json = None) -> None:
    """The sources, and how many rows of which tables rest on each."""
    with exits():
        from planner.cli.catalog.rows import sources as run

        run(catalogs, json)


@catalog.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="builtin or a folder; several joined with +.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    json: Json = None,
) -> None:
    """The rows that B adds to A, removes and changes, field by field."""
    with exits():
        from planner.cli.catalog.rows import diff as run

        run(before, after, json)


@catalog.command()
def frontier(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model with serving points.")],
    shape: Shape = "8192/1024",
    systems: Systems = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draw every series into an SVG file.")
    ] = None,
    catalogs: Catalogs = None,
    json: Json = None,
) -> None:
    """Output rate per GPU against speed per user: the points of each system that nothing beats."""
    with exits():
        from planner.studies.catalog_frontier.command import run

        run(model, catalogs, shape, systems or (), plot, json)


@catalog.command()
def checklist(
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="Its name, as `list offers` has it.")],
    catalogs: Catalogs = None,
    json: Json = None,
) -> None:
    """What the catalog does not know of an offer: the questions to ask before signing."""
    with exits():
        from planner.cli.catalog.checklist import run

        run(offer, catalogs, json)


@catalog.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Results of benchmark tools, price lists.")],
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="The catalog to add the rows to.")],
    system: Annotated[str | None, typer.Option("--system", help="Key of systems.yaml.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="As scenarios name it.")] = None,
    precision: Annotated[str | None, typer.Option("--precision", help="fp4, fp8, bf16 or int4.")] = None,
    gpus_per_replica: Annotated[
        int | None, typer.Option("--gpus-per-replica", min=1, help="GPUs of one replica.")
    ] = None,
    largest_worker_gpus: Annotated[
        int | None, typer.Option("--largest-worker-gpus", min=1, help="GPUs of its largest worker.")
    ] = None,
    mode: Annotated[str | None, typer.Option("--mode", help="agg or disagg.")] = None,
    spec_decode: Annotated[str | None, typer.Option("--spec-decode", help="none, mtp, eagle or unknown.")] = None,
    engine: Annotated[str | None, typer.Option("--engine", help="Serving engine, e.g. vllm.")] = None,
    engine_version: Annotated[str | None, typer.Option("--engine-version", help="Its version.")] = None,
    series: Annotated[str | None, typer.Option("--series", help="Name of the sweep over concurrency.")] = None,
    provider: Annotated[str | None, typer.Option("--provider", help="Of a price list that does not name it.")] = None,
    input_tokens: Annotated[float | None, typer.Option("--input-tokens", help="Nominal length.")] = None,
    output_tokens: Annotated[float | None, typer.Option("--output-tokens", help="Nominal length.")] = None,
    ttft_limit_ms: Annotated[float | None, typer.Option("--ttft-limit-ms", help="MLPerf: the p99 limit.")] = None,
    tpot_limit_ms: Annotated[float | None, typer.Option("--tpot-limit-ms", help="MLPerf: the p99 limit.")] = None,
    evidence: Annotated[str | None, typer.Option("--evidence", help="Over the tool's own class.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Where the file has no date.")] = None,
    failed_share: Annotated[
        float, typer.Option("--failed-share", min=0, max=1, help="Requests that may have failed in a run that counts.")
    ] = 0.01,
) -> None:
    """Make rows of a catalog from what benchmark tools and price lists write."""
    with exits():
        from planner.cli.catalog.import_ import day, run
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
            failed_share=failed_share,
        )
        run(files, into, given)
