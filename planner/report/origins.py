"""Where a plan's figures come from, as a table."""

from __future__ import annotations

from planner.plan import Plan
from planner.render.sheet import Sheet, left
from planner.report.serving import short_point

WIDEST = 38


def trace_sheet(plan: Plan) -> Sheet:
    """Each catalog row that the plan rests on, once: its evidence and date, where it stands, what it is used for."""
    rows = plan.trace()
    used = rows[(rows["row"] != "") & (rows["table"] != "cashflow")]
    lines = []
    for (name, _), group in used.groupby(["row", "where"], sort=False):
        first, tables = group.iloc[0], list(dict.fromkeys(group["table"]))
        more = f" +{len(tables) - 1}" if len(tables) > 1 else ""
        place = first["where"].rpartition("/")[2]
        carried = group["gives"].str.endswith(", extrapolated").any()
        evidence = f"{first['evidence']}, extrapolated" if carried else first["evidence"]
        lines.append((_short(name), evidence, first["as_of"], place, tables[0].replace("_", " ") + more))
    stated = sorted(set(rows.loc[rows["row"] == "", "gives"]))
    notes = [f"Stated by the scenario itself: {', '.join(stated)}."] if stated else []
    notes.append("--json and --csv have full names, sources and notes, as trace.")
    columns = (left("catalog row"), left("evidence"), left("as of"), left("where"), left("used in"))
    return Sheet("Where the figures come from:", columns, tuple(lines), tuple(notes))


def _short(name: str) -> str:
    if "@" in name:
        name = f"{name.partition('/')[0]} {short_point(name)}"
    return name if len(name) <= WIDEST else f"{name[: WIDEST - 1]}…"
