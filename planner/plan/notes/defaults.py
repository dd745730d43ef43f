"""Notes on defaults: what nobody stated and the plan rests on, with its value and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from planner.document import KeyPath
from planner.plan.notes.note import Note, Solved
from planner.render.figures import percent, short
from planner.scenario import Scenario
from planner.scenario.models import Site, Workload

# Where a row's figures are of a class that trust cuts.
CUT = ("vendor", "predicted", "estimate")


def default_notes(solved: Solved) -> Iterator[Note]:
    """Each default in force, once, where something of the plan depends on it."""
    scenario = solved.scenario
    for path, sentence in (*_of_money(solved), *_of_workloads(solved), *_of_sites(solved), *_of_supply(solved)):
        if not stated(scenario, path):
            yield Note("default", f"{title(scenario, path)} is not stated: {sentence}.")


def stated(scenario: Scenario, path: KeyPath) -> bool:
    """Whether the scenario's author wrote the field at ``path``."""
    if scenario.origin.root.value:
        node = scenario.origin.root.at(path)
        return node is not None and node.value is not None
    part: object = scenario
    for key in path:
        if isinstance(part, BaseModel):
            if key not in part.model_fields_set:
                return False
            part = getattr(part, str(key))
        elif isinstance(part, tuple) and isinstance(key, int):
            part = part[key]
        else:
            part = part.get(key) if isinstance(part, dict) else None
    return part is not None


def title(scenario: Scenario, path: KeyPath) -> str:
    """``workloads.chat.headroom``: the path with the names of named things in place of their index."""
    words: list[str] = []
    part: Any = scenario
    for key in path:
        part = getattr(part, str(key)) if isinstance(part, BaseModel) else part[key]
        words.append(str(getattr(part, "name", key)) if isinstance(key, int) else str(key))
    return ".".join(words)


def _of_money(solved: Solved) -> Iterator[tuple[KeyPath, str]]:
    scenario, supply = solved.scenario, solved.problem.supply
    finance, tables = scenario.finance, solved.tables
    yield ("finance", "discount_rate"), f"money is discounted at {percent(finance.discount_rate)} a year"
    priced = supply.purchases or any(len(tables[name]) for name in ("contracts", "on_demand", "token_api"))
    if priced and finance.price_path == "flat":
        yield ("finance", "price_path"), "hardware, rent and token APIs keep today's prices throughout"
    if len(tables["purchases"]) or (supply.groups and finance.resell_existing):
        haircut = percent(finance.residual_haircut)
        yield ("finance", "residual_haircut"), f"a sale of hardware brings {haircut} of its residual curve"
    if supply.groups and finance.resell_existing:
        yield ("finance", "resell_existing"), "what stands at the sites is sold when it is retired, and at the end"
    if len(tables["contracts"]):
        charged = percent(finance.contract_tail_share)
        yield ("finance", "contract_tail_share"), f"{charged} of what contracts still cost after the end is charged"
    ahead = solved.problem.timeline.periods - solved.problem.timeline.reported
    if ahead:
        yield ("horizon", "lookahead"), f"{ahead} more {scenario.horizon.period}s are planned, at the last one's demand"
    yield ("solve", "gap"), f"the search ends once the plan is proven within {short(100 * scenario.solve.gap)} %"


def _of_workloads(solved: Solved) -> Iterator[tuple[KeyPath, str]]:
    scenario, serving = solved.scenario, solved.tables["serving"]
    on_any = set(serving["workload"])
    for index, workload in enumerate(scenario.workloads):
        at: KeyPath = ("workloads", index)
        on_gpus = workload.name in on_any and workload.kind != "gpu_hours"
        if on_gpus:
            yield from _of_serving(workload, at)
        if workload.load == "flat" and workload.kind == "interactive":
            yield (*at, "load"), "its demand is the same in every hour of a day"
    evidence = set(serving["evidence"])
    for kind in CUT:
        factor = scenario.trust.of(kind)  # type: ignore[arg-type]
        if kind in evidence and factor < 1:
            yield ("trust", kind), f"points whose evidence is {kind} count at {percent(factor)} of their speed"


def _of_serving(workload: Workload, at: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    yield (*at, "headroom"), f"{percent(workload.stated_headroom)} of what a point was measured to make is left free"
    sla = workload.sla
    if workload.kind == "interactive" and sla.ttft_s is None and sla.tpot_ms is None:
        yield (*at, "sla"), "no latency is asked for, so the points with the most throughput serve it, however slow"
    for metric, target in (("ttft", sla.ttft_s), ("tpot", sla.tpot_ms)):
        if target is not None:
            percentile = getattr(sla, f"{metric}_percentile")
            meant = "the median" if percentile == 50 else f"percentile {percentile}"
            yield (*at, "sla", f"{metric}_percentile"), f"the {metric.upper()} target is one for {meant}"


def _of_sites(solved: Solved) -> Iterator[tuple[KeyPath, str]]:
    there = set(solved.tables["fleet"]["site"])
    for index, site in enumerate(solved.scenario.sites):
        if site.name not in there:
            continue
        at: KeyPath = ("sites", index)
        yield from _of_site(site, at)


def _of_site(site: Site, at: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if site.lease is None and not site.colocation_usd_per_kw_month:
        yield (*at, "colocation_usd_per_kw_month"), "with no lease either, its space and power connection cost nothing"
    if not site.staff_usd_per_mw_year:
        yield (*at, "staff_usd_per_mw_year"), "nobody is paid to run it"
    if site.electricity_usd_per_mwh is None:
        yield (*at, "electricity_usd_per_mwh"), f"electricity has the price of the region {site.region} in energy.csv"
    yield (*at, "cap_at"), f"power_mw is on the {site.cap_at} side of the meter"


def _of_supply(solved: Solved) -> Iterator[tuple[KeyPath, str]]:
    scenario, tables = solved.scenario, solved.tables
    depth = scenario.procurement.hourly_depth_gpus
    if len(tables["on_demand"]) and depth is not None and not isinstance(depth, dict):
        yield (
            ("procurement", "hourly_depth_gpus"),
            f"each provider is assumed to have {short(depth)} GPUs of a system by the hour",
        )
    signed = set(map(tuple, tables["contracts"].rows("provider", "system")))
    for index, quote in enumerate(scenario.quotes):
        if (quote.provider, quote.system) in signed and quote.lead_weeks is None:
            yield (
                ("quotes", index, "lead_weeks"),
                "its GPUs are there as procurement.lead_weeks say, or at once",
            )
