"""The plan's cost as FOCUS rows: the published columns and their rules, and sums that are the plan's."""

from __future__ import annotations

import datetime as dt
import io

import pandas as pd
import pytest

from planner.export import focus_rows
from planner.export.focus import COLUMNS, SERVICES, focus_bytes, specification
from planner.kinds.cash import CAPEX, END_OF_HORIZON, OPEX, PROCEEDS
from tests.exports import CENT, Solved, either_plan, probability, read_parquet, rich_plan, tiny_plan  # noqa: F401


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
    assert set(SERVICES) == {*CAPEX, *OPEX, *PROCEEDS}
    assert not set(SERVICES) & set(END_OF_HORIZON)


def test_billed_is_the_plans_cash_by_category(solved: Solved) -> None:
    plan, rows = solved.plan, focus_rows(solved.plan, solved.scenario)
    assert rows["BilledCost"].sum() == pytest.approx(plan.kpis["cash_usd"], abs=CENT / 2)
    cash = plan.cashflow[~plan.cashflow["lookahead"] & plan.cashflow["category"].isin([*CAPEX, *OPEX])]
    weight = dict(zip(plan.futures, probability(solved), strict=True))
    theirs = (cash["usd"] * cash["future"].map(weight)).groupby(cash["category"]).sum()
    mine = rows.groupby("x_Category")["BilledCost"].sum()
    assert mine.astype(float).to_dict() == pytest.approx(theirs.to_dict(), abs=CENT / 2)


def test_effective_is_the_purchase_spread_over_its_life(tiny: Solved) -> None:
    """Four nodes for $1,495,000, five years in service from 2027: 731 of 1,826 days are in the horizon."""
    rows = focus_rows(tiny.plan, tiny.scenario)
    capital = rows[rows["x_Category"].isin(CAPEX)]
    assert capital["BilledCost"].sum() == pytest.approx(1_495_000)
    assert capital["EffectiveCost"].sum() == pytest.approx(1_495_000 * 731 / 1826)
    running = rows[~rows["x_Category"].isin(CAPEX)]
    assert running["EffectiveCost"].tolist() == running["BilledCost"].tolist()
    assert capital["PricingQuantity"][capital["PricingUnit"] == "Systems"].tolist() == [4.0] * 3


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


@pytest.mark.slow
def test_focus_as_csv_and_as_parquet_are_the_same(solved: Solved) -> None:
    rows = focus_rows(solved.plan, solved.scenario)
    from_csv = pd.read_csv(io.BytesIO(focus_bytes(rows, solved.plan, ".csv")))
    from_parquet = read_parquet(focus_bytes(rows, solved.plan, ".parquet"))
    assert from_csv["ChargePeriodStart"][0] == "2027-01-01T00:00:00Z"
    assert from_parquet["ChargePeriodStart"][0] == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    for name in ("BilledCost", "EffectiveCost", "ChargeDescription", "ResourceId"):
        left, right = (
            frame[name].astype(object).where(frame[name].notna(), None) for frame in (from_csv, from_parquet)
        )
        pd.testing.assert_series_equal(left, right, check_dtype=False)
