"""``plan catalog frontier``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from planner.catalog import load_catalog
from planner.catalog.load import BUILTIN
from planner.catalog.points import parse_shape
from planner.cli.output import check_json, write_json
from planner.errors import InputError
from planner.render.console import console_on
from planner.render.files import check_file, write_file
from planner.render.sheet import show
from planner.studies.catalog_frontier.study import frontier, sheet, to_dict


def run(
    model: str,
    catalogs: list[str] | None,
    shape: str,
    systems: Sequence[str],
    plot: Path | None,
    json: str | None,
) -> None:
    """Print the frontier of each system; draw all series where asked to."""
    check_json(json)
    if plot is not None:
        if plot.suffix != ".svg":
            raise InputError(f"--plot {plot}: must end in .svg, the one format there is")
        check_file(plot, "--plot")
    found = frontier(load_catalog(catalogs or [BUILTIN]), model, parse_shape(shape), systems)
    if plot is not None:
        from planner.studies.catalog_frontier.plot import svg

        write_file(plot, svg(found))
    write_json(json, to_dict(found))
    if json != "-":
        show(sheet(found), console_on(sys.stdout))
