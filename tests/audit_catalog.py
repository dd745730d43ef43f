"""The catalog of the plan that the audit is tested on: three systems, where they are rented, and what runs on them."""

from __future__ import annotations

from typing import Any

from planner.catalog.models import Catalog, Energy, LoadShape, Offer, PricePath, ServingPoint, System, TokenApi

META = {"source": ("test",), "as_of": "2026-01", "evidence": "independent"}
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
    "domain_gpus": 8,
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
    OFFER | {"system": "rack", "lot_gpus": 72, "domain_gpus": None, "max_lots": 2},
    OFFER | {"provider": "bolt", "kind": "spot", "availability": 0.8},
    OFFER | {"provider": "bolt", "service": "endpoint", "interconnect": "none", "available_until": "2027-06-29"},
    OFFER | {"provider": "cold"},
    OFFER | {"system": "next", "lot_gpus": 72, "domain_gpus": None},
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
