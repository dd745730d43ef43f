"""What a reader of a plan should know beside its figures, a sentence each: a table of rules, one noun a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from planner.catalog import Catalog
from planner.plan.notes.accuracy import accuracy_notes, floor_notes
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
from planner.plan.notes.lengths import length_notes
from planner.plan.notes.note import Note, Solved
from planner.plan.notes.nothing import nothing_notes
from planner.plan.notes.predictions import prediction_notes
from planner.plan.notes.quotes import quote_notes, token_quote_notes
from planner.plan.notes.settings import setting_notes
from planner.plan.notes.sites import empty_notes, site_notes
from planner.problem import Problem
from planner.scenario import Scenario
from planner.table import Table

__all__ = ["Note", "Solved", "notes_of", "notes_without_a_plan"]

RULES: tuple[Callable[[Solved], Iterator[Note]], ...] = (
    horizon_notes,
    forecast_notes,
    site_notes,
    empty_notes,
    fleet_notes,
    budget_notes,
    contract_notes,
    quote_notes,
    token_quote_notes,
    cache_notes,
    accuracy_notes,
    floor_notes,
    length_notes,
    prediction_notes,
    domain_notes,
    setting_notes,
    file_notes,
    offer_notes,
    system_notes,
    api_notes,
    default_notes,
)


# The tables that they look at, as they are where there is no plan.
EMPTY = {
    "retirements": ("site", "system", "period", "count"),
    "contracts": ("provider", "region", "system", "term_months"),
    "token_api": ("provider", "model"),
    "binding": ("constraint", "where", "period"),
    "origins": ("where",),
}
# Those that look at the input alone; the last is told where there is no plan.
BEFORE_A_PLAN: tuple[Callable[[Solved], Iterator[Note]], ...] = (
    forecast_notes,
    site_notes,
    fleet_notes,
    contract_notes,
    quote_notes,
    token_quote_notes,
    floor_notes,
    domain_notes,
    file_notes,
    nothing_notes,
)


def notes_of(solved: Solved) -> tuple[Note, ...]:
    """Every note of a plan, each once."""
    return tuple(dict.fromkeys(note for rule in RULES for note in rule(solved)))


def notes_without_a_plan(scenario: Scenario, catalog: Catalog, problem: Problem) -> tuple[str, ...]:
    """Of a scenario without a plan, what of its input no plan could use: the sentences that may matter."""
    nothing = {name: Table.of_rows(columns, ()) for name, columns in EMPTY.items()}
    solved = Solved(scenario, catalog, problem, nothing, 1.0)
    found = dict.fromkeys(note for rule in BEFORE_A_PLAN for note in rule(solved))
    return tuple(note.sentence for note in found if note.most_usd > 0)
