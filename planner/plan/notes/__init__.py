"""What a reader of a plan should know beside its figures, a sentence each: a table of rules, one noun a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from planner.plan.notes.budgets import budget_notes
from planner.plan.notes.cache import cache_notes
from planner.plan.notes.catalogs import api_notes, offer_notes, system_notes
from planner.plan.notes.contracts import contract_notes
from planner.plan.notes.defaults import default_notes
from planner.plan.notes.domains import domain_notes
from planner.plan.notes.files import file_notes
from planner.plan.notes.fleet import fleet_notes
from planner.plan.notes.forecast import forecast_notes
from planner.plan.notes.horizon import horizon_notes
from planner.plan.notes.note import Note, Solved
from planner.plan.notes.quotes import quote_notes, token_quote_notes
from planner.plan.notes.sites import site_notes

__all__ = ["Note", "Solved", "notes_of"]

RULES: tuple[Callable[[Solved], Iterator[Note]], ...] = (
    horizon_notes,
    forecast_notes,
    site_notes,
    fleet_notes,
    budget_notes,
    contract_notes,
    quote_notes,
    token_quote_notes,
    cache_notes,
    domain_notes,
    file_notes,
    offer_notes,
    system_notes,
    api_notes,
    default_notes,
)


def notes_of(solved: Solved) -> tuple[Note, ...]:
    """Every note of a plan, each once."""
    return tuple(dict.fromkeys(note for rule in RULES for note in rule(solved)))
