"""``plan catalog import``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from planner.studies.command import CATALOG, Outcome, Place, Progress

PLACE = Place(CATALOG, 90)


@dataclass(frozen=True)
class Options:
    """The options of one call: what to import where, and what its files do not say."""

    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Results of benchmark tools, price lists.")]
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="The catalog to add the rows to.")]
    system: Annotated[str | None, typer.Option("--system", help="Key of systems.yaml.")] = None
    model: Annotated[str | None, typer.Option("--model", help="As scenarios name it.")] = None
    precision: Annotated[str | None, typer.Option("--precision", help="fp4, fp8, bf16 or int4.")] = None
    gpus_per_replica: Annotated[int | None, typer.Option("--gpus-per-replica", min=1, help="GPUs of one replica.")] = (
        None
    )
    largest_worker_gpus: Annotated[
        int | None, typer.Option("--largest-worker-gpus", min=1, help="GPUs of its largest worker.")
    ] = None
    mode: Annotated[str | None, typer.Option("--mode", help="agg or disagg.")] = None
    spec_decode: Annotated[str | None, typer.Option("--spec-decode", help="none, mtp, eagle or unknown.")] = None
    engine: Annotated[str | None, typer.Option("--engine", help="Serving engine, e.g. vllm.")] = None
    engine_version: Annotated[str | None, typer.Option("--engine-version", help="Its version.")] = None
    series: Annotated[str | None, typer.Option("--series", help="Name of the sweep over concurrency.")] = None
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


def run(options: Options, progress: Progress) -> Outcome:
    """Make rows of a catalog from what benchmark tools and price lists write."""
    from planner.cli.catalog.import_ import imported

    return imported(options)
