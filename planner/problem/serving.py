"""Which serving point may serve which workload, and at what rate: settled before any matrix exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.models import ServingPoint, Statistic, System, TokenApi
from planner.scenario.models import Scenario, Sla, TailRatio, Workload
from planner.timeline import Timeline
from planner.units import ms_from_s

Floats = NDArray[np.float64]

Metric = Literal["ttft", "tpot"]

SHAPE_TOLERANCE = 0.10


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


def latency_ms(row: ServingPoint | TokenApi, metric: Metric, percentile: int, tail: TailRatio) -> float:
    """The latency of ``row`` that a target at ``percentile`` is held against; inf where it is unknown.

    At 50 the p50, or the mean, which is the stricter; at 90, 95 and 99 that percentile, or the p99, or else the p50 or
    mean times the scenario's ``tail`` ratio.
    """
    ratio = tail.of(metric)
    if ratio is not None and converts(row, metric, percentile):
        stated: float = getattr(row, f"{metric}_ms")
        return stated * ratio
    known = _own_latency_ms(row, metric, percentile)
    return np.inf if known is None else known


def converts(row: ServingPoint | TokenApi, metric: Metric, percentile: int) -> bool:
    """Whether a tail target meets a row that states a mean or median and no tail."""
    central = getattr(row, f"{metric}_statistic") in ("p50", "mean")
    return percentile != 50 and central and _own_latency_ms(row, metric, percentile) is None


def _own_latency_ms(row: ServingPoint | TokenApi, metric: Metric, percentile: int) -> float | None:
    statistic: Statistic | None = getattr(row, f"{metric}_statistic")
    stated: float | None = getattr(row, f"{metric}_ms")
    p99: float | None = getattr(row, f"{metric}_p99_ms", None)
    if percentile == 50:
        return stated if statistic in ("p50", "mean") else None
    return stated if statistic in (f"p{percentile}", "p99") else p99


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


def software_gain(scenario: Scenario, timeline: Timeline, system: str) -> Floats:
    """Throughput growth of ``system`` by period, (T,)."""
    growth = scenario.procurement.software_gain_per_year.get(system, 0.0)
    return np.asarray((1 + growth) ** timeline.years_to_middle)


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
        if point.model == workload.model and point.system in systems
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
                rate=rate * software_gain(scenario, timeline, point.system),
                gpus_per_replica=point.gpus_per_replica,
                large_workers=large_workers(point, system),
                needs_rdma=point.gpus_per_replica > system.nvlink_domain_usable_gpus,
                requires=frozenset(point.requires),
                sla_excess=excess,
                evidence=point.evidence,
                ttft_ms=latency_ms(point, "ttft", workload.sla.ttft_percentile, tail),
                tpot_ms=latency_ms(point, "tpot", workload.sla.tpot_percentile, tail),
                by_tail_ratio=_by_tail_ratio(point, workload.sla),
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
    # 10 % itself is allowed: benchmarks that draw 80–100 % of a nominal length serve 90 % of it.
    return all(
        abs(mean - wanted) <= SHAPE_TOLERANCE * wanted * (1 + 1e-9)
        for mean, wanted in (
            (point.input_tokens_mean, workload.tokens.input),
            (point.output_tokens_mean, workload.tokens.output),
        )
    )


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
        if point.evidence in ("independent", "measured")
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
