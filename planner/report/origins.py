"""Where a plan's figures come from, as a table."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.sheet import Sheet, left
from planner.report.serving import short_point

WIDEST = 38


def trace_sheet(plan: Plan) -> Sheet:
    """Each catalog row that the plan rests on, once: its evidence and date, where it stands, what it is used for."""
    rows = plan.table("origins")
    used = rows.take((rows["row"] != "") & (rows["table"] != "cashflow"))
    lines = []
    for (name, place), group in used.groups(["row", "where"], as_met=True):
        first, tables = next(group.rows("evidence", "as_of")), list(dict.fromkeys(group["table"]))
        more = f" +{len(tables) - 1}" if len(tables) > 1 else ""
        carried = any(gives.endswith(", extrapolated") for gives in group["gives"])
        evidence = f"{first.evidence}, extrapolated" if carried else first.evidence
        where = place.rpartition("/")[2]
        lines.append((_short(name), evidence, first.as_of, where, tables[0].replace("_", " ") + more))
    stated = sorted(set(rows["gives"][rows["row"] == ""]))
    notes = [f"Stated by the scenario itself: {', '.join(stated)}."] if stated else []
    notes.append("--json and --csv have full names, sources and notes, as trace.")
    columns = (left("catalog row"), left("evidence"), left("as of"), left("where"), left("used in"))
    return Sheet("Where the figures come from:", columns, tuple(lines), tuple(notes))


def _short(name: str) -> str:
    if "@" in name:
        name = f"{name.partition('/')[0]} {short_point(name)}"
    return name if len(name) <= WIDEST else f"{name[: WIDEST - 1]}…"
