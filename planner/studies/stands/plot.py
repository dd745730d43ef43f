"""What the least cost would be without each assumption that carries the plan."""

from __future__ import annotations

from typing import Any

import pandas as pd

from planner.render.bars import BLUE, ORANGE, Bar, tornado
from planner.render.figures import money
from planner.render.plots import Picture, dollars
from planner.studies.stands.study import Stands

NOTE = "By the LP relaxation, which costs {} with all of them."


def stands_picture(found: Stands) -> Picture:
    """A row for each assumption, a bar for each way away from it."""
    amounts = found.assumptions
    unit = dollars(amounts.loc[amounts["possible"].astype(bool), "usd"])
    rows = [
        (str(ways["name"].iloc[0]), [_bar(row, unit.usd) for row in ways.itertuples()])
        for _, ways in amounts.groupby("assumption", sort=False)
    ]
    across = f"change of the least cost without the assumption, {unit.name}"
    return tornado(_finding(amounts), across, rows, NOTE.format(money(found.relaxed_npv_usd)), letters=18)


def _bar(row: Any, usd: float) -> Bar:
    return Bar(row.usd / usd if row.possible else None, str(row.said), ORANGE if row.usd >= 0 else BLUE)


def _finding(amounts: pd.DataFrame) -> str:
    if amounts.empty:
        return "No assumption carries a noticeable part of this plan."
    words = []
    none = amounts[~amounts["possible"].astype(bool)]
    if len(none):
        words.append(f"The plan stands or falls with {_label(none.iloc[0])}: {none.iloc[0]['said']}.")
    sure = amounts[amounts["possible"].astype(bool)]
    if len(sure):
        most = sure.loc[sure["usd"].abs().idxmax()]
        words.append(f"Most money rests on {_label(most)}: {most['said']}.")
    return " ".join(words)


def _label(row: Any) -> str:
    return str(row["name"]).partition(":")[0]
