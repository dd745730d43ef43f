"""What leaves the planner as a file: every sum is the plan's, every text stays text, every format reads back."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import arro3.io
import pandas as pd
import pulp
import pytest
from ortools.math_opt.io.python import mps_converter
from ortools.math_opt.python import mathopt
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import AuditFailure, InfeasiblePlan, InputError
from planner.export import Ledger, focus_rows, ledger, mps, parquet
from planner.export.focus import COLUMNS, SERVICES, focus_bytes, specification
from planner.kinds.cash import CAPEX, END_OF_HORIZON, OPEX
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.render.csv import csv_text
from planner.report.workbook import workbook_bytes, workbook_of
from planner.scenario import Scenario
from tests import small
from tests.office import Sheets, edited, recalculated  # noqa: F401 - a fixture

command: Any = import_module("planner.cli.export")

CENT = 0.01
TINY = Path(__file__).parents[1] / "scenarios" / "tiny.yaml"
SCRIPT = "<script>alert(1)</script>"
LINK = '=HYPERLINK("http://example.com","read me")'
# Two futures, a deposit, a lease, a signed contract, prepaid and hourly ones beyond the horizon, and revenue.
RICH = """\
name: rich
horizon: {decided_on: 2026-06-01, start: 2027-01, periods: 6, lookahead: 2}
catalogs: [cat]
finance: {discount_rate: 0.12, contract_tail_share: 0.5}
blocks: {day: 0.5, night: 0.5}
sites:
  - name: dallas
    region: us
    power_mw: {2027-01: 0.03, 2027-07: 0.05}
    cooling: [air]
    pue: {air: {design: 1.2, annual: 1.2}}
    lease: {it_kw: {2027-01: 60}, usd_per_kw_month: 100, escalator_per_year: 0.03}
    staff_usd_per_mw_year: 100000
    existing: [{system: node, count: 1, in_service: 2025-01}]
contracts:
  - {provider: acme, system: node, region: us, gpus: 8, usd_per_gpu_hour: 2.0, start: 2026-10, end: 2027-09}
quotes:
  - {provider: acme, region: us, system: node, term_months: 36, usd_per_gpu_hour: 1.9, lot_gpus: 8, max_lots: 2,
     upfront_share: 0.25}
load_shapes:
  office: {day: 1.5, night: 0.5}
workloads:
  - name: chat
    model: tiny
    tokens: {input: 100, output: 100}
    demand: {output_mtok_per_day: {2027-01: 1.2e3, 2028-06: 3.4e3}}
    load: office
    price_usd_per_mtok: {input: 0.1, output: 0.9}
futures:
  - {name: base, probability: 0.7}
  - {name: boom, probability: 0.3, demand: 1.5, rent_price: 1.2}
revealed: 2027-07
"""


@dataclass(frozen=True)
class Solved:
    """A plan with what it was made from."""

    scenario: Scenario
    plan: Plan

    @property
    def ledger(self) -> Ledger:
        return ledger(self.plan, self.scenario)


def _settle(folder: Path, name: str = "rich") -> None:
    """The rich scenario and its catalog in ``folder``: deposits, licences, and APIs too dear to call."""
    systems = small.edited(
        "    lead_weeks: 12\n",
        "    lead_weeks: 12\n    deposit_share: 0.2\n    licence_usd_per_gpu_year: 100\n",
        small.CATALOG["systems.yaml"],
    )
    apis = small.edited("0.2,0.8", "0.8,3.2", small.CATALOG["token_apis.csv"])
    catalog = small.CATALOG | {"systems.yaml": systems, "token_apis.csv": apis}
    before = Path.cwd()
    os.chdir(folder)
    small.write({"s.yaml": RICH.replace("name: rich", f"name: {json.dumps(name)}")})
    small.write({f"cat/{file}": text for file, text in catalog.items()})
    os.chdir(before)


def _solved(path: Path, *overrides: str) -> Solved:
    scenario = planner.load(path, overrides)
    return Solved(scenario, planner.solve(scenario))


@pytest.fixture(scope="module")
def tiny() -> Solved:
    return _solved(TINY)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Solved:
    folder = tmp_path_factory.mktemp("rich")
    _settle(folder)
    return _solved(folder / "s.yaml")


@pytest.fixture(scope="module", params=[SCRIPT, LINK], ids=["script", "formula"])
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Solved:
    """The scenario's name is a script or a formula, its site's name a formula, its workload's a command."""
    folder = tmp_path_factory.mktemp("hostile")
    text = TINY.read_text(encoding="utf-8")
    text = small.edited("name: tiny", f"name: '{request.param}'", text)
    text = small.edited("  - name: hall", f"  - name: '{LINK}'", text)
    text = small.edited("  - name: chat", "  - name: '@SUM(1+9)*cmd|calc'", text)
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return _solved(folder / "s.yaml")


@pytest.fixture(params=["tiny", "rich"])
def solved(request: pytest.FixtureRequest) -> Solved:
    found: Solved = request.getfixturevalue(request.param)
    return found


# The ledger


def test_the_ledger_has_every_kind_of_payment_that_it_is_tested_with(rich: Solved) -> None:
    rows = rich.ledger.table
    assert {"own", "existing", "site", "reserved", "signed", "hourly", "revenue"} == set(rows["kind"])
    assert {"contract_tail", "prepayment_credit", "residual"} <= set(rows["category"])
    assert (rows["kind"] == "own").any()
    deposits = rows[(rows["category"] == "hardware") & (rows["future"] == "boom")]["usd"]
    assert sorted(set(deposits.round())) == [80000.0, 320000.0, 400000.0]


def test_the_ledger_adds_up_to_the_cash_flow(solved: Solved) -> None:
    rows, plan = solved.ledger.table, solved.plan
    mine = rows.groupby(["future", "category"])[["usd", "npv_usd"]].sum()
    theirs = plan.cashflow.groupby(["future", "category"])[["usd", "npv_usd"]].sum()
    pd.testing.assert_frame_equal(mine, theirs, check_like=True)


def test_another_scenario_and_another_catalog_are_refused(tiny: Solved, rich: Solved) -> None:
    with pytest.raises(InputError, match="was not made from this scenario"):
        ledger(tiny.plan, rich.scenario)
    with pytest.raises(InputError, match="was not made from this scenario"):
        ledger(replace(tiny.plan, catalog_digest="0"), tiny.scenario)


def test_rows_that_do_not_add_up_are_refused(tiny: Solved) -> None:
    cash = tiny.plan.cashflow.copy()
    cash.loc[cash["category"] == "support", "usd"] += 1
    with pytest.raises(AuditFailure, match=r"by 1\.00 USD \(base, 202[78], support\)"):
        ledger(replace(tiny.plan, cashflow=cash), tiny.scenario)


def test_a_conversion_and_token_apis_add_up_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hall converted for liquid nodes, beside an API for what they cannot serve; the charge has eight quarters."""
    monkeypatch.chdir(tmp_path)
    small.settle()
    small.write(
        {
            "cat/systems.yaml": small.edited("cooling: air", "cooling: liquid", small.CATALOG["systems.yaml"]),
            "cat/token_apis.csv": small.edited("0.2,0.8", "0.8,3.2", small.CATALOG["token_apis.csv"]),
        }
    )
    solved = _solved(
        tmp_path / "s.yaml",
        "horizon.periods=8",
        "sites.dallas.cooling=[air]",
        "sites.dallas.power_mw=0.03",
        "sites.dallas.conversion={cost_usd: 40000}",
        "procurement.rent=[]",
    )
    rows = solved.ledger.table
    assert {"conversion", "token_api", "hardware"} <= set(rows["category"])
    costs = focus_rows(solved.plan, solved.scenario)
    assert costs["BilledCost"].sum() == pytest.approx(solved.plan.kpis["cash_usd"])
    charge = costs[costs["x_Category"] == "conversion"]
    assert charge["BilledCost"].sum() == pytest.approx(40000)
    assert charge["EffectiveCost"].sum() == pytest.approx(40000)


# The workbook


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
    assert list(sheets) == ["Cover", "Cash flow", "Ledger", *tiny.plan.tables]
    for name, sheet in list(sheets.items())[1:]:
        assert sheet.find(f".//{_MAIN}pane[@state='frozen']") is not None, name
        assert sheet.find(f"{_MAIN}autoFilter") is not None, name
        assert sheet.find(f"{_MAIN}cols/{_MAIN}col[@customWidth='1']") is not None, name
    # Its own cells, the header and the empty row before the sum left out.
    rows = sheets["purchases"].findall(f".//{_MAIN}row")
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
    """Label, the plan's figure and the recomputed one, from the cover."""
    rows = iter(sheets["Cover"])
    for row in rows:
        if row[0] == "figure":
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
        "levelised cost, USD per Mtok output": plan.kpis["levelised_usd_per_mtok_output"],
        "levelised cost, USD per Mtok total (input + output)": plan.kpis["levelised_usd_per_mtok_total"],
        "NPV of all cost, USD": plan.kpis["npv_usd"],
        "NPV of profit, USD": plan.kpis["npv_profit_usd"],
        "cash of the reported periods, USD": plan.kpis["cash_usd"],
        "opex of the reported periods, USD": plan.kpis["opex_usd"],
    }
    for future in plan.kpis.get("futures", []):
        expected[f"{future['name']}: NPV of all cost, USD"] = future["npv_usd"]
        expected[f"{future['name']}: levelised cost, USD per Mtok output"] = future["levelised_usd_per_mtok_output"]
    for label, figure in expected.items():
        # A cost per token is held to far less than a cent, which would be a percent of it.
        assert found[label][1] == pytest.approx(figure, abs=1e-9 if "Mtok" in label else CENT / 2), label
    assert len(found) == 11 * (1 + (len(plan.futures) if len(plan.futures) > 1 else 0))
    _hold_totals(sheets, plan)
    paid = sheets["Ledger"]
    npv, column = paid[0].index("npv_usd"), paid[0].index("column")
    total = sum(
        float(row[npv]) * dict(zip(plan.futures, _probability(solved), strict=True))[row[1]]
        for row in paid[1:]
        if row[column] != "revenue"
    )
    assert total == pytest.approx(plan.kpis["npv_usd"], abs=CENT / 2)


def _probability(solved: Solved) -> list[float]:
    return [future.probability for future in solved.scenario.futures] or [1.0]


def _hold_totals(sheets: Sheets, plan: Plan) -> None:
    """The sums below each table are those of its rows, by future where there are several."""
    checked = 0
    for name, frame in plan.tables.items():
        rows = sheets[name]
        below = [row for row in rows[len(frame) + 1 :] if row[0]]
        for row in below:
            several = len(plan.futures) > 1
            mine = frame[frame["future"].isin([row[0], "all"])] if several else frame
            for column, cell in zip(rows[0], row, strict=True):
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
    assert found["base: NPV of all cost, USD"] == pytest.approx(paid["base"], abs=CENT / 2)
    assert found["NPV of all cost, USD"] == pytest.approx(0.7 * paid["base"] + 0.3 * paid["boom"], abs=CENT / 2)


def test_cached_figures_are_those_of_the_formulas(rich: Solved) -> None:
    """A viewer that computes nothing shows the plan."""
    cover = _sheets(workbook_bytes(rich.plan, rich.scenario))["Cover"]
    cached = [
        float(cell.findtext(f"{_MAIN}v") or "nan")
        for cell in cover.iter(f"{_MAIN}c")
        if cell.find(f"{_MAIN}f") is not None
    ]
    assert rich.plan.kpis["npv_usd"] == pytest.approx(cached[4], abs=CENT / 2)
    differences = [value for value in cached if abs(value) < CENT / 2]
    assert len(differences) >= len(cached) / 2


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
    assert sheets["Cover"][0][0] == hostile.plan.scenario
    assert {row[1] for row in sheets["purchases"][1:] if row[1]} == {LINK}


# CSV


def test_no_text_of_a_csv_file_is_a_formula_and_all_read_back(hostile: Solved) -> None:
    texts = [LINK, "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''@a", "'quoted'", "plain", "", SCRIPT]
    frame = pd.DataFrame({"text": texts, "usd": [-1.5] * len(texts), "=SUM(A1)": texts})
    written = csv_text(frame)
    read = pd.read_csv(io.StringIO(written), keep_default_na=False, lineterminator="\n")
    for cell in read["text"]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")), cell
    assert read.columns[2] == "'=SUM(A1)"
    assert read["usd"].tolist() == [-1.5] * len(texts)
    # As the documentation says to.
    back = read["text"].str.replace(r"^'(?='*[=+\-@\t\r\n＝＋－＠])", "", regex=True)
    assert back.tolist() == texts
    purchases = pd.read_csv(io.StringIO(csv_text(hostile.plan.purchases)))
    assert set(purchases["site"]) == {f"'{LINK}"}
    costs = pd.read_csv(io.BytesIO(focus_bytes(focus_rows(hostile.plan, hostile.scenario), hostile.plan, ".csv")))
    assert set(costs["BillingAccountId"]) == {SCRIPT if hostile.plan.scenario == SCRIPT else f"'{LINK}"}
    assert f"'{LINK}" in set(costs["ProviderName"])


# Parquet


def _read(content: bytes) -> pd.DataFrame:
    table = arro3.io.read_parquet(io.BytesIO(content)).read_all()
    return pd.DataFrame({name: table[name].to_pylist() for name in table.column_names})


def test_parquet_reads_back_as_the_tables(solved: Solved) -> None:
    files = parquet.parquet_files(solved.plan)
    assert sorted(files) == sorted(f"{name}.parquet" for name in solved.plan.tables)
    for name, frame in solved.plan.tables.items():
        read = _read(files[f"{name}.parquet"])
        assert list(read.columns) == list(frame.columns)
        if len(frame):
            theirs = frame.astype(object).where(frame.notna(), None)
            pd.testing.assert_frame_equal(read.astype(object).where(read.notna(), None), theirs, check_dtype=False)


def test_types_are_the_same_with_rows_and_without(tiny: Solved, rich: Solved) -> None:
    def types(solved: Solved) -> dict[str, list[str]]:
        files = parquet.parquet_files(solved.plan).items()
        return {
            name: [repr(schema.field(column).type) for column in schema.names]
            for name, content in files
            for schema in [arro3.io.read_parquet(io.BytesIO(content)).schema]
        }

    assert tiny.plan.contracts.empty
    assert not rich.plan.contracts.empty
    assert types(tiny) == types(rich)
    assert parquet.column_kinds()["contracts"]["start"] == "date"


def test_every_parquet_file_says_where_it_comes_from(tiny: Solved) -> None:
    content = parquet.parquet_files(tiny.plan)["purchases.parquet"]
    told = re.search(rb'\{"catalog_digest".*', content, flags=re.DOTALL)
    assert told is not None
    entry, _ = json.JSONDecoder().raw_decode(told[0].decode(errors="replace"))
    columns = entry.pop("columns")
    assert sorted(columns) == sorted(tiny.plan.purchases.columns)
    assert columns["cost_usd"]["unit"] == "USD"
    assert all(column["meaning"] for column in columns.values())
    assert entry == {
        "catalog_digest": tiny.plan.catalog_digest,
        "planner": planner.__version__,
        "scenario": "tiny",
        "scenario_digest": tiny.plan.scenario_digest,
        "status": "optimal",
        "table": "purchases",
    }


# FOCUS


def test_focus_rows_keep_to_the_published_columns(solved: Solved) -> None:
    published = {item["column"]: item for item in specification()["columns"]}
    assert len(published) == 57
    rows = focus_rows(solved.plan, solved.scenario)
    assert list(rows.columns) == list(COLUMNS)
    own = [column for column in rows.columns if column not in published]
    assert all(column.startswith("x_") for column in own)
    assert {name for name, item in published.items() if item["level"] in ("mandatory", "recommended")} <= set(rows)
    for name, item in published.items():
        if name not in rows:
            continue
        cells = rows[name]
        if not item["nulls"]:
            assert cells.notna().all(), name
        if "allowed" in item:
            assert set(cells.dropna()) <= set(item["allowed"]), name
        kind = {"decimal": float, "string": str, "datetime": dt.date}[item["type"]]
        assert all(isinstance(cell, kind) for cell in cells.dropna()), name


def test_focus_rows_keep_the_rules_between_columns(solved: Solved) -> None:
    rows = focus_rows(solved.plan, solved.scenario)
    bought, used = rows["ChargeCategory"] == "Purchase", rows["ChargeCategory"] == "Usage"
    committed, unused = rows["CommitmentDiscountId"].notna(), rows["CommitmentDiscountStatus"] == "Unused"
    assert (bought | used).all()
    assert rows["ChargeClass"].isna().all()
    assert (rows.loc[bought, "EffectiveCost"] == 0).all()
    assert (rows.loc[bought, "ChargeFrequency"] != "Usage-Based").all()
    assert (rows["BillingPeriodStart"] <= rows["ChargePeriodStart"]).all()
    assert (rows["ChargePeriodStart"] < rows["ChargePeriodEnd"]).all()
    assert (rows["ChargePeriodEnd"] <= rows["BillingPeriodEnd"]).all()
    for name in ("PricingQuantity", "PricingUnit", "PricingCategory", "SkuId", "SkuPriceId"):
        assert rows[name].notna().all(), name
    assert (rows["PricingQuantity"] > 0).all()
    for price, cost in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
        assert (rows[price] * rows["PricingQuantity"] - rows[cost]).abs().max() < CENT / 2
    assert (rows["CommitmentDiscountStatus"].notna() == (committed & used)).all()
    assert (rows["PricingCategory"] == "Committed").equals(committed & used)
    assert (rows["ConsumedQuantity"].notna() == (used & ~unused)).all()
    assert (rows["ResourceId"].isna() == (committed & (bought | unused))).all()
    for name in ("Category", "Type", "Unit", "Name", "Quantity"):
        assert (rows[f"CommitmentDiscount{name}"].notna() == committed).all(), name
    assert set(SERVICES) == {*CAPEX, *OPEX}
    assert not set(SERVICES) & set(END_OF_HORIZON)


def test_billed_is_the_plans_cash_by_category(solved: Solved) -> None:
    plan, rows = solved.plan, focus_rows(solved.plan, solved.scenario)
    assert rows["BilledCost"].sum() == pytest.approx(plan.kpis["cash_usd"], abs=CENT / 2)
    cash = plan.cashflow[~plan.cashflow["lookahead"] & plan.cashflow["category"].isin([*CAPEX, *OPEX])]
    weight = dict(zip(plan.futures, _probability(solved), strict=True))
    theirs = (cash["usd"] * cash["future"].map(weight)).groupby(cash["category"]).sum()
    mine = rows.groupby("x_Category")["BilledCost"].sum()
    assert mine.astype(float).to_dict() == pytest.approx(theirs.to_dict(), abs=CENT / 2)


def test_effective_is_the_purchase_spread_over_its_life(tiny: Solved) -> None:
    """Three nodes for $1,121,250, five years in service from 2027: 731 of 1,826 days are in the horizon."""
    rows = focus_rows(tiny.plan, tiny.scenario)
    capital = rows[rows["x_Category"].isin(CAPEX)]
    assert capital["BilledCost"].sum() == pytest.approx(1_121_250)
    assert capital["EffectiveCost"].sum() == pytest.approx(1_121_250 * 731 / 1826)
    running = rows[~rows["x_Category"].isin(CAPEX)]
    assert running["EffectiveCost"].tolist() == running["BilledCost"].tolist()
    assert capital["PricingQuantity"][capital["PricingUnit"] == "Systems"].tolist() == [3.0] * 3


def test_effective_is_a_commitment_spread_over_its_term(rich: Solved) -> None:
    """16 GPUs for 36 months at $1.90 with a quarter upfront: the hours of the six reported quarters, 546 days."""
    rows = focus_rows(rich.plan, rich.scenario)
    mine = rows[rows["CommitmentDiscountId"] == "acme/us/node/reserved-36m/2027-Q1"]
    days = (dt.date(2028, 7, 1) - dt.date(2027, 1, 1)).days
    whole = 1.9 * 16 * 24 * (dt.date(2030, 1, 1) - dt.date(2027, 1, 1)).days
    assert mine["EffectiveCost"].sum() == pytest.approx(1.9 * 16 * 24 * days)
    upfront = mine[mine["ChargeFrequency"] == "One-Time"]
    assert upfront["BilledCost"].tolist() == pytest.approx([whole * 0.25])
    recurring = mine[(mine["ChargeCategory"] == "Purchase") & (mine["ChargeFrequency"] == "Recurring")]
    assert recurring["BilledCost"].sum() == pytest.approx(1.9 * 16 * 24 * days * 0.75)
    status = mine.groupby("CommitmentDiscountStatus")["CommitmentDiscountQuantity"].sum()
    assert status.sum() == pytest.approx(16 * 24 * days)
    assert 0 < status["Unused"] < status["Used"]


def test_a_contract_that_ended_is_billed_and_used_alike(rich: Solved) -> None:
    """The signed contract ends in the horizon: what its usage costs is what was paid for it."""
    rows = focus_rows(rich.plan, rich.scenario)
    mine = rows[rows["CommitmentDiscountId"] == "contract:0"]
    paid = 2.0 * 8 * 24 * (dt.date(2027, 9, 1) - dt.date(2027, 1, 1)).days
    assert mine["BilledCost"].sum() == pytest.approx(paid)
    assert mine["EffectiveCost"].sum() == pytest.approx(paid)


def test_focus_as_csv_and_as_parquet_are_the_same(solved: Solved) -> None:
    rows = focus_rows(solved.plan, solved.scenario)
    from_csv = pd.read_csv(io.BytesIO(focus_bytes(rows, solved.plan, ".csv")))
    from_parquet = _read(focus_bytes(rows, solved.plan, ".parquet"))
    assert from_csv["ChargePeriodStart"][0] == "2027-01-01T00:00:00Z"
    assert from_parquet["ChargePeriodStart"][0] == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    for name in ("BilledCost", "EffectiveCost", "ChargeDescription", "ResourceId"):
        left, right = (
            frame[name].astype(object).where(frame[name].notna(), None) for frame in (from_csv, from_parquet)
        )
        pd.testing.assert_series_equal(left, right, check_dtype=False)


# The model


def _cbc(path: Path) -> float:
    _, problem = pulp.LpProblem.fromMPS(str(path))
    problem.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=1e-4))
    return float(problem.objective.value())


def test_the_written_model_has_the_plans_optimum(solved: Solved, tmp_path: Path) -> None:
    plan, path = solved.plan, tmp_path / "model.mps"
    columns, _ = mps.write_model(solved.scenario, path)
    gap = plan.proof.gap_asked
    for value in (_cbc(path), _scip(path)):
        assert plan.proof.bound * (1 - gap) <= value <= plan.kpis["npv_usd"] * (1 + gap)
    names = re.findall(r"^ {4}(\S+) ", path.read_text().partition("COLUMNS")[2].partition("RHS")[0], flags=re.M)
    assert len(set(names) - {"MARK"}) == columns


def _scip(path: Path) -> float:
    model = mathopt.Model.from_model_proto(mps_converter.mps_to_model_proto(path.read_text()))
    return float(mathopt.solve(model, mathopt.SolverType.GSCIP).objective_value())


def test_the_lp_file_has_the_same_optimum(tiny: Solved, tmp_path: Path) -> None:
    path = tmp_path / "model.lp"
    mps.write_model(tiny.scenario, path)
    cbc = pulp.PULP_CBC_CMD().path
    told = subprocess.run([cbc, str(path), "solve", "quit"], capture_output=True, text=True, check=True).stdout
    value = re.search(r"Objective value: +([\d.]+)", told)
    assert value is not None
    assert float(value[1]) == pytest.approx(tiny.plan.kpis["npv_usd"], rel=1e-9)


def test_names_are_readable_distinct_and_plain(tiny: Solved, rich: Solved) -> None:
    text, _ = mps.model_text(tiny.scenario)
    assert "buy(hall,hgx_h200,2027)" in text
    assert "power(hall,2028)" in text
    text, _ = mps.model_text(rich.scenario)
    assert "buy(dallas,node,boom,2027_Q4)" in text
    # What is due whatever is decided, the lease and the signed contract, is a column of its own.
    assert re.search(rf"FX BND +{mps.DUE_ANYWAY} +1\.0", text)
    assert all(re.fullmatch(r"[\w.,()@+'*:$-]+", word) for word in text.split())


def test_names_that_solvers_would_confuse_are_kept_apart() -> None:
    from planner.milp.matrix import Builder

    builder = Builder()
    builder.variables("gpus", (["a b", "a_b", "a-b", "ü" * 300, "x" * 300, "x" * 299 + "y"],))
    names = mps.names(builder.build().column_blocks, ("base",))
    assert names[:3] == ["gpus(a_b)", "gpus(a_b).2", "gpus(a_b).3"]
    assert len(set(names)) == 6
    assert max(map(len, names)) <= mps.LONGEST


@pytest.mark.parametrize("objective", ["profit", "tokens"])
def test_other_objectives_are_those_of_the_plan(tiny: Solved, tmp_path: Path, objective: str) -> None:
    more = ["workloads.chat.price_usd_per_mtok={input: 0.2, output: 0.7}", "workloads.chat.min_served=0.5"]
    solved = _solved(TINY, f"objective={objective}", "sites.hall.power_mw=0.03", "procurement.rent=[]", *more)
    path = tmp_path / "model.mps"
    mps.write_model(solved.scenario, path)
    assert -_scip(path) == pytest.approx(solved.plan.proof.value, rel=2e-3)


def test_a_ratio_is_refused(tiny: Solved, tmp_path: Path) -> None:
    scenario = planner.load(TINY, ("objective=cost_per_token", "workloads.chat.min_served=0.5"))
    with pytest.raises(InputError, match="is a ratio, which no linear model states"):
        mps.write_model(scenario, tmp_path / "model.mps")
    assert not any(tmp_path.iterdir())


def test_an_infeasible_scenario_has_a_model(tmp_path: Path) -> None:
    scenario = planner.load(TINY, ("procurement.rent=[]", "sites.hall.power_mw=0.03"))
    with pytest.raises(InfeasiblePlan):
        planner.solve(scenario)
    mps.write_model(scenario, tmp_path / "model.mps")
    model = mathopt.Model.from_model_proto(mps_converter.mps_to_model_proto((tmp_path / "model.mps").read_text()))
    reason = mathopt.solve(model, mathopt.SolverType.GSCIP).termination.reason
    assert reason == mathopt.TerminationReason.INFEASIBLE


# The command


def _plan(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(path for path in (str(TINY.parents[1]), *sys.path) if path)
    return subprocess.run(
        [sys.executable, "-m", "planner.cli", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": paths},
        timeout=300,
    )


@pytest.mark.process
def test_one_command_writes_all_of_them(tiny: Solved, tmp_path: Path) -> None:
    done = _plan(
        "export", TINY, "--xlsx", "t.xlsx", "--parquet", "tables", "--focus", "focus.csv", "--mps", "m.lp", cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "t.xlsx: workbook, 10 tables and the 12 payments behind their sums\n"
        "tables: 10 Parquet tables, 23 rows\n"
        "focus.csv: FOCUS 1.2, 17 rows: $1.64 M billed, $970 k effective\n"
        "m.lp: the model, 16 variables and 16 constraints\n"
    )
    assert (tmp_path / "t.xlsx").read_bytes() == workbook_of(tiny.ledger)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["focus.csv", "m.lp", "t.xlsx", "tables"]
    rows = focus_rows(tiny.plan, tiny.scenario)
    assert (tmp_path / "focus.csv").read_bytes() == focus_bytes(rows, tiny.plan, ".csv")


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("xlsx", "plan.xls", "--xlsx plan.xls: the name has to end in .xlsx"),
        ("focus", "costs", "--focus costs: the name has to end in .csv or .parquet"),
        ("mps", "model.txt", "--mps model.txt: the name has to end in .mps or .lp"),
        ("mps", "none/model.mps", "--mps none/model.mps: there is no folder none"),
        ("parquet", "none/tables", "--parquet none/tables: there is no folder none"),
        ("gap", 2.0, "--gap 2: must be more than 0 and less than 1, such as 0.001"),
        ("solver", "cpl", "--solver cpl: unknown; one of auto, relay, scip, highs, cpsat, pulp:cbc, or pulp:NAME"),
    ],
)
def test_bad_options_get_a_sentence(
    option: str, value: str | float, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = ["--focus", "focus.csv"] if option in ("gap", "solver") else []
    refused = CliRunner().invoke(app, ["export", str(TINY), f"--{option}", str(value), *file])
    assert refused.exit_code == 2
    assert refused.stderr.startswith(sentence)
    assert not any(tmp_path.iterdir())


@pytest.mark.process
def test_without_a_target_there_is_a_sentence(tmp_path: Path) -> None:
    done = _plan("export", TINY, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "plan export writes nothing without one of --xlsx FILE, --parquet DIR, --focus FILE, --mps FILE\n"
    )


@pytest.mark.process
def test_no_plan_no_files(tmp_path: Path) -> None:
    smaller = ("--set", "procurement.rent=[]", "--set", "sites.hall.power_mw=0.03")
    done = _plan("export", TINY, *smaller, "--xlsx", "t.xlsx", "--mps", "m.mps", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("no plan meets every limit")
    assert not any(tmp_path.iterdir())


def test_a_plan_above_the_gap_is_written_and_said(
    tiny: Solved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = replace(tiny.plan, status="feasible", proof=replace(tiny.plan.proof, gap=0.02))
    monkeypatch.setattr(command, "solve_scenario", lambda *arguments, **options: stopped)
    ended = CliRunner().invoke(app, ["export", str(TINY), "--parquet", str(tmp_path / "tables")])
    assert ended.exit_code == 4
    assert ended.stderr == "The plan is within 2 % of the optimum, 0.1 % was asked for.\n"
    assert (tmp_path / "tables" / "purchases.parquet").exists()


@pytest.mark.process
def test_only_an_export_loads_its_libraries() -> None:
    code = (
        "import sys, planner.cli.solve, planner.cli; print(sorted({'xlsxwriter', 'arro3', 'pulp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TINY.parents[1], check=True)
    assert done.stdout == "[]\n"


def test_the_models_catalog_is_the_scenarios_own(tiny: Solved) -> None:
    given = workbook_bytes(tiny.plan, tiny.scenario, catalog_of(tiny.scenario))
    assert given == workbook_bytes(tiny.plan, tiny.scenario)
