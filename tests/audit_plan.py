"""A plan small enough to check by hand, and copies of it with something changed.

Two sites, three systems, two futures and four workloads. Rates are 1 request/s per GPU everywhere but for chat,
whose headroom of 0.2 leaves 0.8. What each workload needs and where it runs stands beside the rows below. One of them
runs whole replicas, so that pools have one owner each, and host on all GPUs of a node, of which the usable share is up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from planner.audit.audit import Audit, audit
from planner.decisions import COLUMNS, Decisions
from planner.scenario.models import Scenario
from tests.audit_catalog import BIG, DAY, ENDPOINT, FAST, HOURLY, NIGHT, RACKS, RESERVED, SPOT, catalog

PERIODS = range(5)
FUTURES = {"base": 1.0, "boom": 1.25}

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
    ("hourly", f"offer:{HOURLY}"),
    ("acme", f"offer:{RESERVED}"),
    ("bolt", "contract:0"),
    ("spot", f"offer:{SPOT}"),
    ("racks", f"offer:{RACKS}"),
    ("own-rack", "own:dallas/rack"),
    ("endpoint", f"offer:{ENDPOINT}"),
]


def hourly(future: str, offer: str, period: int, block: str, lots: float) -> tuple[Any, ...]:
    """Lots by the hour that run through a block."""
    return future, offer, period, block, lots, lots, False


def plan() -> Decisions:
    """The correct plan. Node pools: 24 GPUs at dallas (16 from 2027-Q3), 8 signed at bolt, 16 at acme from 2027-Q2.

    Of those at dallas and bolt 0.75 are up, of those at acme 0.5.
    """
    buys, keeps, signs, rents, conversions, serving, api, unserved = ([] for _ in range(8))
    for future, factor in FUTURES.items():
        buys += [(future, "dallas", "node", 0, 2), (future, "ashburn", "node", 0, 1)]
        buys += [(future, "dallas", "rack", 2, 1)]
        keeps += [(future, "dallas", 0, 0, 1), (future, "dallas", 0, 1, 1)]
        signs += [(future, RESERVED, 1, 2)]
        conversions += [(future, "dallas", 1)]
        for period in PERIODS:
            # chat: 12 × factor requests/s by day, 4 × factor by night, at 0.8 per GPU that is up; dallas takes what it
            # can, bolt what is left in the first half-year and 3 of it later, acme the rest.
            at_dallas = 15.0 if period < 2 else 10.0
            by_day, by_night = 12 * factor / 0.8, 4 * factor / 0.8
            serving += [
                (future, "chat", "dallas", FAST, period, DAY, at_dallas / 0.75, np.nan),
                (future, "chat", "bolt", FAST, period, DAY, (by_day - 15 if period < 2 else 3) / 0.75, np.nan),
                (future, "chat", "acme", FAST, period, DAY, 0.0 if period < 2 else (by_day - 13) / 0.5, np.nan),
                (future, "chat", "dallas", FAST, period, NIGHT, by_night / 0.75, np.nan),
            ]
            # nightly: 2 × factor all day is 4 × factor by night: 1 on spot, 1 at an API, 0.2 left, the rest at dallas.
            # One GPU that is up on spot takes 1 ÷ (0.8 × 0.5) = 2.5 lots of one GPU.
            rents += [hourly(future, SPOT, period, NIGHT, 2.5)]
            serving += [
                (future, "nightly", "spot", FAST, period, NIGHT, 2.5, np.nan),
                (future, "nightly", "dallas", FAST, period, NIGHT, (4 * factor - 2.2) / 0.75, np.nan),
            ]
            api += [(future, "nightly", "acme/m", period, NIGHT, 1.0)]
            unserved += [(future, "nightly", period, NIGHT, 0.2)]
            # train: 48 GPU-hours a day are 2 weighted GPUs; a node's GPU counts for two.
            # big: 20 × factor GPUs of one replica of 33, on a rented rack until the own one is there.
            rack = "racks" if period < 2 else "own-rack"
            for block in (DAY, NIGHT):
                serving += [
                    (future, "train", "bolt", "node", period, block, factor / 0.75, np.nan),
                    (future, "big", rack, BIG, period, block, 20 * factor, 1.0),
                ]
                if period < 2:
                    rents += [hourly(future, RACKS, period, block, 1.0)]
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


def run(decisions: Decisions, **changes: Any) -> Audit:
    return audit(scenario(**changes), catalog(), decisions)


def with_site(**changes: Any) -> dict[str, Any]:
    return {"sites": [SCENARIO["sites"][0] | changes, SCENARIO["sites"][1]]}


def with_procurement(**changes: Any) -> dict[str, Any]:
    return {"procurement": SCENARIO["procurement"] | changes}


def with_workload(name: str, **changes: Any) -> dict[str, Any]:
    return {"workloads": [w | changes if w["name"] == name else w for w in SCENARIO["workloads"]]}
