"""The workbook as people read it: a page to decide by, headings and cells in words, charts that say what they show."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

import pytest

from planner.render.colours import colour_of
from planner.report.verdict import Ground, signatures, verdict
from planner.report.workbook import SHEETS, workbook_bytes
from planner.report.workbook.names import TABLES
from planner.schema.result import table_rows
from tests import small
from tests.exports import Solved, hostile_plans, rich_plan, solved_file, tiny_plan  # noqa: F401

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
RAW = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
PATH = re.compile(r"\b(?:budget|finance|horizon|procurement|service|sites|solve|trust|workloads)\.[a-z]")
SCIENTIFIC = re.compile(r"(?<![\w.])\d+(?:\.\d+)?[eE][+-]?\d+")
# A heading of the cash flow stands below what its sheet says first.
HEADINGS = {"Cash flow": 5}
OPTIONS = [
    {"name": name, "status": "optimal", "npv_usd": usd, "npv_more_usd": usd - 1e6, "npv_more_low_usd": usd - 1e6,
     "npv_more_high_usd": usd - 1e6, "needs": "", "supply_factor": 1.0, "budget_factor": 1.0, "rents_until": ""}
    for name, usd in (("mixed", 1e6), ("rent", 3e6))
]  # fmt: skip
GROUND = Ground("prices", "prices", "as they are", "all that is bought", 5e5, "with prices a tenth higher")


@dataclass(frozen=True)
class Book:
    """A workbook as read from its bytes."""

    content: bytes

    def xml(self, name: str) -> ElementTree.Element:
        with zipfile.ZipFile(io.BytesIO(self.content)) as file:
            return ElementTree.fromstring(file.read(name))

    @cached_property
    def sheets(self) -> dict[str, ElementTree.Element]:
        names = [sheet.attrib["name"] for sheet in self.xml("xl/workbook.xml").iter(f"{MAIN}sheet")]
        return {name: self.xml(f"xl/worksheets/sheet{n}.xml") for n, name in enumerate(names, start=1)}

    @cached_property
    def texts(self) -> list[str]:
        return ["".join(item.itertext()) for item in self.xml("xl/sharedStrings.xml").iter(f"{MAIN}si")]

    @cached_property
    def cells(self) -> dict[str, dict[str, str | float | None]]:
        """What each cell of each sheet holds, or has cached, by its address."""
        return {
            name: {cell.attrib["r"]: self._value(cell) for cell in sheet.iter(f"{MAIN}c")}
            for name, sheet in self.sheets.items()
        }

    def _value(self, cell: ElementTree.Element) -> str | float | None:
        value = cell.findtext(f"{MAIN}v")
        if not value:
            return None
        return self.texts[int(value)] if cell.get("t") == "s" else value if cell.get("t") == "str" else float(value)

    def row(self, sheet: str, number: int) -> list[str | float | None]:
        return [value for at, value in self.cells[sheet].items() if re.fullmatch(f"[A-Z]+{number}", at)]

    @cached_property
    def charts(self) -> list[ElementTree.Element]:
        with zipfile.ZipFile(io.BytesIO(self.content)) as file:
            names = [name for name in file.namelist() if name.startswith("xl/charts/chart")]
        return [self.xml(name) for name in names]


def _words(element: ElementTree.Element | None) -> str:
    return "" if element is None else "".join(text.text or "" for text in element.iter(f"{DRAWN}t"))


@pytest.fixture(scope="module", name="called")
def plan_with_apis(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    """Token APIs serve, beside GPUs by the hour of a workload that is counted in them; there are tags and a budget."""
    folder, before = tmp_path_factory.mktemp("called"), Path.cwd()
    text = small.edited("    load: office\n", "    load: office\n    tags: {team: search}\n", small.SCENARIO)
    text += "  - {name: training, kind: gpu_hours, gpu_hours_weight: {node: 1}, demand: {gpu_hours_per_day: 96}}\n"
    os.chdir(folder)
    small.write({"s.yaml": text + "budget: {capex_usd: {2027: 1e6}}\n"})
    small.write({f"cat/{name}": content for name, content in small.CATALOG.items()})
    os.chdir(before)
    return solved_file(folder / "s.yaml")


@pytest.fixture(
    scope="module",
    params=["tiny", *(pytest.param(name, marks=pytest.mark.slow) for name in ("rich", "called"))],
    name="book",
)
def every_book(request: pytest.FixtureRequest) -> tuple[Solved, Book]:
    solved: Solved = request.getfixturevalue(request.param)
    return solved, Book(workbook_bytes(solved.plan, solved.scenario))


def _shown(book: Book) -> Iterator[tuple[str, str]]:
    """Every text that a reader meets, and where; the sheet Columns is there to give the raw names."""
    for sheet, cells in book.cells.items():
        for at, value in cells.items():
            if isinstance(value, str) and (sheet != "Columns" or at[0] in "AB"):
                yield f"{sheet}!{at}", value
    for number, chart in enumerate(book.charts, start=1):
        yield f"chart {number}", _words(chart)
    for name in book.sheets:
        yield "sheets", name


@pytest.mark.slow
def test_the_cases_have_what_they_are_for(called: Solved, rich: Solved) -> None:
    assert len(called.plan.token_api)
    assert len(called.plan.cost_by_tag)
    assert "training" in set(called.plan.serving["workload"])
    assert len(rich.plan.futures) == 2
    assert len(rich.plan.contracts)
    assert len(rich.plan.on_demand)


def test_no_raw_name_and_no_scientific_figure_is_shown(book: tuple[Solved, Book]) -> None:
    found = list(_shown(book[1]))
    assert len(found) > 300
    for where, text in found:
        assert not RAW.search(text), (where, text)
        assert not PATH.search(text), (where, text)
        assert not SCIENTIFIC.search(text), (where, text)


def test_every_figure_has_a_format_of_its_own(book: tuple[Solved, Book]) -> None:
    """General would show 40000000000 as 4e+10."""
    _, read = book
    styles = read.xml("xl/styles.xml")
    formats = [int(style.attrib["numFmtId"]) for style in styles.iterfind(f"{MAIN}cellXfs/{MAIN}xf")]
    codes = [one.attrib["formatCode"] for one in styles.iter(f"{MAIN}numFmt")]
    assert codes
    assert not any("E" in code for code in codes)
    figures = 0
    for name, sheet in read.sheets.items():
        for cell in sheet.iter(f"{MAIN}c"):
            if cell.get("t") is None and cell.findtext(f"{MAIN}v"):
                figures += 1
                assert formats[int(cell.attrib["s"])] != 0, (name, cell.attrib["r"])
    assert figures > 50


def test_each_heading_is_one_thing_and_is_explained(book: tuple[Solved, Book]) -> None:
    solved, read = book
    rows = [read.row("Columns", number) for number in range(2, 2 + len(read.sheets["Columns"].findall(".//{*}row")))]
    known = {(row[0], row[1]) for row in rows if row}
    names = {str(row[2]) for row in rows if len(row) > 2}
    for name, frame in solved.plan.tables.items():
        heads = read.row(TABLES[name], 1)
        assert len(set(heads)) == len(heads) == len(frame.columns), name
        for head, column in zip(heads, frame.columns, strict=True):
            assert (TABLES[name], head) in known
            assert f"{name}.{column}" in names
    for sheet in ("Cash flow", "Ledger"):
        heads = read.row(sheet, HEADINGS.get(sheet, 1))
        assert len(heads) > 10
        assert {(sheet, head) for head in heads} <= known
    assert set(TABLES) == set(table_rows())


def test_every_chart_says_what_it_shows_and_is_bound_to_cells(book: tuple[Solved, Book]) -> None:
    solved, read = book
    # No chart of power where no system stands at a site.
    assert len(read.charts) == (4 if len(solved.plan.fleet) else 3)
    for chart in read.charts:
        title = _words(chart.find(f"{CHART}chart/{CHART}title"))
        assert len(title.split()) > 4, title
        for axis in ("catAx", "valAx"):
            assert len(_words(chart.find(f".//{CHART}{axis}/{CHART}title"))) > 3, (title, axis)
        form = chart.find(f".//{CHART}valAx/{CHART}numFmt")
        assert form is not None
        assert "E" not in form.attrib["formatCode"]
        assert form.attrib["formatCode"] != "General"
        series = list(chart.iter(f"{CHART}ser"))
        assert series
        for one in series:
            formula = one.findtext(f"{CHART}val//{CHART}f") or ""
            found = re.fullmatch(r"'([^']+)'!\$([A-Z]+)\$(\d+)(?::\$([A-Z]+)\$(\d+))?", formula)
            assert found is not None, formula
            sheet, column, first, _, last = found.groups(default=found.group(3))
            cached = [float(value.text or "nan") for value in one.iterfind(f"{CHART}val//{CHART}v")]
            rows = [read.cells[sheet].get(f"{column}{row}") for row in range(int(first), int(last) + 1)]
            # An empty cell, of a workload without tokens, is kept as 0 and drawn as nothing.
            assert cached == [value or 0.0 for value in rows], formula
            assert any(isinstance(value, float) for value in rows), formula


@pytest.mark.slow
def test_a_system_has_one_colour_in_all_charts(rich: Solved) -> None:
    book = Book(workbook_bytes(rich.plan, rich.scenario))
    colours: dict[str, set[str]] = {}
    for chart in book.charts:
        for one in chart.iter(f"{CHART}ser"):
            name = one.findtext(f"{CHART}tx//{CHART}v") or ""
            fill = one.find(f"{CHART}spPr")
            if name.startswith("node") and fill is not None:
                shown = {item.attrib["val"] for item in fill.iter(f"{DRAWN}srgbClr")} - {"FFFFFF"}
                colours.setdefault(name, set()).update(shown)
    assert {"node", "node owned", "node under contract"} <= set(colours)
    assert {colour for found in colours.values() for colour in found} == {colour_of("node", ["node"]).lstrip("#")}


def test_it_opens_on_what_to_decide(book: tuple[Solved, Book]) -> None:
    solved, read = book
    assert next(iter(read.sheets)) == SHEETS[0] == "Decision"
    view = read.sheets["Decision"].find(f".//{MAIN}sheetView")
    assert view is not None
    assert view.get("tabSelected") == "1"
    shown = list(read.cells["Decision"].values())
    for sentence in verdict(solved.plan, solved.scenario).sentences:
        assert sentence in shown
    due = signatures(solved.plan, solved.scenario).due
    amounts = [value for value in shown if isinstance(value, float)]
    for order in due:
        assert order.words[:1].upper() + order.words[1:] in shown
        assert any(amount == pytest.approx(order.usd) for amount in amounts)
    basis = solved.scenario.finance.token_basis
    for cost in solved.plan.workload_cost[f"usd_per_mtok_{basis}"].dropna():
        assert any(amount == pytest.approx(cost) for amount in amounts)
    assert not any("digest" in str(value).lower() or "gap" in str(value).lower() for value in shown)


@pytest.mark.slow
def test_several_orders_are_added_up_by_a_formula(tiny: Solved) -> None:
    """The purchase of tiny twice: what is due is both, whatever a reader changes one of them to."""
    twice = replace(tiny.plan, purchases=tiny.plan.purchases.loc[[0, 0]].reset_index(drop=True))
    read = Book(workbook_bytes(twice, tiny.scenario))
    (total,) = [at for at, value in read.cells["Decision"].items() if value == "Together"]
    row = int(total[1:])
    assert read.cells["Decision"][f"C{row}"] == pytest.approx(2 * float(tiny.plan.purchases["cost_usd"].iloc[0]))
    formulas = {cell.attrib["r"]: cell.findtext(f"{MAIN}f") for cell in read.sheets["Decision"].iter(f"{MAIN}c")}
    assert formulas[f"C{row}"] == f"SUM(C{row - 2}:C{row - 1})"


@pytest.mark.slow
def test_a_comparison_and_what_carries_the_plan_are_told_where_known(tiny: Solved) -> None:
    read = Book(workbook_bytes(tiny.plan, tiny.scenario, options=OPTIONS, grounds=[GROUND]))
    text = " ".join(map(str, read.cells["Decision"].values()))
    assert "renting it all by the hour would cost $2.00 M more" in text
    assert "prices staying" in text
    assert "was not compared" not in text
    assert "not looked into" not in text


@pytest.mark.files
def test_no_name_of_a_scenario_becomes_a_formula_of_a_chart(hostile: Solved) -> None:
    for chart in Book(workbook_bytes(hostile.plan, hostile.scenario)).charts:
        for formula in chart.iter(f"{CHART}f"):
            assert re.fullmatch(r"'[A-Za-z ]+'!\$[A-Z]+\$\d+(:\$[A-Z]+\$\d+)?", formula.text or ""), formula.text
