"""``plan sensitivity`` on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner.render.figures import digits, money_range
from planner.render.sheet import Sheet, left, right
from planner.studies.sensitivity.nearest import MAY, MUST
from planner.studies.sensitivity.study import Sensitivity


def sensitivity_sheets(found: Sensitivity) -> list[Sheet]:
    """The inputs, those that matter most first, what else would be ordered, and what that means."""
    inputs = found.inputs
    rows = tuple(
        (
            str(row.input),
            str(row.value),
            f"${digits(row.usd_per_mtok_output)}" if pd.notna(row.cost_usd) else "no plan",
            f"{100 * row.effect:+.1f} %" if pd.notna(row.effect) else "-",
            "-" if row.verdict == "no plan" else str(row.verdict),
            _regret(row.regret_low_usd, row.regret_high_usd),
        )
        for row in inputs.itertuples()
    )
    heads = (
        left("input"),
        left("at"),
        right("$/Mtok"),
        right("effect"),
        left("first year"),
        right("regret"),
    )
    first, *rest = found.sentences
    sheets = [
        Sheet("What each input does to the cost of a token and to the first year's orders:", heads, rows),
        Sheet(first, notes=tuple(rest)),
    ]
    if len(found.orders):
        sheets.append(
            Sheet(
                "Orders and contracts of the first year, today and in the plan nearest to today's within the gap:",
                (left("if"), left("orders"), left("nearest plan")),
                tuple(_moved(found)),
            )
        )
    return sheets


def _moved(found: Sensitivity) -> Iterator[tuple[str, str, str]]:
    """For each world what must change, what may, and that all can stay where a plan as good keeps it."""
    orders = found.orders
    for row in found.inputs.itertuples():
        mine = orders[(orders["input"] == row.input) & (orders["side"] == row.side) & (orders["value"] == row.value)]
        world = f"{row.input} {row.value}"
        if not len(mine):
            continue
        if row.apart_gpus == 0:
            yield world, MAY, "orders what today's does"
            continue
        # Something must change, and of no order by itself is it known that it must.
        together = row.verdict == MUST and not (mine["verdict"] == MUST).any()
        for verdict in (MUST, MAY):
            lines = [
                f"{order.order} {order.today:g} → {order.nearest:g}"
                for order in mine[(mine["verdict"] == verdict) & (mine["nearest"] != mine["today"])].itertuples()
            ]
            if not lines:
                continue
            yield world, "some must" if together else verdict, "; ".join(lines)


def _regret(low: float, high: float) -> str:
    if pd.isna(low):
        return "-"
    if np.isinf(low):
        return "no plan"
    return money_range(low, high)
