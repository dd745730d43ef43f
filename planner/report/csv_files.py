"""A plan's tables as CSV texts, one file per table, columns always the same."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.csv import csv_text


def csv_texts(plan: Plan, *, trace: bool = False) -> dict[str, str]:
    """``purchases.csv`` and its like, UTF-8 with a header, by file name; with ``trace`` where the figures come from."""
    frames = plan.tables | ({"trace": plan.trace()} if trace else {})
    return {f"{name}.csv": csv_text(frame) for name, frame in frames.items()}
