"""Which rule keeps a system, an offer or a serving point out of every plan, before any price is looked at."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from planner.catalog import Catalog
from planner.catalog.models import Offer, ServingPoint, System
from planner.problem import Problem
from planner.problem.serving import sla_excess
from planner.rules.latency import Metric, latency_ms
from planner.rules.work import SHAPE_TOLERANCE
from planner.scenario.models import Scenario, Workload
from planner.units import ms_from_s
from planner.validation import nearest

SLACK = 1e-9


def names(scenario: Scenario, catalog: Catalog, quotes: Iterable[Offer]) -> dict[str, tuple[str, object]]:
    """What can be asked about, by name: kind (system, offer, point) and row."""
    found: dict[str, tuple[str, object]] = {row.name: ("point", row) for row in catalog.serving.values()}
    found |= {row.name: ("offer", row) for row in (*catalog.offers.values(), *quotes)}
    found |= {key: ("system", row) for key, row in catalog.systems.items()}
    return found


def unknown(name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is nothing."""
    return f"--why-not {name}: no such system, offer or serving point{nearest(name, known)}"


def of_system(scenario: Scenario, catalog: Catalog, problem: Problem, system: System) -> str:
    """Why ``system`` can neither be bought nor rented, in a clause; empty where it can."""
    ruled = _system_rule(scenario, system)
    if ruled:
        return ruled
    served = _no_point(scenario, catalog, system.system)
    if served:
        return served
    offered = any(offer.system == system.system for offer in problem.supply.offers)
    bought = any(item.asset.system.system == system.system for item in problem.supply.purchases)
    if bought or offered:
        return ""
    if not scenario.procurement.buy:
        return "procurement.buy is false, and no offer of it can be signed or rented"
    halls = [site for site in scenario.sites if system.cooling in site.cooling or site.conversion]
    if scenario.sites and not halls:
        return f"it needs {system.cooling} cooling, which no site has, and no offer of it can be signed or rented"
    if not scenario.sites:
        return "there is no site to put it, and no offer of it can be signed or rented"
    weeks = scenario.procurement.lead_weeks.get(system.system, system.lead_weeks)
    return (
        f"ordered on {scenario.horizon.decided_on} with {weeks:g} weeks of lead time (available from "
        f"{system.available_from}) it fits no site in any period, and no offer of it can be signed or rented"
    )


def of_offer(scenario: Scenario, catalog: Catalog, problem: Problem, offer: Offer) -> str:
    """Why ``offer`` cannot be taken, in a clause; empty where it can, also where a better one makes it superfluous."""
    rule = scenario.procurement.providers
    if offer.provider in rule.deny:
        return f"{offer.provider} is on the deny list, procurement.providers.deny"
    if rule.allow is not None and offer.provider not in rule.allow:
        return f"{offer.provider} is not on the allow list, procurement.providers.allow"
    if offer.kind not in scenario.procurement.rent:
        return f"procurement.rent does not allow {offer.kind}"
    if not (offer.source == ("quote",) and catalog.systems[offer.system].announced):
        ruled = _system_rule(scenario, catalog.systems[offer.system])
        if ruled:
            return ruled
    served = _no_point(scenario, catalog, offer.system)
    if served:
        return served
    months = problem.timeline.months_per_period
    if offer.term_months is not None and offer.term_months % months:
        return f"its term of {offer.term_months} months is not a whole number of periods of {months} months"
    if offer.kind == "spot" and not any(workload.spot_allowed for workload in scenario.workloads):
        return "no workload may run on spot"
    lacking = _capabilities(problem, offer)
    if lacking:
        return lacking
    dropped = any(line.startswith(f"{offer.name}:") for line in problem.left_out)
    if not dropped and offer.name not in {known.name for known in problem.supply.offers}:
        until = f", can be signed or run until {offer.available_until}" if offer.available_until else ""
        return f"its dates and lead time leave no period for it (lead time {offer.lead_weeks:g} weeks{until})"
    return ""


def of_point(scenario: Scenario, catalog: Catalog, problem: Problem, point: ServingPoint) -> dict[str, str]:
    """Why ``point`` cannot serve each workload of its model, in a clause; empty where it can."""
    mine = [workload for workload in scenario.workloads if workload.model == point.model]
    return {workload.name: _point_rule(scenario, catalog, problem, point, workload) for workload in mine}


def _system_rule(scenario: Scenario, system: System) -> str:
    rule = scenario.procurement.systems
    if system.system in rule.deny:
        return f"{system.system} is on the deny list, procurement.systems.deny"
    if rule.allow is not None and system.system not in rule.allow:
        return f"{system.system} is not on the allow list, procurement.systems.allow"
    if system.announced and system.system not in rule.include:
        return f"{system.system} is announced, not shipping; procurement.systems.include would allow it"
    return ""


def _no_point(scenario: Scenario, catalog: Catalog, system: str) -> str:
    """The nearest miss, where no serving point on ``system`` fits any workload."""
    misses: list[tuple[int, float, str]] = []
    for workload in scenario.workloads:
        if workload.kind == "gpu_hours":
            if system in workload.gpu_hours_weight:
                return ""
            continue
        for point in catalog.serving.values():
            if point.system != system:
                continue
            rank, size, why = _misfit(scenario, catalog, point, workload)
            if not why:
                return ""
            misses.append((rank, size, f"nearest to fitting {workload.name} is {point.name}: {why}"))
    if not misses:
        return f"no serving point of any workload's model is known on {system}"
    # The rule that is checked last is the nearest miss.
    rank, size, sentence = min(misses, key=lambda miss: (-miss[0], miss[1], miss[2]))
    return f"no serving point on it fits any workload; {sentence}"


def _misfit(scenario: Scenario, catalog: Catalog, point: ServingPoint, workload: Workload) -> tuple[int, float, str]:
    """How far down the rules ``point`` comes for ``workload``, by how much it misses there, and which rule it is."""
    if point.model != workload.model:
        return 0, 0.0, f"its model is {point.model}, not {workload.model}"
    assert workload.tokens is not None
    pairs = (
        (point.input_tokens_mean, workload.tokens.input, "input"),
        (point.output_tokens_mean, workload.tokens.output, "output"),
    )
    for mean, wanted, side in pairs:
        off = abs(mean / wanted - 1)
        if off > SHAPE_TOLERANCE * (1 + SLACK):
            return (
                1,
                off,
                f"it was run with {mean:,.0f} {side} tokens, the workload has {wanted:,.0f} (10 % is allowed)",
            )
    if point.precision not in workload.precisions:
        return 2, 0.0, f"its precision {point.precision} is not among {', '.join(workload.precisions)}"
    floor = workload.accuracy
    if floor is not None:
        score = catalog.score_share(point.model, point.precision, floor.evaluation)
        if score is None or score < floor.min_score_share:
            said = "is not known" if score is None else f"keeps {score:.1%} of the score"
            why = f"{point.precision} {said} in {floor.evaluation}, the floor is {floor.min_score_share:.1%}"
            return 2, 1.0, why
    domain = catalog.systems[point.system].nvlink_domain_usable_gpus
    if point.largest_worker_gpus > domain:
        return 3, 0.0, f"its largest worker has {point.largest_worker_gpus} GPUs, an NVLink domain {domain}"
    excess = sla_excess(point, workload.sla, scenario.tail_ratio)
    if excess > SLACK:
        return 4, excess, _latency(scenario, point, workload)
    return 5, 0.0, ""


def _latency(scenario: Scenario, point: ServingPoint, workload: Workload) -> str:
    """The target that ``point`` misses by most, with both figures."""
    sla, found = workload.sla, []
    targets: tuple[tuple[Metric, float | None, int], ...] = (
        ("ttft", None if sla.ttft_s is None else ms_from_s(sla.ttft_s), sla.ttft_percentile),
        ("tpot", sla.tpot_ms, sla.tpot_percentile),
    )
    for metric, limit, percentile in targets:
        if limit is None:
            continue
        latency = latency_ms(point, metric, percentile, scenario.tail_ratio)
        said = "is not known" if np.isinf(latency) else f"is {latency:,.4g} ms"
        found.append(
            (latency / limit, f"its {metric.upper()} at percentile {percentile} {said}, the target is {limit:,.4g} ms")
        )
    return max(found)[1]


def _point_rule(scenario: Scenario, catalog: Catalog, problem: Problem, point: ServingPoint, workload: Workload) -> str:
    _, _, why = _misfit(scenario, catalog, point, workload)
    if why:
        return why
    if point.system not in problem.supply.systems:
        return f"no {point.system} can be bought or rented"
    pools = [pool for pool in problem.pools.pools if pool.system.system == point.system]
    able = [pool for pool in pools if pool.capabilities is None or set(point.requires) <= pool.capabilities]
    if pools and not able:
        return f"it needs {', '.join(point.requires)}, which no supply of {point.system} enables"
    if point.gpus_per_replica > catalog.systems[point.system].nvlink_domain_usable_gpus and not any(
        pool.rdma for pool in able
    ):
        return f"a replica of {point.gpus_per_replica} GPUs needs RDMA, which no supply of {point.system} has"
    return ""


def _capabilities(problem: Problem, offer: Offer) -> str:
    """Why no serving point may run on the pool that ``offer`` feeds."""
    pools = [i for i, pool in enumerate(problem.pools.pools) if f"offer:{offer.name}" in pool.supplies]
    if not pools or np.isin(problem.lanes.pool, pools).any():
        return ""
    return f"no serving point that fits runs on it (service {offer.service}, interconnect {offer.interconnect})"
