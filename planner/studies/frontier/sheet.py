"""The optimum along one or two fields: a table of figures and of the fleet behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from planner.render.figures import count, digits, gap_percent, money_unit, percent, price, short
from planner.render.sheet import Sheet, left, right
from planner.render.words import label

COST, BOUND, LEVELISED = "npv_usd", "bound_usd", "levelised_usd_per_mtok_output"
MOST_COLUMNS = 9
MOST_SOURCES = 5
WIDTH = 100


def frontier_sheets(table: pd.DataFrame, mix: pd.DataFrame, axes: list[str], name: str) -> Iterator[Sheet]:
    """``table`` and ``mix`` of a frontier along ``axes``, the names of its first columns."""
    over = " and ".join(map(_said, axes))
    if len(axes) == 1:
        yield _line(table, axes[0], name)
        if len(mix):
            yield _mix(mix, axes[0])
    else:
        yield from _grid(table, axes, name)
    stopped = table[table["reason"].notna() & (table["reason"] != "")]
    if len(stopped):
        lines = [(", ".join(_value(row[axis]) for axis in axes), str(row["reason"])) for _, row in stopped.iterrows()]
        yield Sheet(
            f"No plan at these values of {over}, and what would have to be relaxed:", (left(), left()), tuple(lines)
        )


def _line(table: pd.DataFrame, axis: str, name: str) -> Sheet:
    unit = money_unit(table[COST].dropna())
    rows = [
        (
            _value(row[axis]),
            "no plan" if np.isnan(row[COST]) else str(row["status"]),
            _known(row[COST], unit.of),
            _known((row[COST] - row[BOUND]) / abs(row[COST]) if row[COST] else 0.0, gap_percent),
            _known(row[LEVELISED], price),
            _known(row["capex_usd"], unit.of),
            _known(row["opex_usd"], unit.of),
            _known(row["peak_provisioned_utility_mw"], lambda mw: f"{mw:.2f}"),
            _known(row["served_share"], lambda share: percent(share, 1)),
        )
        for _, row in table.iterrows()
    ]
    columns = (
        right("value"), left("status"), right(f"NPV, {unit.name}"), right("proven"), right("$/Mtok out"),
        right("capex"), right("opex"), right("peak MW"), right("served"),
    )  # fmt: skip
    note = "Capex and opex are cash of the reported periods, in the unit of the NPV; peak MW is utility power."
    return Sheet(f"{name} along {_said(axis)}:", columns, tuple(rows), (note,))


def _known(value: float, text: Callable[[float], str]) -> str:
    return "-" if value is None or np.isnan(value) else text(value)


def _mix(mix: pd.DataFrame, axis: str) -> Sheet:
    sources = mix.drop(columns=axis)
    largest = list(sources.sum().sort_values(ascending=False, kind="stable").index)
    shown, rest = largest[:MOST_SOURCES], largest[MOST_SOURCES:]
    rows = []
    for index, row in sources.iterrows():
        cells = [_gpus(row[source]) for source in shown]
        others = [_gpus(row[rest].sum())] if rest else []
        rows.append((_value(mix.loc[index, axis]), *cells, *others))
    columns = (right("value"), *(right(source) for source in shown), *((right("others"),) if rest else ()))
    notes: tuple[str, ...] = ()
    if sum(len(column.header) + 2 for column in columns) > WIDTH:
        notes = ("c.: under contract; h.: by the hour.",)
        columns = tuple(
            right(column.header.replace("contract ", "c. ").replace("hourly ", "h. ")) for column in columns
        )
    return Sheet("The fleet behind it, mean GPUs over the reported periods:", columns, tuple(rows), notes)


def _gpus(number: float) -> str:
    return "-" if number < 0.05 else count(number)


def _grid(table: pd.DataFrame, axes: list[str], name: str) -> Iterator[Sheet]:
    cells = grid(table, axes, LEVELISED)
    for first in range(0, len(cells.columns), MOST_COLUMNS):
        part = cells.iloc[:, first : first + MOST_COLUMNS]
        rows = [
            (_value(float(value)), *("-" if np.isnan(cell) else digits(cell) for cell in row))
            for value, row in zip(part.index, part.to_numpy(dtype=float), strict=True)
        ]
        columns = (right(""), *(right(_value(float(value))) for value in part.columns))
        again = ", continued" if first else ""
        sentence = f"{name}, $ per Mtok output{again}; down: {_said(axes[0])}; across: {_said(axes[1])}:"
        yield Sheet(sentence, columns, tuple(rows), ("A dash: no plan meets every limit there.",))


def _value(value: float) -> str:
    return short(value, 6)


def _said(axis: str) -> str:
    """A field in words, the unit behind a comma; in front of one that is multiplied stands a cross."""
    path = axis.removeprefix("× ")
    words = label(path, scaled=path != axis)
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def grid(table: pd.DataFrame, axes: list[str], figure: str) -> pd.DataFrame:
    """One figure of a frontier in two dimensions: the first axis down, the second across, in the axes' order."""
    rows, columns = (list(dict.fromkeys(table[axis])) for axis in axes)
    return table.pivot_table(index=axes[0], columns=axes[1], values=figure, dropna=False).reindex(rows, columns=columns)
