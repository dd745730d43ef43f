"""The errors of the work model that docs/work-model.md shows."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from planner.catalog import load_catalog
from planner.rules.work_errors import COLUMNS, error_table, left_out, plot

PAGE = Path(__file__).parents[1] / "docs" / "work-model.md"
CATALOG = load_catalog(["builtin"])


def test_the_page_shows_the_errors_of_the_shipped_catalog() -> None:
    """After a change of the catalog: ``python -m planner.rules.work_errors docs/work-model.svg`` prints the table."""
    text = PAGE.read_text(encoding="utf-8")
    shown = text.split("<!-- errors -->", 1)[1].strip().split("\n\n", 1)[0]
    assert shown + "\n" == error_table(CATALOG)


def test_every_configuration_left_out_has_three_shapes_and_a_measured_one_each() -> None:
    rows = left_out(CATALOG)
    assert rows
    for row in rows:
        assert len([other for other in rows if other.family == row.family]) >= 3
        assert row.measured > 0
        assert row.fitted > 0
        assert row.fit_error == pytest.approx(row.fitted / row.measured - 1)


def test_a_tighter_target_never_takes_less_work() -> None:
    best = {(row.family, row.shape): row.measured for row in left_out(CATALOG, math.inf)}
    assert all(row.measured >= best[row.family, row.shape] for row in left_out(CATALOG, 25.0))


def test_the_table_has_a_cell_for_every_column() -> None:
    assert {line.count("|") for line in error_table(CATALOG).splitlines()} == {len(COLUMNS) + 1}


@pytest.mark.slow
def test_the_plot_is_an_svg(tmp_path: Path) -> None:
    plot(CATALOG, tmp_path / "errors.svg")
    assert "GPU-seconds per request" in (tmp_path / "errors.svg").read_text(encoding="utf-8")
