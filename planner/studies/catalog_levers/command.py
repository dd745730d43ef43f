"""``plan catalog levers``."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from planner.errors import InputError
from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Catalogs, Shape, Systems, TableJson, command_options

PLACE = Place(EVIDENCE, 20)


@command_options
class Options:
    """The options of one call."""

    model: Annotated[str, typer.Option("--model", help="A model with serving points.")]
    tpot_ms: Annotated[float, typer.Option("--tpot-ms", help="Time per output token, at most.")]
    ttft_s: Annotated[float | None, typer.Option("--ttft-s", help="Time to first token, at most.")] = None
    shape: Shape = "8192/1024"
    systems: Systems = None
    precision: Annotated[str | None, typer.Option("--precision", help="Only points of this precision.")] = None
    usd_per_gpu_hour: Annotated[
        list[str] | None,
        typer.Option("--usd-per-gpu-hour", metavar="SYSTEM=PRICE", help="Over the cheapest published offer."),
    ] = None
    rows_only: Annotated[
        bool, typer.Option("--rows-only", help="Only figures of rows, nothing between two of a series.")
    ] = False
    catalogs: Catalogs = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """What FP4, speculative decoding, disaggregation and wide workers bring at a speed, per system."""
    from planner.catalog import load_catalog
    from planner.catalog.load import BUILTIN
    from planner.catalog.points import parse_shape
    from planner.studies.catalog_levers.sheet import lever_gains_sheet
    from planner.studies.catalog_levers.study import lever_gains
    from planner.units import ms_from_s

    for option, value in (("--tpot-ms", options.tpot_ms), ("--ttft-s", options.ttft_s)):
        if value is not None and not 0 < value < math.inf:
            raise InputError(f"{option} {value:g}: must be a number above 0")
    found = lever_gains(
        load_catalog(options.catalogs or [BUILTIN]),
        options.model,
        parse_shape(options.shape),
        options.tpot_ms,
        math.inf if options.ttft_s is None else ms_from_s(options.ttft_s),
        systems=options.systems or (),
        precision=options.precision,
        prices=dict(map(_price, options.usd_per_gpu_hour or ())),
        interpolate=not options.rows_only,
    )
    return Outcome([lever_gains_sheet(found)], found.to_dict())


def _price(text: str) -> tuple[str, float]:
    system, _, value = text.partition("=")
    try:
        usd = float(value)
    except ValueError:
        usd = math.nan
    if not 0 < usd < math.inf:
        raise InputError(f"--usd-per-gpu-hour {text}: must be a system and its price, such as gb300-nvl72=3.3")
    return system, usd
