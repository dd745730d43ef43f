"""``plan sweep`` on a terminal: how the cases ended, and the first of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from planner.render.figures import count, gap_percent, money_unit, percent, price
from planner.render.sheet import Sheet, left, right
from planner.studies.sweep.study import CASE, Sweep

MOST_ROWS = 20


def sweep_sheets(found: Sweep) -> list[Sheet]:
    """The first cases with their figures, then how all of them ended."""
    table = found.results
    unit = money_unit(table["npv_usd"].dropna())
    first = table.head(MOST_ROWS)
    rows = tuple(
        (
            str(row[CASE]),
            str(row["status"]),
            _known(row["npv_usd"], unit.of),
            _known(row["gap"], gap_percent),
            _known(row["levelised_usd_per_mtok_output"], price),
            _known(row["bought_gpus"], count),
            _known(row["signed_gpus"], count),
            _known(row["rented_gpus"], count),
            _known(row["peak_provisioned_utility_mw"], lambda mw: f"{mw:.2f}"),
            _known(row["served_share"], lambda share: percent(share, 1)),
        )
        for _, row in first.iterrows()
    )
    columns = (
        left("case"), left("status"), right(f"NPV, {unit.name}"), right("proven"), right("$/Mtok out"),
        right("bought"), right("signed"), right("rented"), right("peak MW"), right("served"),
    )  # fmt: skip
    more = (f"and {len(table) - MOST_ROWS:,} more.",) if len(table) > MOST_ROWS else ()
    notes = (*more, "Bought and signed are GPUs; rented is the mean of GPUs by the hour, peak MW utility power.")
    sheets = [Sheet(f"{found.scenario} under {_cases(table, found)}:", columns, rows, notes)]
    sheets.append(Sheet(_ended(table)))
    without = first[first["reason"] != ""]
    if len(without):
        reasons = tuple((str(row[CASE]), str(row["reason"])) for _, row in without.iterrows())
        sheets.append(Sheet("Without a plan:", (left(), left()), reasons))
    return [*sheets, *(Sheet(sentence) for sentence in found.sentences)]


def _cases(table: pd.DataFrame, found: Sweep) -> str:
    number = f"{len(table):,}"
    return f"{number} cases" if len(table) == found.cases else f"{number} of {found.cases:,} cases"


def _ended(table: pd.DataFrame) -> str:
    """How the cases ended, and between which costs."""
    ways = [f"{number:,} {status}" for status, number in table["status"].value_counts(sort=False).items()]
    costs = table["npv_usd"].dropna()
    if not len(costs):
        return f"{', '.join(ways)}."
    unit = money_unit(costs)
    return f"{', '.join(ways)}; NPV from {unit.of(costs.min())} to {unit.of(costs.max())} {unit.name}."


def _known(value: float, shown: Callable[[float], str]) -> str:
    return "-" if value is None or np.isnan(value) else shown(value)
