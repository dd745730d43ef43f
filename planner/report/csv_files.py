"""A plan's tables as CSV texts, one file per table, columns always the same."""

from __future__ import annotations

import numpy as np
import pandas as pd

from planner.plan import Plan

# A spreadsheet takes a cell that begins so for a formula; the wide forms are those of Asian keyboards.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_texts(plan: Plan, *, trace: bool = False) -> dict[str, str]:
    """``purchases.csv`` and its like, UTF-8 with a header, by file name; with ``trace`` where the figures come from."""
    frames = plan.tables | ({"trace": plan.trace()} if trace else {})
    return {f"{name}.csv": csv_text(frame) for name, frame in frames.items()}


def csv_text(frame: pd.DataFrame) -> str:
    """One table; texts that a spreadsheet would run get an apostrophe in front, numbers never.

    A text that has apostrophes there already gets one more, so taking one off gives every text back.
    """
    return str(frame.map(_inert).rename(columns=_inert).to_csv(index=False, lineterminator="\n"))


def _inert(cell: object) -> object:
    if isinstance(cell, bool | np.bool_):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip("'").startswith(FORMULA) else cell
