"""What a token would cost without each lever, from what it costs as optimised."""

from __future__ import annotations

import pandas as pd

from planner.render.bars import waterfall
from planner.render.figures import digits
from planner.render.plots import Picture
from planner.studies.levers.study import POSSIBLE, TOGETHER, Levers

# A cost of a token that is up to so many times as high is none to speak of.
NOTICEABLE = 1.005
ACROSS = "cost of a million output tokens, $"


def levers_picture(found: Levers) -> Picture:
    """The cost of a token as optimised, and its rise without each lever."""
    known = found.levers[found.levers["cost_usd"].notna()]
    first, *others = known.itertuples()
    base = float(first.usd_per_mtok_output)
    rises = [
        (
            str(row.lever),
            float(row.usd_per_mtok_output) - base,
            f"${digits(row.usd_per_mtok_output)}, {row.times:.2f} ×",
        )
        for row in others
    ]
    left_out = found.levers.loc[found.levers["cost_usd"].isna(), "lever"].str.removeprefix("without ")
    note = f"Not measured, or no plan without: {', '.join(left_out)}." if len(left_out) else ""
    return waterfall(_finding(known), ACROSS, (str(first.lever), base, f"${digits(base)}"), rises, note)


def _finding(known: pd.DataFrame) -> str:
    """Which lever a token's cost rests on most, and what all of them come to."""
    alone = known.iloc[1:][~known.iloc[1:]["lever"].isin((TOGETHER, POSSIBLE))]
    together = known[known["lever"].isin((TOGETHER, POSSIBLE))]
    words = []
    most = float(alone["times"].max()) if len(alone) else 1.0
    if most >= NOTICEABLE:
        words.append(f"A token costs {most:.2f} times as much {alone.loc[alone['times'].idxmax(), 'lever']}.")
    elif len(alone):
        words.append("None of these levers alone changes the cost of a token.")
    if len(together) and together["times"].iloc[-1] >= most * NOTICEABLE:
        words.append(f"All together make it {together['times'].iloc[-1]:.2f} times.")
    return " ".join(words) or "No lever of this plan is known to change the cost of a token."
