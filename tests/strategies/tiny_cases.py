"""Random scenarios with so few whole numbers that every combination of them can be tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from planner.catalog.models import Offer
from tests.strategies.case import Case
from tests.strategies.parts import CHAT, SITE, catalog, offer, point, scenario, system, token_api
from tests.strategies.tape import Draw, number, one, some


def _draw_offers(draw: Draw) -> list[Offer]:
    offers = [offer(usd_per_gpu_hour=number(draw, 1.0, 5.0), region="south")]
    if some(draw, 7):
        terms: dict[str, Any] = {"kind": "reserved", "lot_gpus": 8, "max_lots": 2, "provider": "bolt"}
        terms |= {"term_months": one(draw, 12, 24), "upfront_share": one(draw, 0.0, 0.5)}
        terms |= {"min_lots": 2} if some(draw, 2) else {}
        offers.append(offer(usd_per_gpu_hour=number(draw, 0.8, 2.5), **terms))
    if some(draw, 3):
        offers.append(offer(kind="spot", availability=0.8, usd_per_gpu_hour=1.0, max_lots=6, provider="core"))
    return offers


@st.composite
def tiny_cases(choose: Callable[..., Any], objective: str = "cost") -> Case:
    """A random case with so few whole numbers that every combination of them can be tried.

    One system to buy, at most one existing group and one reserved offer over one or two years; beside them on demand,
    spot and a token API, blocks, two workloads, a cap, budgets, a quota and a share limit.
    """
    draw = Draw(choose)
    periods = one(draw, 1, 2)
    blocks = one(draw, {"all": 1.0}, {"day": 0.6, "night": 0.4})
    site = SITE | {
        "power_mw": number(draw, 0.0125, 0.045),
        "cap_at": one(draw, "utility", "it"),
        "colocation_usd_per_kw_month": one(draw, 0.0, 100.0),
    }
    if some(draw, 4):
        until = one(draw, "2030-01-01", "2028-01-01")
        group = {"system": "h-node", "count": one(draw, 1, 2), "in_service": "2025-01", "until": until}
        site |= {"existing": [group], "power_mw": 0.026}
    hardware = system(
        "h-node",
        price_usd=number(draw, 60_000, 300_000),
        lead_weeks=one(draw, 0.0, 30.0),
        life_years=one(draw, 5.0, 1.0),
        deposit_share=one(draw, 0.0, 0.5),
        usable_share=one(draw, 1.0, 0.75),
    )
    offers = _draw_offers(draw)
    apis = [token_api(output_usd_per_mtok=number(draw, 0.3, 3.0))] if some(draw, 5) else []
    loads = {"office": {"day": 1.25, "night": 0.625}} if "day" in blocks else {"office": {"all": 1.0}}
    workloads = [CHAT | {"demand": {"requests_per_s": number(draw, 2, 30)}, "load": "office"}]
    if some(draw, 5):
        batch = {"name": "nightly", "kind": "batch", "demand": {"requests_per_s": number(draw, 1, 10)}}
        workloads.append(CHAT | batch)
    if objective == "profit" or some(draw, 2):
        sold = {"input": 0.2, "output": number(draw, 0.5, 3.0)}
        workloads[0] = workloads[0] | {"price_usd_per_mtok": sold}
    rules: dict[str, Any] = {"providers": {"max_share": 0.7} if some(draw, 2) else {}}
    rules |= {"quotas": [{"system": "h-node", "gpus": one(draw, 10.0, 24.0)}]} if some(draw, 2) else {}
    budget: dict[str, Any] = {"capex_usd": number(draw, 0, 500_000)} if some(draw, 3) else {}
    budget |= {"total_usd": {2027: number(draw, 200_000, 1_000_000)}} if some(draw, 2) else {}
    floors = (0.5, 0.2, 0.9) if objective != "cost" else (1.0, 1.0, 0.7)
    return Case(
        scenario(
            horizon={"decided_on": "2026-10-01", "start": "2027-01", "periods": periods, "period": "year"},
            sites=[site] if some(draw, 9) else [],
            workloads=workloads,
            blocks=blocks,
            load_shapes=loads,
            procurement=rules,
            budget=budget,
            finance={"contract_tail_share": one(draw, 1.0, 0.5), "residual_haircut": one(draw, 1.0, 0.5)}
            | {"residual_of": "market", "resell_existing": one(draw, True, False)},
            service={"min_served": one(draw, *floors)},
            objective=objective,
        ),
        catalog([hardware], offers, [point()], apis),
    )
