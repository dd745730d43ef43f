"""``plan catalog checklist``."""

from __future__ import annotations

import dataclasses

from planner.catalog import load_catalog
from planner.catalog.load import BUILTIN
from planner.catalog.models import Offer
from planner.cli.catalog.checklist_sheet import every, page, questions, row_named, sheet
from planner.errors import InputError
from planner.studies.command import Outcome


def checklist(name: str | None, whole: bool, catalogs: list[str] | None, json: str | None) -> Outcome:
    """What to ask the provider of an offer or a token API; ``whole``: all there is to ask, as one page."""
    if (name is None) != whole:
        wrong = f"{name} and --all" if whole else "nothing to ask about"
        raise InputError(f"{wrong}: name an offer or a token API, or say --all")
    catalog = load_catalog(catalogs or [BUILTIN])
    if name is None:
        return Outcome(json=every(catalog), text="" if json == "-" else page())
    row = row_named(catalog, name)
    about = {"offer" if isinstance(row, Offer) else "token_api": name}
    return Outcome(
        [sheet(row, catalog)], {**about, "questions": [dataclasses.asdict(one) for one in questions(row, catalog)]}
    )
