"""Screening curves and break-even prices as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from planner.render.figures import digits, money, percent, price
from planner.render.sheet import Sheet, left, right
from planner.studies.breakeven.study import Breakeven

SHOWN_UTILISATION = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
SHOWN_MONTHS = (1, 3, 6, 12, 18, 24, 36, 48, 60)


def breakeven_sheets(found: Breakeven) -> list[Sheet]:
    """The curves, where they cross, and the plan's own break-even prices where it was solved.

    Of further systems of the plan only the crossings and the prices.
    """
    curves = found.curves
    sheets = [Sheet(remark) for remark in found.remarks]
    sheets += screening_sheets(
        curves.by_utilisation, curves.by_months, curves.crossovers, found.said, crossings=curves.crossings
    )
    sheets += [
        crossings_sheet(ways.curves.crossovers, ways.curves.crossings, ways.said, named=True) for ways in found.others
    ]
    for ways in found.systems:
        if ways.thresholds:
            missing = [kind for kind, item in ways.thresholds.items() if item is None]
            sheets.append(threshold_sheet(ways.rows, missing, ways.curves.system, found.scenario))
    if found.thresholds:
        sheets.append(api_sheet(found))
        sheets += [Sheet(sentence) for sentence in found.sentences]
    return sheets


def api_sheet(found: Breakeven) -> Sheet:
    """At what price of output tokens the plan calls a token API."""
    task, item = found.curves.workload, found.api
    if item is None:
        return Sheet(f"{task} may not use token APIs.")
    share = found.api_input_share
    priced = "as much" if share == 1 else f"{share:.2f} of it"
    row = asdict(item) | {"drawn_on": item.drawn_on}
    notes = [f"Input costs {priced}; the API takes any number of tokens, at latencies that just meet the targets."]
    if item.worth_usd is not None and item.high is not None:
        notes.append(
            f"at its upper price and above, it is worth at most {money(item.worth_usd)} NPV ({item.solves} solves)."
        )
    verdict = {True: "calls it", False: "does without", None: "not known"}[item.drawn_on]
    cells = ("token API", _price(row, "now"), *_ends(row), verdict)
    columns = (
        left("way"), right("listed at"), right("called below"), right("idle above"), left("the plan, at what is listed")
    )  # fmt: skip
    sentence = f"At what price per Mtok of output the plan of {found.scenario} calls a token API for {task}:"
    return Sheet(sentence, columns, (cells,), tuple(notes))


def screening_sheets(
    by_utilisation: pd.DataFrame,
    by_months: pd.DataFrame,
    crossovers: pd.DataFrame,
    said: Mapping[str, Any],
    *,
    crossings: pd.DataFrame,
) -> Iterator[Sheet]:
    """``said`` holds system, workload, months, utilisation, point, mtok_per_gpu_hour and notes of the ways."""
    what = f"{said['system']} for {said['workload']}, $ per GPU-hour in use"
    mtok = said["mtok_per_gpu_hour"]
    notes = (
        f"A usable GPU makes {digits(mtok)} Mtok of output an hour in use: divide by it for $ per Mtok output.",
        *(f"{name}: {note}" for name, note in said["ways"].items() if note),
    )
    sentence = f"{what}, held for {said['months']} months, by utilisation:"
    yield _curve_sheet(sentence, by_utilisation, "utilisation", SHOWN_UTILISATION, lambda share: percent(share), notes)
    sentence = f"{what}, {percent(said['utilisation'])} in use, by months held:"
    yield _curve_sheet(sentence, by_months, "months", SHOWN_MONTHS, lambda months: f"{months:.0f}", ())
    yield crossings_sheet(crossovers, crossings, said)


def crossings_sheet(
    crossovers: pd.DataFrame, crossings: pd.DataFrame, said: Mapping[str, Any], *, named: bool = False
) -> Sheet:
    """Where each way costs less than another: by how much it is in use, and by how long it is held; every stretch."""

    def of(row: Any, over: str) -> pd.DataFrame:
        pair = (crossings["way"] == row.way) & (crossings["against"] == row.against)
        return crossings[pair & (crossings["over"] == over)]

    rows = tuple(
        (
            f"{row.way} below {row.against}",
            _share(float(row.utilisation), of(row, "utilisation"), row.way),
            _months(float(row.from_month), of(row, "months"), row.way),
        )
        for row in crossovers.itertuples()
    )
    columns = (
        left("what"),
        right(f"in use, held {said['months']} months"),
        right(f"held, {percent(said['utilisation'])} in use"),
    )
    of_what = f" of {said['system']} for {said['workload']}" if named else ""
    return Sheet(f"Where the curves{of_what} cross:", columns, rows)


def _curve_sheet(
    sentence: str,
    table: pd.DataFrame,
    first: str,
    shown: Sequence[float],
    text: Callable[[float], str],
    notes: tuple[str, ...],
) -> Sheet:
    rows = [
        (text(float(row[first])), *(digits(float(row[name])) for name in table.columns if name != first))
        for _, row in table.iterrows()
        if any(np.isclose(row[first], value) for value in shown)
    ]
    columns = tuple(right(name) for name in table.columns)
    return Sheet(sentence, columns, tuple(rows), notes)


def _share(share: float, crossed: pd.DataFrame, way: str) -> str:
    for row in crossed.itertuples():
        return f"{'above' if row.above == way else 'below'} {float(row.at) * 100:.1f} %"
    if np.isnan(share):
        return "nowhere"
    return "everywhere" if share == 0 else f"above {share * 100:.1f} %"


def _months(month: float, crossed: pd.DataFrame, way: str) -> str:
    """The months held in which ``way`` costs less: every stretch of them."""
    if crossed.empty:
        return "always" if month == 1 else "never"
    stretches: list[str] = []
    begun = 1 if crossed["below"].iloc[0] == way else None
    for row in crossed.itertuples():
        at = int(row.at)
        if row.above == way:
            begun = at
        elif begun is not None:
            stretches.append(f"{begun} to {at - 1}" if begun < at - 1 else f"{begun}")
            begun = None
    if begun is None:
        return f"months {', '.join(stretches)}"
    return f"months {', '.join(stretches)}, {begun} on" if stretches else f"from month {begun} on"


def threshold_sheet(thresholds: Sequence[Mapping[str, Any]], missing: Sequence[str], system: str, name: str) -> Sheet:
    """Break-even prices of the plan itself; ``missing`` are the kinds that no offer is open for."""
    rows, notes = [], []
    for item in thresholds:
        rows.append((item["kind"], _price(item, "now"), *_ends(item), _verdict(item)))
        if item["worth_usd"] is not None and item["high"] is not None:
            worth = f"at its upper price and above, {item['kind']} is worth at most {money(item['worth_usd'])} NPV"
            notes.append(f"{worth} ({item['solves']} solves).")
    notes += [f"{kind}: {system} cannot be had so in {name}." for kind in missing]
    columns = (left("way"), right("price today"), right("used below"), right("idle above"), left("today's plan"))
    return Sheet(
        f"At what price the plan of {name} uses {system}, all else equal, by re-solving:",
        columns,
        tuple(rows),
        tuple(notes),
    )


def _price(item: Mapping[str, Any], end: str) -> str:
    value = item[end]
    if value is None:
        return "-"
    if item["kind"] == "api":
        return price(value)
    return money(value) if item["kind"] == "buy" else f"${value:,.2f}/h"


def _ends(item: Mapping[str, Any]) -> tuple[str, str]:
    return ("any price", "never") if item["needed"] else (_price(item, "low"), _price(item, "high"))


def _verdict(item: Mapping[str, Any]) -> str:
    return {True: "uses it", False: "does not need it", None: "within the interval"}[item["drawn_on"]]
