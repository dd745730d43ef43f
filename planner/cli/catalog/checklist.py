"""``plan catalog checklist``."""

from __future__ import annotations

import dataclasses
import sys

from planner.catalog import load_catalog
from planner.catalog.load import BUILTIN
from planner.cli.catalog.checklist_sheet import offer_named, questions, sheet
from planner.cli.output import check_json, write_json
from planner.render.console import console_on
from planner.render.sheet import show


def run(name: str, catalogs: list[str] | None, json: str | None) -> None:
    """Print what to ask the provider of an offer."""
    check_json(json)
    catalog = load_catalog(catalogs or [BUILTIN])
    offer = offer_named(catalog, name)
    write_json(json, {"offer": name, "questions": [dataclasses.asdict(one) for one in questions(offer, catalog)]})
    if json != "-":
        show(sheet(offer, catalog), console_on(sys.stdout))
