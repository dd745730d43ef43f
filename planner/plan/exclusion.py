"""Which rule keeps a system, an offer, a token API or a serving point out of every plan, before any price counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from planner.catalog import Catalog
from planner.catalog.models import Offer, QuotedApi, ServingPoint, System, TokenApi
from planner.problem import Problem
from planner.problem.serving import candidates
from planner.rules.dates import on_all_days, system_lead_weeks
from planner.rules.eligibility import (
    UNKNOWN,
    PointRule,
    api_ruled_out,
    coolable,
    misfits,
    pool_ruled_out,
    provider_ruled_out,
    system_ruled_out,
)
from planner.rules.extrapolated import WHY, Extrapolator, wanted
from planner.rules.latency import SLACK, latency_ms, row_sla, targets
from planner.rules.offers import offers_by_name
from planner.scenario.models import Scenario, Workload
from planner.scenario.workload import AccuracyFloor
from planner.validation import nearest

# How far down the rules come: the nearest miss is the one that the last of them catches.
RANK: dict[PointRule, int] = {
    "model": 0,
    "workload": 1,
    "input": 2,
    "output": 2,
    "precision": 3,
    "engine": 3,
    "accuracy": 3,
    "domain": 4,
    "latency": 5,
    "headroom": 6,
}


def names(scenario: Scenario, catalog: Catalog, quotes: Iterable[Offer]) -> dict[str, tuple[str, object]]:
    """What can be asked about, by name: kind (system, offer, api, point) and row."""
    found: dict[str, tuple[str, object]] = {row.name: ("point", row) for row in catalog.serving.values()}
    found |= {row.name: ("api", row) for row in catalog.token_apis.values()}
    found |= {row.name: ("offer", row) for row in (*catalog.offers.values(), *quotes)}
    found |= {key: ("system", row) for key, row in catalog.systems.items()}
    return found


def unknown(name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is nothing."""
    words = list(known)
    hint = nearest(name, words)
    within = sorted(word for word in words if name in word)
    if not hint and within:
        hint = f"; in the name of {', '.join(within[:3])}"
    return f"--why-not {name}: no such system, offer, token API or serving point{hint}"


def of_system(scenario: Scenario, catalog: Catalog, problem: Problem, system: System) -> str:
    """Why ``system`` can neither be bought nor rented, in a clause; empty where it can."""
    ruled = _system_rule(scenario, system)
    if ruled:
        return ruled
    served = no_point(scenario, catalog, system.system)
    if served:
        return served
    offered = any(offer.system == system.system for offer in problem.supply.offers)
    bought = any(item.asset.system.system == system.system for item in problem.supply.purchases)
    if bought or offered:
        fed = [pool for pool in problem.pools.pools if pool.system.system == system.system]
        reasons = dict.fromkeys(nothing_runs_on(scenario, catalog, problem, pool.supplies[0]) for pool in fed)
        return "" if "" in reasons else "; ".join(reasons)
    if not scenario.procurement.buy:
        return "procurement.buy is false, and no offer of it can be signed or rented"
    halls = [site for site in scenario.sites if coolable(site, system)]
    if scenario.sites and not halls:
        return f"it needs {system.cooling} cooling, which no site has, and no offer of it can be signed or rented"
    if not scenario.sites:
        return "there is no site to put it, and no offer of it can be signed or rented"
    weeks = system_lead_weeks(scenario.procurement, system)
    return (
        f"ordered on {scenario.horizon.decided_on} with {weeks:g} weeks of lead time (available from "
        f"{system.available_from}) it fits no site in any period, and no offer of it can be signed or rented"
    )


def of_offer(scenario: Scenario, catalog: Catalog, problem: Problem, offer: Offer) -> str:
    """Why ``offer`` cannot be taken, in a clause; empty where it can, also where a better one makes it superfluous."""
    listed = provider_ruled_out(scenario, offer.provider)
    if listed:
        return _listed(offer.provider, "providers", listed)
    if offer.kind not in scenario.procurement.rent:
        return f"procurement.rent does not allow {offer.kind}"
    ruled = _system_rule(scenario, catalog.systems[offer.system], named=offer.source == ("quote",))
    if ruled:
        return ruled
    served = no_point(scenario, catalog, offer.system)
    if served:
        return served
    months = problem.timeline.months_per_period
    if offer.term_months is not None and offer.term_months % months:
        return f"its term of {offer.term_months} months is not a whole number of periods of {months} months"
    if offer.kind == "spot" and not any(workload.spot_allowed for workload in scenario.workloads):
        return "no workload may run on spot"
    if offer.available_until is not None and offer.available_until < scenario.horizon.decided_on:
        ended = "expired on" if offer.source == ("quote",) else "was on offer until"
        return f"it {ended} {offer.available_until}, before the plan is decided on {scenario.horizon.decided_on}"
    lacking = nothing_runs_on(scenario, catalog, problem, f"offer:{offer.name}")
    if lacking:
        return lacking
    dropped = any(line.startswith(f"{offer.name}:") for line in problem.left_out)
    if not dropped and offer.name not in {known.name for known in problem.supply.offers}:
        until = f", can be signed or run until {offer.available_until}" if offer.available_until else ""
        weeks = offers_by_name(scenario, catalog)[offer.name].lead_weeks
        return f"its dates and lead time leave no period for it (lead time {weeks:g} weeks{until})"
    return ""


def of_point(scenario: Scenario, catalog: Catalog, problem: Problem, point: ServingPoint) -> dict[str, str]:
    """Why ``point`` cannot serve each workload of its model, in a clause; empty where it can."""
    mine = [workload for workload in scenario.workloads if workload.model == point.model]
    return {workload.name: _point_rule(scenario, catalog, problem, point, workload) for workload in mine}


def _system_rule(scenario: Scenario, system: System, *, named: bool = False) -> str:
    rule = system_ruled_out(scenario, system, named=named)
    if rule == "announced":
        return f"{system.system} is announced, not shipping; procurement.systems.include would allow it"
    return _listed(system.system, "systems", rule) if rule else ""


def _listed(name: str, section: str, rule: str) -> str:
    where = "on the deny list" if rule == "deny" else "not on the allow list"
    return f"{name} is {where}, procurement.{section}.{rule}"


def no_point(scenario: Scenario, catalog: Catalog, system: str) -> str:
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


def nearest_miss(scenario: Scenario, catalog: Catalog, problem: Problem, workload: Workload) -> str:
    """Of a workload that no serving point serves, which one is nearest to it and what keeps that one out."""
    misses = []
    for point in catalog.serving.values():
        if point.model == workload.model:
            rank, off, why = _misfit(scenario, catalog, point, workload)
            why = why or _point_rule(scenario, catalog, problem, point, workload)
            misses.append((point.system not in problem.supply.systems, -rank, off, point.name, why))
    if not misses:
        return f"no serving point of {workload.model} is known"
    *_, name, why = min(misses)
    return f"the nearest serving point is {name}: {why}"


def _misfit(scenario: Scenario, catalog: Catalog, point: ServingPoint, workload: Workload) -> tuple[int, float, str]:
    """How far down the rules ``point`` comes for ``workload``, by how much it misses there, and which rule it is."""
    misfit = next(misfits(point, workload, catalog, scenario.tail_ratio), None)
    if misfit is None:
        return len(RANK), 0.0, ""
    rule, off, found, asked = misfit
    if rule == "model":
        why = f"its model is {point.model}, not {workload.model}"
    elif rule == "workload":
        why = "it was derived for another workload"
    elif rule in ("input", "output"):
        why = f"it was run with {found:,.0f} {rule} tokens, the workload has {asked:,.0f} (10 % is allowed)"
    elif rule == "precision":
        why = f"its precision {point.precision} is not among {', '.join(workload.precisions)}"
    elif rule == "engine":
        why = f"its engine {point.engine} is not among {', '.join(workload.engines or ())}, workloads.engines"
    elif rule == "accuracy":
        assert workload.accuracy is not None
        why = _inaccurate(point, workload.accuracy, found, asked)
    elif rule == "domain":
        why = f"its largest worker has {found:.0f} GPUs, an NVLink domain {asked:.0f}"
    elif rule == "headroom":
        why = "no headroom was seen to hold the targets on it"
    else:
        why = _latency(scenario, point, workload)
    return RANK[rule], off, why


def _inaccurate(point: ServingPoint, floor: AccuracyFloor, found: float, asked: float) -> str:
    """What is known of a precision's score, and the floor that it does not keep."""
    known, evaluation = found != UNKNOWN, floor.evaluation
    if floor.max_loss_points is not None:
        said = f"loses {found:g} points in {evaluation}" if known else f"has no known score in {evaluation}"
        return f"{point.precision} {said}, at most {asked:g} may be lost"
    said = f"scores {found:.1%} in {evaluation}" if known else f"has no known score in {evaluation}"
    return f"{point.precision} {said}, the floor is {asked:.1%}"


def _latency(scenario: Scenario, point: ServingPoint | TokenApi, workload: Workload) -> str:
    """The target that ``point`` misses by most, with both figures."""
    found = []
    sla = workload.sla if isinstance(point, TokenApi) else row_sla(workload)
    for metric, limit, percentile in targets(sla):
        latency = latency_ms(point, metric, percentile, scenario.tail_ratio)
        said = "is not known" if np.isinf(latency) else f"is {latency:,.4g} ms"
        found.append(
            (latency / limit, f"its {metric.upper()} at percentile {percentile} {said}, the target is {limit:,.4g} ms")
        )
    return max(found)[1]


def _point_rule(scenario: Scenario, catalog: Catalog, problem: Problem, point: ServingPoint, workload: Workload) -> str:
    rank, _, why = _misfit(scenario, catalog, point, workload)
    if why:
        return why + (_not_carried(catalog, point, workload) if rank == RANK["input"] else "")
    if point.system not in problem.supply.systems:
        return f"no {point.system} can be bought or rented"
    pools = [pool for pool in problem.pools.pools if pool.system.system == point.system]
    able = [pool for pool in pools if pool.capabilities is None or pool.capabilities.issuperset(point.requires)]
    if pools and not able:
        return f"it needs {', '.join(point.requires)}, which no supply of {point.system} enables"
    roomy = [pool for pool in able if pool.domain_gpus >= point.largest_worker_gpus]
    if able and not roomy:
        widest = max(pool.domain_gpus for pool in able)
        return f"its workers take {point.largest_worker_gpus} GPUs, domains of {point.system} on offer have {widest}"
    if able and not any(pool.rdma or pool.domain_gpus >= point.replica_gpus for pool in roomy):
        return f"a replica of {point.replica_gpus:g} GPUs needs RDMA, which no supply of {point.system} has"
    return ""


def _not_carried(catalog: Catalog, point: ServingPoint, workload: Workload) -> str:
    """Why no point is made of ``point`` at the lengths of a workload that takes extrapolated ones, as a clause."""
    assert workload.tokens is not None
    own = [row for row in catalog.serving.values() if row.model == point.model and not row.derivation]
    if point.derivation or not wanted(workload, own, catalog):
        return ""
    refused = Extrapolator(own, catalog).refusal(point, (workload.tokens.input, workload.tokens.output))
    if refused:
        return f"; it is not extrapolated: {WHY[refused]}"
    return "; points of these lengths are extrapolated from it and its like"


def nothing_runs_on(scenario: Scenario, catalog: Catalog, problem: Problem, supply: str) -> str:
    """Why no serving point may run on the pools that ``supply`` feeds, in a clause; empty where one does.

    Of the points that fit otherwise each falls to one rule; that of the most of them is told.
    """
    fed = {i: pool for i, pool in enumerate(problem.pools.pools) if supply in pool.supplies}
    if not fed or np.isin(problem.assignments.pool, list(fed)).any():
        return ""
    pool = next(iter(fed.values()))
    system = pool.system.system
    fitting = [
        candidate
        for candidate in candidates(scenario, catalog, problem.timeline, {system})
        if candidate.sla_excess <= SLACK
    ]
    rules = Counter(
        pool_ruled_out(
            candidate.requires,
            candidate.gpus_per_replica,
            candidate.worker_gpus,
            scenario.workloads[candidate.workload].spot_allowed,
            stack=pool.capabilities,
            rdma=pool.rdma,
            preemptible=pool.preemptible,
            domain_gpus=pool.domain_gpus,
        )
        for candidate in fitting
    )
    rule = rules.most_common(1)[0][0] if rules else ""
    if rule == "domain":
        least = min(candidate.worker_gpus for candidate in fitting)
        return (
            f"its NVLink domains have {_gpus(pool.domain_gpus)}, and the smallest worker that fits takes {_gpus(least)}"
        )
    if rule == "rdma":
        least_replica = min(candidate.gpus_per_replica for candidate in fitting)
        return f"it has no RDMA, and the smallest replica that fits takes {_gpus(least_replica)}, more than a domain"
    if rule == "capabilities":
        lacking = sorted(set().union(*(candidate.requires for candidate in fitting)) - (pool.capabilities or set()))
        return f"no serving point that fits runs on it: its endpoint does not enable {', '.join(lacking)}"
    if rule == "spot":
        return "no workload that it could serve may run on spot"
    return no_point(scenario, catalog, system)


def of_api(scenario: Scenario, problem: Problem, api: TokenApi) -> str:
    """Why ``api`` may answer no workload, in a clause; empty where it may, also where a cheaper one always does."""
    rules = {workload.name: api_ruled_out(scenario, workload, api) for workload in scenario.workloads}
    ruled = set(rules.values())
    if "" in ruled:
        if on_all_days(problem.timeline, None, api.available_until).any():
            return ""
        return (
            f"it serves until {api.available_until}, which covers no whole period from {problem.timeline.names[0]} on"
        )
    if ruled == {"off"}:
        return "procurement.token_api is false"
    mine = [workload for workload in scenario.workloads if rules[workload.name] not in ("off", "model", "workload")]
    if not mine:
        barred = [workload for workload in scenario.workloads if workload.model == api.model]
        if barred:
            return f"token_api is false for {' and '.join(workload.name for workload in barred)}"
        return f"no workload is for its model, {api.model}"
    if listed := provider_ruled_out(scenario, api.provider):
        return _listed(api.provider, "providers", listed)
    return "; ".join(f"for {workload.name}, {_api_latency(scenario, api, workload)}" for workload in mine)


def _api_latency(scenario: Scenario, api: TokenApi, workload: Workload) -> str:
    """The target that ``api`` misses by most; what to state where its latency is not known."""
    unknown = [
        metric
        for metric, _, percentile in targets(workload.sla)
        if np.isinf(latency_ms(api, metric, percentile, scenario.tail_ratio))
    ]
    if unknown and all(getattr(api, f"{metric}_ms") is None for metric in unknown):
        words = " and ".join(metric.upper() for metric in unknown)
        fields = " and ".join(f"{metric}_ms with {metric}_statistic" for metric in unknown)
        where = "the quote" if isinstance(api, QuotedApi) else "a token quote of that provider"
        return f"it states no {words}, so it meets no target; give {fields} in {where}"
    return _latency(scenario, api, workload)


def _gpus(number: float) -> str:
    return f"{number:g} GPU" if number == 1 else f"{number:g} GPUs"
