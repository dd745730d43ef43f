"""A large generated scenario with every family of constraints: months × sites × provider regions × workloads."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from planner import Catalog, Scenario, load_catalog
from planner.catalog.models import Offer

REGIONS_PER_PROVIDER = 3
STREAMS: tuple[dict[str, Any], ...] = (
    {"model": "deepseek-r1", "tokens": (1024, 1024), "mtok": 60e3, "load": "office", "sla": (2.0, 25)},
    {"model": "deepseek-r1", "tokens": (8192, 1024), "mtok": 8e3, "load": "steady", "sla": (5.0, 50)},
    {"model": "llama-3.3-70b", "tokens": (8192, 1024), "mtok": 5e3, "load": "office", "sla": (2.0, 40)},
    {"model": "gpt-oss-120b", "tokens": (8192, 1024), "mtok": 30e3, "load": "flat", "sla": (60.0, 200), "batch": True},
    {"model": "gpt-oss-120b", "tokens": (1024, 1024), "mtok": 50e3, "load": "office", "sla": (1.0, 20)},
    {"model": "llama-3.3-70b", "tokens": (1024, 1024), "mtok": 15e3, "load": "steady", "sla": (1.5, 30)},
    {"model": "deepseek-r1", "tokens": (1024, 8192), "mtok": 9e3, "load": "steady", "sla": (3.0, 60)},
)


def fleet(months: int, sites: int, regions: int, workloads: int) -> tuple[Scenario, Catalog]:
    """A scenario of that size over the built-in systems and serving points, with ``regions`` provider regions."""
    scenario = Scenario.model_validate(
        {
            "name": f"fleet-{months}x{sites}x{regions}x{workloads}",
            "horizon": {"decided_on": "2026-12-01", "start": "2027-01", "periods": months, "period": "month"},
            "finance": {"discount_rate": 0.10, "contract_tail_share": 1.0},
            "sites": [_site(index) for index in range(sites)],
            "workloads": [_workload(index) for index in range(workloads)],
            "procurement": {
                "providers": {"max_share": 0.4},
                "quotas": [{"system": "hgx-b200", "gpus": 1024}, {"system": "gb200-nvl72", "gpus": 288}],
                "spot_availability": {"surge": 0.6},
            },
            "contracts": [
                {
                    "provider": "provider-0",
                    "system": "hgx-h100",
                    "gpus": 256,
                    "usd_per_gpu_hour": 2.5,
                    "start": "2026-01-01",
                    "end": "2028-01-01",
                }
            ],
            "budget": {
                "capex_usd": {2027: 400e6, 2028: 500e6, 2029: 600e6},
                "total_usd": {2027: 900e6},
                "commitments_usd": {2027: 700e6},
            },
            "service": {"min_served": 1.0},
        }
    )
    builtin = load_catalog(["builtin"])
    return scenario, replace(builtin, offers={offer.key: offer for offer in _offers(regions)})


def _site(index: int) -> dict[str, Any]:
    power = 4.0 + 2 * (index % 3)
    site: dict[str, Any] = {
        "name": f"site-{index}",
        "region": "us-south",
        "power_mw": {"2027-01": power / 4, "2028-01": power / 2, "2029-01": power},
        "pue": {"air": {"design": 1.3, "annual": 1.25}, "liquid": {"design": 1.2, "annual": 1.15}},
        "electricity_usd_per_mwh": 60.0 if index % 2 else 72.5,
        "colocation_usd_per_kw_month": 140.0 + 5 * index,
    }
    if index % 6 == 1:
        site["existing"] = [{"system": "hgx-h100", "count": 30, "in_service": "2024-06"}]
    if index % 6 == 2:
        site |= {"cooling": ["air"], "conversion": {"cost_usd": 3e6, "liquid_it_kw": 3000, "lead_weeks": 26}}
    if index % 6 == 3:
        site |= {"rack_positions": 60, "kw_per_rack_position": 160}
    if index % 6 == 4:
        site |= {"liquid_it_kw": 2500, "air_it_kw": 1500}
    if index % 6 == 5:
        del site["colocation_usd_per_kw_month"]
        site["lease"] = {
            "it_kw": {"2027-01": 800, "2029-01": 2500},
            "usd_per_kw_month": 145,
            "escalator_per_year": 0.03,
        }
    return site


def _workload(index: int) -> dict[str, Any]:
    if index == len(STREAMS):
        return {
            "name": "training",
            "kind": "gpu_hours",
            "demand": {"gpu_hours_per_day": {"2027-01": 3000, "2031-12": 20000}},
            "gpu_hours_weight": {"hgx-h100": 1.0, "hgx-h200": 1.0, "hgx-b200": 2.0, "hgx-b300": 2.0},
        }
    stream = STREAMS[index % len(STREAMS)]
    ttft_s, tpot_ms = stream["sla"]
    return {
        "name": f"workload-{index}",
        "kind": "batch" if stream.get("batch") else "interactive",
        "model": stream["model"],
        "tokens": dict(zip(("input", "output"), stream["tokens"], strict=True)),
        "demand": {"output_mtok_per_day": {"2027-01": stream["mtok"], "2031-12": stream["mtok"] * 15}},
        "load": stream["load"],
        "sla": {"ttft_s": ttft_s, "tpot_ms": tpot_ms},
        "min_served": 0.98 if index == 5 else None,
    }


def _offers(regions: int) -> list[Offer]:
    """What each region sells: two systems for two terms, by the hour and on spot; dearer from one to the next."""
    rates = {"hgx-b200": 2.60, "gb300-nvl72": 3.30, "hgx-h200": 2.05, "gb200-nvl72": 2.60, "hgx-h100": 1.78}
    systems = list(rates)
    found = []
    for index in range(regions):
        provider, place = divmod(index, REGIONS_PER_PROVIDER)
        dearer = 1 + 0.03 * provider + 0.02 * place
        for system in (systems[0], systems[1 + index % 4]):
            lot = 72 if "nvl72" in system else 8
            endpoint = provider == 2 and system == "hgx-h100"
            terms: list[tuple[Any, int | None, float]] = [("reserved", 12, 1.45), ("reserved", 36, 1.0)]
            terms += [("on_demand", None, 3.0)] if lot == 8 or place == 0 else []
            terms += [("spot", None, 1.4)] if lot == 8 and place == 2 else []
            found += [
                Offer(
                    provider=f"provider-{provider}",
                    region=f"region-{place}",
                    system=system,
                    kind=kind,
                    term_months=term,
                    usd_per_gpu_hour=rates[system] * factor * dearer,
                    lot_gpus=lot,
                    min_lots=4 if kind == "reserved" and provider == 1 and lot == 8 else None,
                    max_lots=40 if place == 1 else None,
                    upfront_share=0.25 if term == 36 else 0.0,
                    lead_weeks=0 if term is None else 8 + term / 4,
                    availability=0.85 if kind == "spot" else None,
                    service="endpoint" if endpoint else "bare_metal",
                    capabilities=("mtp",) if endpoint else (),
                    source=("generated",),
                    as_of=dt.date(2026, 11, 1),
                    evidence="estimate",
                )
                for kind, term, factor in terms
            ]
    return found
