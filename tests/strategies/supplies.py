"""Random systems, serving points, offers, token APIs, load shapes and price paths."""

from __future__ import annotations

from typing import Any

from planner.catalog.models import (
    Offer,
    PricePath,
    ServingPoint,
    System,
    TokenApi,
)
from tests.strategies.case import META
from tests.strategies.parts import HOURLY_USD, PROVIDERS, RATE, SYSTEMS, offer, point, system, token_api
from tests.strategies.tape import Calendar, Draw, Wanted, number, one, some


def load_levels(blocks: dict[str, float]) -> dict[str, dict[str, float]]:
    """Two load shapes over a partition, one that stands still at night."""
    level = {"all": 1.0, "peak": 2.5, "day": 1.1, "night": 0.5, "leap": 3.0}
    if "peak" not in blocks:
        level |= {"day": 1.25, "night": 0.625}
    still = {"all": 1.0, "peak": 2.0, "day": 1.6, "night": 0.0, "leap": 0.0}
    if "peak" not in blocks:
        still |= {"day": 1 / 0.6}
    return {"office": {b: level[b] for b in blocks}, "daylight": {b: still[b] for b in blocks}}


def price_paths() -> list[PricePath]:
    falling = {2026: 1.0, 2027: 0.9, 2028: 0.7}
    rising = {2027: 1.0, 2028: 1.2}
    rows = [
        {"name": "flat", "hardware": {2026: 1}, "rent": {2026: 1}, "api": {2026: 1}},
        {"name": "falling", "hardware": falling, "rent": falling, "api": rising},
        {"name": "rising", "hardware": rising, "rent": rising, "api": falling},
    ]
    return [PricePath.model_validate(META | row) for row in rows]


def draw_system(draw: Draw, name: str, wanted: Wanted) -> System:
    fields: dict[str, Any] = {
        "price_usd": SYSTEMS[name]["price_usd"] * number(draw, 0.2, 1.0),
        "usable_share": SYSTEMS[name]["usable_share"] if not some(draw, 4) else one(draw, 0.95, 0.75, 0.5),
        "lead_weeks": one(draw, 0.0, 4.0, 0.0, 13.0, 26.5),
        "life_years": one(draw, 5.0, 3.0, 1.0, 0.5, 1.4),
    }
    if some(draw, 5):
        fields |= {
            "network_kw_share": 0.1,
            "network_capex_share": 0.12,
            "installation_capex_share": 0.05,
            "support_share_per_year": 0.08,
            "licence_usd_per_gpu_year": 400.0,
            "deposit_share": one(draw, 0.3, 1.0),
        }
    if some(draw, 2):
        fields |= {"residual_share_by_age_years": one(draw, {1: 0.5}, {0.25: 0.9, 1: 0.9}, {3: 0.0})}
    if some(draw, 1):
        fields |= {"available_from": "2027-04"}
    if wanted.owning:
        fields |= {"lead_weeks": 0.0, "available_from": "2020-01"}
    return system(name, **fields)


def draw_points(draw: Draw, names: list[str], models: list[str], wanted: Wanted) -> list[ServingPoint]:
    found = []
    for model in models:
        for name in names:
            size = one(draw, 4, 1, 8)
            base = {"model": model, "gpus_per_replica": size, "largest_worker_gpus": size}
            found.append(point(name, **base))
            for series, changes in _variants(draw, name, wanted):
                found.append(point(name, **(base | {"series": f"{series}-series"} | changes)))
    return found


def _variants(draw: Draw, name: str, wanted: Wanted) -> list[tuple[str, dict[str, Any]]]:
    """Further points of a model on a system: what each is there for is its name."""
    rate = RATE[name]
    rack = SYSTEMS[name]["gpus"] == 72
    variants: list[tuple[str, dict[str, Any]]] = [
        ("fast", {"rate": 0.6 * rate, "ttft_ms": 300.0, "ttft_p99_ms": 700.0, "tpot_ms": 8.0, "tpot_p99_ms": 12.0}),
        ("slow", {"rate": 1.6 * rate, "ttft_ms": 4000.0, "ttft_p99_ms": 20000.0}),
        ("mtp", {"rate": 1.4 * rate, "spec_decode": "mtp", "requires": ("mtp",)}),
        ("disagg", {"rate": 1.2 * rate, "mode": "disagg", "requires": ("disagg", "kv_offload")}),
        ("fp4", {"rate": 1.8 * rate, "precision": "fp4"}),
        ("engine", {"rate": 1.5 * rate, "engine": "f"}),
        ("routing", {"rate": 1.2 * rate, "kv_routing": "on", "requires": ("kv_routing",)}),
        ("wide", {"rate": 1.3 * rate, "gpus_per_replica": 66, "largest_worker_gpus": 33})
        if rack
        else ("wide", {"rate": 1.3 * rate, "gpus_per_replica": 16, "largest_worker_gpus": 8}),
        ("large", {"rate": 1.1 * rate, "gpus_per_replica": 64, "largest_worker_gpus": 64})
        if rack
        else ("large", {"rate": 1.1 * rate, "gpus_per_replica": 5, "largest_worker_gpus": 5}),
        ("huge", {"rate": 3 * rate, "gpus_per_replica": 96, "largest_worker_gpus": 96}),
        ("vendor", {"rate": 1.3 * rate, "evidence": "vendor", "ttft_statistic": "mean", "tpot_statistic": "mean"}),
        ("near", {"rate": 1.1 * rate, "input_tokens_mean": 1100.0, "output_tokens_mean": 450.0}),
        ("far", {"rate": 2 * rate, "input_tokens_mean": 1200.0}),
        ("tail", {"rate": rate, "ttft_statistic": "p99", "tpot_statistic": "p90"}),
        ("twin", {"rate": rate}),
        ("median", {"rate": 1.5 * rate, "ttft_p99_ms": None, "tpot_p99_ms": None, "ttft_statistic": "mean"}),
    ]
    if wanted.predicted:
        variants.append(("predicted", {"rate": 2.5 * rate, "evidence": "predicted"}))
        variants.append(("dream", {"rate": 2 * rate, "evidence": "predicted", "ttft_ms": 200.0, "tpot_ms": 5.0}))
    chosen = {draw.below(len(variants)) for _ in range(one(draw, 0, 1, 2, 3))}
    return [variants[index] for index in sorted(chosen)]


def draw_offers(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted) -> list[Offer]:
    """Offers at random, and mostly one without limits for the case to be feasible."""
    if not wanted.renting:
        return []
    found = []
    if wanted.relaxed or some(draw, 9):
        found.append(offer(provider="core", region="south", usd_per_gpu_hour=4.0))
        found.append(offer(provider="bolt", region="south", usd_per_gpu_hour=4.2))
    for _ in range(one(draw, 1, 2, 3, 4)):
        name, kind = one(draw, *names), one(draw, "reserved", "on_demand", "spot")
        factor = {"reserved": 0.6, "on_demand": 1.0, "spot": 0.5}[kind]
        fields: dict[str, Any] = {
            "provider": one(draw, *PROVIDERS),
            "region": one(draw, "north", "south"),
            "system": name,
            "kind": kind,
            "usd_per_gpu_hour": HOURLY_USD[name] * factor * number(draw, 0.7, 1.3),
            "lot_gpus": one(draw, 8, 1) if SYSTEMS[name]["gpus"] == 8 else one(draw, 72, 8),
        }
        if kind == "reserved":
            fields |= {
                "term_months": calendar.months * one(draw, 1, 2, 3, 12),
                "upfront_share": one(draw, 0.0, 0.25, 1.0),
                "lead_weeks": one(draw, 0.0, 2.0, 13.0),
            }
            fields |= {"min_lots": one(draw, 2, 5)} if some(draw, 3) else {}
            fields |= {"term_months": 7} if some(draw, 1) else {}
        if kind == "spot":
            fields |= {"availability": one(draw, 0.8, 1.0, 0.5)}
        fields |= {"max_lots": one(draw, 5, 12, 40)} if some(draw, 3) else {}
        fields |= {"usable_share": one(draw, 1.0, 0.9, 0.5)} if some(draw, 3) else {}
        fields |= {"available_from": calendar.day(draw)} if some(draw, 1) else {}
        fields |= {"available_until": calendar.day(draw)} if some(draw, 1) else {}
        if some(draw, 3):
            capable = one(draw, (), ("mtp",), ("mtp", "disagg", "kv_offload"))
            fields |= {"service": "endpoint", "capabilities": capable}
        fields |= {"interconnect": "none"} if some(draw, 2) else {}
        found.append(offer(**fields))
    return found


def draw_apis(draw: Draw, calendar: Calendar, models: list[str]) -> list[TokenApi]:
    found = []
    for model in models:
        for _ in range(one(draw, 1, 0, 1, 2)):
            fields: dict[str, Any] = {
                "provider": one(draw, *PROVIDERS),
                "model": model,
                "input_usd_per_mtok": number(draw, 0.05, 0.4),
                "output_usd_per_mtok": number(draw, 0.2, 2.0),
            }
            fields |= {"cached_input_usd_per_mtok": 0.05} if some(draw, 3) else {}
            unknown = dict.fromkeys(("ttft_ms", "ttft_statistic", "tpot_ms", "tpot_statistic"))
            fields |= unknown if some(draw, 4) else {"ttft_statistic": one(draw, "p50", "p99", "p90")}
            fields |= {"max_mtok_per_day": one(draw, 500.0, 2000.0, 10_000.0)} if some(draw, 4) else {}
            fields |= {"available_until": calendar.day(draw)} if some(draw, 1) else {}
            found.append(token_api(**fields))
    return found
