"""The optimum along a field as a line over the fleet behind it, along two as a map of costs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner.frozen import dataclass
from planner.render.colours import colour_of
from planner.render.figures import digits, money, short
from planner.render.lines import Area, heat_map, line_over_areas
from planner.render.plots import Picture, dollars
from planner.render.words import label
from planner.studies.frontier.axes import Axis
from planner.studies.frontier.sheet import BOUND, COST, LEVELISED, grid
from planner.studies.frontier.study import Frontier

# Of the cost: what saves no more than this is said to save nothing.
NOTHING = 1e-3
NOTHING_SAID = "Saves nothing: less than 0.1 % of the cost."
# A source below this share of the largest fleet would be a line.
LEAST_SHOWN = 0.005
WAYS = ("own", "contract", "hourly")


@dataclass(frozen=True)
class Across:
    """An axis as a planner says it: ``noun`` and ``unit``, and its values over ``one`` of the unit."""

    noun: str
    unit: str
    one: float = 1.0

    @property
    def label(self) -> str:
        """What stands on a plot's axis."""
        return self.noun + (f", {self.unit}" if self.unit else "")

    def said(self, value: float) -> str:
        """A value with its unit: ``8 MW``, ``$240 M``, ``0.5 × the forecast``."""
        return (
            money(value)
            if self.unit.startswith("$") and "/" not in self.unit
            else f"{short(value)} {self.unit}".strip()
        )

    @property
    def inside(self) -> str:
        """The noun inside a sentence."""
        return self.noun if self.noun[:2].isupper() else self.noun[0].lower() + self.noun[1:]


def across(axis: Axis) -> Across:
    """An axis in words, dollars in the unit that fits the largest."""
    noun, _, unit = label(axis.path, axis.scaled).rpartition(", ")
    if not noun:
        return Across(unit, "")
    if unit == "$":
        scaled = dollars(axis.values)
        return Across(noun, scaled.name, scaled.usd)
    return Across(noun, unit)


def frontier_picture(found: Frontier) -> Picture:
    """A line with the mix stacked below it, or a heat map."""
    table, names = found.table, [axis.name for axis in found.axes]
    if len(found.axes) == 2:
        return _map(table, names, [across(axis) for axis in found.axes])
    name, shown = names[0], across(found.axes[0])
    ordered = table.sort_values(name, ignore_index=True)
    unit = dollars(ordered[COST])
    at = ordered[name].to_numpy(dtype=float)
    cost, low = ordered[COST].to_numpy(dtype=float), ordered[BOUND].to_numpy(dtype=float)
    points = [(at[row] / shown.one, cost[row] / unit.usd, text) for row, text in _told(at, cost, shown)]
    mix = found.mix.sort_values(name) if len(found.mix) else found.mix
    notes = _notes(at, cost, low)
    return line_over_areas(
        " ".join(_finding(at, cost, shown)),
        (shown.label, at / shown.one),
        (f"NPV of all cost, {unit.name}", cost / unit.usd, low / unit.usd),
        ("mean GPUs", mix[name].to_numpy(dtype=float) / shown.one, _areas(mix.drop(columns=name))),
        points,
        " ".join(notes),
    )


def _areas(sources: pd.DataFrame) -> list[Area]:
    """A layer for each source, a colour for its system and a hatch for how it is got, what is owned lowest."""
    if sources.empty:
        return []
    enough = sources.max() >= LEAST_SHOWN * sources.sum(axis=1).max()
    parts = sorted((tuple(str(name).split(" ", 1)) for name in sources.columns if enough[name]), key=_rank)
    systems = sorted({system for _, system in parts})
    return [
        Area(f"{way} {system}", sources[f"{way} {system}"].tolist(), colour_of(system, systems), WAYS.index(way))
        for way, system in parts
    ]


def _rank(part: tuple[str, ...]) -> tuple[int, str]:
    return WAYS.index(part[0]), part[1]


def _finding(at: np.ndarray, cost: np.ndarray, shown: Across) -> Iterator[str]:
    """What the line says, in a sentence or two."""
    known = np.flatnonzero(np.isfinite(cost))
    if not len(known):
        yield f"There is no plan from {shown.said(at[0])} to {shown.said(at[-1])} of {shown.inside}."
        return
    first, last = known[0], known[-1]
    if first > 0:
        yield f"Up to {shown.said(at[first - 1])} there is no plan."
    if last < len(at) - 1:
        yield f"From {shown.said(at[last + 1])} on there is no plan."
    least = int(known[np.argmin(cost[known])])
    knee = _knee(cost, known)
    if knee == first and last > first:
        yield f"More {shown.inside} saves nothing: the cost is {money(cost[first])} from {shown.said(at[first])} on."
    elif knee is not None:
        yield f"Above {shown.said(at[knee])} more {shown.inside} saves nothing."
    elif last == first:
        yield f"At {shown.said(at[first])} the plan costs {money(cost[first])}."
    elif least not in (first, last):
        yield f"The plan costs least, {money(cost[least])}, at {shown.said(at[least])}."
    else:
        way = "falls" if cost[last] < cost[first] else "rises"
        ends = ((cost[end], shown.said(at[end])) for end in (first, last))
        (before, low), (after, high) = ends
        yield f"The cost {way} from {money(before)} at {low} to {money(after)} at {high}."


def _knee(cost: np.ndarray, known: np.ndarray) -> int | None:
    """From where on the line is flat to its end, and nowhere lower; None where it is not, or only at the end."""
    least = float(np.min(cost[known]))
    level = cost[known] - least <= NOTHING * abs(least)
    falls = np.flatnonzero(~level)
    start = 0 if not len(falls) else int(falls[-1]) + 1
    return int(known[start]) if start < len(known) - 1 else None


def _told(at: np.ndarray, cost: np.ndarray, shown: Across) -> list[tuple[int, str]]:
    """The rows whose cost is said: both ends, the knee or the least."""
    known = np.flatnonzero(np.isfinite(cost))
    if not len(known):
        return []
    knee = _knee(cost, known)
    middle = int(known[np.argmin(cost[known])]) if knee is None else knee
    told = {middle: f"{money(cost[middle])} at {shown.said(at[middle])}"}
    for end in (int(known[0]), int(known[-1])):
        if money(cost[end]) != money(cost[middle]):
            told[end] = money(cost[end])
    return list(told.items())


def _notes(at: np.ndarray, cost: np.ndarray, low: np.ndarray) -> Iterator[str]:
    known = np.flatnonzero(np.isfinite(cost))
    if len(known) and _knee(cost, known) is not None:
        yield NOTHING_SAID
    if len(known) and np.any(cost[known] - low[known] > NOTHING * np.abs(cost[known])):
        yield "Shaded: what the proof does not rule out."
    if len(known) < len(at):
        yield "×: no plan."


def _map(table: pd.DataFrame, names: list[str], shown: list[Across]) -> Picture:
    cells = grid(table, names, LEVELISED).sort_index().sort_index(axis=1)
    values = cells.to_numpy(dtype=float)
    rows, columns = (index / one.one for index, one in zip((cells.index, cells.columns), shown, strict=True))
    missing = int(np.isnan(values).sum())
    if missing == values.size:
        title = f"There is no plan at any of these {missing} combinations."
    else:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        if high - low <= NOTHING * abs(low):
            title = f"A million output tokens cost ${digits(low)} wherever there is a plan."
        else:
            row, column = np.unravel_index(np.nanargmin(values), values.shape)
            where = f"{shown[0].said(cells.index[row])} and {shown[1].said(cells.columns[column])}"
            title = f"A million output tokens cost least, ${digits(low)}, at {where}, and ${digits(high)} at most."
        if missing:
            title += f" {missing} of {values.size} combinations have no plan."
    picture = pd.DataFrame(values, index=rows, columns=columns)
    return heat_map(title, shown[0].label, shown[1].label, picture, "cost in $ per Mtok output")
