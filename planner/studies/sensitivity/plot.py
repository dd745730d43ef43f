"""What each input does to the cost of a token, low and high, as a tornado."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from planner.render.bars import BLUE, ORANGE, Bar, tornado
from planner.render.plots import Picture
from planner.render.words import label
from planner.studies.sensitivity.study import Sensitivity

ACROSS = "change of the cost of a million output tokens, %"
# A smaller change of the cost of a token, as a share, is none.
NOTICEABLE = 5e-4
MOST_SAID = 3


def sensitivity_picture(found: Sensitivity) -> Picture:
    """The relative change of the levelised cost; the inputs that move it most on top."""
    rows = [
        (_said(str(name)), [_bar(row) for row in sides.to_dict(orient="records")])
        for name, sides in found.inputs.groupby("input", sort=False)
    ]
    note = "Blue: the low value. Orange: the high one. Beside each bar what the value is."
    return tornado(_finding(found.inputs), ACROSS, rows, note)


def _bar(row: Mapping[Hashable, Any]) -> Bar:
    colour = BLUE if row["side"] == "low" else ORANGE
    if pd.isna(row["effect"]):
        return Bar(None, f"{row['value']}: {'no plan' if row['verdict'] == 'no plan' else 'not known'}", colour)
    change = round(100 * float(row["effect"]), 1) + 0.0
    return Bar(change, f"{row['value']}: {change:+.1f} %", colour)


def _said(name: str) -> str:
    """An input in words: those asked for by path have their field's."""
    return label(name) if "." in name or "_" in name else name


def _finding(inputs: pd.DataFrame) -> str:
    """What moves the cost of a token most, and what leaves no plan."""
    known = inputs[inputs["effect"].notna()]
    words = []
    if len(known):
        most = known.loc[known["effect"].abs().idxmax()]
        if abs(most["effect"]) < NOTICEABLE:
            words.append("None of these inputs moves the cost of a token.")
        else:
            way = "falls" if most["effect"] < 0 else "rises"
            share = f"{100 * abs(most['effect']):.1f} %"
            name, value = _said(str(most["input"])), most["value"]
            words.append(f"A token's cost depends most on {name}: it {way} by {share} at {value}.")
    none = [f"{_said(str(row.input))} {row.value}" for row in inputs[inputs["verdict"] == "no plan"].itertuples()]
    if none:
        listed = ", ".join(none[:MOST_SAID]) + (f" and {len(none) - MOST_SAID} more" if len(none) > MOST_SAID else "")
        words.append(f"There is no plan at {listed}.")
    return " ".join(words) or "None of these inputs is known to move the cost of a token."
