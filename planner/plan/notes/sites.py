"""Notes on sites: a PUE that no hall has, limits whose first date comes late, halls that stay empty."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from planner.kinds.limits import SITE_LIMITS
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved, listed
from planner.render.hints import SCENARIO, hint
from planner.schedule import Schedule

# The worst halls measured stay under it; above it somebody wrote a percentage, or a total.
MOST_PUE = 3.0


def empty_notes(solved: Solved) -> Iterator[Note]:
    """Why nothing stands at a site in any period."""
    scenario, supply = solved.scenario, solved.problem.supply
    there = set(solved.tables["fleet"]["site"])
    for index, site in enumerate(scenario.sites):
        if site.name in there:
            continue
        able = sorted({item.asset.system.system for item in supply.purchases if item.asset.site == index})
        if able:
            why = hint("explain", SCENARIO, "--why-not", able[0])
            costs = f"{listed(able)} could be bought for it, and no cheaper plan with one was found"
            yield Note("site", f"Nothing stands at {site.name}: {costs} ({why}).")
        elif not scenario.procurement.buy:
            yield Note("site", f"Nothing stands at {site.name}: procurement.buy is false.")
        else:
            has = " and ".join(site.cooling) or "no"
            sentence = f"no system that procurement.systems allows fits its {has} cooling, its racks and its dates"
            yield Note("site", f"Nothing can stand at {site.name}: {sentence}.", ANYTHING)


def site_notes(solved: Solved) -> Iterator[Note]:
    """What is said of each site that is likely to be a slip."""
    start = solved.problem.timeline.starts[0]
    for site in solved.scenario.sites:
        for cooling, pue in site.pue.items():
            for field in ("design", "annual"):
                value = getattr(pue, field)
                if value > MOST_PUE:
                    yield Note(
                        "site",
                        f"sites.{site.name}.pue.{cooling}.{field} is {value:g}, above {MOST_PUE:g}: every kW of IT is "
                        f"taken to draw {value:g} kW at the meter. Halls have about 1.1 to 2.",
                        ANYTHING,
                    )
        for kind in SITE_LIMITS:
            part, _, inner = kind.site_field.partition(".")
            stated = getattr(site, part, None)
            limit = getattr(stated, inner, None) if inner else stated
            if isinstance(limit, Schedule) and limit.anchors[0][0] > max(start, dt.date.min):
                sentence = f"{kind.field.replace('sites.', f'sites.{site.name}.')} begins on {limit.anchors[0][0]}"
                yield Note("site", f"{sentence}: until then it is 0.", ANYTHING if site.existing else NOTHING)
