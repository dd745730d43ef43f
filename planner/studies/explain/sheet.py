"""``plan explain`` on a terminal: what limits are worth, why things are left out, why there is no plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from planner.render.figures import money, step
from planner.render.sheet import Sheet, left, right
from planner.studies.explain.study import Explanation, LeftOut, NoPlan, Worth


def explain_sheets(found: Explanation) -> list[Sheet]:
    """The parts of the view."""
    if isinstance(found, NoPlan):
        return [_said(found.sentences), *relaxation_sheets(found.relaxations)]
    if isinstance(found, LeftOut):
        return [_said([sentence if sentence.endswith(".") else f"{sentence}." for sentence in found.sentences])]
    assert isinstance(found, Worth)
    return [limit_sheet(found.limits), _said(found.sentences)]


def _said(sentences: Sequence[str]) -> Sheet:
    first, *rest = sentences
    return Sheet(first, notes=tuple(rest))


def limit_sheet(limits: pd.DataFrame) -> Sheet:
    """What a little more and a little less of each limit does to the least cost."""
    rows = tuple(
        (
            _named(row.limit),
            str(row.where),
            step(float(row.change), str(row.unit)),
            _rise(float(row.cost_low_usd), float(row.cost_high_usd), str(row.state)),
            money(row.lp_hint_usd) if pd.notna(row.lp_hint_usd) and row.lp_hint_usd else "-",
        )
        for row in limits.itertuples()
        if row.state not in ("unchanged", "no effect")
    )
    columns = (left("limit"), left("of"), right("change"), right("least cost, NPV"), right("shadow price (LP)"))
    notes = []
    same = limits[limits["state"].isin(["unchanged", "no effect"])]
    if len(same):
        listed = ", ".join(
            f"{_named(row.limit)} of {row.where} {step(float(row.change), str(row.unit))}" for row in same.itertuples()
        )
        notes.append(f"Without any effect: {listed}.")
    notes += [
        f"{_named(row.limit)} of {row.where} {step(float(row.change), str(row.unit))}: {row.reason}."
        for row in limits.itertuples()
        if row.state == "no plan" and row.reason
    ]
    return Sheet(
        "What a little more or less of each limit is worth, solved again each time:", columns, rows, tuple(notes)
    )


def relaxation_sheets(relaxations: pd.DataFrame) -> list[Sheet]:
    """The way out in each currency."""
    rows = tuple((str(row.currency), str(row.sentence)) for row in relaxations.itertuples())
    return [Sheet("To relax in one currency alone:", (left("in"), left("what it takes")), rows)]


def _named(limit: object) -> str:
    return str(limit).replace("_", " ")


def _rise(low: float, high: float, state: str) -> str:
    """``−$2.71 M to −$2.57 M``; where zero is inside, as open."""
    if state == "no plan":
        return "no plan"
    if not (np.isfinite(low) and np.isfinite(high)):
        return "not known"
    span = _signed(low) if _signed(low) == _signed(high) else f"{_signed(low)} to {_signed(high)}"
    return f"{span}, unresolved" if state == "unresolved" else span


def _signed(usd: float) -> str:
    text = money(abs(usd))
    return text if text == "$0" else f"{'+' if usd > 0 else '−'}{text}"
