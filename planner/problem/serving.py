"""Which serving point may serve which workload, and at what rate: settled before any matrix exists."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.models import Derivation, DerivedPoint, ServingPoint
from planner.frozen import dataclass
from planner.rules.eligibility import unfit
from planner.rules.hosting import workers
from planner.rules.latency import SLACK, converts, latency_ms, row_sla, sla_excess, targets
from planner.rules.rates import capped_with, gpu_hours_rate, point_rate, proven_by_shape, telling
from planner.scenario.models import Scenario, Sla, Workload
from planner.timeline import Timeline

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
    gpus_per_replica: float
    workers: float
    worker_gpus: int
    requires: frozenset[str]
    sla_excess: float
    evidence: str
    ttft_ms: float
    tpot_ms: float
    by_tail_ratio: str
    engine: str = ""
    engine_version: str = ""
    derived: Derivation = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Found:
    """Candidates on ``systems``, with ``by`` all else that they were found by: wherever that is the same, so are they.

    ``chosen`` is which of them serve what on which kind of GPUs, as far as anybody asked.
    """

    candidates: list[Candidate]
    systems: set[str]
    by: tuple[object, ...]
    chosen: dict[Hashable, list[Candidate]] = field(default_factory=dict)


def found(
    scenario: Scenario, catalog: Catalog, timeline: Timeline, systems: set[str], *, late: bool, like: Found | None
) -> Found:
    """``candidates``, those of ``like`` where they are the same: no price, limit or demand makes any difference."""
    procurement = scenario.procurement
    by = (
        late,
        timeline.starts,
        # Whatever is asked for of them.
        [vars(workload) | {"demand": None} for workload in scenario.workloads],
        scenario.trust,
        scenario.tail_ratio,
        procurement.software_gain_per_year,
        procurement.software_gain_from,
        catalog.serving,
        catalog.systems,
        catalog.accuracy,
        catalog.models,
    )
    if like is None or like.by != by or not systems <= like.systems:
        return Found(candidates(scenario, catalog, timeline, systems, late=late), systems, by)
    if systems == like.systems:
        return like
    # No point is held against one on another system.
    mine = [candidate for candidate in like.candidates if candidate.system in systems]
    return Found(mine, systems, by, like.chosen)


def _by_tail_ratio(point: ServingPoint, sla: Sla) -> str:
    """The metrics whose target is held against a converted mean or median: ttft, tpot, ttft+tpot or none."""
    if isinstance(point, DerivedPoint) and point.converted:
        return point.converted
    return "+".join(metric for metric, _, percentile in targets(sla) if converts(point, metric, percentile))


def candidates(
    scenario: Scenario, catalog: Catalog, timeline: Timeline, systems: set[str], *, late: bool = True
) -> list[Candidate]:
    """Every point that fits a workload on one of ``systems``; ``late`` ones too, but for their latency they would."""
    found: list[Candidate] = []
    for index, workload in enumerate(scenario.workloads):
        if workload.kind == "gpu_hours":
            found += _gpu_hours(index, workload, timeline, systems)
        else:
            found += _points(index, workload, scenario, catalog, timeline, systems, np.inf if late else SLACK)
    return found


def _gpu_hours(index: int, workload: Workload, timeline: Timeline, systems: set[str]) -> list[Candidate]:
    return [
        Candidate(
            workload=index,
            system=system,
            name=system,
            rate=gpu_hours_rate(workload, system, timeline),
            gpus_per_replica=1,
            workers=1,
            worker_gpus=1,
            requires=frozenset(),
            sla_excess=0.0,
            evidence="measured",
            ttft_ms=np.nan,
            tpot_ms=np.nan,
            by_tail_ratio="",
        )
        for system in workload.gpu_hours_weight
        if system in systems
    ]


def _points(
    index: int,
    workload: Workload,
    scenario: Scenario,
    catalog: Catalog,
    timeline: Timeline,
    systems: set[str],
    most_excess: float,
) -> list[Candidate]:
    known = sorted(
        (point for point in catalog.serving.values() if point.model == workload.model and point.system in systems),
        key=lambda point: point.name,
    )
    shapes = proven_by_shape(known)
    rivals = {shape: telling(scenario, workload, points) for shape, points in shapes.items()}
    tail, sla = scenario.tail_ratio, row_sla(workload)
    found = []
    for point in known:
        if next(unfit(point, workload, catalog), None) is not None:
            continue
        excess = sla_excess(point, sla, tail)
        # Where nothing but latency keeps a point out, it can be said by how much; an unknown latency is no amount.
        if excess > most_excess or np.isinf(excess) or workload.headroom_at(point.name) >= 1:
            continue
        found.append(
            Candidate(
                workload=index,
                system=point.system,
                name=point.name,
                rate=point_rate(scenario, timeline, workload, point, rivals.get(capped_with(point), ())),
                gpus_per_replica=point.replica_gpus,
                workers=workers(point),
                worker_gpus=point.largest_worker_gpus,
                requires=frozenset(point.requires),
                sla_excess=excess,
                evidence=point.evidence,
                ttft_ms=_told(latency_ms(point, "ttft", sla.ttft_percentile, tail)),
                tpot_ms=_told(latency_ms(point, "tpot", sla.tpot_percentile, tail)),
                by_tail_ratio=_by_tail_ratio(point, sla),
                engine=point.engine,
                engine_version=point.engine_version,
                derived=point.derivation,
                note=_note(point, workload),
            )
        )
    return found


def _told(latency_ms: float) -> float:
    """A latency as results tell it: NaN where it is unknown, which only a workload without a target for it allows."""
    return latency_ms if np.isfinite(latency_ms) else np.nan


def _note(point: ServingPoint, workload: Workload) -> str:
    """How a derived point was made; that a measured one counts no hits although the workload has some."""
    if point.derivation:
        return point.note
    return NO_CREDIT if workload.prefix_cache_hit_share else ""
