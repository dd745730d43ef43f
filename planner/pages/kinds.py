"""The tables of kinds: what limits and what categories of cash there are, from their records."""

from __future__ import annotations

from planner.kinds import cash
from planner.kinds.limits import LIMITS
from planner.render.markdown import table

_OVER = {"period": "period", "year": "calendar year", "span": ""}


def limits_table() -> str:
    """Every kind of limit as Markdown."""
    rows = [(f"`{kind.key}`", f"`{kind.field}`", kind.meaning, kind.unit, _OVER[kind.over]) for kind in LIMITS.values()]
    return table(("limit", "stated by", "what is counted", "unit", "in every"), rows)


def cash_table() -> str:
    """Every category of cash as Markdown."""
    rows = [(f"`{record.key}`", record.words, record.group, record.meaning) for record in cash.RECORDS]
    return table(("category", "in reports", "counts as", "what it is"), rows)
