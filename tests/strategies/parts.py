"""Rows and sections that handmade cases and the random ones are built from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from planner.catalog.models import (
    Catalog,
    Energy,
    LoadShape,
    Offer,
    PricePath,
    ServingPoint,
    Source,
    System,
    TokenApi,
)
from planner.scenario.models import Scenario
from tests.limits import AMPLE_S
from tests.strategies.case import META, rekeyed

MODELS = ("m1", "m2")
PROVIDERS = ("acme", "bolt", "core")
TOKENS = {"input": 1000.0, "output": 500.0}
NODE: dict[str, Any] = META | {
    "system": "h-node",
    "name": "8-GPU node",
    "generation": "hopper",
    "gpus": 8,
    "nvlink_domain_usable_gpus": 8,
    "usable_share": 1.0,
    "memory_gb_per_gpu": 140,
    "memory_tb_per_s_per_gpu": 4.8,
    "fp8_dense_pflops_per_gpu": 2.0,
    "nameplate_it_kw": 10.0,
    "nameplate_it_kw_contains": "the node",
    "network_kw_share": 0.0,
    "idle_it_kw": 3.0,
    "busy_it_kw": 7.0,
    "cooling": "air",
    "price_usd": 240_000.0,
    "price_contains": "the node",
    "network_capex_share": 0.0,
    "installation_capex_share": 0.0,
    "support_share_per_year": 0.0,
    "lead_weeks": 0.0,
    "life_years": 5.0,
    "residual_share_by_age_years": {1: 0.6, 2: 0.35, 4: 0.1},
    "available_from": "2020-01",
}
SYSTEMS: dict[str, dict[str, Any]] = {
    "h-node": NODE,
    "b-node": NODE
    | {
        "system": "b-node",
        "generation": "blackwell",
        "nameplate_it_kw": 14.0,
        "idle_it_kw": 4.0,
        "busy_it_kw": 11.0,
        "price_usd": 420_000.0,
    },
    "rack": NODE
    | {
        "system": "rack",
        "generation": "blackwell-ultra",
        "gpus": 72,
        "nvlink_domain_usable_gpus": 64,
        "usable_share": 64 / 72,
        "nameplate_it_kw": 130.0,
        "idle_it_kw": 40.0,
        "busy_it_kw": 110.0,
        "cooling": "liquid",
        "price_usd": 3_900_000.0,
    },
    "next": NODE
    | {
        "system": "next",
        "generation": "rubin",
        "gpus": 72,
        "nvlink_domain_usable_gpus": 72,
        "nameplate_it_kw": 180.0,
        "idle_it_kw": 60.0,
        "busy_it_kw": 160.0,
        "cooling": "liquid",
        "price_usd": 6_000_000.0,
        "announced": True,
    },
}
# Requests/s of a GPU of each system before trust and headroom, and its hourly price.
RATE = {"h-node": 1.0, "b-node": 2.0, "rack": 3.5, "next": 7.0}
HOURLY_USD = {"h-node": 2.4, "b-node": 4.6, "rack": 7.5, "next": 14.0}
HOPPER = ("h-node",)
POINT: dict[str, Any] = META | {
    "model": "m1",
    "series": "base",
    "system": "h-node",
    "engine": "e",
    "precision": "fp8",
    "mode": "agg",
    "spec_decode": "none",
    "gpus_per_replica": 4,
    "largest_worker_gpus": 4,
    "input_tokens_nominal": 1000.0,
    "output_tokens_nominal": 500.0,
    "input_tokens_mean": 1000.0,
    "output_tokens_mean": 500.0,
    "concurrency": 32.0,
    "ttft_ms": 800.0,
    "ttft_statistic": "p50",
    "ttft_p99_ms": 3000.0,
    "tpot_ms": 20.0,
    "tpot_statistic": "p50",
    "tpot_p99_ms": 40.0,
    "input_tok_s_per_gpu": 1000.0,
    "output_tok_s_per_gpu": 500.0,
}
OFFER: dict[str, Any] = META | {
    "provider": "acme",
    "region": "north",
    "system": "h-node",
    "kind": "on_demand",
    "usd_per_gpu_hour": 2.4,
    "lot_gpus": 1,
}
API: dict[str, Any] = META | {
    "provider": "acme",
    "model": "m1",
    "input_usd_per_mtok": 0.3,
    "output_usd_per_mtok": 1.2,
    "ttft_ms": 500.0,
    "ttft_statistic": "p50",
    "tpot_ms": 15.0,
    "tpot_statistic": "p50",
}
SITE: dict[str, Any] = {
    "name": "dallas",
    "region": "north",
    "power_mw": 0.5,
    "cooling": ["air", "liquid"],
    "pue": {"air": {"design": 1.25, "annual": 1.2}, "liquid": {"design": 1.15, "annual": 1.1}},
}
CHAT: dict[str, Any] = {
    "name": "chat",
    "model": "m1",
    "tokens": TOKENS,
    "demand": {"requests_per_s": 20.0},
    "headroom": 0.0,
}


def point(system: str = "h-node", rate: float | None = None, **fields: Any) -> ServingPoint:
    """A serving point whose GPUs make ``rate`` requests/s of 1,000 tokens in and 500 out."""
    rate = RATE[system] if rate is None else rate
    tokens = {"input_tok_s_per_gpu": rate * TOKENS["input"], "output_tok_s_per_gpu": rate * TOKENS["output"]}
    return ServingPoint.model_validate(POINT | {"system": system} | tokens | fields)


def offer(**fields: Any) -> Offer:
    """A row of offers: an on-demand H node at acme unless told otherwise, in the domains of its system."""
    row = OFFER | fields
    return Offer.model_validate({"domain_gpus": SYSTEMS[row["system"]]["nvlink_domain_usable_gpus"]} | row)


def token_api(**fields: Any) -> TokenApi:
    """A token API: acme's for m1 unless told otherwise."""
    return TokenApi.model_validate(API | fields)


def system(name: str, **fields: Any) -> System:
    """One of ``SYSTEMS``."""
    return System.model_validate(SYSTEMS[name] | fields)


def catalog(
    systems: Iterable[System],
    offers: Iterable[Offer] = (),
    points: Iterable[ServingPoint] = (),
    apis: Iterable[TokenApi] = (),
    paths: Iterable[PricePath] | None = None,
    shapes: Iterable[LoadShape] = (),
    blocks: dict[str, float] | None = None,
) -> Catalog:
    """A catalog of the rows given, with two regions, a flat price path and one block unless told otherwise."""
    flat = PricePath.model_validate(META | {"name": "flat", "hardware": {2026: 1}, "rent": {2026: 1}, "api": {2026: 1}})
    prices = {"north": 60.0, "south": 110.0}
    return Catalog(
        systems={row.system: row for row in systems},
        offers=rekeyed(offers),
        token_apis=rekeyed(apis),
        serving=rekeyed(points),
        load_shapes={row.name: row for row in shapes},
        blocks=blocks or {"all": 1.0},
        energy={r: Energy.model_validate(META | {"region": r, "usd_per_mwh": usd}) for r, usd in prices.items()},
        price_paths={row.name: row for row in (paths if paths is not None else [flat])},
        sources={"test": Source(title="test", publisher="test", address="test", read=dt.date(2026, 1, 1))},
        digest="test",
    )


def scenario(**fields: Any) -> Scenario:
    """A scenario of one workload over four quarters of 2027 unless told otherwise."""
    horizon = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 4, "period": "quarter"}
    solve = {"gap": 1e-6, "time_limit_s": AMPLE_S}
    return Scenario.model_validate({"name": "case", "horizon": horizon, "workloads": [CHAT], "solve": solve} | fields)
