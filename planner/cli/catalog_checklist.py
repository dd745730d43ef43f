"""``plan catalog checklist``."""

from __future__ import annotations

import dataclasses
import sys

from planner.catalog import load_catalog
from planner.catalog.load import BUILTIN
from planner.cli.output import check_json, write_json
from planner.report.checklist import offer_named, questions, sheet
from planner.report.sheet import show
from planner.report.terminal import console_on


def run(name: str, catalogs: list[str] | None, json: str | None) -> None:
    """Print what to ask the provider of an offer."""
    check_json(json)
    catalog = load_catalog(catalogs or [BUILTIN])
    offer = offer_named(catalog, name)
    write_json(json, {"offer": name, "questions": [dataclasses.asdict(one) for one in questions(offer, catalog)]})
    if json != "-":
        show(sheet(offer, catalog), console_on(sys.stdout))
