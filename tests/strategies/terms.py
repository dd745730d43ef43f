"""Random quotes, contracts, rules of procurement and budgets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from planner.schedule import add_months
from tests.strategies.parts import HOURLY_USD, PROVIDERS, SYSTEMS
from tests.strategies.tape import Calendar, Draw, Wanted, number, one, some


def draw_quote(draw: Draw, calendar: Calendar, names: list[str]) -> dict[str, Any]:
    name = one(draw, *names)
    quote: dict[str, Any] = {
        "provider": one(draw, *PROVIDERS),
        "system": name,
        "term_months": calendar.months * one(draw, 1, 4),
        "usd_per_gpu_hour": HOURLY_USD[name] * 0.5,
        "lot_gpus": SYSTEMS[name]["gpus"],
        "upfront_share": one(draw, 0.0, 0.5),
    }
    quote |= {"expires": calendar.day(draw)} if some(draw, 5) else {}
    quote |= {"lead_weeks": one(draw, 0.0, 8.0)} if some(draw, 5) else {}
    return quote | ({"min_lots": 2, "max_lots": 3} if some(draw, 3) else {})


def draw_contract(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted) -> dict[str, Any]:
    start = add_months(calendar.start, one(draw, -3, 0, 1))
    contract: dict[str, Any] = {
        "provider": one(draw, *PROVIDERS),
        "system": one(draw, *names),
        "gpus": one(draw, 8, 24, 72),
        "usd_per_gpu_hour": one(draw, 1.5, 0.0),
        "start": start,
        "end": max(calendar.day(draw), start + dt.timedelta(days=1)),
    }
    contract |= {"usable_share": one(draw, 1.0, 0.5)} if some(draw, 2) else {}
    return contract | ({"service": "endpoint", "capabilities": ("mtp",)} if some(draw, 2) else {})


def draw_procurement(
    draw: Draw, names: list[str], providers: list[str], blocks: dict[str, float], wanted: Wanted
) -> dict[str, Any]:
    rules: dict[str, Any] = {"systems": {}, "providers": {}}
    if some(draw, 1):
        rules |= {"buy": False}
    if some(draw, 1):
        rules |= {"token_api": False}
    if some(draw, 1) and not wanted.relaxed:
        rules |= {"rent": one(draw, ("on_demand",), ("reserved", "on_demand"), ("spot", "reserved"))}
    if "next" in names and some(draw, 5):
        rules["systems"] |= {"include": ["next"]}
    if len(names) > 1 and some(draw, 1):
        rules["systems"] |= {"deny": [names[1]]}
    if some(draw, 1):
        rules["providers"] |= {"deny": providers[:1]}
    if some(draw, 2):
        rules["providers"] |= {"max_share": one(draw, 0.75, 0.55, 1.0)}
        rules["providers"] |= {"max_share_of": one(draw, "gpu_hours", "gpus_peak")}
    if some(draw, 3) and not wanted.relaxed:
        depth = one(draw, 64.0, 16.0, 200.0)
        rules |= {"hourly_depth_gpus": {one(draw, *providers): depth} if some(draw, 2) and providers else depth}
    if some(draw, 3):
        quota: dict[str, Any] = {"system": one(draw, *names), "gpus": one(draw, 400.0, 64.0, 30.0, 8.0)}
        quota |= {"provider": one(draw, *providers)} if some(draw, 5) and providers else {}
        known = [quota] if not wanted.relaxed or quota["system"] != "h-node" else []
        rules |= {"quotas": known}
    lead = {name: one(draw, 0.0, 30.0) for name in names if some(draw, 1)} if not wanted.owning else {}
    lead |= {one(draw, "reserved_1y", "reserved_3m"): one(draw, 0.0, 6.0)} if some(draw, 1) else {}
    rules |= {"lead_weeks": lead}
    if wanted.whole and some(draw, 2):
        rules |= {"whole_on_demand_lots": True}
    if some(draw, 2):
        rules |= {"spot_availability": {block: one(draw, 0.5, 0.0, 0.9) for block in blocks if some(draw, 5)}}
    if some(draw, 2):
        rules |= {"software_gain_per_year": {one(draw, *names): one(draw, 0.3, 1.0)}}
        rules |= {"software_gain_from": one(draw, "start", "measured")}
    return rules


def draw_budget(draw: Draw, calendar: Calendar, wanted: Wanted) -> dict[str, Any]:
    years = calendar.periods * calendar.months / 12
    month = one(draw, 4, 10, 7) if calendar.months < 12 and some(draw, 2) else 1
    budget: dict[str, Any] = {"fiscal_year_start": month} if month > 1 else {}
    if some(draw, 3):
        budget["capex_usd"] = _limit(draw, calendar, month, 0.0, 1.5e6)
    if wanted.relaxed:
        return budget
    if some(draw, 1):
        budget["opex_usd"] = _limit(draw, calendar, month, 5e5 * years, 5e6 * years)
    if some(draw, 1):
        budget["total_usd"] = _limit(draw, calendar, month, 5e5 * years, 8e6 * years)
    if some(draw, 2):
        budget["commitments_usd"] = _limit(draw, calendar, month, 0.0, 2e6)
    return budget


def _limit(draw: Draw, calendar: Calendar, month: int, low: float, high: float) -> Any:
    if some(draw, 5):
        return number(draw, low, high)
    # Fiscal years have the number of the calendar year they end in.
    ends = (add_months(day, 13 - month if month > 1 else 0) for day in (calendar.start, add_months(calendar.end, -1)))
    years = sorted({day.year for day in ends})
    return {year: number(draw, low, high) for year in years[one(draw, 0, -1) :]}
