"""Which serving point may serve which workload, and at what rate: settled before any matrix exists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog import Catalog
from planner.catalog.models import Derivation, DerivedPoint, ServingPoint, System, TokenApi
from planner.catalog.work import near
from planner.scenario.latency import Metric, converts, latency_ms
from planner.scenario.models import Scenario, Sla, TailRatio, Workload
from planner.timeline import Timeline
from planner.units import ms_from_s

Floats = NDArray[np.float64]

NO_CREDIT = "no credit for prefix-cache hits: no fit of its configuration tells what input costs"


@dataclass(frozen=True)
class Candidate:
    """A point that fits a workload but for its latency, with its rate and how far it misses the targets.

    ``rate`` (T,) is requests/s per GPU, trust, software gain and headroom included. ``sla_excess`` is the largest
    relative miss of a latency target: 0 when both hold. ``name`` is the point's, or the system's for GPU-hours;
    ``by_tail_ratio`` names the latencies that the scenario's tail ratio converted.
    """

    workload: int
    system: str
    name: str
    rate: Floats
    gpus_per_replica: int
    large_workers: int
    needs_rdma: bool
    requires: frozenset[str]
    sla_excess: float
    evidence: str
    ttft_ms: float
    tpot_ms: float
    by_tail_ratio: str
    derived: Derivation = ""
    note: str = ""


def sla_excess(row: ServingPoint | TokenApi, sla: Sla, tail: TailRatio) -> float:
    """How far ``row`` misses the targets of ``sla``: the largest (latency − limit) ÷ limit, at least 0."""
    misses = [0.0]
    if sla.ttft_s is not None:
        limit = ms_from_s(sla.ttft_s)
        misses.append(latency_ms(row, "ttft", sla.ttft_percentile, tail) / limit - 1)
    if sla.tpot_ms is not None:
        misses.append(latency_ms(row, "tpot", sla.tpot_percentile, tail) / sla.tpot_ms - 1)
    return max(misses)


def _by_tail_ratio(point: ServingPoint, sla: Sla) -> str:
    """The metrics whose target is held against a converted mean or median: ttft, tpot, ttft+tpot or none."""
    if isinstance(point, DerivedPoint) and point.converted:
        return point.converted
    targets: tuple[tuple[Metric, float | None, int], ...] = (
        ("ttft", sla.ttft_s, sla.ttft_percentile),
        ("tpot", sla.tpot_ms, sla.tpot_percentile),
    )
    return "+".join(
        metric for metric, limit, percentile in targets if limit is not None and converts(point, metric, percentile)
    )


def large_workers(point: ServingPoint, system: System) -> int:
    """Workers of one replica that need more than half an NVLink domain, so that a domain hosts only one."""
    if 2 * point.largest_worker_gpus <= system.nvlink_domain_usable_gpus:
        return 0
    return point.gpus_per_replica // point.largest_worker_gpus


def software_gain(scenario: Scenario, timeline: Timeline, point: ServingPoint) -> Floats:
    """Throughput growth of a point by period, (T,)."""
    procurement = scenario.procurement
    growth = procurement.software_gain_per_year.get(point.system, 0.0)
    since = point.as_of if procurement.software_gain_from == "measured" else timeline.starts[0]
    return bits.power(1 + growth, timeline.years_since(since))


def candidates(scenario: Scenario, catalog: Catalog, timeline: Timeline, systems: set[str]) -> list[Candidate]:
    """Every point that fits a workload on one of ``systems`` but for its latency (``sla_excess`` tells)."""
    found: list[Candidate] = []
    for index, workload in enumerate(scenario.workloads):
        if workload.kind == "gpu_hours":
            found += _gpu_hours(index, workload, timeline, systems)
        else:
            found += _points(index, workload, scenario, catalog, timeline, systems)
    return found


def _gpu_hours(index: int, workload: Workload, timeline: Timeline, systems: set[str]) -> list[Candidate]:
    return [
        Candidate(
            workload=index,
            system=system,
            name=system,
            rate=np.full(timeline.periods, weight * (1 - workload.headroom)),
            gpus_per_replica=1,
            large_workers=0,
            needs_rdma=False,
            requires=frozenset(),
            sla_excess=0.0,
            evidence="measured",
            ttft_ms=np.nan,
            tpot_ms=np.nan,
            by_tail_ratio="",
        )
        for system, weight in workload.gpu_hours_weight.items()
        if system in systems
    ]


def _points(
    index: int,
    workload: Workload,
    scenario: Scenario,
    catalog: Catalog,
    timeline: Timeline,
    systems: set[str],
) -> list[Candidate]:
    known = [
        point
        for point in sorted(catalog.serving.values(), key=lambda point: point.name)
        if point.model == workload.model and point.system in systems and point.serves(workload.name)
    ]
    fitting = [point for point in known if _shape_fits(point, workload)]
    caps = _independent_caps(fitting, known, workload, scenario)
    tail = scenario.tail_ratio
    found = []
    for point, cap in zip(fitting, caps, strict=True):
        system = catalog.systems[point.system]
        if point.precision not in workload.precisions or not _accurate(point, workload, catalog):
            continue
        if point.largest_worker_gpus > system.nvlink_domain_usable_gpus:
            continue
        excess = sla_excess(point, workload.sla, tail)
        if not np.isfinite(excess):
            continue
        rate = min(_trusted_rate(point, workload, scenario), cap) * (1 - workload.headroom)
        found.append(
            Candidate(
                workload=index,
                system=point.system,
                name=point.name,
                rate=rate * software_gain(scenario, timeline, point),
                gpus_per_replica=point.gpus_per_replica,
                large_workers=large_workers(point, system),
                needs_rdma=point.gpus_per_replica > system.nvlink_domain_usable_gpus,
                requires=frozenset(point.requires),
                sla_excess=excess,
                evidence=point.evidence,
                ttft_ms=latency_ms(point, "ttft", workload.sla.ttft_percentile, tail),
                tpot_ms=latency_ms(point, "tpot", workload.sla.tpot_percentile, tail),
                by_tail_ratio=_by_tail_ratio(point, workload.sla),
                derived=point.derivation,
                note=_note(point, workload),
            )
        )
    return found


def _accurate(point: ServingPoint, workload: Workload, catalog: Catalog) -> bool:
    floor = workload.accuracy
    if floor is None:
        return True
    score = catalog.score_share(point.model, point.precision, floor.evaluation)
    return score is not None and score >= floor.min_score_share


def _shape_fits(point: ServingPoint, workload: Workload) -> bool:
    assert workload.tokens is not None
    wanted = (workload.tokens.input, workload.tokens.output)
    return near((point.input_tokens_mean, point.output_tokens_mean), wanted)


def _note(point: ServingPoint, workload: Workload) -> str:
    """How a derived point was made; that a measured one counts no hits although the workload has some."""
    if point.derivation:
        return point.note
    return NO_CREDIT if workload.prefix_cache_hit_share else ""


def _trusted_rate(point: ServingPoint, workload: Workload, scenario: Scenario) -> float:
    assert workload.tokens is not None
    saturated = min(
        point.input_tok_s_per_gpu / workload.tokens.input, point.output_tok_s_per_gpu / workload.tokens.output
    )
    return saturated * scenario.trust.of(point.evidence)


def _independent_caps(
    points: list[ServingPoint], known: list[ServingPoint], workload: Workload, scenario: Scenario
) -> list[float]:
    """The most a point may claim: for a predicted one, the best ``known`` independent one of its shape, no slower."""

    def shape(point: ServingPoint) -> tuple[object, ...]:
        return point.system, point.input_tokens_nominal, point.output_tokens_nominal

    benchmarks = [
        (shape(point), point.ttft_ms, point.tpot_ms, _trusted_rate(point, workload, scenario))
        for point in known
        if point.evidence in ("independent", "measured") and point.derivation != "interpolated"
    ]

    def cap(point: ServingPoint) -> float:
        if point.evidence != "predicted":
            return np.inf
        no_slower = [
            rate
            for proven, ttft, tpot, rate in benchmarks
            if proven == shape(point) and ttft <= point.ttft_ms and tpot <= point.tpot_ms
        ]
        return max(no_slower, default=np.inf)

    return [cap(point) for point in points]
