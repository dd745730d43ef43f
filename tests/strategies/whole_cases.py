"""Random small scenarios of version 2: whole replicas, whole lots, and supplies whose domains differ."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from planner.catalog.models import Offer, ServingPoint
from tests.strategies.case import Case
from tests.strategies.parts import CHAT, HOURLY_USD, SITE, catalog, offer, point, scenario, system, token_api
from tests.strategies.tape import Draw, number, one, some

# Sizes of replicas and of their largest worker: such as fill a node, leave some of it over, or span two.
SIZES = ((4, 4), (8, 8), (1, 1), (3, 3), (5, 5), (2, 1), (16, 8), (12, 6))
RACK_SIZES = ((8, 8), (36, 36), (22, 22), (64, 64), (4, 4), (44, 22))


def _draw_points(draw: Draw, names: list[str]) -> list[ServingPoint]:
    found = {}
    for name in names:
        sizes = RACK_SIZES if name == "rack" else SIZES
        for index in range(one(draw, 1, 2, 3)):
            size, worker = one(draw, *sizes)
            rate = {"h-node": 1.0, "rack": 2.0}[name] * number(draw, 0.7, 1.5)
            fields = {"gpus_per_replica": size, "largest_worker_gpus": worker, "series": f"s{index}"}
            fields |= {"replicas_per_gpu": one(draw, 1, 7, 3)} if size == 1 else {}
            found[name, size, index] = point(name, rate, **fields)
    return list(found.values())


def _draw_offer(draw: Draw, name: str, kind: str, term_months: int) -> Offer:
    factor = {"reserved": 0.6, "on_demand": 1.0, "spot": 0.5}[kind]
    fields: dict[str, Any] = {
        "provider": one(draw, "acme", "bolt"),
        "region": one(draw, "north", "south"),
        "system": name,
        "kind": kind,
        "usd_per_gpu_hour": HOURLY_USD[name] * factor * number(draw, 0.7, 1.3),
        "lot_gpus": one(draw, 8, 1, 4, 2, 16) if name == "h-node" else one(draw, 72, 8, 4, 36),
        "domain_gpus": None,
    }
    if some(draw, 3):
        fields |= {"domain_gpus": 8 if name == "h-node" else one(draw, 64, 36, 4)}
    fields |= {"term_months": term_months} if kind == "reserved" else {}
    fields |= {"availability": one(draw, 0.8, 0.5)} if kind == "spot" else {}
    fields |= {"usable_share": one(draw, 1.0, 0.95, 0.9)} if some(draw, 4) else {}
    fields |= {"max_lots": one(draw, 3, 6, 12)} if some(draw, 3) else {}
    fields |= {"interconnect": "none"} if some(draw, 2) else {}
    return offer(**fields)


def _draw_workload(draw: Draw, kind: str, name: str, most: float) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "kind": kind, "load": one(draw, "flat", "office"), "headroom": 0.0}
    row |= {"whole_replicas": not some(draw, 1)}
    if some(draw, 2) and row["whole_replicas"]:
        row |= {"min_replicas": one(draw, 1, 2)}
    if kind == "gpu_hours":
        return row | {
            "demand": {"gpu_hours_per_day": 24 * number(draw, 0.5, most)},
            "gpu_hours_weight": {"h-node": 1.0, "rack": 2.0},
        }
    return CHAT | row | {"demand": {"requests_per_s": number(draw, 0.5, most)}, "token_api": some(draw, 3)}


@st.composite
def whole_cases(choose: Callable[..., Any], *, most: float = 12.0) -> Case:
    """A small random case in whole replicas and lots: a node, perhaps a rack, one or two workloads and a few offers.

    ``most`` bounds what each workload asks for, in GPUs of a node.
    """
    return _draw_case(Draw(choose), most)


def seeded_case(seed: int, *, most: float = 12.0) -> Case:
    """Such a case by a number: the same one on every machine."""
    return _draw_case(Draw(lambda _: random.Random(seed).randbytes(Draw.LENGTH)), most)


@st.composite
def tiny_whole_cases(choose: Callable[..., Any]) -> Case:
    """A case in whole replicas with so few whole numbers that every combination of them can be tried.

    One block of a year, one or two workloads of at most two replicas each, up to two nodes bought or rented.
    """
    draw = Draw(choose)
    lot = one(draw, 8, 4, 2)
    offers = [offer(lot_gpus=lot, domain_gpus=None, usd_per_gpu_hour=number(draw, 1.0, 5.0), max_lots=3)]
    size = one(draw, 4, 8, 3, 2)
    workloads = [_tiny(draw, one(draw, "interactive", "batch"), size)]
    site = SITE | {"power_mw": one(draw, 0.0, 0.0125, 0.025)}
    return Case(
        scenario(
            version=2,
            horizon={"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year", "lookahead": 0},
            sites=[site] if some(draw, 7) else [],
            workloads=workloads,
            service={"min_served": one(draw, 0.5, 0.8, 0.2)},
        ),
        catalog(
            [system("h-node", price_usd=number(draw, 60_000, 300_000), usable_share=one(draw, 0.95, 1.0))],
            offers,
            [point(gpus_per_replica=size, largest_worker_gpus=size)],
            [token_api(output_usd_per_mtok=number(draw, 1.0, 4.0))],
        ),
    )


def _tiny(draw: Draw, kind: str, size: int) -> dict[str, Any]:
    asked = size * number(draw, 0.2, 2.0)
    row = {"name": kind, "kind": kind, "headroom": 0.0, "token_api": some(draw, 5)}
    return CHAT | row | {"demand": {"requests_per_s": asked}}


def _draw_case(draw: Draw, most: float) -> Case:
    names = ["h-node", "rack"] if some(draw, 3) else ["h-node"]
    period = one(draw, "quarter", "year")
    periods = one(draw, 1, 2)
    blocks = one(draw, {"day": 0.6, "night": 0.4}, {"all": 1.0})
    loads = {"office": {"day": 1.5, "night": 0.25} if "day" in blocks else {"all": 1.0}}
    kinds = ["interactive", *one(draw, (), ("batch",), ("gpu_hours",), ("interactive",))]
    kinds = one(draw, kinds, kinds, kinds[1:] or kinds)
    offers = [offer(provider="core", usd_per_gpu_hour=number(draw, 3.0, 6.0), lot_gpus=8)] if some(draw, 8) else []
    months = 3 if period == "quarter" else 12
    for _ in range(one(draw, 1, 2, 3)):
        kind = one(draw, "on_demand", "spot", "reserved")
        offers.append(_draw_offer(draw, one(draw, *names), kind, months * one(draw, 1, 2)))
    site = SITE | {"power_mw": number(draw, 0.01, 0.06), "colocation_usd_per_kw_month": one(draw, 0.0, 100.0)}
    if some(draw, 3):
        site |= {"existing": [{"system": "h-node", "count": one(draw, 1, 2), "in_service": "2026-01"}]}
    hardware = [
        system(
            name,
            price_usd=number(draw, 60_000, 300_000) * (12 if name == "rack" else 1),
            usable_share=one(draw, 0.95, 1.0, 0.75) if name == "h-node" else 0.8889,
        )
        for name in names
    ]
    contract = {"provider": "acme", "system": "h-node", "gpus": one(draw, 8, 12, 24), "usd_per_gpu_hour": 1.0}
    contract |= {"start": dt.date(2026, 1, 1), "end": dt.date(2029, 1, 1)}
    rules: dict[str, Any] = {"whole_on_demand_lots": not some(draw, 1)}
    rules |= {"quotas": [{"system": "h-node", "gpus": one(draw, 40.0, 16.0, 24.0)}]} if some(draw, 2) else {}
    fields: dict[str, Any] = {
        "horizon": {"decided_on": "2026-10-01", "start": "2027-01", "periods": periods, "period": period}
        | {"lookahead": 0},
        "sites": [site] if some(draw, 6) else [],
        "workloads": [_draw_workload(draw, kind, f"{kind}-{n}", most) for n, kind in enumerate(kinds)],
        "contracts": [contract] if some(draw, 2) else [],
        "service": {"min_served": one(draw, 1.0, 1.0, 0.8)},
    }
    apis = [token_api(output_usd_per_mtok=number(draw, 0.5, 4.0))]
    rows = catalog(hardware, offers, _draw_points(draw, names), apis)
    rules |= {"providers": {"max_share": one(draw, 0.75, 0.55, 0.9)}} if some(draw, 2) else {}
    rules |= {"hourly_depth_gpus": one(draw, 16.0, 8.0, 40.0)} if some(draw, 2) else {}
    if some(draw, 4):
        fields["service"] |= {"survive": one(draw, "replica", "system", "provider")}
    return Case(scenario(version=2, blocks=blocks, load_shapes=loads, procurement=rules, **fields), rows)
