"""The audit against a plan small enough to check by hand, and against copies of it with one thing wrong.

Two sites, three systems, two futures and four workloads. Rates are 1 request/s per GPU everywhere but for chat,
whose headroom of 0.2 leaves 0.8. What each workload needs and where it runs stands beside the rows below.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planner.accounts.account import Account
from planner.accounts.cashflow import totals
from planner.accounts.fleet import fleet
from planner.accounts.inputs import build_inputs
from planner.accounts.service import pool_use, served_rates
from planner.audit.audit import FAMILIES, Audit, audit
from planner.audit.reasons import api_fault, point_fault
from planner.catalog.models import (
    Catalog,
    Energy,
    LoadShape,
    Offer,
    PricePath,
    ServingPoint,
    System,
    TokenApi,
)
from planner.decisions import COLUMNS, Decisions
from planner.rules.latency import latency_ms
from planner.rules.rates import point_rate
from planner.scenario.models import Scenario, TailRatio

META = {"source": ("test",), "as_of": "2026-01", "evidence": "independent"}
PERIODS = range(5)
FUTURES = {"base": 1.0, "boom": 1.25}
DAY, NIGHT = "day", "night"

NODE: dict[str, Any] = {
    "system": "node",
    "name": "8-GPU node",
    "generation": "blackwell",
    "gpus": 8,
    "nvlink_domain_usable_gpus": 8,
    "usable_share": 0.75,
    "memory_gb_per_gpu": 180,
    "memory_tb_per_s_per_gpu": 8,
    "fp8_dense_pflops_per_gpu": 4.5,
    "nameplate_it_kw": 10,
    "nameplate_it_kw_contains": "the node",
    "network_kw_share": 0.2,
    "idle_it_kw": 4,
    "busy_it_kw": 8,
    "cooling": "air",
    "price_usd": 100_000,
    "price_contains": "the node",
    "network_capex_share": 0.1,
    "installation_capex_share": 0.05,
    "support_share_per_year": 0.08,
    "lead_weeks": 13,
    "life_years": 4,
    "residual_share_by_age_years": {1: 0.6, 2: 0.3},
    "available_from": "2026-01",
}
RACK = NODE | {
    "system": "rack",
    "gpus": 72,
    "nvlink_domain_usable_gpus": 64,
    "usable_share": 64 / 72,
    "nameplate_it_kw": 100,
    "cooling": "liquid",
    "price_usd": 1_000_000,
    "lead_weeks": 26,
}
NEXT = RACK | {"system": "next", "announced": True, "available_from": "2027-07"}

POINT: dict[str, Any] = {
    "model": "m",
    "series": "s",
    "system": "node",
    "engine": "e",
    "precision": "fp8",
    "mode": "agg",
    "spec_decode": "none",
    "gpus_per_replica": 4,
    "largest_worker_gpus": 4,
    "input_tokens_nominal": 1000,
    "output_tokens_nominal": 1000,
    "input_tokens_mean": 1000,
    "output_tokens_mean": 900,
    "concurrency": 64,
    "ttft_ms": 1000,
    "ttft_statistic": "p50",
    "tpot_ms": 20,
    "tpot_statistic": "mean",
    "input_tok_s_per_gpu": 5000,
    "output_tok_s_per_gpu": 1000,
}
POINTS = (
    POINT,
    POINT | {"series": "mtp", "spec_decode": "mtp", "requires": ("mtp",)},
    POINT | {"series": "wide", "gpus_per_replica": 16, "largest_worker_gpus": 8},
    POINT | {"series": "slow", "ttft_ms": 9000},
    POINT | {"series": "fp4", "precision": "fp4"},
    POINT | {"series": "long", "input_tokens_mean": 1101},
    POINT | {"series": "huge", "gpus_per_replica": 16, "largest_worker_gpus": 16},
    POINT | {"model": "m2", "system": "rack", "gpus_per_replica": 33, "largest_worker_gpus": 33},
)
FAST, MTP, WIDE, SLOW = "node/s@c64x4", "node/mtp@c64x4", "node/wide@c64x16", "node/slow@c64x4"
FP4, LONG, HUGE, BIG = "node/fp4@c64x4", "node/long@c64x4", "node/huge@c64x16", "rack/s@c64x33"

OFFER: dict[str, Any] = {
    "provider": "acme",
    "region": "us",
    "system": "node",
    "kind": "on_demand",
    "usd_per_gpu_hour": 3.0,
    "lot_gpus": 1,
    "usable_share": 1.0,
}
OFFERS = (
    OFFER,
    OFFER
    | {
        "kind": "reserved",
        "term_months": 12,
        "lot_gpus": 8,
        "usable_share": 0.5,
        "upfront_share": 0.25,
        "lead_weeks": 4,
        "min_lots": 2,
        "max_lots": 3,
        "available_until": "2027-06-01",
    },
    OFFER | {"system": "rack", "lot_gpus": 72, "max_lots": 2},
    OFFER | {"provider": "bolt", "kind": "spot", "availability": 0.8},
    OFFER | {"provider": "bolt", "service": "endpoint", "interconnect": "none", "available_until": "2027-06-29"},
    OFFER | {"provider": "cold"},
    OFFER | {"system": "next", "lot_gpus": 72},
    OFFER | {"region": "eu", "kind": "reserved", "term_months": 7, "lot_gpus": 8},
)
HOURLY, RESERVED, RACKS = "acme/us/node/on_demand", "acme/us/node/reserved-12m", "acme/us/rack/on_demand"
SPOT, ENDPOINT, DENIED = "bolt/us/node/spot", "bolt/us/node/on_demand", "cold/us/node/on_demand"
UPCOMING, ODD_TERM = "acme/us/next/on_demand", "acme/eu/node/reserved-7m"

API: dict[str, Any] = {
    "provider": "acme",
    "model": "m",
    "input_usd_per_mtok": 1,
    "output_usd_per_mtok": 4,
    "ttft_ms": 500,
    "ttft_statistic": "p50",
    "tpot_ms": 10,
    "tpot_statistic": "p50",
    "max_mtok_per_day": 200,
}
APIS = (
    API,
    API | {"provider": "bolt", "ttft_ms": None, "ttft_statistic": None},
    API | {"provider": "cold"},
    API | {"provider": "gone", "available_until": "2027-03-30"},
)


def catalog() -> Catalog:
    offers = [Offer.model_validate(META | row) for row in OFFERS]
    points = [ServingPoint.model_validate(META | row) for row in POINTS]
    apis = [TokenApi.model_validate(META | row) for row in APIS]
    shape = LoadShape.model_validate(META | {"name": "office", "level": {DAY: 1.5, NIGHT: 0.5}})
    path = PricePath.model_validate(META | {"name": "flat", "hardware": {2027: 1}, "rent": {2027: 1}, "api": {2027: 1}})
    return Catalog(
        systems={row["system"]: System.model_validate(META | row) for row in (NODE, RACK, NEXT)},
        offers={offer.key: offer for offer in offers},
        token_apis={api.key: api for api in apis},
        serving={point.key: point for point in points},
        load_shapes={"office": shape},
        blocks={DAY: 0.5, NIGHT: 0.5},
        energy={"us": Energy.model_validate(META | {"region": "us", "usd_per_mwh": 80})},
        price_paths={"flat": path},
        sources={},
        digest="test",
    )


SCENARIO: dict[str, Any] = {
    "name": "small",
    "horizon": {"decided_on": "2026-07-01", "start": "2027-01", "periods": 4, "lookahead": 1},
    "sites": [
        {
            "name": "dallas",
            "region": "us",
            "power_mw": 0.2,
            "cooling": ["air"],
            "pue": {"air": {"design": 1.5, "annual": 1.25}, "liquid": {"design": 1.25, "annual": 1.1}},
            "colocation_usd_per_kw_month": 100,
            "liquid_it_kw": 130,
            "air_it_kw": 40,
            "rack_positions": 2,
            "kw_per_rack_position": 125,
            "conversion": {"cost_usd": 50_000, "liquid_it_kw": 120, "lead_weeks": 26},
            "existing": [{"system": "node", "count": 1, "in_service": "2024-01", "until": "2027-10-01"}],
        },
        {
            "name": "ashburn",
            "region": "us",
            "power_mw": 0.1,
            "cap_at": "it",
            "cooling": ["air"],
            "pue": {"air": {"design": 1.5, "annual": 1.4}},
            "lease": {"it_kw": 24, "usd_per_kw_month": 100},
        },
    ],
    "workloads": [
        {
            "name": "chat",
            "model": "m",
            "tokens": {"input": 1000, "output": 1000},
            "demand": {"requests_per_s": 8},
            "load": "office",
            "sla": {"ttft_s": 2, "tpot_ms": 50},
            "precisions": ["fp8"],
            "headroom": 0.2,
        },
        {
            "name": "nightly",
            "kind": "batch",
            "model": "m",
            "tokens": {"input": 1000, "output": 1000},
            "demand": {"requests_per_s": 2},
            "headroom": 0,
            "min_served": 0.9,
        },
        {
            "name": "train",
            "kind": "gpu_hours",
            "demand": {"gpu_hours_per_day": 48},
            "gpu_hours_weight": {"node": 2.0},
            "headroom": 0,
        },
        {
            "name": "big",
            "model": "m2",
            "tokens": {"input": 1000, "output": 1000},
            "demand": {"requests_per_s": 20},
            "headroom": 0,
            "whole_replicas": True,
            "min_replicas": 1,
        },
    ],
    "futures": [{"name": name, "probability": 0.5, "demand": factor} for name, factor in FUTURES.items()],
    "revealed": "2027-07-01",
    "procurement": {
        "providers": {"deny": ["cold"], "max_share": 0.75},
        "quotas": [{"system": "node", "gpus": 40}],
        "spot_availability": {NIGHT: 0.5},
        "lead_weeks": {"reserved_1y": 13},
    },
    "contracts": [
        {
            "provider": "bolt",
            "system": "node",
            "gpus": 8,
            "usd_per_gpu_hour": 2,
            "start": "2026-06",
            "end": "2028-07",
        }
    ],
    "budget": {
        "capex_usd": {2027: 2e6},
        "opex_usd": 20e6,
        "total_usd": {2027: 21e6},
        "commitments_usd": {2027: 1e6},
    },
}


def scenario(**changes: Any) -> Scenario:
    return Scenario.model_validate(SCENARIO | changes)


def frame(table: str, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS[table]))


POOLS = [
    ("dallas", "own:dallas/node"),
    ("dallas", "existing:dallas/0"),
    ("ashburn", "own:ashburn/node"),
    ("acme", f"offer:{HOURLY}"),
    ("acme", f"offer:{RESERVED}"),
    ("acme", "contract:0"),
    ("spot", f"offer:{SPOT}"),
    ("racks", f"offer:{RACKS}"),
    ("own-rack", "own:dallas/rack"),
    ("endpoint", f"offer:{ENDPOINT}"),
]


def plan() -> Decisions:
    """The correct plan. Node pools: dallas 18 usable GPUs (12 from 2027-Q3), acme 6 signed (+8 reserved from Q2)."""
    buys, keeps, signs, rents, conversions, serving, api, unserved = ([] for _ in range(8))
    for future, factor in FUTURES.items():
        buys += [(future, "dallas", "node", 0, 2), (future, "ashburn", "node", 0, 1)]
        buys += [(future, "dallas", "rack", 2, 1)]
        keeps += [(future, "dallas", 0, 0, 1), (future, "dallas", 0, 1, 1)]
        signs += [(future, RESERVED, 1, 2)]
        conversions += [(future, "dallas", 1)]
        for period in PERIODS:
            # chat: 12 × factor requests/s by day, 4 × factor by night, at 0.8 per GPU; dallas takes what it can.
            at_dallas = 15.0 if period < 2 else 10.0
            by_day, by_night = 12 * factor / 0.8, 4 * factor / 0.8
            serving += [
                (future, "chat", "dallas", FAST, period, DAY, at_dallas, np.nan),
                (future, "chat", "acme", FAST, period, DAY, by_day - at_dallas, np.nan),
                (future, "chat", "dallas", FAST, period, NIGHT, by_night, np.nan),
            ]
            # nightly: 2 × factor all day is 4 × factor by night: 1 on spot, 1 at an API, 0.2 left, the rest at dallas.
            # One GPU on spot takes 1 ÷ (0.8 × 0.5) = 2.5 lots.
            rents += [(future, SPOT, period, NIGHT, 2.5)]
            serving += [
                (future, "nightly", "spot", FAST, period, NIGHT, 1.0, np.nan),
                (future, "nightly", "dallas", FAST, period, NIGHT, 4 * factor - 2.2, np.nan),
            ]
            api += [(future, "nightly", "acme/m", period, NIGHT, 1.0)]
            unserved += [(future, "nightly", period, NIGHT, 0.2)]
            # train: 48 GPU-hours a day are 2 weighted GPUs; a node's GPU counts for two.
            # big: 20 × factor GPUs of one replica of 33, on a rented rack until the own one is there.
            rack = "racks" if period < 2 else "own-rack"
            for block in (DAY, NIGHT):
                serving += [
                    (future, "train", "acme", "node", period, block, factor, np.nan),
                    (future, "big", rack, BIG, period, block, 20 * factor, 1.0),
                ]
                if period < 2:
                    rents += [(future, RACKS, period, block, 1.0)]
    rows: dict[str, list[tuple[Any, ...]]] = {
        "pools": POOLS,
        "buys": buys,
        "keeps": keeps,
        "signs": signs,
        "rents": rents,
        "conversions": conversions,
        "serving": [row for row in serving if row[6] > 0],
        "api": api,
        "unserved": unserved,
    }
    return Decisions(**{table: frame(table, found) for table, found in rows.items()})


Change = Callable[[Decisions], Decisions]


def add(table: str, *row: Any) -> Change:
    """The plan with one more row; a leading ``...`` stands for each future in turn."""

    def change(decisions: Decisions) -> Decisions:
        rows = [(name, *row[1:]) for name in FUTURES] if row[0] is ... else [row]
        more = pd.concat([getattr(decisions, table), frame(table, rows)], ignore_index=True)
        return replace(decisions, **{table: more})

    return change


def edit(table: str, column: str, value: Any, **where: Any) -> Change:
    """The plan with ``column`` set, or mapped by a function, in the rows that match."""

    def change(decisions: Decisions) -> Decisions:
        rows = getattr(decisions, table).copy()
        chosen = np.logical_and.reduce([rows[name] == wanted for name, wanted in where.items()])
        assert chosen.any()
        if not isinstance(value, str):
            rows[column] = rows[column].astype(float if column not in ("period", "group") else int)
        rows.loc[chosen, column] = value(rows.loc[chosen, column]) if callable(value) else value
        return replace(decisions, **{table: rows})

    return change


def drop(table: str, **where: Any) -> Change:
    """The plan without the rows that match."""

    def change(decisions: Decisions) -> Decisions:
        rows = getattr(decisions, table)
        chosen = np.logical_and.reduce([rows[name] == wanted for name, wanted in where.items()])
        assert chosen.any()
        return replace(decisions, **{table: rows[~chosen].reset_index(drop=True)})

    return change


def both(*changes: Change) -> Change:
    def change(decisions: Decisions) -> Decisions:
        for one in changes:
            decisions = one(decisions)
        return decisions

    return change


def run(decisions: Decisions, **changes: Any) -> Audit:
    return audit(scenario(**changes), catalog(), decisions)


def with_site(**changes: Any) -> dict[str, Any]:
    return {"sites": [SCENARIO["sites"][0] | changes, SCENARIO["sites"][1]]}


def with_procurement(**changes: Any) -> dict[str, Any]:
    return {"procurement": SCENARIO["procurement"] | changes}


def with_workload(name: str, **changes: Any) -> dict[str, Any]:
    return {"workloads": [w | changes if w["name"] == name else w for w in SCENARIO["workloads"]]}


def test_the_correct_plan_passes() -> None:
    cost = totals(scenario(), catalog(), plan()).cost_usd
    found = audit(scenario(), catalog(), plan(), claimed_cost_usd=cost)
    assert [violation.sentence for violation in found.violations] == []
    assert found.passed
    assert found.worst_violation < 1e-9
    assert found.checks > 1000


def serving(workload: str, pool: str, point: str) -> Change:
    """A little of a workload served at a point on a pool."""
    return add("serving", "base", workload, pool, point, 0, NIGHT, 0.5, np.nan)


def same(decisions: Decisions) -> Decisions:
    return decisions


# (family, what is wrong, the scenario's change, a part of the sentence)
WRONG: list[tuple[str, Change, dict[str, Any], str]] = [
    ("numbers", edit("rents", "lots", -1.0, offer=SPOT, period=0), {}, "rents has lots -1.0"),
    ("numbers", edit("serving", "gpus", np.nan, workload="chat", period=0), {}, "gpus nan"),
    ("numbers", edit("serving", "gpus", np.inf, workload="chat", period=0), {}, "gpus inf"),
    ("numbers", edit("serving", "replicas", np.nan, workload="big", period=0), {}, "replicas nan"),
    ("names", edit("signs", "offer", "acme/nowhere", period=1), {}, "offer acme/nowhere"),
    ("names", edit("buys", "period", 5, system="rack"), {}, "period 5"),
    ("names", edit("keeps", "group", 3, period=0), {}, "group 3"),
    ("names", add("pools", "acme", "contract:7"), {}, "supply contract:7"),
    ("names", edit("serving", "pool", "nowhere", pool="spot"), {}, "pool nowhere"),
    ("demand", edit("serving", "gpus", lambda gpus: gpus * 0.99, workload="chat", period=1, block=DAY), {}, "chat"),
    ("demand", edit("serving", "gpus", lambda gpus: gpus * 1.01, workload="chat", period=1, block=NIGHT), {}, "chat"),
    ("demand", edit("api", "requests_per_s", 0.9, period=3), {}, "nightly in 2027-Q4"),
    ("demand", edit("serving", "gpus", lambda gpus: gpus * 1.1, workload="train"), {}, "weighted GPUs"),
    ("demand", same, {"trust": {"independent": 0.9}}, "chat in 2027-Q1 (day) in future base"),
    ("demand", same, with_procurement(software_gain_per_year={"node": 0.1}), "chat"),
    ("floors", same, with_workload("nightly", min_served=0.96), "serves 95.00% of demand, the floor is 96%"),
    ("unserved", same, with_workload("nightly", min_served=1), "unserved, which is not allowed"),
    ("unserved", add("unserved", "base", "chat", 0, DAY, 0.1), {}, "chat in 2027-Q1 (day)"),
    ("eligibility", serving("chat", "acme", SLOW), {}, "its TTFT at percentile 50 is 9000 ms, the target 2000 ms"),
    ("eligibility", serving("chat", "acme", FP4), {}, "fp4 is not among the precisions"),
    ("eligibility", serving("chat", "acme", LONG), {}, "its mean input of 1101 tokens"),
    ("eligibility", serving("chat", "acme", HUGE), {}, "its worker of 16 GPUs exceeds the domain of 8"),
    ("eligibility", serving("chat", "own-rack", BIG), {}, "it runs m2, not m"),
    ("eligibility", serving("chat", "acme", "node/none@c1x1"), {}, "no such point"),
    ("eligibility", serving("chat", "own-rack", FAST), {}, "of another system"),
    ("eligibility", serving("chat", "spot", FAST), {}, "is spot"),
    ("eligibility", serving("chat", "endpoint", WIDE), {}, "has no RDMA"),
    ("eligibility", serving("chat", "endpoint", MTP), {}, "does not enable mtp"),
    ("eligibility", serving("train", "own-rack", "rack"), {}, "gpu_hours_weight does not name rack"),
    ("pools", add("pools", "spot", "contract:0"), {}, "contract:0 feeds more than one pool"),
    ("pools", edit("pools", "pool", "spot", supply=f"offer:{HOURLY}"), {}, "spot False and True"),
    ("pools", edit("pools", "pool", "endpoint", supply=f"offer:{HOURLY}"), {}, "RDMA True and False"),
    ("pools", edit("pools", "pool", "endpoint", supply=f"offer:{HOURLY}"), {}, "capabilities any and none"),
    ("pools", edit("pools", "pool", "racks", supply=f"offer:{HOURLY}"), {}, "system node and rack"),
    ("pools", edit("pools", "pool", "dallas", supply="own:ashburn/node"), {}, "energy per GPU differs"),
    (
        "capacity",
        drop("signs", offer=RESERVED),
        {},
        "pool acme runs 10 GPUs in 2027-Q3 (day) in future boom, 6 are there",
    ),
    ("capacity", edit("rents", "lots", 2.4, offer=SPOT, period=2), {}, "pool spot"),
    ("capacity", edit("serving", "replicas", 3.0, workload="big", period=3), {}, "pool own-rack runs 99 GPUs"),
    ("large_workers", edit("serving", "replicas", 2.0, workload="big", period=0), {}, "pool racks runs 2 workers"),
    ("replicas", edit("serving", "replicas", 0.9, workload="big", period=0), {}, "0.9 replicas for 20 GPUs"),
    ("replicas", edit("serving", "replicas", 0.0, workload="big", period=0), {}, "0 replicas for 20 GPUs"),
    ("replicas", same, with_workload("big", min_replicas=2), "at least 2 must run"),
    ("fleet", edit("buys", "count", 2.5, site="dallas", system="node"), {}, "2.5 systems in 2027-Q1"),
    ("fleet", add("buys", ..., "dallas", "next", 4, 1), {}, "next is announced and not switched on"),
    ("fleet", same, with_procurement(systems={"deny": ["rack"]}), "procurement.systems does not allow rack"),
    ("fleet", same, with_procurement(systems={"allow": ["rack"]}), "does not allow node"),
    ("fleet", same, with_procurement(buy=False), "procurement.buy is off"),
    ("lead_time", same, with_procurement(lead_weeks={"node": 27}), "ordered before 2026-07-01"),
    ("lead_time", add("buys", ..., "dallas", "next", 1, 1), {}, "available from 2027-07-01"),
    ("keep", edit("keeps", "count", 2.0, period=0), {}, "keeps 2 in 2027-Q1 in future base, 1 are there"),
    ("keep", edit("keeps", "count", 0.5, period=0), {}, "not whole"),
    ("keep", drop("keeps", period=0), {}, "grows to 1 in 2027-Q2"),
    ("keep", add("keeps", ..., "dallas", 0, 3, 1), {}, "keeps 1 in 2027-Q4 in future boom, 0 are there"),
    ("contracts", edit("signs", "lots", 2.5, period=1), {}, "lots are signed whole"),
    ("contracts", edit("signs", "lots", 1.0, period=1), {}, "takes at least 2 lots"),
    ("contracts", add("signs", ..., RESERVED, 2, 2), {}, "over 3 lots run at once"),
    ("contracts", add("signs", ..., RESERVED, 3, 2), {}, "it can be signed until 2027-06-01"),
    ("contracts", same, with_procurement(lead_weeks={"reserved_12m": 40}), "signed before 2026-07-01"),
    ("contracts", same, with_procurement(rent=["on_demand", "spot"]), "does not list reserved"),
    ("contracts", add("signs", ..., ODD_TERM, 1, 1), {}, "7 months are no whole number of periods"),
    ("contracts", add("signs", ..., HOURLY, 1, 1), {}, "not sold for a term"),
    ("rents", add("rents", "base", ENDPOINT, 1, DAY, 1.0), {}, "it runs from"),
    ("rents", add("rents", "base", RACKS, 1, DAY, 2.0), {}, "over 2 lots"),
    ("rents", same, with_procurement(whole_on_demand_lots=True), "lots are rented whole"),
    ("rents", same, with_procurement(rent=["spot", "reserved"]), "does not list on_demand"),
    ("rents", add("rents", "base", RESERVED, 1, DAY, 1.0), {}, "not rented by the hour"),
    ("rents", add("rents", "base", UPCOMING, 1, DAY, 1.0), {}, "next is announced"),
    ("providers", add("rents", "base", DENIED, 1, DAY, 1.0), {}, "does not allow cold"),
    ("providers", same, with_procurement(providers={"allow": ["acme"]}), "does not allow bolt"),
    ("provider_share", same, with_procurement(providers={"max_share": 0.6}), "acme supplies 72 of 113.2 GPUs"),
    (
        "quotas",
        add("rents", "boom", HOURLY, 1, DAY, 25.0),
        {},
        "acme/node runs 41 GPUs in 2027-Q2 (day) in future boom, the quota is 40",
    ),
    (
        "power",
        add("buys", ..., "dallas", "node", 3, 1),
        {},
        "dallas provisions 0.204 MW in 2027-Q4 in future boom, the cap is 0.2",
    ),
    ("power", same, with_site(usable_share=0.9), "the cap is 0.18"),
    ("lease", add("buys", ..., "ashburn", "node", 3, 2), {}, "ashburn installs 36 IT kW under its lease in 2027-Q4"),
    ("cooling", drop("conversions", site="dallas"), {}, "dallas installs 120 IT kW cooled by liquid in 2027-Q3"),
    ("cooling", edit("conversions", "period", 3, period=1), {}, "the limit is 0"),
    ("cooling", same, with_site(liquid_it_kw=100), "cooled by liquid in 2027-Q3 in future base, the limit is 100"),
    ("cooling", same, with_site(air_it_kw=30), "cooled by air in 2027-Q1 in future base, the limit is 30"),
    ("conversion", add("conversions", ..., "dallas", 3), {}, "converted more than once"),
    ("conversion", add("conversions", ..., "ashburn", 3), {}, "ashburn cannot be converted"),
    (
        "conversion",
        same,
        with_site(conversion={"cost_usd": 1, "lead_weeks": 40}),
        "dallas cannot be converted in 2027-Q2",
    ),
    (
        "positions",
        same,
        with_site(rack_positions=1),
        "takes 1.2 rack positions in 2027-Q3 in future base, the limit is 1",
    ),
    ("positions", same, with_site(kw_per_rack_position=100), "needs more kW than a rack position feeds"),
    ("budget", same, {"budget": {"capex_usd": {2026: 1.4e6}}}, "capex of 2027"),
    ("budget", same, {"budget": {"opex_usd": 1e6}}, "opex of the reported periods"),
    ("budget", same, {"budget": {"total_usd": {2027: 2e6}}}, "cash of 2027"),
    ("budget", same, {"budget": {"commitments_usd": 4e5}}, "contracts started"),
    ("token_api", add("api", "base", "chat", "bolt/m", 0, DAY, 1.0), {}, "TTFT at percentile 50 is unknown"),
    ("token_api", add("api", "base", "chat", "cold/m", 0, DAY, 1.0), {}, "does not allow cold"),
    ("token_api", add("api", "base", "big", "acme/m", 0, DAY, 1.0), {}, "it serves m, not m2"),
    ("token_api", add("api", "base", "train", "acme/m", 0, DAY, 1.0), {}, "may not be sent to token APIs"),
    ("token_api", add("api", "base", "chat", "gone/m", 0, DAY, 1.0), {}, "not there on all days"),
    (
        "token_api",
        edit("api", "requests_per_s", 1.2, period=0),
        {},
        "207.4 Mtok a day in 2027-Q1 (night) in future boom, it takes 200",
    ),
    ("token_api", same, with_procurement(token_api=False), "procurement.token_api is off"),
    ("token_api", same, with_workload("nightly", token_api=False), "nightly may not be sent"),
    ("non_anticipativity", drop("signs", future="boom"), {}, "signing acme/us/node/reserved-12m for 2027-Q2"),
    ("non_anticipativity", drop("buys", future="boom", site="ashburn"), {}, "buying node for ashburn"),
    ("non_anticipativity", drop("keeps", future="boom", period=1), {}, "keeping node at dallas for 2027-Q2"),
    ("non_anticipativity", edit("conversions", "period", 0, future="boom"), {}, "converting dallas for 2027-Q1"),
]


@pytest.mark.parametrize(("family", "change", "changes", "sentence"), WRONG)
def test_each_fault_is_named(family: str, change: Change, changes: dict[str, Any], sentence: str) -> None:
    found = run(change(plan()), **changes)
    assert not found.passed
    assert found.worst_violation > 1e-6
    told = [violation.sentence for violation in found.violations if violation.family == family]
    assert any(sentence in line for line in told), [str(violation) for violation in found.violations]


def test_every_family_is_broken_once() -> None:
    assert {family for family, *_ in WRONG} | {"totals"} == set(FAMILIES)


@pytest.mark.parametrize("factor", [1 - 2e-6, 1 + 2e-6, float("nan")])
def test_a_claimed_cost_must_be_the_recomputed_one(factor: float) -> None:
    cost = totals(scenario(), catalog(), plan()).cost_usd
    found = audit(scenario(), catalog(), plan(), claimed_cost_usd=cost * factor)
    assert [violation.family for violation in found.violations] == ["totals"]
    assert audit(scenario(), catalog(), plan(), claimed_cost_usd=cost * (1 + 1e-7)).passed


def test_recourse_after_the_future_is_known_may_differ() -> None:
    # Ordered 13 weeks before 2027-Q4 is 2027-07-02, a day after the future is known.
    only_in_boom = add("buys", "boom", "ashburn", "node", 3, 1)
    assert run(only_in_boom(plan())).passed
    earlier = add("buys", "boom", "ashburn", "node", 2, 1)
    assert {v.family for v in run(earlier(plan())).violations} == {"non_anticipativity"}


def test_rounding_within_the_tolerance_passes() -> None:
    nearly = edit("serving", "gpus", lambda gpus: gpus * (1 + 4e-7), workload="chat", period=0)
    found = run(nearly(plan()))
    assert found.passed
    assert 1e-7 < found.worst_violation < 1e-6


def test_without_futures_any_name_of_the_only_one_will_do() -> None:
    alone: dict[str, Any] = {"futures": [], "revealed": None}
    base = plan()
    tables = {name: getattr(base, name) for name in COLUMNS}
    kept = {
        name: rows[rows["future"] == "base"].replace({"future": {"base": "only"}}) if "future" in rows else rows
        for name, rows in tables.items()
    }
    assert run(Decisions(**kept), **alone).passed
    # What is signed stays: bolt's 8 GPUs are then all there are.
    empty = Decisions(**{name: frame(name, []) for name in COLUMNS})
    assert {v.family for v in run(empty, **alone).violations} == {"demand", "floors", "provider_share", "replicas"}


def test_bought_systems_leave_service_at_the_end_of_their_life() -> None:
    short = catalog()
    short.systems["node"] = short.systems["node"].model_copy(update={"life_years": 0.5})
    found = audit(scenario(), short, plan())
    assert any(
        v.family == "capacity" and v.sentence == "pool dallas runs 10 GPUs in 2027-Q3 (day) in future base, 0 are there"
        for v in found.violations
    )


def test_the_fleet_by_hand() -> None:
    rows = fleet(Account(scenario(), catalog(), plan())).set_index(["future", "site", "period", "system"])
    rack = rows.loc[("base", "dallas", 2, "rack")]
    assert rack["provisioned_it_mw"] == pytest.approx(0.12)  # 100 kW × 1.2
    assert rack["provisioned_utility_mw"] == pytest.approx(0.15)  # × design PUE 1.25
    assert rack["limit_mw"] == 0.2
    # 92 days × 24 h × annual PUE 1.1 × 1.2 × (4 kW idle + 4 kW × 20 of 72 GPUs busy)
    assert rack["energy_mwh"] == pytest.approx(2208 * 1.1 * 1.2 * (4 + 4 * 20 / 72) / 1000)
    nodes = rows.loc[("boom", "dallas", 0, "node")]
    # Two bought and one kept; busy by day 15 GPUs, by night 6.25 for chat and 2.8 for nightly.
    assert nodes["count"] == 3
    busy = (15 + 6.25 + 2.8) / 2 / 8
    assert nodes["energy_mwh"] == pytest.approx(2160 * 1.25 * 1.2 * (3 * 4 + 4 * busy) / 1000)
    assert rows.loc[("base", "dallas", 3, "node"), "count"] == 2


def test_served_rates_and_pools_by_hand() -> None:
    account = Account(scenario(), catalog(), plan())
    served = served_rates(account.service).set_index(["future", "workload", "period", "block"])
    night = served.loc[("boom", "nightly", 4, NIGHT)]
    assert night["by_gpus"] == pytest.approx(3.8)
    assert night["by_api"] == 1
    assert night["unserved"] == 0.2
    assert served.loc[("boom", "nightly", 4, DAY), "demand"] == pytest.approx(2.5)
    assert served.loc[("base", "chat", 0, DAY), "by_gpus"] == pytest.approx(12)
    use = pool_use(account.service, account.supply).set_index(["future", "pool", "period", "block"])
    acme = use.loc[("boom", "acme", 2, DAY)]
    assert acme["gpus_used"] == pytest.approx(8.75 + 1.25)
    assert acme["gpus_usable"] == pytest.approx(6 + 2 * 8 * 0.5)
    assert acme["gpus_in_service"] == 8 + 16
    assert use.loc[("base", "spot", 0, NIGHT), "gpus_usable"] == pytest.approx(1)


def point(**changes: Any) -> ServingPoint:
    return ServingPoint.model_validate(META | POINT | changes)


@pytest.mark.parametrize(
    ("percentile", "statistic", "p99", "expected"),
    [
        (50, "p50", None, 100),
        (50, "mean", 300, 100),
        (50, "p90", 300, None),
        (90, "p90", 300, 100),
        (90, "p50", 300, 300),
        (95, "mean", None, None),
        (95, "p99", None, 100),
        (99, "p99", None, 100),
        (99, "p50", 300, 300),
    ],
)
def test_a_target_is_held_against_its_own_percentile(
    percentile: int, statistic: str, p99: float | None, expected: float | None
) -> None:
    row = point(ttft_ms=100, ttft_statistic=statistic, ttft_p99_ms=p99)
    assert latency_ms(row, "ttft", percentile, TailRatio()) == (math.inf if expected is None else expected)


@pytest.mark.parametrize(
    ("percentile", "statistic", "p99", "expected"),
    [
        (50, "mean", None, 100),
        (90, "p90", None, 100),
        (90, "p50", None, 700),
        (99, "mean", None, 700),
        (99, "p50", 300, 300),
        (99, "p90", None, None),
    ],
)
def test_a_tail_ratio_converts_what_states_no_tail(
    percentile: int, statistic: str, p99: float | None, expected: float | None
) -> None:
    row = point(ttft_ms=100, ttft_statistic=statistic, ttft_p99_ms=p99)
    assert latency_ms(row, "ttft", percentile, TailRatio(ttft=7.0)) == (math.inf if expected is None else expected)


def test_ten_per_cent_off_in_length_is_still_eligible() -> None:
    ground = build_inputs(scenario(), catalog(), plan())
    chat = ground.workloads[0]
    assert point_fault(ground, chat, point(input_tokens_mean=1100, output_tokens_mean=900)) == ""
    assert "mean output" in point_fault(ground, chat, point(output_tokens_mean=899))


def test_a_predicted_point_is_no_better_than_the_best_proven_one_no_slower() -> None:
    ground = build_inputs(scenario(), catalog(), plan())
    nightly, where = ground.workloads[1], (ground.scenario, ground.timeline)
    bold = point(evidence="predicted", output_tok_s_per_gpu=4000, precision="fp4")  # 4 × 0.65 = 2.6
    proven = point(evidence="independent", output_tok_s_per_gpu=2000)
    slower = point(evidence="independent", output_tok_s_per_gpu=500, tpot_ms=21)
    elsewhere = point(evidence="measured", output_tok_s_per_gpu=100, system="rack")
    assert point_rate(*where, nightly, bold, [proven, slower, elsewhere])[0] == pytest.approx(2.0)
    assert point_rate(*where, nightly, bold, [slower, elsewhere])[0] == pytest.approx(2.6)


def test_an_api_of_unknown_latency_serves_whoever_asks_for_none() -> None:
    ground = build_inputs(scenario(), catalog(), plan())
    unknown = ground.apis[1]
    chat, nightly = ground.workloads[:2]
    assert "unknown" in api_fault(ground, chat, unknown)
    assert api_fault(ground, nightly, unknown) == ""
    only_tpot = chat.model_copy(update={"sla": chat.sla.model_copy(update={"ttft_s": None})})
    assert api_fault(ground, only_tpot, unknown) == ""


@pytest.mark.parametrize(("copies", "seconds"), [(25, 0.5), (550, 3.0)])
def test_large_plans_are_audited_quickly(copies: int, seconds: float) -> None:
    base = plan()
    small = base.serving.assign(gpus=base.serving["gpus"] / copies)
    small.loc[small["workload"] == "big", "replicas"] = 0.0
    large = replace(base, serving=pd.concat([small] * copies, ignore_index=True))
    begin = time.perf_counter()
    found = run(large)
    assert time.perf_counter() - begin < seconds
    assert {violation.family for violation in found.violations} == {"replicas"}
