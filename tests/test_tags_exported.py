"""Tags and fiscal years in what leaves the planner: FOCUS rows, the ledger, the workbook, the terminal."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest

import planner
from planner.catalog.models import Catalog
from planner.export import ledger
from planner.export.focus import focus_rows
from planner.plan import Plan
from planner.report.tags import tag_sheets
from planner.report.workbook import workbook_of
from planner.scenario.models import Scenario
from tests import strategies
from tests.office import Sheets, recalculated  # noqa: F401 - a fixture

CENT = 0.01
Exported = tuple[Scenario, Catalog, Plan]


@pytest.fixture(scope="module")
def exported() -> Exported:
    """Three workloads on a hall's own node, a contract and hours rented, over a fiscal year's end."""
    group = {"system": "h-node", "count": 1, "in_service": "2026-01"}
    signed = {"provider": "acme", "system": "h-node", "gpus": 8, "usd_per_gpu_hour": 2, "start": "2026-10"}
    asked = strategies.scenario(
        horizon={"decided_on": "2026-10-01", "start": "2027-01", "periods": 2, "lookahead": 1},
        sites=[strategies.SITE | {"power_mw": 0.013, "tags": {"cost_centre": "0815"}, "existing": [group]}],
        workloads=[
            strategies.CHAT | {"name": "chat", "demand": {"requests_per_s": 12}, "tags": {"product": "assistant"}},
            strategies.CHAT | {"name": "search", "demand": {"requests_per_s": 6}, "tags": {"product": "=search"}},
            strategies.CHAT | {"name": "trial", "demand": {"requests_per_s": 2}},
        ],
        contracts=[signed | {"end": "2027-06-15", "tags": {"cost_centre": "4711"}}],
        budget={"fiscal_year_start": 4, "opex_usd": 1e6},
        procurement={"buy": False},
    )
    hourly = strategies.offer(usd_per_gpu_hour=3.0)
    rows = strategies.catalog([strategies.system("h-node")], [hourly], [strategies.point()])
    return asked, rows, planner.solve(asked, rows)


def test_focus_rows_bear_one_set_of_tags_each_and_add_up_by_tag(exported: Exported) -> None:
    asked, rows, plan = exported
    found = focus_rows(plan, asked, rows)
    assert found["BilledCost"].sum() == pytest.approx(plan.kpis["cash_usd"], abs=CENT / 2)
    tags = [json.loads(text) if text else {} for text in found["Tags"]]
    assert {"cost_centre": "0815", "product": "assistant"} in tags
    assert {} in tags
    table = plan.cost_by_tag[~plan.cost_by_tag["lookahead"].astype(bool)]
    for tag in ("cost_centre", "product"):
        billed = found["BilledCost"].astype(float).groupby([one.get(tag, "") for one in tags]).sum().to_dict()
        assert billed == pytest.approx(table[table["tag"] == tag].groupby("value")["usd"].sum().to_dict(), abs=CENT / 2)
    product = {"chat": "assistant", "search": "=search", "trial": None}
    for one, text in zip(tags, found["x_WorkloadShares"], strict=True):
        borne = json.loads(text)
        assert {product[name] for name in borne} == {one.get("product")}
        assert sum(borne.values()) == pytest.approx(1.0)


@pytest.mark.slow
def test_every_amount_of_a_focus_row_is_split_alike(exported: Exported) -> None:
    asked, rows, plan = exported
    split = focus_rows(plan, asked, rows)
    plain = asked.model_copy(
        update={name: _untagged(getattr(asked, name)) for name in ("sites", "workloads", "contracts")}
    )
    whole = focus_rows(planner.solve(plain, rows), plain, rows)
    assert whole["Tags"].isna().all()
    assert len(split) > len(whole)
    for name in ("BilledCost", "EffectiveCost", "PricingQuantity", "ConsumedQuantity", "CommitmentDiscountQuantity"):
        mine, theirs = (frame[name].astype(float).groupby(frame["SkuId"]).sum() for frame in (split, whole))
        assert mine.to_dict() == pytest.approx(theirs.to_dict())
    price = split["ListUnitPrice"].astype(float) * split["PricingQuantity"].astype(float)
    assert price.to_numpy() == pytest.approx(split["ListCost"].astype(float).to_numpy())


def _untagged(items: tuple[strategies.case.Section, ...]) -> tuple[strategies.case.Section, ...]:
    return tuple(strategies.with_part(item, tags={}) for item in items)


def test_rows_say_the_fiscal_year_of_their_period(exported: Exported) -> None:
    asked, rows, plan = exported
    found = focus_rows(plan, asked, rows)
    years = {"2027-Q1": "FY2027", "2027-Q2": "FY2028"}
    assert dict(zip(found["x_Period"], found["x_FiscalYear"], strict=True)) == years
    paid = ledger(plan, asked, rows).table
    assert dict(zip(paid["period"], paid["fiscal_year"], strict=True)).items() >= years.items()


def test_the_ledger_says_the_tags_of_what_is_paid_for(exported: Exported) -> None:
    asked, rows, plan = exported
    paid = ledger(plan, asked, rows).table
    assert set(paid.loc[paid["kind"] == "signed", "tags"]) == {'{"cost_centre":"4711"}'}
    assert set(paid.loc[paid["kind"] == "site", "tags"]) == {'{"cost_centre":"0815"}'}
    assert set(paid.loc[paid["kind"] == "hourly", "tags"]) == {""}


def test_the_terminal_tells_every_value_and_that_they_add_up(exported: Exported) -> None:
    asked, _, plan = exported
    (sheet,) = tag_sheets(plan, asked)
    assert [column.header for column in sheet.columns] == ["tag", "value", "FY2027", "FY2028", "sum", "NPV"]
    assert [row[:2] for row in sheet.rows] == [
        ("cost_centre", "0815"), ("cost_centre", "4711"), ("cost_centre", "(none)"),
        ("product", "=search"), ("product", "assistant"), ("product", "(none)"), ("all", ""),
    ]  # fmt: skip
    for column in range(2, 6):
        cells = [float(row[column].replace(",", "").replace("-", "0")) for row in sheet.rows]
        assert cells[6] > 0
        assert [sum(cells[:3]), sum(cells[3:6])] == pytest.approx([cells[6]] * 2, abs=1.5)
    assert not tag_sheets(dataclasses.replace(plan, cost_by_tag=plan.cost_by_tag.iloc[:0]), asked)


@pytest.mark.office
def test_libreoffice_adds_up_each_tag_alone_and_each_fiscal_year(
    exported: Exported,
    recalculated: Callable[[bytes], Sheets],  # noqa: F811
) -> None:
    asked, rows, plan = exported
    book = recalculated(workbook_of(ledger(plan, asked, rows)))
    sums = {row[0]: (float(row[3]), float(row[4])) for row in book["Cost by tag"][len(plan.cost_by_tag) + 2 :]}
    cash = float(plan.cost_by_tag.loc[plan.cost_by_tag["tag"] == "product", "usd"].sum())
    assert sums == {tag: pytest.approx((cash, plan.kpis["npv_usd"])) for tag in ("cost_centre", "product")}
    heads = next(row for row in book["Cash flow"] if row[0] == "Line")
    at = heads.index("Cash, $")
    by_year = {row[0]: float(row[at]) for row in book["Cash flow"] if row[0].startswith("FY")}
    first = plan.cost_by_tag[(plan.cost_by_tag["tag"] == "product") & (plan.cost_by_tag["period"] == "2027-Q1")]
    assert list(by_year) == ["FY2027, reported periods", "FY2028, reported periods"]
    assert by_year["FY2027, reported periods"] == pytest.approx(first["usd"].sum())
    assert sum(by_year.values()) == pytest.approx(plan.kpis["cash_usd"])
