"""How far extrapolated points are off lengths left out: the tables of docs/work-model.md, and what derates them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from planner.catalog import load_catalog
from planner.rules.extrapolated import derating, tpot_derating, ttft_derating
from planner.rules.families import shape_of
from planner.rules.floor_errors import (
    COLUMNS,
    RULES,
    Carried,
    carried,
    floors_left_out,
    plane_left_out,
    point_table,
    rule_table,
)
from planner.rules.work_errors import TPOT_TARGETS_MS

PAGE = Path(__file__).parents[1] / "docs" / "work-model.md"
CATALOG = load_catalog(["builtin"])
# Of the lengths left out, for so many what is planned is no less than what was measured.
COVERED = 0.9


@cache
def rows_left_out() -> list[Carried]:
    return carried(CATALOG)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mark", "made", "columns"), [("by rule", rule_table, RULES), ("by point", point_table, COLUMNS)]
)
def test_the_page_shows_the_errors_of_the_shipped_catalog(
    mark: str, made: Callable[..., str], columns: tuple[str, ...]
) -> None:
    """After a change of the catalog: ``python -m planner.rules.floor_errors`` prints both tables."""
    text = PAGE.read_text(encoding="utf-8")
    shown = text.split(f"<!-- errors {mark} -->", 1)[1].strip().split("\n\n", 1)[0]
    assert shown + "\n" == made(CATALOG)
    assert {line.count("|") for line in shown.splitlines()} == {len(columns) + 1}


@pytest.mark.parametrize(
    ("mode", "drafts"),
    [pytest.param("agg", (False,), marks=pytest.mark.slow), ("agg", (True,)), ("disagg", (False, True))],
)
def test_the_deratings_cover_nine_of_ten_lengths_left_out(mode: str, drafts: tuple[bool, ...]) -> None:
    rows = [row for row in rows_left_out() if row.point.mode == mode and (row.point.spec_decode != "none") in drafts]
    assert len(rows) > 50

    def share(error: Callable[[Carried], float], factor: Callable[[Carried], float]) -> float:
        return float(np.mean([(1 + error(row)) * factor(row) >= 1 for row in rows if np.isfinite(error(row))]))

    assert share(lambda row: row.work_error, lambda row: derating(row.point, shape_of(row.point))) >= COVERED
    assert share(lambda row: row.tpot_error, lambda row: tpot_derating(row.point)) >= COVERED
    assert share(lambda row: row.ttft_error, lambda row: ttft_derating(row.point)) >= COVERED


@pytest.mark.parametrize("tpot_ms", TPOT_TARGETS_MS)
def test_anchored_floors_are_nearer_than_the_plane(tpot_ms: float) -> None:
    rows = [row for row in rows_left_out() if row.point.mode == "agg"]
    floors, plane = (np.abs(found) for found in (floors_left_out(rows, tpot_ms), plane_left_out(CATALOG, tpot_ms)))
    assert np.median(floors) < 0.5 * np.median(plane)
    assert np.quantile(floors, 0.9) < np.quantile(plane, 0.9)


def test_what_is_left_out_is_no_part_of_what_carries_it() -> None:
    """A point made ten times as cheap changes nothing of what the other lengths make of it."""
    row = next(row for row in rows_left_out() if row.point.system == "hgx-h200" and row.point.model == "llama-3.3-70b")
    fields = {f"{side}_tok_s_per_gpu": 10 * getattr(row.point, f"{side}_tok_s_per_gpu") for side in ("input", "output")}
    serving = {
        key: point.model_copy(update=fields) if point is row.point else point
        for key, point in CATALOG.serving.items()
        if point.model == row.point.model
    }
    changed = CATALOG.__class__(**{**vars(CATALOG), "serving": serving})
    (again,) = [other for other in carried(changed) if other.point.name == row.point.name]
    assert again.found == row.found
    assert again.work_error == pytest.approx(10 * (1 + row.work_error) - 1)
