"""Notes on settings without effect: what a scenario states of systems, terms and shapes that its plan never meets."""

from __future__ import annotations

from collections.abc import Iterator

from planner.plan.notes.note import Note, Solved
from planner.rules.references import RESERVED_TERM


def setting_notes(solved: Solved) -> Iterator[Note]:
    """Each setting that nothing in the plan's reach depends on, and what is missing."""
    for field, why in (*_of_supply(solved), *_of_procurement(solved), *_of_workloads(solved)):
        yield Note("setting", f"{field} has no effect: {why}.")


def _of_supply(solved: Solved) -> Iterator[tuple[str, str]]:
    procurement, supply, limits = solved.scenario.procurement, solved.problem.supply, solved.problem.limits
    for index, quota in enumerate(procurement.quotas):
        if not any(q.system == quota.system and quota.provider in (None, q.provider) for q in limits.quotas):
            whose = f"of {quota.provider} " if quota.provider else ""
            yield f"procurement.quotas.{index}", f"no offer or contract {whose}for {quota.system} can be taken"
    bought = {item.asset.system.system for item in supply.purchases}
    months = {item.offer.term_months for item in supply.reservations}
    for name in procurement.lead_weeks:
        if RESERVED_TERM.fullmatch(name):
            length = int(name.removeprefix("reserved_")[:-1]) * (12 if name.endswith("y") else 1)
            if length not in months:
                yield f"procurement.lead_weeks.{name}", f"no contract of {length} months can be signed"
        elif name not in bought:
            yield f"procurement.lead_weeks.{name}", f"no {name} can be bought"
    depth = procurement.hourly_depth_gpus
    for name in depth if isinstance(depth, dict) else ():
        if not any(limit.provider == name for limit in limits.depths):
            yield f"procurement.hourly_depth_gpus.{name}", f"no hourly offer of {name} without max_lots can be taken"


def _of_procurement(solved: Solved) -> Iterator[tuple[str, str]]:
    procurement, supply = solved.scenario.procurement, solved.problem.supply
    if procurement.spot_availability and not any(item.offer.kind == "spot" for item in supply.hourly):
        yield "procurement.spot_availability", "no spot offer can be taken"
    for name in procurement.software_gain_per_year:
        if name not in supply.systems:
            yield f"procurement.software_gain_per_year.{name}", f"no {name} can be bought or rented, and none stands"
    for name in procurement.systems.include:
        if not solved.catalog.systems[name].announced:
            yield "procurement.systems.include", f"{name} ships already, so nothing has to switch it on"


def _of_workloads(solved: Solved) -> Iterator[tuple[str, str]]:
    scenario = solved.scenario
    used = {workload.load for workload in scenario.workloads}
    for name in scenario.load_shapes:
        if name not in used:
            yield f"load_shapes.{name}", "no workload has that load"
    tails = [
        workload
        for workload in scenario.workloads
        if (workload.sla.ttft_s and workload.sla.ttft_percentile != 50)
        or (workload.sla.tpot_ms and workload.sla.tpot_percentile != 50)
    ]
    if not tails and (scenario.tail_ratio.ttft or scenario.tail_ratio.tpot):
        yield "tail_ratio", "no workload has a latency target at a percentile above the median"
    if scenario.revealed is not None and not scenario.futures:
        yield "revealed", "the scenario names no futures"
    for workload in scenario.workloads:
        for name in workload.gpu_hours_weight:
            if name not in solved.problem.supply.systems:
                why = f"no {name} can be bought or rented, and none stands"
                yield f"workloads.{workload.name}.gpu_hours_weight.{name}", why
