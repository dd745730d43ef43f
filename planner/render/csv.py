"""Tables as CSV texts that no spreadsheet takes for formulas."""

from __future__ import annotations

import numpy as np
import pandas as pd

# A spreadsheet takes a cell that begins so for a formula; the wide forms are those of Asian keyboards.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_text(frame: pd.DataFrame) -> str:
    """One table; texts that a spreadsheet would run get an apostrophe in front, numbers never.

    A text that has apostrophes there already gets one more, so taking one off gives every text back.
    """
    return str(frame.map(_inert).rename(columns=_inert).to_csv(index=False, lineterminator="\n"))


def _inert(cell: object) -> object:
    if isinstance(cell, bool | np.bool_):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip("'").startswith(FORMULA) else cell
