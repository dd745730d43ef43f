"""What a GPU-hour costs in each way of getting it, over use and over months held, and where the ways change places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from planner.render.colours import CONTRACT_COLOURS, WAY_COLOURS
from planner.render.figures import percent
from planner.render.lines import Line, Panel, Point, curves
from planner.render.plots import Picture
from planner.studies.breakeven.screening import Screening
from planner.studies.breakeven.sourcing import SourcingOption
from planner.studies.breakeven.study import Breakeven

# Beyond this multiple of the cheapest, or of the dearest by the hour, a curve only hides the others.
WAYS = {"own": "own", "on_demand": "hourly", "api": "api"}
HIGHEST, HIGHEST_BY_THE_HOUR = 8.0, 1.6
NOTE = (
    "Each way alone, without power caps, lead times or whole racks: the plan knows those. Dots: where the cheapest way "
    "changes, and where owning or a contract meets a price by the hour."
)
LABEL = "$ per GPU-hour in use"


def breakeven_picture(found: Breakeven) -> Picture:
    """The curves as panels; where they change places the value is said."""
    screening = found.curves
    held, use = f"held for {screening.months} months", f"{percent(screening.utilisation)} in use"
    shares, months = screening.by_utilisation, screening.by_months
    title = _finding(screening, shares, "utilisation", f"{screening.system} {held} costs least")
    second = _finding(screening, months, "months", f"{use} it costs least")
    panels = [
        Panel("", f"share of hours in use, %, {held}", LABEL, *_drawn(screening, shares, "utilisation", 100.0)),
        Panel(second, f"months held, {use}", LABEL, *_drawn(screening, months, "months", 1.0)),
    ]
    names = [way.name for way in screening.ways]
    drawn = {line.name for panel in panels for line in panel.lines}
    dear = ", ".join(name for name in names if name not in drawn)
    return curves(title, panels, f"{NOTE} Dearer than the panels show: {dear}." if dear else NOTE)


def _drawn(screening: Screening, table: pd.DataFrame, over: str, scale: float) -> tuple[list[Line], list[Point]]:
    names = [way.name for way in screening.ways]
    top = HIGHEST * float(table[names].min().min())
    hourly = [float(table[way.name].max()) for way in screening.ways if way.hourly]
    if hourly:
        top = min(top, HIGHEST_BY_THE_HOUR * max(hourly))
    colours = _colours(screening.ways)
    lines = []
    for name in names:
        kept = table[name] <= top
        if kept.any():
            x, y = (table.loc[kept, column].to_numpy(dtype=float) for column in (over, name))
            lines.append(Line(name, (x * scale).tolist(), y.tolist(), colours[name]))
    points = _crossings(screening, table, over, top)
    return lines, [(x * scale, y, text) for x, y, text in points]


def _colours(ways: Sequence[SourcingOption]) -> dict[str, str]:
    terms = [way.name for way in ways if way.kind == "reserve"]
    of_term = {name: CONTRACT_COLOURS[index % len(CONTRACT_COLOURS)] for index, name in enumerate(terms)}
    return of_term | {way.name: WAY_COLOURS[WAYS[way.kind]] for way in ways if way.kind != "reserve"}


def _crossings(screening: Screening, table: pd.DataFrame, over: str, top: float) -> Iterator[Point]:
    """Where the cheapest way changes, and over utilisation where a way paid for meets one by the hour."""
    hourly = {way.name for way in screening.ways if way.hourly}
    found = screening.crossings
    for row in found[found["over"] == over].itertuples():
        at, ways = float(row.at), (row.way, row.against)
        y = float(np.interp(at, table[over], table[row.above]))
        least = min(float(np.interp(at, table[over], table[way.name])) for way in screening.ways)
        meets = over == "utilisation" and len(hourly & set(ways)) == 1
        if y <= top and (meets or y <= least * (1 + 1e-3)):
            yield at, y, f"{100 * at:.0f} %" if over == "utilisation" else f"month {at:.0f}"


def _finding(screening: Screening, table: pd.DataFrame, over: str, what: str) -> str:
    """Which way costs least, and from where on."""
    ways = screening.ways
    best = table[[way.name for way in ways]].to_numpy(dtype=float).argmin(axis=1)
    starts = np.flatnonzero(best[1:] != best[:-1]) + 1
    if not len(starts):
        return f"{what} {_got(ways[best[0]])} throughout."
    pairs = [{ways[best[row - 1]].name, ways[best[row]].name} for row in starts]
    edges = [_edge(screening, table, over, int(row), pair) for row, pair in zip(starts, pairs, strict=True)]
    before, on = edges[0], edges[-1]
    begins, ends = _got(ways[best[0]]), _got(ways[best[-1]])
    if best[0] == best[-1]:
        return f"{what} {begins}, but not {_stretches(edges, best[starts] == best[0], over)}."
    if over == "months" and len(edges) == 1:
        return f"{what} {ends} from month {on:.0f} on and {begins} before."
    if over == "months":
        return f"{what} {begins} before month {before:.0f} and {ends} from month {on:.0f} on."
    if f"{100 * before:.0f}" == f"{100 * on:.0f}":
        return f"{what} {ends} above {100 * on:.0f} % in use and {begins} below."
    return f"{what} {begins} below {100 * before:.0f} % in use and {ends} above {100 * on:.0f} %."


def _stretches(edges: Sequence[float], back: Sequence[bool], over: str) -> str:
    """The stretches that begin at an edge away from a way and end at the next one ``back`` to it."""
    told: list[str] = []
    begun: float | None = None
    for edge, home in zip(edges, back, strict=True):
        if not home and begun is None:
            begun = edge
        elif home and begun is not None:
            share = f"between {100 * begun:.0f} and {100 * edge:.0f} % in use"
            told.append(share if over == "utilisation" else f"from month {begun:.0f} to {edge - 1:.0f}")
            begun = None
    return " and ".join(told)


def _edge(screening: Screening, table: pd.DataFrame, over: str, row: int, pair: set[str]) -> float:
    """Where one of a pair takes the place of the other before a row: the crossing itself."""
    here, before = float(table[over].iloc[row]), float(table[over].iloc[row - 1])
    known = screening.crossings
    known = known[(known["over"] == over) & known["way"].isin(pair) & known["against"].isin(pair)]
    at = known[(known["at"] > before) & (known["at"] <= here)]["at"]
    return float(at.iloc[-1]) if len(at) else here


def _got(way: SourcingOption) -> str:
    if way.kind == "reserve":
        return f"under a contract of {way.name.removeprefix('reserve ').removesuffix(' m')} months"
    return {"own": "owned", "on_demand": "by the hour", "api": "as tokens of an API"}[way.kind]
