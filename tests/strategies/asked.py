"""Random workloads, futures and floors."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.strategies.parts import MODELS, TOKENS
from tests.strategies.tape import Calendar, Draw, Wanted, number, one, some


def draw_floor(draw: Draw, wanted: Wanted) -> float:
    if wanted.objective in ("cost_per_token", "tokens", "profit"):
        return float(one(draw, 0.5, 0.8, 0.2, 1.0))
    return float(one(draw, 1.0, 1.0, 0.9, 0.6)) if wanted.min_served else 1.0


def draw_workloads(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted) -> list[dict[str, Any]]:
    kinds = ["interactive", *(one(draw, "batch", "interactive", "gpu_hours") for _ in range(one(draw, 0, 1, 2)))]
    replicas = wanted.whole and some(draw, 2)
    return [
        _workload(draw, calendar, names, wanted, kind, f"{kind}-{n}", replicas=replicas and n == 0)
        for n, kind in enumerate(kinds)
    ]


def _workload(
    draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted, kind: str, name: str, *, replicas: bool
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "load": one(draw, "flat", "office", "daylight"),
        "headroom": one(draw, 0.0, 0.15, 0.3),
    }
    if wanted.min_served and some(draw, 2):
        row |= {"min_served": one(draw, 1.0, 0.7)}
    if some(draw, 2):
        row |= {"spot": one(draw, True, False)}
    if wanted.min_served and some(draw, 2):
        per = "gpu_hour" if kind == "gpu_hours" else "mtok"
        row |= {f"unserved_usd_per_{per}": one(draw, 0.4, calendar.schedule(draw, 0.5, 4), 12.0)}
    if kind == "gpu_hours":
        asked = calendar.schedule(draw, 24, 1200)
        weights = {system: one(draw, 1.0, 2.5) for system in names if system == "h-node" or some(draw, 5)}
        return row | {"demand": {"gpu_hours_per_day": asked}, "gpu_hours_weight": weights}
    row |= {
        "model": one(draw, *MODELS),
        "tokens": TOKENS,
        "precisions": one(draw, ["fp8", "fp4", "bf16"], ["fp8"]),
        "token_api": not some(draw, 2),
        "cached_input_share": one(draw, 0.0, 0.5),
    }
    unit = one(draw, "requests_per_s", "output_mtok_per_day")
    per_request = 1.0 if unit == "requests_per_s" else 86_400 * TOKENS["output"] / 1e6
    high = one(draw, 60.0, 300.0) / (3 if kind == "batch" else 1)
    row["demand"] = {unit: calendar.schedule(draw, 2 * per_request, high * per_request)}
    if some(draw, 6):
        sla: dict[str, Any] = {"ttft_s": one(draw, 2.0, 6.0, 0.9), "tpot_ms": one(draw, 30.0, 100.0)}
        sla |= {"ttft_percentile": one(draw, 99, 90), "ttft_s": 8.0} if some(draw, 2) else {}
        sla |= {"tpot_percentile": 99, "tpot_ms": 60.0} if some(draw, 1) else {}
        row |= {"sla": sla}
    if some(draw, 4) or wanted.objective == "profit":
        row |= {"price_usd_per_mtok": {"input": calendar.schedule(draw, 0, 0.8), "output": number(draw, 0.5, 4.0)}}
    if some(draw, 2):
        row |= {"engines": ["e"]}
    if replicas:
        row |= {"whole_replicas": True, "min_replicas": one(draw, 0, 1, 2)}
    return row


def draw_futures(draw: Draw, calendar: Calendar, wanted: Wanted) -> list[dict[str, Any]]:
    if wanted.futures is False or (wanted.futures is None and not some(draw, 2)):
        return []
    likely = one(draw, 0.5, 0.25, 0.9)
    boom: dict[str, Any] = {"name": "boom", "probability": 1 - likely, "demand": calendar.schedule(draw, 1.0, 1.8)}
    boom |= {"rent_price": calendar.schedule(draw, 1.0, 1.6)} if some(draw, 5) else {}
    boom |= {"demand_by_workload": {"interactive-0": 1.2}} if some(draw, 3) else {}
    return [{"name": "lean", "probability": likely, "demand": one(draw, 1.0, 0.7)}, boom]


def draw_revealed(draw: Draw, calendar: Calendar, futures: list[dict[str, Any]]) -> dt.date | None:
    return one(draw, None, calendar.day(draw), calendar.decided_on) if futures else None
