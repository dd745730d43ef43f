"""The headline's line on GPUs by the hour: how many at the peak, where, and who promised them."""

from __future__ import annotations

from typing import Any

from planner.plan import Plan
from planner.render.figures import count

SHOWN = 3


def hourly_line(plan: Plan) -> list[tuple[str, str]]:
    """One line, none where nothing is rented by the hour."""
    peak = plan.kpis["peak_gpus"]
    if not peak["by_hour"]:
        return []
    when = f"{peak['period']} {peak['block']}" + (f", {peak['future']}" if len(plan.futures) > 1 else "")
    rows = peak["by_hour"]
    told = [f"{count(row['gpus'])} {row['system']} at {row['provider']}{_backed(row)}" for row in rows[:SHOWN]]
    if len(rows) > SHOWN:
        told.append(f"{count(sum(row['gpus'] for row in rows[SHOWN:]))} more elsewhere")
    beside = f"{count(peak['owned'])} owned, {count(peak['signed'])} signed"
    line = f"{count(peak['hourly'])} of {count(peak['in_service'])} GPUs ({beside}) in {when}: {', '.join(told)}"
    if peak["unpromised"]:
        line += f"; promised by nobody: {count(peak['unpromised'])}{_assumed(rows)}"
    return [("hourly at the peak", line)]


def _backed(row: dict[str, Any]) -> str:
    if row["limit_gpus"] is None:
        return ""
    return f" ({row['promised_by']} {count(row['limit_gpus'])})"


def _assumed(rows: list[dict[str, Any]]) -> str:
    named = dict.fromkeys(row["promised_by"] for row in rows if row["promised_by"] == "assumed depth")
    return "".join(f" ({name})" for name in named)
