"""The plan's cost rows under the column names of FOCUS 1.2, the specification that cloud bills are delivered in.

``BilledCost`` is the cash view: what is paid, when it is paid; it sums to the plan's cash less what sales bring in.
``EffectiveCost`` is the amortised view: a purchase is spread over the service it buys. So a purchase has a row when it
is paid (category Purchase, effective cost 0) and rows for the periods it serves (category Usage, billed cost 0). What
an existing system is sold for is a Credit. Reported periods only; with several futures the expectation over them, as in
the plan's key figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from planner.accounts.inputs import Floats
from planner.accounts.ledger import GPU_HOURS, START, Line
from planner.accounts.tags import Part, Tagged, tags_text
from planner.accounts.workload_cost import expected_shares
from planner.catalog import Catalog
from planner.export.focus_workloads import COLUMN as WORKLOADS
from planner.export.focus_workloads import WorkloadShares
from planner.export.ledger import ledger
from planner.export.parquet import Kind, metadata_of, parquet_bytes
from planner.kinds.cash import PROCEEDS, RECORDS, RESERVED
from planner.plan import Plan
from planner.plan.ledger import Ledger
from planner.render.csv import csv_text
from planner.render.files import write_bytes
from planner.render.target import check_ending
from planner.rules.budgets import year_of_period
from planner.scenario import Scenario

ENDINGS = (".csv", ".parquet")
CURRENCY = "USD"
# Every category that is a charge, and how FOCUS names it.
SERVICES = {record.key: record.focus for record in RECORDS if record.focus is not None}
METRICS = (
    "BilledCost",
    "CommitmentDiscountQuantity",
    "ConsumedQuantity",
    "ContractedCost",
    "EffectiveCost",
    "ListCost",
    "PricingQuantity",
)
# In the specification's order, behind them what only the planner knows.
COLUMNS = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd",
    "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountQuantity", "CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit",
    "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId",
    "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit",
    "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId", "ResourceType", "ServiceCategory",
    "ServiceName", "ServiceSubcategory", "SkuId", "SkuPriceId", "Tags", "x_Category", "x_FiscalYear", "x_Period",
    "x_ScenarioDigest", WORKLOADS,
)  # fmt: skip


def write_focus(plan: Plan, scenario: Scenario, path: str | Path, catalog: Catalog | None = None) -> None:
    """Write the cost rows of ``plan`` at ``path``: .csv or .parquet, whole or not at all.

    ``scenario`` and ``catalog`` have to be those that the plan was made from. Raises InputError where they are others,
    for another ending and where the file cannot be written.
    """
    path = Path(path)
    ending = check_ending(path, ENDINGS, "--focus")
    write_bytes(path, focus_bytes(focus_rows(plan, scenario, catalog), plan, ending))


def focus_rows(plan: Plan, scenario: Scenario, catalog: Catalog | None = None) -> pd.DataFrame:
    """The cost rows, columns as in ``COLUMNS``: costs in USD, periods as days (their end is the first day after)."""
    return rows_of(ledger(plan, scenario, catalog))


def focus_bytes(rows: pd.DataFrame, plan: Plan, ending: str) -> bytes:
    """The rows as CSV (moments in ISO 8601, UTC) or Parquet."""
    kinds = _kinds()
    if ending == ".parquet":
        return parquet_bytes(rows, kinds, metadata_of(plan, "focus") | {"focus": specification()["version"]})
    texts = rows.copy()
    for column in (name for name, kind in kinds.items() if kind == "time" and name in rows):
        texts[column] = [f"{day.isoformat()}T00:00:00Z" for day in rows[column]]
    return csv_text(texts).encode()


def specification() -> dict[str, Any]:
    """The published column list: title, version, address, licence and ``columns`` (column, level, nulls, type, …)."""
    text = files("planner.export").joinpath("focus_1_2.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


def rows_of(found: Ledger) -> pd.DataFrame:
    """``focus_rows`` of a ledger."""
    weight = found.account.inputs.probability
    reported = found.account.inputs.timeline.reported
    rows: list[dict[str, Any]] = []
    shares = WorkloadShares([workload.name for workload in found.account.inputs.workloads])
    tagged = Tagged(found.account.scenario)
    for line, borne in expected_shares(found.account, found.lines):
        parts = tagged.parts(line, borne) if line.category in SERVICES else []
        for whole in _of_line(found, line, weight, reported) if parts else ():
            for part in parts:
                row = _part(whole, part)
                rows.append(row | shares.parts(row, part.workloads))
    keys = [column for column in COLUMNS if column not in (*METRICS, "ListUnitPrice", "ContractedUnitPrice", WORKLOADS)]
    summed_up = [*METRICS, *shares.columns]
    frame = pd.DataFrame(rows, columns=[*keys, *summed_up])
    frame[summed_up] = frame[summed_up].astype(float)
    # Contracts signed in the same period are one commitment, whatever they pay upfront.
    summed = frame.groupby(keys, dropna=False, sort=False, as_index=False)[summed_up].sum(min_count=1)
    summed[WORKLOADS] = shares.told(summed)
    price = summed["ListCost"] / summed["PricingQuantity"].where(summed["PricingQuantity"] != 0)
    summed["ListUnitPrice"] = summed["ContractedUnitPrice"] = price
    order = ["BillingPeriodStart", "ChargeCategory", "ServiceName", "SkuId", "ResourceId", "CommitmentDiscountStatus"]
    summed = summed.sort_values(order, kind="stable", ignore_index=True)
    frame = summed[list(COLUMNS)].astype(object)
    return frame.where(frame.notna(), None)


def _part(row: Mapping[str, Any], part: Part) -> dict[str, Any]:
    """The part of a row that bears the same tags: of every amount that share."""
    amounts = {name: row[name] * part.share for name in METRICS if row[name] is not None}
    return {**row, **amounts, "Tags": tags_text(part.tags) or None}


def _of_line(found: Ledger, line: Line, weight: Floats, reported: int) -> Iterator[dict[str, Any]]:
    """Rows of one line: what is billed, and what the periods use of it."""
    bought = SERVICES[line.category].bought
    usd, quantity, accrued = weight @ line.usd, weight @ line.quantity, weight @ line.accrued_usd
    for period in range(reported):
        if usd[period]:
            paid = float(usd[period])
            row = _row(found, line, period, paid, float(quantity[period]), line.unit)
            told = _purchase(found, line, period, row) | {"BilledCost": paid} if bought else _usage(row, paid)
            yield row | (_credit(row, paid) if line.category in PROCEEDS else told)
        if bought and accrued[period]:
            yield from _served(found, line, period, weight)


def _row(found: Ledger, line: Line, period: int, usd: float, quantity: float, unit: str) -> dict[str, Any]:
    """What every row says. What stands at a site is billed by the site: the plan does not know who sells it."""
    timeline, resource, plan = found.account.inputs.timeline, line.resource, found.plan
    first, after = timeline.spans[period]
    service = SERVICES[line.category]
    sku = "/".join(part for part in (resource.who, resource.system, line.category) if part)
    if resource.kind in ("reserved", "hourly"):
        sku = (
            resource.key.removesuffix(f"/{timeline.names[resource.start]}")
            if resource.start is not None
            else resource.key
        )
    return dict.fromkeys(COLUMNS) | {
        "BilledCost": 0.0,
        "BillingAccountId": plan.scenario,
        "BillingAccountName": plan.scenario,
        "BillingCurrency": CURRENCY,
        "BillingPeriodEnd": after,
        "BillingPeriodStart": first,
        "ChargeDescription": _description(found, line),
        "ChargeFrequency": service.frequency,
        "ChargePeriodEnd": after,
        "ChargePeriodStart": first,
        "ContractedCost": usd,
        "EffectiveCost": 0.0,
        "InvoiceIssuerName": resource.who,
        "ListCost": usd,
        "PricingQuantity": quantity,
        "PricingUnit": unit,
        "ProviderName": resource.who,
        "PublisherName": resource.who,
        "RegionId": resource.region or None,
        "RegionName": resource.region or None,
        "ResourceId": resource.key,
        "ResourceType": resource.system or "site",
        "ServiceCategory": service.category,
        "ServiceName": service.name,
        "ServiceSubcategory": service.subcategory,
        "SkuId": sku,
        "SkuPriceId": sku,
        "x_Category": line.category,
        "x_FiscalYear": year_of_period(timeline.names[period], found.account.scenario.budget.fiscal_year_start),
        "x_Period": timeline.names[period],
        "x_ScenarioDigest": plan.scenario_digest,
    }


def _usage(row: Mapping[str, Any], usd: float) -> dict[str, Any]:
    """A charge that is paid in the period that it serves: both views agree."""
    return {
        "BilledCost": usd,
        "EffectiveCost": usd,
        "ChargeCategory": "Usage",
        "ConsumedQuantity": row["PricingQuantity"],
        "ConsumedUnit": row["PricingUnit"],
        "PricingCategory": SERVICES[row["x_Category"]].pricing,
    }


def _credit(row: Mapping[str, Any], usd: float) -> dict[str, Any]:
    """What comes in, on the first day of its period: no charge, so it has no quantity and no price."""
    return {
        "BilledCost": usd,
        "EffectiveCost": usd,
        "ChargeCategory": "Credit",
        "ChargePeriodEnd": row["ChargePeriodStart"] + dt.timedelta(days=1),
        "PricingQuantity": None,
        "PricingUnit": None,
    }


def _purchase(found: Ledger, line: Line, period: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """A payment for service in other periods, or for a commitment: no effective cost of its own."""
    upfront = line.timing == START
    told: dict[str, Any] = {"ChargeCategory": "Purchase", "PricingCategory": "Standard"}
    if upfront:
        told |= {
            "ChargeFrequency": "One-Time",
            "ChargePeriodEnd": row["ChargePeriodStart"] + dt.timedelta(days=1),
        }
    if line.category == RESERVED.key:
        told |= _commitment(found, line) | {"CommitmentDiscountQuantity": row["PricingQuantity"], "ResourceId": None}
        told |= {"ResourceType": None}
    return told


def _served(found: Ledger, line: Line, period: int, weight: Floats) -> Iterator[dict[str, Any]]:
    """What a period uses of something bought: all of a system, a contract's used part and its unused part."""
    accrued = line.accrued_usd[:, period]
    if line.category != RESERVED.key:
        hours = line.resource.gpus[:, period] * found.account.inputs.timeline.hours[period]
        gpu_hours = float(weight @ hours)
        quantity, unit = (gpu_hours, GPU_HOURS) if gpu_hours else (found.account.inputs.timeline.hours[period], "Hours")
        usd = float(weight @ accrued)
        row = _row(found, line, period, usd, float(quantity), unit)
        used = _usage(row, usd) | {"BilledCost": 0.0, "ChargeFrequency": "Recurring", "PricingCategory": "Other"}
        yield row | used
        return
    assert line.resource.used is not None
    price = line.usd.sum() / line.quantity.sum()
    for status, share in (("Used", line.resource.used[:, period]), ("Unused", 1 - line.resource.used[:, period])):
        usd = float(weight @ (accrued * share))
        if not usd:
            continue
        row = _row(found, line, period, usd, usd / price, GPU_HOURS)
        told = _usage(row, usd) | {"BilledCost": 0.0, "PricingCategory": "Committed"} | _commitment(found, line)
        told |= {"CommitmentDiscountQuantity": usd / price, "CommitmentDiscountStatus": status}
        if status == "Unused":
            told |= {"ConsumedQuantity": None, "ConsumedUnit": None, "ResourceId": None, "ResourceType": None}
        yield row | told


def _commitment(found: Ledger, line: Line) -> dict[str, Any]:
    return {
        "CommitmentDiscountCategory": "Usage",
        "CommitmentDiscountId": line.resource.key,
        "CommitmentDiscountName": _description(found, line),
        "CommitmentDiscountType": "Reservation",
        "CommitmentDiscountUnit": GPU_HOURS,
    }


def _description(found: Ledger, line: Line) -> str:
    """A sentence's worth of what is charged, the same in every future."""
    resource = line.resource
    names = found.account.inputs.timeline.names
    what = line.category.replace("_", " ")
    if resource.kind == "own":
        return f"{what} of {resource.system} bought for {resource.who}, in service {names[resource.start or 0]}"
    if resource.kind == "existing":
        return f"{what} of {resource.system} already at {resource.who}"
    if resource.kind == "site":
        return f"{what} of {resource.system} at {resource.who}" if resource.system else f"{what} at {resource.who}"
    if resource.kind == "reserved":
        return f"{resource.system} reserved at {resource.who}, from {names[resource.start or 0]}"
    if resource.kind == "signed":
        return f"{resource.system} at {resource.who}, contract already signed"
    if resource.kind == "api":
        return f"tokens of {resource.system} at {resource.who} for {resource.workload}"
    return f"{resource.system} {what} at {resource.who}"


def _kinds() -> dict[str, Kind]:
    """The type of every column."""
    types: dict[str, Kind] = {"decimal": "float", "datetime": "time", "string": "string"}
    known = {item["column"]: types[item["type"]] for item in specification()["columns"]}
    return {column: known.get(column, "string") for column in COLUMNS}
