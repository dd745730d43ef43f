"""Random sites, with what stands there already."""

from __future__ import annotations

import datetime as dt
from typing import Any

from planner.schedule import add_months
from tests.strategies.parts import SITE, SYSTEMS
from tests.strategies.tape import Calendar, Draw, Wanted, number, one, some


def draw_sites(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted) -> list[dict[str, Any]]:
    if wanted.owning:
        return [SITE | {"power_mw": 5.0, "colocation_usd_per_kw_month": number(draw, 0, 150)}]
    return [_site(draw, calendar, names, wanted, name) for name in ("dallas", "ashburn")[: one(draw, 1, 1, 2, 0, 1)]]


def _site(draw: Draw, calendar: Calendar, names: list[str], wanted: Wanted, name: str) -> dict[str, Any]:
    cooling = one(draw, ["air", "liquid"], ["air"])
    design = number(draw, 1.05, 1.6)
    site: dict[str, Any] = {
        "name": name,
        "region": one(draw, "north", "south"),
        "power_mw": calendar.schedule(draw, 0.02, one(draw, 0.6, 0.15, 1.2)),
        "cap_at": one(draw, "utility", "it"),
        "usable_share": one(draw, 1.0, 0.9),
        "cooling": cooling,
        "pue": {
            "air": {"design": design, "annual": 1 + (design - 1) * 0.8},
            "liquid": {"design": 1.15, "annual": 1.1},
        },
        "staff_usd_per_mw_year": one(draw, 0.0, 200_000.0),
    }
    site |= {"electricity_usd_per_mwh": calendar.schedule(draw, 20, 200)} if some(draw, 5) else {}
    if some(draw, 2):
        lease = {"it_kw": calendar.schedule(draw, 20, 400), "usd_per_kw_month": number(draw, 50, 200)}
        site |= {"lease": lease | {"escalator_per_year": one(draw, 0.0, 0.03)}}
    else:
        site |= {"colocation_usd_per_kw_month": one(draw, 0.0, 120.0)}
    site |= {"liquid_it_kw": calendar.schedule(draw, 0, 300)} if some(draw, 2) else {}
    site |= {"air_it_kw": calendar.schedule(draw, 10, 100)} if some(draw, 2) else {}
    if some(draw, 2):
        site |= {"rack_positions": calendar.schedule(draw, 1, 12), "kw_per_rack_position": one(draw, 150.0, 40.0, 12.0)}
    if cooling == ["air"] and some(draw, 7):
        site |= {"conversion": {"cost_usd": one(draw, 5_000.0, 200_000.0), "lead_weeks": one(draw, 0.0, 10.0)}}
        if some(draw, 5):
            site["conversion"]["liquid_it_kw"] = one(draw, 300.0, 140.0)
    fits = [kind for kind in names if SYSTEMS[kind]["cooling"] in cooling]
    site["existing"] = [_existing(draw, calendar, fits) for _ in range(one(draw, 0, 1, 2))]
    return site


def _existing(draw: Draw, calendar: Calendar, names: list[str]) -> dict[str, Any]:
    in_service = add_months(calendar.start, one(draw, -24, -6, calendar.months, 1))
    group: dict[str, Any] = {"system": one(draw, *names), "count": one(draw, 1, 2, 3, 4), "in_service": in_service}
    if some(draw, 4):
        group |= {"until": max(calendar.day(draw), in_service + dt.timedelta(days=1))}
    group |= {"price_usd": 100_000.0} if some(draw, 3) else {}
    return group
