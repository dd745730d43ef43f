"""The headline's line on GPUs by the hour: how many at the peak, where, and who promised them."""

from __future__ import annotations

from typing import Any

from planner.plan import Plan
from planner.plan.hourly_peak import UNPROMISED
from planner.render.figures import count

Row = dict[str, Any]


def hourly_line(plan: Plan) -> list[tuple[str, str]]:
    """One line, none where nothing is rented by the hour."""
    peak = plan.kpis["peak_gpus"]
    rows: list[Row] = peak["by_hour"]
    if not rows:
        return []
    when = f"{peak['period']} {peak['block']}" + (f" in future {peak['future']}" if len(plan.futures) > 1 else "")
    beside = f"{count(peak['owned'])} owned, {count(peak['signed'])} signed"
    parts = [f"{count(peak['hourly'])} of {count(peak['in_service'])} GPUs in {when} ({beside})"]
    promised = [row for row in rows if row["promised_by"] not in UNPROMISED]
    if promised:
        parts.append(f"promised: {_told(promised)}")
    if peak["unpromised"]:
        loose = [row for row in rows if row["promised_by"] in UNPROMISED]
        total = f", {count(peak['unpromised'])}" if len(loose) > 1 else ""
        parts.append(f"promised by nobody{total}: {_told(loose)}")
    return [("hourly at peak", "; ".join(parts))]


def _told(rows: list[Row]) -> str:
    """The rows in words, those of a system that are alike but for the provider together."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for row in rows:
        key = (row["system"], count(row["gpus"]), row["promised_by"], row["limit_gpus"])
        groups.setdefault(key, []).append(row["provider"])
    return ", ".join(
        f"{gpus} {system} at {'each of ' if len(providers) > 1 else ''}{_and(providers)}{_backing(by, limit)}"
        for (system, gpus, by, limit), providers in groups.items()
    )


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _backing(by: str, limit: float | None) -> str:
    return "" if limit is None else f" ({by} {count(limit)})"
