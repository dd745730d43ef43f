"""``plan catalog frontier``."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.studies.command import EVIDENCE, Outcome, Place, Progress
from planner.studies.options import Catalogs, Plot, Shape, Systems, TableJson, command_options

PLACE = Place(EVIDENCE, 70)


@command_options
class Options:
    """The options of one call."""

    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model with serving points.")]
    shape: Shape = "8192/1024"
    systems: Systems = None
    plot: Plot = None
    catalogs: Catalogs = None
    json: TableJson = None


def run(options: Options, progress: Progress) -> Outcome:
    """Output rate per GPU against speed per user: the points of each system that nothing beats."""
    from planner.catalog import load_catalog
    from planner.catalog.load import BUILTIN
    from planner.catalog.points import parse_shape
    from planner.studies.catalog_frontier.plot import speed_picture
    from planner.studies.catalog_frontier.sheet import speed_frontier_sheet
    from planner.studies.catalog_frontier.study import speed_frontier

    catalog = load_catalog(options.catalogs or [BUILTIN])
    found = speed_frontier(catalog, options.model, parse_shape(options.shape), options.systems or ())
    return Outcome([speed_frontier_sheet(found)], found.to_dict(), plot=lambda: speed_picture(found))
