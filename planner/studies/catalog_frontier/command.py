"""``plan catalog frontier``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from planner.errors import InputError
from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Catalogs, Shape, Systems, TableJson

PLACE = Place(EVIDENCE, 70)


@dataclass(frozen=True)
class Options:
    """The options of one call; ``svg`` is not the shared ``plot``, since it is no PNG."""

    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model with serving points.")]
    shape: Shape = "8192/1024"
    systems: Systems = None
    svg: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draw every series into an SVG file.")
    ] = None
    catalogs: Catalogs = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """Output rate per GPU against speed per user: the points of each system that nothing beats."""
    from planner.catalog import load_catalog
    from planner.catalog.load import BUILTIN
    from planner.catalog.points import parse_shape
    from planner.render.files import check_file
    from planner.studies.catalog_frontier.sheet import speed_frontier_sheet, svg
    from planner.studies.catalog_frontier.study import speed_frontier

    if options.svg is not None:
        if options.svg.suffix != ".svg":
            raise InputError(f"--plot {options.svg}: must end in .svg, the one format there is")
        check_file(options.svg, "--plot")
    catalog = load_catalog(options.catalogs or [BUILTIN])
    found = speed_frontier(catalog, options.model, parse_shape(options.shape), options.systems or ())
    drawn = [(str(options.svg), svg(found))] if options.svg is not None else []
    return Outcome([speed_frontier_sheet(found)], found.to_dict(), files=drawn)
