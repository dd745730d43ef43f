"""What tokens cost at each speed on each system, at the cheapest hour that the scenario allows."""

from __future__ import annotations

import math
from collections import Counter

from planner.catalog import Catalog
from planner.plan import Plan
from planner.problem.serving import candidates
from planner.report.serving import servers_of
from planner.report.speeds import HourPrice, SpeedPoint, Speeds
from planner.report.view import timeline_of
from planner.rules.eligibility import system_ruled_out
from planner.rules.latency import SLACK
from planner.scenario import Scenario
from planner.studies.breakeven.sourcing import SourcingOption, on_demand, owned, reserved
from planner.timeline import Timeline
from planner.units import usd_per_mtok_from_gpu_hour, user_tok_per_s

# A GPU that is never idle: what idle hours cost is the plan's own to say.
BUSY = 1.0


def cost_at_speed(plan: Plan, scenario: Scenario, catalog: Catalog) -> Speeds:
    """Every point that may serve a workload of tokens, held as long as the reported horizon is, always busy.

    Rates are the problem's own, with trust, headroom and software's gain of the first period.
    """
    timeline = timeline_of(scenario, catalog)
    used = _shares(plan, scenario, timeline)
    hours = _hours(scenario, catalog, timeline)
    systems = set(hours) | set(plan.table("serving")["system"])
    precisions = {point.name: point.precision for point in catalog.serving.values()}
    points = []
    unpriced: set[str] = set()
    for one in candidates(scenario, catalog, timeline, systems):
        workload = scenario.workloads[one.workload]
        share = used.get((workload.name, one.name), 0.0)
        if workload.tokens is None or one.sla_excess > SLACK or not math.isfinite(one.tpot_ms):
            continue
        if one.system not in hours:
            unpriced |= {one.system} if share else set()
            continue
        tokens = workload.tokens.output
        if scenario.finance.token_basis == "total":
            tokens += workload.tokens.input
        points.append(
            SpeedPoint(
                workload.name,
                one.system,
                precisions[one.name],
                one.name,
                one.evidence,
                float(user_tok_per_s(one.tpot_ms)),
                float(usd_per_mtok_from_gpu_hour(hours[one.system].usd_per_gpu_hour, float(one.rate[0]) * tokens)),
                share,
            )
        )
    shown = {point.system for point in points}
    return Speeds(tuple(points), tuple(hours[name] for name in sorted(hours) if name in shown), tuple(sorted(unpriced)))


def _shares(plan: Plan, scenario: Scenario, timeline: Timeline) -> dict[tuple[str, str], float]:
    """The part of a workload's requests that each point serves over the reported horizon."""
    found: dict[tuple[str, str], float] = {}
    for workload, servers in servers_of(plan, scenario, timeline).items():
        whole = math.fsum(share.requests for share in servers.values())
        made: Counter[str] = Counter()
        for share in servers.values():
            made.update(share.points)
        found |= {(workload, point): requests / whole for point, requests in made.items() if whole}
    return found


def _hours(scenario: Scenario, catalog: Catalog, timeline: Timeline) -> dict[str, HourPrice]:
    """The cheapest hour of each system that may be bought, signed or rented."""
    months = timeline.months_per_period * timeline.reported
    found = {}
    for name, system in sorted(catalog.systems.items()):
        if system_ruled_out(scenario, system):
            continue
        ways: list[SourcingOption] = []
        if scenario.procurement.buy:
            ways += owned(scenario, catalog, timeline, system, None, months, None)
        if "reserved" in scenario.procurement.rent:
            ways += reserved(scenario, catalog, system, months, None)
        if "on_demand" in scenario.procurement.rent:
            ways += on_demand(scenario, catalog, system, months, None)
        if ways:
            best = min(ways, key=lambda way: float(way.used(BUSY, months)))
            found[name] = HourPrice(name, float(best.used(BUSY, months)), _words(best))
    return found


def _words(way: SourcingOption) -> str:
    if way.kind == "own":
        return f"bought, {way.note}"
    if way.kind == "reserve":
        return f"{way.name.split()[1]} months under contract, {way.note}"
    return f"by the hour, {way.note}"
