"""Notes on catalogs: how many offers, systems and token APIs the plan does not use, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from planner.catalog.models import Offer, QuotedApi, System, TokenApi
from planner.plan.notes.note import Note, Solved
from planner.render.figures import count
from planner.rules.eligibility import api_ruled_out, coolable, provider_ruled_out, system_ruled_out
from planner.rules.latency import sla_excess
from planner.scenario.models import Workload

API_RULES = {
    "off": "shut out by procurement.token_api",
    "workload": "shut out by token_api of the workload",
    "provider": "of providers that procurement.providers rules out",
    "latency": "too slow for its latency targets",
    "": "allowed, and no cheaper plan with them was found",
}


def offer_notes(solved: Solved) -> Iterator[Note]:
    """How many of the catalogs' offers are not taken, by reason."""
    tables = (solved.tables["contracts"], solved.tables["on_demand"])
    taken = {tuple(row) for table in tables for row in table.rows("provider", "region", "system", "kind")}
    offers = solved.catalog.offers.values()
    idle = [row for row in offers if (row.provider, row.region, row.system, row.kind) not in taken]
    usable = solved.problem.supply
    kept = {offer.name for offer in usable.offers}
    dropped = {line.partition(": ")[0] for line in solved.problem.left_out}
    served = {candidate.system for candidate in solved.problem.assignments.candidates}
    reasons = Counter(_offer_reason(solved, offer, kept, dropped, served) for offer in idle)
    if reasons:
        yield Note(
            "catalog", f"{_of(len(idle), len(offers), 'offers in the catalogs')} not taken: {_counted(reasons)}."
        )


def _offer_reason(solved: Solved, offer: Offer, kept: set[str], dropped: set[str], served: set[str]) -> str:
    scenario = solved.scenario
    if offer.kind not in scenario.procurement.rent:
        return "of a kind that procurement.rent leaves out"
    if provider_ruled_out(scenario, offer.provider):
        return "of providers that procurement.providers rules out"
    if system_ruled_out(scenario, solved.catalog.systems[offer.system]):
        return "of systems that procurement.systems rules out, or that are only announced"
    if offer.name in dropped:
        return "never cheaper than another of the same GPUs, or with a term of no whole number of periods"
    if offer.name not in kept:
        return "not there in any whole period"
    if offer.system not in served:
        return "of systems on which no serving point fits a workload"
    return "usable, and no cheaper plan with them was found"


def system_notes(solved: Solved) -> Iterator[Note]:
    """How many systems cannot be bought, by reason; nothing where nothing may be bought."""
    scenario = solved.scenario
    if not (scenario.procurement.buy and scenario.sites):
        return
    bought = {item.asset.system.system for item in solved.problem.supply.purchases}
    idle = [system for system in solved.catalog.systems.values() if system.system not in bought]
    reasons = Counter(_system_reason(solved, system) for system in idle)
    if reasons:
        named = _of(len(idle), len(solved.catalog.systems), "systems")
        yield Note("catalog", f"{named} not for sale to this plan: {_counted(reasons)}.")


def _system_reason(solved: Solved, system: System) -> str:
    rule = system_ruled_out(solved.scenario, system)
    if rule:
        return "only announced" if rule == "announced" else "ruled out by procurement.systems"
    if not any(coolable(site, system) for site in solved.scenario.sites):
        return "of a cooling that no site has"
    return "too large for every rack position, or not delivered within the horizon"


def api_notes(solved: Solved) -> Iterator[Note]:
    """Of each workload's model, how many token APIs are not called, by reason."""
    called = set(map(tuple, solved.tables["token_api"].rows("provider", "model", "workload")))
    for workload in solved.scenario.workloads:
        listed_apis = [
            api
            for api in solved.catalog.token_apis.values()
            if api.model == workload.model and not isinstance(api, QuotedApi)
        ]
        idle = [api for api in listed_apis if (api.provider, api.model, workload.name) not in called]
        reasons = Counter(_api_reason(solved, workload, api) for api in idle)
        if reasons:
            named = _of(len(idle), len(listed_apis), f"token APIs for {workload.model}")
            yield Note("catalog", f"{workload.name}: {named} not called: {_counted(reasons)}.")


def _api_reason(solved: Solved, workload: Workload, api: TokenApi) -> str:
    rule = api_ruled_out(solved.scenario, workload, api)
    if rule == "latency" and np.isinf(sla_excess(api, workload.sla, solved.scenario.tail_ratio)):
        return "without a known latency, of which it has a target"
    return API_RULES[rule]


def _of(idle: int, total: int, what: str) -> str:
    """``3 of 12 offers are``."""
    return f"{count(idle)} of {count(total)} {what} {'is' if idle == 1 else 'are'}"


def _counted(reasons: Counter[str]) -> str:
    """``12 only announced, 3 of a cooling that no site has``, most first."""
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count(number)} {why}" for why, number in ranked)
