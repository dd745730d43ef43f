"""``plan catalog calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Json, command_options

PLACE = Place(
    EVIDENCE,
    91,
    "`plan catalog calibrate LOG`",
    "the time of an engine's iteration fitted to a log of requests, and a concurrency curve as rows of a catalog",
    "traffic.md",
)


@command_options
class Options:
    """The options of one call."""

    log: Annotated[
        Path, typer.Argument(metavar="LOG", help="Requests one by one, as vLLM, SGLang and AIPerf write them.")
    ]
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FOLDER", help="The catalog to add the curve to, as rows.")
    ] = None
    replicas: Annotated[
        int, typer.Option("--replicas", min=1, help="Replicas of the engine that shared the requests evenly.")
    ] = 1
    step_tokens: Annotated[
        float, typer.Option("--step-tokens", min=1, help="Tokens of a step at most: vLLM's max_num_batched_tokens.")
    ] = 2_048.0
    system: Annotated[str | None, typer.Option("--system", help="Key of systems.yaml.")] = None
    model: Annotated[str | None, typer.Option("--model", help="As scenarios name it.")] = None
    precision: Annotated[str | None, typer.Option("--precision", help="fp4, mxfp4, fp8, bf16 or int4.")] = None
    gpus_per_replica: Annotated[int | None, typer.Option("--gpus-per-replica", min=1, help="GPUs of one replica.")] = (
        None
    )
    spec_decode: Annotated[
        str | None, typer.Option("--spec-decode", help="none, mtp, eagle, draft_model, ngram or other.")
    ] = None
    engine: Annotated[str | None, typer.Option("--engine", help="Serving engine, e.g. vllm.")] = None
    engine_version: Annotated[str | None, typer.Option("--engine-version", help="Its version.")] = None
    series: Annotated[str | None, typer.Option("--series", help="Name of the sweep over concurrency.")] = None
    input_tokens: Annotated[float | None, typer.Option("--input-tokens", help="Nominal length.")] = None
    output_tokens: Annotated[float | None, typer.Option("--output-tokens", help="Nominal length.")] = None
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Where the file has no date.")] = None
    json: Json = None


def run(options: Options, progress: Progress) -> Outcome:
    """Fit the time of an engine's iteration to a log of requests, and make a concurrency curve of it."""
    from planner.cli.catalog.calibrate import calibrate

    return calibrate(options)
