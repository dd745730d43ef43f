"""The plan as a workbook: sums are formulas that come to the plan's figures, texts are no formulas."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest

import planner
from planner.export import parquet
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.report.workbook import SHEETS, workbook_bytes
from planner.report.workbook.names import TABLES
from tests.exports import CENT, LINK, Solved, either_plan, hostile_plans, probability, rich_plan, tiny_plan  # noqa: F401
from tests.office import Sheets, edited, recalculated  # noqa: F401 - a fixture


def _xml(workbook: bytes, name: str) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(workbook)) as file:
        return ElementTree.fromstring(file.read(name))


def _sheets(workbook: bytes) -> dict[str, ElementTree.Element]:
    """The XML of each sheet by its name; sheets are numbered in their order."""
    names = [sheet.attrib["name"] for sheet in _xml(workbook, "xl/workbook.xml").iter(f"{_MAIN}sheet")]
    return {name: _xml(workbook, f"xl/worksheets/sheet{n}.xml") for n, name in enumerate(names, start=1)}


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def test_a_sheet_for_every_table_with_frozen_headers_and_filters(tiny: Solved) -> None:
    sheets = _sheets(workbook_bytes(tiny.plan, tiny.scenario))
    assert tuple(sheets) == SHEETS
    assert list(TABLES) == list(tiny.plan.tables)
    for name, sheet in sheets.items():
        if name in ("Decision", "Proof"):
            continue
        assert sheet.find(f".//{_MAIN}pane[@state='frozen']") is not None, name
        assert sheet.find(f"{_MAIN}autoFilter") is not None, name
        assert sheet.find(f"{_MAIN}cols/{_MAIN}col[@customWidth='1']") is not None, name
    # Its own cells, the header and the empty row before the sum left out.
    rows = sheets[TABLES["purchases"]].findall(f".//{_MAIN}row")
    assert len(rows) == 1 + len(tiny.plan.purchases) + 1


@pytest.mark.solve
def test_the_same_scenario_gives_the_same_bytes(solved: Solved) -> None:
    again = planner.solve(solved.scenario)
    assert workbook_bytes(again, solved.scenario) == workbook_bytes(solved.plan, solved.scenario)
    assert parquet.parquet_files(again) == parquet.parquet_files(solved.plan)


def _number(cell: str) -> float:
    """A cell of LibreOffice's CSV; shares stand there as percentages."""
    return float(cell.removesuffix("%")) / (100 if cell.endswith("%") else 1)


def _figures(sheets: Sheets) -> Iterator[tuple[str, float, float]]:
    """Label, the plan's figure and the recomputed one, from the sheet of the proof."""
    rows = iter(sheets["Proof"])
    for row in rows:
        if row[0] == "Figure":
            break
    for row in rows:
        if not row[0]:
            return
        yield row[0], _number(row[1]), _number(row[2])


@pytest.mark.office
def test_libreoffice_computes_the_plans_totals_npv_and_cost_per_token(
    solved: Solved,
    recalculated: Callable[[bytes], Sheets],  # noqa: F811
) -> None:
    plan = solved.plan
    sheets = recalculated(workbook_bytes(plan, solved.scenario))
    found = {label: (figure, computed) for label, figure, computed in _figures(sheets)}
    for label, (figure, computed) in found.items():
        assert computed == pytest.approx(figure, abs=CENT / 2, rel=1e-12), label
    expected = {
        "NPV of all cost, $ per Mtok output": plan.kpis["levelised_usd_per_mtok_output"],
        "NPV of all cost, $ per Mtok total (input + output)": plan.kpis["levelised_usd_per_mtok_total"],
        "NPV of all cost, $": plan.kpis["npv_usd"],
        "NPV of profit, $": plan.kpis["npv_profit_usd"],
        "Cash of the reported periods, $": plan.kpis["cash_usd"],
        "Opex of the reported periods, $": plan.kpis["opex_usd"],
    }
    for future in plan.kpis.get("futures", []):
        expected[f"{future['name']}: NPV of all cost, $"] = future["npv_usd"]
        expected[f"{future['name']}: NPV of all cost, $ per Mtok output"] = future["levelised_usd_per_mtok_output"]
    for label, figure in expected.items():
        # A cost per token is held to far less than a cent, which would be a percent of it.
        assert found[label][1] == pytest.approx(figure, abs=1e-9 if "Mtok" in label else CENT / 2), label
    assert len(found) == 11 * (1 + (len(plan.futures) if len(plan.futures) > 1 else 0))
    _hold_totals(sheets, plan)
    paid = sheets["Ledger"]
    npv, column = paid[0].index("NPV, $"), paid[0].index("Category")
    total = sum(
        float(row[npv]) * dict(zip(plan.futures, probability(solved), strict=True))[row[1]]
        for row in paid[1:]
        if row[column] != "revenue"
    )
    assert total == pytest.approx(plan.kpis["npv_usd"], abs=CENT / 2)
    _hold_periods(sheets, plan)


def _hold_periods(sheets: Sheets, plan: Plan) -> None:
    """What the charts are drawn from adds up: cash to the plan's, each site's systems to what is provisioned."""
    heads, *rows = sheets["Cash by period"]
    assert sum(float(row[heads.index("Cash, $")]) for row in rows) == pytest.approx(plan.kpis["cash_usd"], abs=CENT / 2)
    heads, *rows = sheets["Power by period"]
    used, cap = heads.index("Provisioned, MW"), heads.index("Cap, MW")
    assert all(float(row[used]) <= float(row[cap]) + 1e-9 for row in rows)
    fleet = plan.fleet[~plan.fleet["lookahead"].astype(bool)]
    copies = fleet["future"].map(lambda name: len(plan.futures) if name == "all" else 1)
    expected = float((fleet["provisioned_utility_mw"] * copies).sum())
    assert sum(float(row[used]) for row in rows) == pytest.approx(expected)


def _hold_totals(sheets: Sheets, plan: Plan) -> None:
    """The sums below each table are those of its rows, by future where there are several."""
    checked = 0
    for name, frame in plan.tables.items():
        rows = sheets[TABLES[name]]
        # The column of an only future is hidden, so the word stands in the next.
        below = [row for row in rows[len(frame) + 1 :] if row[0] or row[1]]
        for row in below:
            several = len(plan.futures) > 1 and "future" in frame
            mine = frame[frame["future"].isin([row[0], "all"])] if several else frame
            for column, cell in zip(frame.columns, row, strict=True):
                if cell and column in ("cost_usd", "usd", "npv_usd", "energy_mwh", "remaining_commitment_usd"):
                    assert float(cell) == pytest.approx(mine[column].sum(), abs=CENT / 2), (name, column)
                    checked += 1
    assert checked >= 4


@pytest.mark.office
def test_another_discount_rate_moves_the_npv(rich: Solved, recalculated: Callable[[bytes], Sheets]) -> None:  # noqa: F811
    """The sums are alive: with a rate of 0 the NPV is what is paid, tails, resale and all."""
    book = workbook_bytes(rich.plan, rich.scenario)
    at_zero = edited(book, lambda text: re.sub(r'(<c r="B2"[^>]*><v>)0\.12(</v>)', r"\g<1>0\2", text, count=1))
    assert at_zero != book
    found = {label: computed for label, _, computed in _figures(recalculated(at_zero))}
    rows = rich.ledger.table
    paid = rows[rows["category"] != "revenue"].groupby("future")["usd"].sum()
    assert found["base: NPV of all cost, $"] == pytest.approx(paid["base"], abs=CENT / 2)
    assert found["NPV of all cost, $"] == pytest.approx(0.7 * paid["base"] + 0.3 * paid["boom"], abs=CENT / 2)


@pytest.mark.slow
def test_cached_figures_are_those_of_the_formulas(rich: Solved) -> None:
    """A viewer that computes nothing shows the plan."""
    proof = _sheets(workbook_bytes(rich.plan, rich.scenario))["Proof"]
    cached = [
        float(cell.findtext(f"{_MAIN}v") or "nan")
        for cell in proof.iter(f"{_MAIN}c")
        if cell.find(f"{_MAIN}f") is not None
    ]
    assert rich.plan.kpis["npv_usd"] == pytest.approx(cached[4], abs=CENT / 2)
    differences = [value for value in cached if abs(value) < CENT / 2]
    assert len(differences) >= len(cached) / 2


@pytest.mark.files
def test_no_text_of_a_scenario_is_a_formula(hostile: Solved) -> None:
    book = workbook_bytes(hostile.plan, hostile.scenario)
    texts = ["".join(item.itertext()) for item in _xml(book, "xl/sharedStrings.xml").iter(f"{_MAIN}si")]
    assert {hostile.plan.scenario, LINK, "@SUM(1+9)*cmd|calc"} <= set(texts)
    for name, sheet in _sheets(book).items():
        for formula in sheet.iter(f"{_MAIN}f"):
            assert not re.search("HYPERLINK|script|cmd", formula.text or ""), name
        assert sheet.find(f".//{_MAIN}hyperlink") is None
    with zipfile.ZipFile(io.BytesIO(book)) as file:
        assert b"<script>" not in b"".join(file.read(name) for name in file.namelist())


@pytest.mark.office
def test_libreoffice_shows_hostile_texts_as_they_are(
    hostile: Solved,
    recalculated: Callable[[bytes], Sheets],  # noqa: F811
) -> None:
    sheets = recalculated(workbook_bytes(hostile.plan, hostile.scenario))
    assert sheets["Decision"][0][0] == hostile.plan.scenario
    bought = sheets[TABLES["purchases"]][1 : 1 + len(hostile.plan.purchases)]
    assert {row[1] for row in bought} == {LINK}


@pytest.mark.slow
def test_the_models_catalog_is_the_scenarios_own(tiny: Solved) -> None:
    given = workbook_bytes(tiny.plan, tiny.scenario, catalog_of(tiny.scenario))
    assert given == workbook_bytes(tiny.plan, tiny.scenario)
