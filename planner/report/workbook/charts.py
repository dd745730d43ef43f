"""Native charts, bound to the cells of the workbook: a title that says what is seen, axes with names and units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planner.frozen import dataclass
from planner.render.colours import GREY, PALETTE, RED, SYSTEM_COLOURS, colour_of
from planner.render.words import upper
from planner.report.workbook.by_period import REST, WAYS, Stack

WIDTH, HEIGHT = 680, 290
# GPUs that are not owned are hatched, so that a print without colours tells them apart.
PATTERNS = {WAYS[1]: "wide_upward_diagonal", WAYS[2]: "percent_25"}
# Points that the least and the largest dash of a cap take, and what all of them may.
DASHES, ROOM = (5, 14), 330
LABEL = {"name": "Calibri", "size": 10, "color": "#333333"}


@dataclass(frozen=True)
class Bars:
    """One bar a row: columns of ``sheet`` with names and figures, ``rows`` from 0."""

    sheet: str
    title: str
    rows: tuple[int, int]
    names: int
    figures: int
    axis: str


def stacked(book: Any, stack: Stack, kind: str, across: str) -> Any:
    """Columns stacked over periods; ``kind`` says what is stacked: cash, GPUs or power."""
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    first, last = stack.rows
    place = [stack.sheet, first, stack.at, last, stack.at]
    for (column, name), fill in zip(stack.columns.items(), _fills(stack.columns, kind), strict=True):
        chart.add_series(
            {
                # Of cash the words alone; the axis has the unit.
                "name": upper(name) if kind == "cash" else [stack.sheet, 0, column],
                "categories": place,
                "values": [stack.sheet, first, column, last, column],
                "gap": 40,
                "border": {"color": "#FFFFFF", "width": 0.5},
                **fill,
            }
        )
    if stack.cap is not None:
        chart.combine(_cap(book, stack, place))
    unit, form = _unit(stack, kind)
    _finish(chart, stack.title, across, unit, form, bool(stack.columns))
    return chart


def bars(book: Any, found: Bars) -> Any:
    """One bar for each row, with its figure."""
    chart = book.add_chart({"type": "bar"})
    first, last = found.rows
    chart.add_series(
        {
            "name": [found.sheet, 0, found.figures],
            "categories": [found.sheet, first, found.names, last, found.names],
            "values": [found.sheet, first, found.figures, last, found.figures],
            "fill": {"color": PALETTE[0]},
            "gap": 60 if last > first + 1 else 160,
            "data_labels": {"value": True, "num_format": "$#,##0.000"},
        }
    )
    _finish(chart, found.title, found.axis, "Workload", "$#,##0.00", False)
    # The first row stands at the top, as in its table, and the figures' axis below.
    chart.set_y_axis({"name": "Workload", "reverse": True, "crossing": "max", "name_font": LABEL, "num_font": LABEL})
    grid = {"visible": True, "line": {"color": "#DDDDDD"}}
    chart.set_x_axis(
        {"name": found.axis, "num_format": "$#,##0.00", "min": 0, "name_font": LABEL, "num_font": LABEL,
         "major_gridlines": grid}
    )  # fmt: skip
    return chart


def _cap(book: Any, stack: Stack, place: list[Any]) -> Any:
    line = book.add_chart({"type": "line"})
    first, last = stack.rows
    dash = max(DASHES[0], min(DASHES[1], ROOM // (last - first + 1)))
    line.add_series(
        {
            "name": [stack.sheet, 0, stack.cap],
            "categories": place,
            "values": [stack.sheet, first, stack.cap, last, stack.cap],
            # A dash above each period: a line would say that a cap grows between two of them.
            "line": {"none": True},
            "marker": {"type": "long_dash", "size": dash, "fill": {"color": RED}, "border": {"color": RED}},
        }
    )
    return line


def _fills(columns: dict[int, str], kind: str) -> list[dict[str, Any]]:
    """How each part is filled."""
    names = list(columns.values())
    if kind == "cash":
        return [
            {"fill": {"color": GREY if name == REST else SYSTEM_COLOURS[index % (len(SYSTEM_COLOURS) - 1)]}}
            for index, name in enumerate(names)
        ]
    systems = sorted({_system(name) for name in names})
    return [_fill(colour_of(_system(name), systems), name) for name in names]


def _fill(colour: str, name: str) -> dict[str, Any]:
    way = next((way for way in PATTERNS if name.endswith(f" {way}")), None)
    if way is None:
        return {"fill": {"color": colour}}
    return {"pattern": {"pattern": PATTERNS[way], "fg_color": "#FFFFFF", "bg_color": colour}}


def _system(name: str) -> str:
    for way in WAYS:
        name = name.removesuffix(f" {way}")
    return name


def _unit(stack: Stack, kind: str) -> tuple[str, str]:
    """The axis's name with its unit, and how its figures are written."""
    if kind == "power":
        return "Power provisioned, MW", "#,##0.0" if stack.largest >= 1 else "0.00"
    if kind == "GPUs":
        return "GPUs in service, at once", "#,##0"
    if stack.largest >= 1e6:
        return "Cash, $ M", "#,##0,," if stack.largest >= 1e7 else "#,##0.0,,"
    return ("Cash, $ k", "#,##0,") if stack.largest >= 1e4 else ("Cash, $", "#,##0")


def _finish(chart: Any, title: str, across: str, up: str, form: str, legend: bool) -> None:
    chart.set_title({"name": title, "name_font": {"name": "Calibri", "size": 12, "bold": True}, "overlay": False})
    chart.set_x_axis({"name": across, "name_font": LABEL, "num_font": LABEL})
    grid = {"visible": True, "line": {"color": "#DDDDDD"}}
    least = {} if form.endswith(",") else {"min": 0}
    chart.set_y_axis(
        {"name": up, "num_format": form, "name_font": LABEL, "num_font": LABEL, "major_gridlines": grid} | least
    )
    chart.set_legend({"position": "right", "font": LABEL} if legend else {"none": True})
    chart.set_size({"width": WIDTH, "height": HEIGHT})


def put(sheet: Any, column: int, charts: Sequence[tuple[Any, str]]) -> None:
    """Charts below each other from the top of ``column`` on, each with its title for those who cannot see it."""
    for index, (chart, title) in enumerate(charts):
        sheet.insert_chart(
            0, column, chart,
            {"y_offset": 8 + index * (HEIGHT + 12), "object_position": 3, "description": title},
        )  # fmt: skip
