"""``plan stands`` on a terminal."""

from __future__ import annotations

from planner.render.figures import count
from planner.render.sheet import Sheet, left
from planner.studies.stands.study import Stands


def stands_sheets(found: Stands) -> list[Sheet]:
    """The assumptions, the largest amount first, and where orders due change."""
    if found.assumptions.empty:
        return [Sheet(found.sentences[0], notes=found.sentences[1:])]
    rows = []
    for key, amounts in found.assumptions.groupby("assumption", sort=False):
        first = amounts.iloc[0]
        rows.append((str(first["name"]), str(first["rests"]), ", ".join(amounts["said"]), _switching(found, str(key))))
    heads = (left("assumption"), left("rests on it"), left("least cost"), left("orders due change"))
    return [Sheet(f"What the plan of {found.scenario} stands on:", heads, tuple(rows), found.sentences)]


def _switching(found: Stands, key: str) -> str:
    mine = found.switches[found.switches["assumption"] == key]
    told = []
    for _, orders in mine.groupby("way", sort=False):
        first = orders.iloc[0]
        changes = [
            f"{row.verb} {count(round(row.before_gpus))} → {count(round(row.after_gpus))} GPUs of {row.system}"
            for row in orders.itertuples()
            if row.system
        ]
        told.append(f"at {first['said']}: {', '.join(changes) or 'no plan'}")
    return "; ".join(told) or "at no value tried"
