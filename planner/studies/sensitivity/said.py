"""What ``plan sensitivity`` found, in sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from planner.render.figures import money
from planner.studies.sensitivity.nearest import MAY, MUST


def said(table: pd.DataFrame) -> tuple[str, ...]:
    """What matters most, where the first year's orders must change or need not, what would be regretted."""
    sentences = []
    known = table[table["effect"].notna()]
    if len(known):
        most = known.loc[known["effect"].abs().idxmax()]
        sentences.append(
            f"The cost of a token depends most on {most.input}: {100 * most.effect:+.1f} % at {most.value}."
        )
    return (*sentences, *_orders(table), _regret(table))


def _orders(table: pd.DataFrame) -> list[str]:
    """Where the first year's orders must change, for which inputs they never do, and where else they need not."""
    sentences = []
    must = table[table["verdict"] == MUST]
    if len(must):
        sentences.append(
            f"The first year's orders must change at {_listed(must)}: every plan within the gap has others."
        )
    keeps = table["apart_gpus"] == 0
    same = [name for name, part in table.groupby("input", sort=False) if keeps[part.index].all()]
    if same:
        sentences.append(f"Whatever becomes of {', '.join(same)}, the first year's orders can stay as they are.")
    tied = table[keeps & (table["verdict"] == MAY) & ~table["input"].isin(same)]
    if len(tied):
        sentences.append(f"They can stay as they are at {_listed(tied)} too: a plan that keeps them is within the gap.")
    return sentences


def _regret(table: pd.DataFrame) -> str:
    sure = table[np.isfinite(table["regret_low_usd"]) & (table["regret_low_usd"] > 0)]
    if not len(sure):
        return "In none of these are today's orders surely regretted, as far as the gap tells."
    worst = sure.loc[sure["regret_low_usd"].idxmax()]
    return (
        f"Today's orders would be regretted most at {worst.input} {worst.value}: by at least "
        f"{money(worst.regret_low_usd)}."
    )


def _listed(rows: pd.DataFrame) -> str:
    return ", ".join(f"{row.input} {row.value}" for row in rows.itertuples())
