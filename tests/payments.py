"""A scenario whose payments can be worked out by hand.

Two yearly periods: 2027 has 365 days (8,760 h), 2028 has 366 (8,784 h); each half is a load block. Discounting is
10 % a year, so money of 2027's start counts in full, of 2028's start as 1.1^(−365 ÷ 365.25).
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from planner.accounts.cashflow import cash_flow
from planner.catalog.models import Catalog, Energy, Offer, PricePath, ServingPoint, System, TokenApi
from planner.decisions import COLUMNS, Decisions
from planner.kinds.cash import CATEGORIES
from planner.scenario.models import Scenario

META = {"source": ("test",), "as_of": "2026-01", "evidence": "independent"}
YEAR, MONTH = 8766.0, 730.5
HOURS = {0: 8760.0, 1: 8784.0}
START = {0: 1.0, 1: 1.1 ** -(365 / 365.25)}
MIDDLE = {0: 1.1 ** -(182.5 / 365.25), 1: 1.1 ** -(548 / 365.25)}
MIDDLE_OF_2029 = 1.1 ** -((731 + 182.5) / 365.25)
END = 1.1 ** -(731 / 365.25)

SYSTEM: dict[str, Any] = {
    "system": "node",
    "name": "8-GPU node",
    "generation": "blackwell",
    "gpus": 8,
    "nvlink_domain_usable_gpus": 8,
    "usable_share": 1.0,
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
    "licence_usd_per_gpu_year": 100,
    "deposit_share": 0.2,
    "lead_weeks": 26,
    "life_years": 4,
    "residual_share_by_age_years": {1: 0.6, 2: 0.3},
    "available_from": "2026-01",
}
POINT: dict[str, Any] = {
    "model": "m",
    "series": "s",
    "system": "node",
    "engine": "e",
    "precision": "fp8",
    "mode": "agg",
    "spec_decode": "none",
    "gpus_per_replica": 1,
    "largest_worker_gpus": 1,
    "input_tokens_nominal": 1000,
    "output_tokens_nominal": 500,
    "input_tokens_mean": 1000,
    "output_tokens_mean": 500,
    "concurrency": 8,
    "ttft_ms": 500,
    "ttft_statistic": "p50",
    "tpot_ms": 20,
    "tpot_statistic": "p50",
    "input_tok_s_per_gpu": 9000,
    "output_tok_s_per_gpu": 500,
}
OFFER: dict[str, Any] = {"provider": "acme", "region": "us", "system": "node", "usd_per_gpu_hour": 3, "lot_gpus": 2}
OFFERS = (
    OFFER | {"kind": "on_demand"},
    OFFER | {"kind": "spot", "usd_per_gpu_hour": 1, "availability": 0.5},
    OFFER | {"kind": "reserved", "term_months": 24, "usd_per_gpu_hour": 2, "lot_gpus": 8, "upfront_share": 0.25},
)
API: dict[str, Any] = {
    "provider": "acme",
    "model": "m",
    "input_usd_per_mtok": 1,
    "cached_input_usd_per_mtok": 0.1,
    "output_usd_per_mtok": 4,
}
PATH: dict[str, Any] = {
    "name": "falling",
    "hardware": {2026: 1.0, 2027: 0.9, 2028: 0.8},
    "rent": {2027: 1.0, 2028: 0.5},
    "api": {2027: 1.0, 2028: 0.5},
}
HALL: dict[str, Any] = {
    "name": "hall",
    "region": "us",
    "power_mw": 1,
    "cooling": ["air"],
    "pue": {"air": {"design": 1.5, "annual": 1.25}, "liquid": {"design": 1.2, "annual": 1.1}},
    "electricity_usd_per_mwh": {"2027-01": 80, "2027-07": 100},
    "colocation_usd_per_kw_month": 100,
    "staff_usd_per_mw_year": 50_000,
    "conversion": {"cost_usd": 50_000},
}
CHAT: dict[str, Any] = {
    "name": "chat",
    "model": "m",
    "tokens": {"input": 1000, "output": 500},
    "demand": {"requests_per_s": 4},
    "headroom": 0,
    "cached_input_share": 0.4,
    "price_usd_per_mtok": {"input": 0.5, "output": {"2027-01": 2, "2028-01": 1}},
}
SCENARIO: dict[str, Any] = {
    "name": "by hand",
    "horizon": {"decided_on": "2026-07-01", "start": "2027-01", "periods": 2, "period": "year"},
    "finance": {"contract_tail_share": 0.5, "residual_haircut": 0.9, "price_path": "falling"},
    "sites": [HALL],
    "workloads": [CHAT],
}


def scenario(**changes: Any) -> Scenario:
    return Scenario.model_validate(SCENARIO | changes)


def catalog(**changes: Any) -> Catalog:
    offers = [Offer.model_validate(META | row) for row in OFFERS]
    api = TokenApi.model_validate(META | API)
    point = ServingPoint.model_validate(META | POINT)
    return Catalog(
        systems={"node": System.model_validate(META | SYSTEM | changes)},
        offers={offer.key: offer for offer in offers},
        token_apis={api.key: api},
        serving={point.key: point},
        load_shapes={},
        blocks={"day": 0.5, "night": 0.5},
        energy={"us": Energy.model_validate(META | {"region": "us", "usd_per_mwh": 60})},
        price_paths={"falling": PricePath.model_validate(META | PATH)},
        sources={},
        digest="test",
    )


def decisions(**rows: list[tuple[Any, ...]]) -> Decisions:
    return Decisions(**{name: pd.DataFrame(rows.get(name, []), columns=list(COLUMNS[name])) for name in COLUMNS})


Flow = dict[tuple[str, int], tuple[float, float]]


def flow(plan: Decisions, changes: dict[str, Any] | None = None, system: dict[str, Any] | None = None) -> Flow:
    """(category, period) → (USD, USD discounted)."""
    rows = cash_flow(scenario(**changes or {}), catalog(**system or {}), plan)
    assert list(rows.columns) == ["future", "period", "category", "usd", "npv_usd"]
    assert set(rows["category"]) <= set(CATEGORIES)
    return {(row.category, row.period): (row.usd, row.npv_usd) for row in rows.itertuples()}


def only(found: Flow, category: str) -> dict[int, tuple[float, float]]:
    return {period: money for (name, period), money in found.items() if name == category}


def money(*usd_and_factor: tuple[float, float]) -> Any:
    """(USD, USD discounted) of payments (USD, factor)."""
    total = sum(usd for usd, _ in usd_and_factor), sum(usd * factor for usd, factor in usd_and_factor)
    return pytest.approx(total, rel=1e-12)
