"""``plan catalog levers``."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from planner.catalog import load_catalog
from planner.catalog.load import BUILTIN
from planner.catalog.points import parse_shape
from planner.cli.output import check_json, write_json
from planner.errors import InputError
from planner.render.console import console_on
from planner.render.sheet import show
from planner.studies.catalog_levers.sheet import sheet
from planner.studies.catalog_levers.study import levers, to_dict
from planner.units import ms_from_s


def run(
    model: str,
    catalogs: list[str] | None,
    shape: str,
    limits: tuple[float, float | None],
    systems: Sequence[str],
    precision: str | None,
    prices: Sequence[str],
    json: str | None,
    rows_only: bool = False,
) -> None:
    """Print what each lever brings on each system; ``limits`` are TPOT in ms and TTFT in s."""
    check_json(json)
    tpot_ms, ttft_s = limits
    for option, value in (("--tpot-ms", tpot_ms), ("--ttft-s", ttft_s)):
        if value is not None and not 0 < value < math.inf:
            raise InputError(f"{option} {value:g}: must be a number above 0")
    found = levers(
        load_catalog(catalogs or [BUILTIN]),
        model,
        parse_shape(shape),
        tpot_ms,
        math.inf if ttft_s is None else ms_from_s(ttft_s),
        systems=systems,
        precision=precision,
        prices=dict(map(_price, prices)),
        interpolate=not rows_only,
    )
    write_json(json, to_dict(found))
    if json != "-":
        show(sheet(found), console_on(sys.stdout))


def _price(text: str) -> tuple[str, float]:
    system, _, value = text.partition("=")
    try:
        usd = float(value)
    except ValueError:
        usd = math.nan
    if not 0 < usd < math.inf:
        raise InputError(f"--usd-per-gpu-hour {text}: must be a system and its price, such as gb300-nvl72=3.3")
    return system, usd
