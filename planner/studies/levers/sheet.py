"""``plan levers`` on a terminal."""

from __future__ import annotations

import pandas as pd

from planner.render.figures import bar, digits, money, money_range
from planner.render.sheet import Sheet, left, right
from planner.studies.levers.study import Levers

WIDTH = 20
MARK = "*"
PREDICTED = "*: by predicted points alone; nobody measured it on these models."


def levers_sheets(found: Levers) -> list[Sheet]:
    """The waterfall, the metrics side by side, and what they say."""
    levers, metrics = found.levers, found.metrics
    most = float(levers["times"].max())
    rows = tuple(
        (
            f"{row.lever}{MARK if row.known_by == 'predicted' else ''}",
            _cost(row.cost_usd, row.known_by, row.reason),
            _rise(row.rise_low_usd, row.rise_high_usd),
            f"${digits(row.usd_per_mtok_output)}" if pd.notna(row.cost_usd) else "-",
            f"{row.times:.2f}×" if pd.notna(row.times) else "-",
            bar(row.times / most, WIDTH).replace(".", " ") if pd.notna(row.times) else "",
        )
        for row in levers.itertuples()
    )
    heads = (left("the plan"), right("NPV"), right("more"), right("$/Mtok"), right("times"), left())
    several = len(set(metrics["site"])) > 1
    shown = tuple(
        (
            str(row.workload),
            f"{row.system} at {row.site}" if several else str(row.system),
            digits(row.usd_per_gpu_hour, 3),
            digits(row.fp8_pflops_per_kusd, 3),
            digits(row.output_tok_s_per_gpu, 3),
            digits(row.output_tok_s_per_mw / 1e3, 3),
            digits(row.usd_per_mtok_output, 3),
        )
        for row in metrics.itertuples()
    )
    columns = (
        left("workload"), left("system"), right("$/GPU-h"), right("PFLOP/$k"), right("tok/s GPU"), right("k tok/s MW"),
        right("$/Mtok"),
    )  # fmt: skip
    first, *rest = found.sentences
    marked = (PREDICTED,) if levers["known_by"].eq("predicted").any() else ()
    return [
        Sheet("What the plan would cost without its levers, each alone and all together:", heads, rows, marked),
        Sheet("Input metrics beside output metrics, of systems bought and always busy:", columns, shown),
        Sheet(first, notes=tuple(rest)),
    ]


def _cost(usd: float, known_by: str, reason: str) -> str:
    if pd.notna(usd):
        return money(usd)
    return "not measured" if known_by in ("predicted", "not measured") and not reason else "no plan"


def _rise(low: float, high: float) -> str:
    if pd.isna(low):
        return "-"
    if high == 0:
        return ""
    return money_range(low, high)
