"""Eligibility: which system, provider, point or token API a plan may use, or the rule that keeps it out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from planner.catalog.models import Catalog, ServingPoint, System, TokenApi
from planner.rules.accuracy import loss_points
from planner.rules.latency import SLACK, api_excess, row_sla, sla_excess
from planner.rules.work import off_length
from planner.scenario.models import Scenario, Site, TailRatio, Workload
from planner.scenario.workload import AccuracyFloor

Listed = Literal["", "deny", "allow"]
SystemRule = Literal["", "deny", "allow", "announced"]
PointRule = Literal[
    "model", "workload", "input", "output", "precision", "engine", "accuracy", "domain", "latency", "headroom"
]
ApiRule = Literal["", "off", "workload", "model", "provider", "latency"]
PoolRule = Literal["", "spot", "domain", "rdma", "capabilities"]
# Of a score that nobody has told. No share is below 0, and no floor is broken by what loses less than nothing.
UNKNOWN = -1.0


def system_ruled_out(scenario: Scenario, system: System, *, named: bool = False) -> SystemRule:
    """The rule of procurement.systems that keeps a system out of a plan's purchases and rents, '' where none does.

    An announced system is off unless ``include`` lists it, or the scenario names what is asked about: a quote.
    """
    rule = scenario.procurement.systems
    if listed := _ruled_out(system.system, rule.allow, rule.deny):
        return listed
    return "announced" if system.announced and not named and system.system not in rule.include else ""


def provider_ruled_out(scenario: Scenario, provider: str) -> Listed:
    """The list of procurement.providers that keeps a provider out of a plan, '' where none does."""
    rule = scenario.procurement.providers
    return _ruled_out(provider, rule.allow, rule.deny)


def _ruled_out(name: str, allow: tuple[str, ...] | None, deny: tuple[str, ...]) -> Listed:
    if name in deny:
        return "deny"
    return "allow" if allow is not None and name not in allow else ""


def coolable(site: Site, system: System) -> bool:
    """Whether a hall has the system's cooling, or can be converted to it: only liquid can be added."""
    return system.cooling in site.cooling or (site.conversion is not None and system.cooling == "liquid")


class Misfit(NamedTuple):
    """A rule by which a point may not serve a workload: how far it is off relative to what is asked, and both figures.

    ``found`` and ``asked`` are tokens for lengths, GPUs for the domain, for accuracy what its floor is in (shares of a
    score, points lost; ``found`` is ``UNKNOWN`` where nothing is known) and 0 elsewhere.
    """

    rule: PointRule
    off: float = 0.0
    found: float = 0.0
    asked: float = 0.0


def misfits(point: ServingPoint, workload: Workload, catalog: Catalog, tail: TailRatio) -> Iterator[Misfit]:
    """The rules by which ``point`` may not serve ``workload`` on any GPU, the roughest first; none where it may."""
    yield from unfit(point, workload, catalog)
    excess = sla_excess(point, row_sla(workload), tail)
    if excess > SLACK:
        yield Misfit("latency", excess)
    if workload.headroom_at(point.name) >= 1:
        yield Misfit("headroom", 1.0)


def unfit(point: ServingPoint, workload: Workload, catalog: Catalog) -> Iterator[Misfit]:
    """``misfits`` but for latency: what no looser target lets in."""
    assert workload.tokens is not None
    if point.model != workload.model:
        yield Misfit("model")
    if not point.serves(workload.name):
        yield Misfit("workload")
    if off_length(point.input_tokens_mean, workload.tokens.input):
        yield _length("input", point.input_tokens_mean, workload.tokens.input)
    if off_length(point.output_tokens_mean, workload.tokens.output):
        yield _length("output", point.output_tokens_mean, workload.tokens.output)
    if point.precision not in workload.precisions:
        yield Misfit("precision")
    if workload.engines is not None and point.engine not in workload.engines:
        yield Misfit("engine")
    if workload.accuracy is not None:
        yield from _inaccurate(point, workload.accuracy, catalog)
    domain = catalog.systems[point.system].nvlink_domain_usable_gpus
    if point.largest_worker_gpus > domain:
        yield Misfit("domain", 0.0, point.largest_worker_gpus, domain)


def _inaccurate(point: ServingPoint, floor: AccuracyFloor, catalog: Catalog) -> Iterator[Misfit]:
    """The floor where no checkpoint of the point's precision is known to keep it."""
    if floor.max_loss_points is None:
        score = catalog.score_share(point.model, point.precision, floor.evaluation)
        if score is None or score < floor.min_score_share:
            yield Misfit("accuracy", 1.0, UNKNOWN if score is None else score, floor.min_score_share)
    else:
        loss = loss_points(catalog, point.model, point.precision, floor.evaluation)
        if loss is None or loss > floor.max_loss_points:
            yield Misfit("accuracy", 1.0, UNKNOWN if loss is None else loss, floor.max_loss_points)


def _length(side: Literal["input", "output"], mean: float, asked: float) -> Misfit:
    return Misfit(side, abs(mean / asked - 1), mean, asked)


def pool_ruled_out(
    requires: Collection[str],
    replica_gpus: float,
    worker_gpus: int,
    spot_allowed: bool,
    *,
    stack: frozenset[str] | None,
    rdma: bool,
    preemptible: bool,
    domain_gpus: int,
) -> PoolRule:
    """Why what ``requires`` capabilities may not run on GPUs of its system, '' where it may.

    Spot serves a workload only where that allows it; a worker fits one NVLink domain of the supply itself; a replica
    beyond one needs RDMA; an endpoint runs only what its ``stack`` enables, bare metal (None) everything.
    """
    if preemptible and not spot_allowed:
        return "spot"
    if worker_gpus > domain_gpus:
        return "domain"
    if replica_gpus > domain_gpus and not rdma:
        return "rdma"
    return "" if stack is None or stack.issuperset(requires) else "capabilities"


def api_ruled_out(scenario: Scenario, workload: Workload, api: TokenApi) -> ApiRule:
    """The rule by which a token API may at no time answer ``workload``, '' where it may; of latency last."""
    if not scenario.procurement.token_api:
        return "off"
    if not workload.token_api or workload.kind == "gpu_hours":
        return "workload"
    if api.model != workload.model:
        return "model"
    if provider_ruled_out(scenario, api.provider):
        return "provider"
    return "" if api_excess(workload, api, scenario.tail_ratio) <= SLACK else "latency"
