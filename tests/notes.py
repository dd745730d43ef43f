"""What the notes of a case say, whatever its plan is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from planner.plan.notes import Note, Solved
from planner.problem import build_problem
from planner.rules import apply_quotes
from planner.table import Table
from tests.strategies import Case

COST = 1000.0
TABLES = {
    "retirements": ("site", "system", "period", "count"),
    "contracts": ("provider", "region", "system", "term_months"),
    "token_api": ("provider", "model"),
    "fleet": ("site", "system"),
    "serving": ("workload", "point", "evidence"),
    "binding": ("constraint", "where", "period"),
}


def told(rule: Callable[[Solved], Iterator[Note]], asked: Case, **tables: list[tuple[Any, ...]]) -> list[Note]:
    """The notes of one rule on a case whose plan has those rows, and costs 1,000 USD."""
    rows = apply_quotes(asked.scenario, asked.catalog)
    found = {name: Table.of_rows(columns, tables.get(name, [])) for name, columns in TABLES.items()}
    return list(rule(Solved(asked.scenario, rows, build_problem(asked.scenario, rows), found, COST)))
