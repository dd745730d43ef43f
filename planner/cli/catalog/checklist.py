"""``plan catalog checklist``."""

from __future__ import annotations

import dataclasses

from planner.catalog import load_catalog
from planner.catalog.load import BUILTIN
from planner.cli.catalog.checklist_sheet import offer_named, questions, sheet
from planner.studies.command import Outcome


def checklist(name: str, catalogs: list[str] | None) -> Outcome:
    """What to ask the provider of an offer."""
    catalog = load_catalog(catalogs or [BUILTIN])
    offer = offer_named(catalog, name)
    json = {"offer": name, "questions": [dataclasses.asdict(one) for one in questions(offer, catalog)]}
    return Outcome([sheet(offer, catalog)], json)
