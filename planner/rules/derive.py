"""Operating points that nobody measured: between shapes, between concurrencies, and with hits in the prefix cache.

They are rows of a derived catalog, each made for one workload and marked, so that everything that reads a catalog sees
the same points. What is made never depends on a target but for interpolation, which is at exactly the target: so a
looser target only ever lets in more points. Nothing is made where a scenario asks for nothing new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, pairwise
from typing import Any, Literal, NamedTuple

import numpy as np

from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, ServingPoint, Statistic
from planner.kinds.evidence import ORDER, PROVEN
from planner.rules.latency import Metric, converts, latency_ms
from planner.rules.work import Lengths, Work, covered, fit_work, near
from planner.scenario.models import Scenario
from planner.scenario.workload import Workload
from planner.units import MS_PER_S, ms_from_s

# A fit on a pair or triple of shapes reaches wherever one on more of them does.
SIMPLEX = (2, 3)
PERCENTILES: dict[int, Statistic] = {50: "p50", 90: "p90", 95: "p95", 99: "p99"}

Family = tuple[str, ...]
METRICS: tuple[Metric, ...] = ("ttft", "tpot")


def derive_points(scenario: Scenario, catalog: Catalog) -> Catalog:
    """``catalog`` with the points that the workloads of ``scenario`` may run at beyond the measured ones."""
    own = [point for point in catalog.serving.values() if not isinstance(point, DerivedPoint)]
    made: list[DerivedPoint] = []
    for workload in scenario.workloads:
        if workload.tokens is not None:
            asked = _Asked(scenario, workload, [point for point in own if point.model == workload.model])
            made += _made(asked, catalog)
    if not made and len(own) == len(catalog.serving):
        return catalog
    return replace(catalog, serving={point.key: point for point in [*own, *made]})


def reachable(workload: Workload, points: Sequence[ServingPoint], catalog: Catalog) -> bool:
    """Whether ``points`` of its model were measured close to the lengths of ``workload``, or lie around them."""
    assert workload.tokens is not None
    wanted = (workload.tokens.input, workload.tokens.output)
    own = [point for point in points if not point.derivation]
    if any(near(shape_of(point), wanted) for point in own):
        return True
    groups = families(own, catalog).values()
    return any(covered([shape_of(point) for point in group], wanted) for group in groups)


def family(point: ServingPoint) -> Family:
    """What the points of one work model share: all that sets the work of a token apart, but not the parallelism.

    Proven points stand together, others by class of evidence: a prediction never fills a gap between measurements.
    """
    group = "proven" if point.evidence in PROVEN else point.evidence
    return point.model, point.system, point.engine, point.precision, point.mode, point.spec_decode, group


def shape_of(point: ServingPoint) -> Lengths:
    """Mean input and output tokens of the requests that were measured."""
    return point.input_tokens_mean, point.output_tokens_mean


def gpu_seconds(point: ServingPoint) -> float:
    """GPU-seconds of one request of the lengths that were measured."""
    return 1 / min(
        point.input_tok_s_per_gpu / point.input_tokens_mean, point.output_tok_s_per_gpu / point.output_tokens_mean
    )


def least_work(points: Sequence[ServingPoint]) -> dict[Lengths, ServingPoint]:
    """The point of least work at each shape."""
    best: dict[Lengths, ServingPoint] = {}
    for point in sorted(points, key=lambda point: (gpu_seconds(point), point.name)):
        best.setdefault(shape_of(point), point)
    return best


def fit_of(points: Sequence[ServingPoint]) -> Work:
    """The work model on one point of each shape."""
    return fit_work([shape_of(point) for point in points], [gpu_seconds(point) for point in points])


def families(points: Sequence[ServingPoint], catalog: Catalog) -> dict[Family, list[ServingPoint]]:
    """The points of each configuration that a domain of their system can hold, in order of their names."""
    found: dict[Family, list[ServingPoint]] = defaultdict(list)
    for point in sorted(points, key=lambda point: point.name):
        if point.largest_worker_gpus <= catalog.systems[point.system].nvlink_domain_usable_gpus:
            found[family(point)].append(point)
    return found


@dataclass(frozen=True)
class _Asked:
    """A workload, and the measured points of its model."""

    scenario: Scenario
    workload: Workload
    points: list[ServingPoint]

    @property
    def wanted(self) -> Lengths:
        """The lengths of its requests."""
        assert self.workload.tokens is not None
        return self.workload.tokens.input, self.workload.tokens.output

    def target(self, metric: Metric) -> tuple[float | None, int]:
        """The limit in ms, None where there is none, and its percentile."""
        sla = self.workload.sla
        if metric == "tpot":
            return sla.tpot_ms, sla.tpot_percentile
        return None if sla.ttft_s is None else ms_from_s(sla.ttft_s), sla.ttft_percentile

    def known(self, point: ServingPoint, metric: Metric) -> float:
        """The latency at the target's percentile; inf where it is unknown."""
        return latency_ms(point, metric, self.target(metric)[1], self.scenario.tail_ratio)

    def latency(self, point: ServingPoint, metric: Metric) -> float:
        """The same, but the figure stated where no limit asks for another."""
        known = self.known(point, metric)
        stated: float = getattr(point, f"{metric}_ms")
        return stated if self.target(metric)[0] is None and not np.isfinite(known) else known


def _made(asked: _Asked, catalog: Catalog) -> Iterator[DerivedPoint]:
    """Every point made for a workload."""
    workload = asked.workload
    for group in families(asked.points, catalog).values():
        close = [point for point in group if near(shape_of(point), asked.wanted)]
        if not close:
            yield from _between_shapes(asked, group)
            continue
        best = {point.key: point for point in close}
        if workload.prefix_cache_hit_share:
            saving = fit_of(tuple(least_work(group).values()))
            for point in close:
                if (credited := _credited(asked, point, saving)) is not None:
                    best[point.key] = credited
                    yield credited
        if workload.interpolate:
            yield from _between_concurrencies(asked, list(best.values()))


# --- hits in the prefix cache ---


def _credited(asked: _Asked, point: ServingPoint, saving: Work) -> DerivedPoint | None:
    """A measured point with the prefill that hits spare it; None where the fit does not tell what input costs."""
    before = gpu_seconds(point)
    hits = asked.workload.prefix_cache_hit_share
    saved = saving.saved_by_hits(shape_of(point), hits, before)
    if saved <= 0:
        return None
    faster = before / (before - saved)
    return _derived_point(
        "fitted",
        asked,
        [point],
        series=f"{point.series}+{asked.workload.name}",
        input_tok_s_per_gpu=point.input_tok_s_per_gpu * faster,
        output_tok_s_per_gpu=point.output_tok_s_per_gpu * faster,
        note=f"{point.name} with {hits:g} of its input in the prefix cache: "
        f"{faster:.3g} times the rate, {_described(saving)}",
    )


# --- between measured shapes ---


@dataclass(frozen=True)
class _Fit:
    """What a fit makes of a workload's requests: the slowest latencies of its points, GPU-seconds of a request."""

    ttft_ms: float
    tpot_ms: float
    gpu_seconds: float
    parents: tuple[ServingPoint, ...]
    work: Work

    @property
    def needs(self) -> tuple[object, ...]:
        """What has to be alike before one fit can stand in for another."""
        return (
            max(parent.gpus_per_replica for parent in self.parents),
            max(parent.largest_worker_gpus for parent in self.parents),
            max(ORDER.index(parent.evidence) for parent in self.parents),
            frozenset(capability for parent in self.parents for capability in parent.requires),
        )


def _between_shapes(asked: _Asked, group: list[ServingPoint]) -> Iterator[DerivedPoint]:
    """A family's points at the lengths of the workload, at every pair of latencies where that is of use.

    At every pair of latencies that some point has, the least work of each shape no slower than that; fitted on all
    shapes there and on each pair and triple that has the workload between them. The parents' caps hold.
    """
    wanted, hits = asked.wanted, asked.workload.prefix_cache_hit_share
    between = cache(lambda shapes: covered(shapes, wanted))
    if not between(tuple(sorted({shape_of(point) for point in group}))):
        return
    saving = fit_of(tuple(least_work(group).values()))
    shapes = [shape_of(point) for point in group]
    sets = dict.fromkeys(
        parents
        for level in _levels(asked, group)
        for size in sorted({*SIMPLEX, len(level)})
        for parents in combinations(level, size)
        if between(tuple(shapes[place] for place in parents))
    )
    found: list[_Fit] = []
    for places in sets:
        parents = [group[place] for place in places]
        work = fit_of(parents)
        claimed = work.claimed_gpu_seconds(*wanted)
        claimed -= saving.saved_by_hits(wanted, hits, claimed) if hits else 0.0
        claimed /= min(_cap(asked, parent) for parent in parents)
        ttft, tpot = (max(asked.latency(parent, metric) for parent in parents) for metric in METRICS)
        found.append(_Fit(ttft, tpot, claimed, tuple(parents), work))
    for place, kept in enumerate(_undominated(found)):
        yield _fitted(asked, place, kept)


class _Place(NamedTuple):
    """A point by its place in the group."""

    gpu_seconds: float
    place: int
    shape: Lengths
    ttft_ms: float
    tpot_ms: float


def _levels(asked: _Asked, group: list[ServingPoint]) -> list[tuple[int, ...]]:
    """Places in ``group`` of the points of least work, one per shape, no slower than each pair of latencies."""
    entries = [
        _Place(gpu_seconds(point), place, shape_of(point), asked.latency(point, "ttft"), asked.latency(point, "tpot"))
        for place, point in enumerate(group)
    ]
    entries = sorted(entry for entry in entries if np.isfinite([entry.ttft_ms, entry.tpot_ms]).all())
    found: dict[tuple[int, ...], None] = {}
    for ttft_ms in {entry.ttft_ms for entry in entries}:
        quick = [entry for entry in entries if entry.ttft_ms <= ttft_ms]
        for tpot_ms in {entry.tpot_ms for entry in quick}:
            best: dict[Lengths, int] = {}
            for entry in quick:
                if entry.tpot_ms <= tpot_ms:
                    best.setdefault(entry.shape, entry.place)
            found[tuple(place for _, place in sorted(best.items()))] = None
    return sorted(found)


def _undominated(found: list[_Fit]) -> list[_Fit]:
    """Those of which none of the same replica, evidence and capabilities is as fast and takes as little work."""
    kept: list[_Fit] = []
    for fit in sorted(found, key=lambda fit: (fit.gpu_seconds, fit.ttft_ms, fit.tpot_ms)):
        if not any(
            other.ttft_ms <= fit.ttft_ms and other.tpot_ms <= fit.tpot_ms and other.needs == fit.needs for other in kept
        ):
            kept.append(fit)
    return kept


def _fitted(asked: _Asked, place: int, fit: _Fit) -> DerivedPoint:
    (input_tokens, output_tokens), parents = asked.wanted, fit.parents
    first, name = parents[0], asked.workload.name
    gpus = max(parent.gpus_per_replica for parent in parents)
    # A cap compares nominal lengths: where the system was measured close to the workload's, those are meant.
    close = [p for p in asked.points if p.system == first.system and near(shape_of(p), asked.wanted)]
    alike = min(close, key=lambda point: point.name, default=None)
    seconds = (fit.ttft_ms + fit.tpot_ms * max(output_tokens - 1, 0)) / MS_PER_S
    words = (first.engine, first.precision, first.mode, "nospec" if first.spec_decode == "none" else first.spec_decode)
    return _derived_point(
        "fitted",
        asked,
        parents,
        series="-".join(("fitted", *words, f"{place}+{name}")),
        gpus_per_replica=gpus,
        largest_worker_gpus=max(parent.largest_worker_gpus for parent in parents),
        input_tokens_nominal=input_tokens if alike is None else alike.input_tokens_nominal,
        output_tokens_nominal=output_tokens if alike is None else alike.output_tokens_nominal,
        input_tokens_mean=input_tokens,
        output_tokens_mean=output_tokens,
        concurrency=gpus / fit.gpu_seconds * seconds,
        input_tok_s_per_gpu=input_tokens / fit.gpu_seconds,
        output_tok_s_per_gpu=output_tokens / fit.gpu_seconds,
        note=f"{_described(fit.work)}: {', '.join(parent.name for parent in parents)}",
        **_stated(asked, parents, {"ttft": fit.ttft_ms, "tpot": fit.tpot_ms}),
    )


def _described(work: Work) -> str:
    return f"fitted on {len(work.shapes)} shapes with an error of at most {100 * work.worst_error:.0f} %"


def _cap(asked: _Asked, point: ServingPoint) -> float:
    """The share of a predicted point's rate that the proven points of its own shape leave it; 1 for any other."""
    if point.evidence != "predicted":
        return 1.0

    def rate(row: ServingPoint) -> float:
        input_rate = row.input_tok_s_per_gpu / point.input_tokens_mean
        return min(input_rate, row.output_tok_s_per_gpu / point.output_tokens_mean) * asked.scenario.trust.of(
            row.evidence
        )

    rivals = [
        rate(rival)
        for rival in asked.points
        if rival.evidence in PROVEN
        and rival.system == point.system
        and rival.input_tokens_nominal == point.input_tokens_nominal
        and rival.output_tokens_nominal == point.output_tokens_nominal
        and rival.ttft_ms <= point.ttft_ms
        and rival.tpot_ms <= point.tpot_ms
    ]
    return min(1.0, max(rivals) / rate(point)) if rivals else 1.0


# --- between measured concurrencies ---


def _between_concurrencies(asked: _Asked, points: list[ServingPoint]) -> Iterator[DerivedPoint]:
    """Where a series crosses the targets of ``workload``: between two neighbours with the same replica."""
    series: dict[tuple[Any, ...], list[ServingPoint]] = defaultdict(list)
    for point in points:
        # A predictor can be asked at the target itself; and what is interpolated stands under no cap.
        if point.evidence != "predicted":
            replica = (point.gpus_per_replica, point.largest_worker_gpus)
            series[point.system, point.series, replica, shape_of(point), family(point)].append(point)
    for sweep in series.values():
        for pair in pairwise(sorted(sweep, key=lambda point: point.concurrency)):
            if (between := _at_target(asked, *pair)) is not None:
                yield between


def _at_target(asked: _Asked, low: ServingPoint, high: ServingPoint) -> DerivedPoint | None:
    """The point between two that just meets the targets, all figures linear in between; None where none is better.

    Throughput against latency is concave along a sweep, and latency against concurrency convex: so the chord claims
    neither more tokens nor less latency than there would be.
    """
    targets = {metric: asked.target(metric)[0] for metric in METRICS}
    limits = {metric: np.inf if limit is None else limit for metric, limit in targets.items()}
    latencies = {metric: (asked.latency(low, metric), asked.latency(high, metric)) for metric in METRICS}
    if not np.isfinite(list(latencies.values())).all():
        return None
    met = [all(latencies[metric][end] <= limits[metric] for metric in METRICS) for end in (0, 1)]
    if met[0] == met[1]:
        return None
    inner, outer = (0, 1) if met[0] else (1, 0)
    ends, name = (low, high), asked.workload.name
    if gpu_seconds(ends[outer]) >= gpu_seconds(ends[inner]):
        return None
    step = min(
        (limits[metric] - pair[inner]) / (pair[outer] - pair[inner])
        for metric, pair in latencies.items()
        if pair[outer] > limits[metric]
    )
    if not 0 < step < 1:
        return None

    def at(first: float, second: float) -> float:
        return first + step * (second - first)

    def figure(name: str) -> float:
        return at(getattr(ends[inner], name), getattr(ends[outer], name))

    reached = {metric: min(limits[metric], at(pair[inner], pair[outer])) for metric, pair in latencies.items()}
    return _derived_point(
        "interpolated",
        asked,
        ends,
        series=f"{low.series.removesuffix(f'+{name}')}+{name}",
        concurrency=figure("concurrency"),
        input_tok_s_per_gpu=figure("input_tok_s_per_gpu"),
        output_tok_s_per_gpu=figure("output_tok_s_per_gpu"),
        note=f"{100 * step:.0f} % of the way from {ends[inner].name} to {ends[outer].name}",
        **_stated(asked, ends, reached),
    )


# --- rows ---


def _stated(asked: _Asked, parents: Sequence[ServingPoint], latencies: dict[Metric, float]) -> dict[str, Any]:
    """The latency fields of a derived point: figures at the percentiles of the workload's targets."""
    fields: dict[str, Any] = {"ttft_p99_ms": None, "tpot_p99_ms": None}
    converted = []
    for metric, latency in latencies.items():
        limit, percentile = asked.target(metric)
        unknown = [point for point in parents if not np.isfinite(asked.known(point, metric))]
        statistic: Statistic = getattr(unknown[0], f"{metric}_statistic") if unknown else PERCENTILES[percentile]
        fields |= {f"{metric}_ms": latency, f"{metric}_statistic": statistic}
        if limit is not None and any(converts(point, metric, percentile) for point in parents):
            converted.append(metric)
    return fields | {"converted": "+".join(converted)}


def _derived_point(
    how: Literal["interpolated", "fitted"], asked: _Asked, parents: Sequence[ServingPoint], **fields: Any
) -> DerivedPoint:
    """A row like its first parent with other ``fields``, resting on what all its parents rest on."""
    given = {
        **dict(parents[0]),
        "engine_version": "; ".join(dict.fromkeys(p.engine_version for p in parents if p.engine_version)),
        "requires": tuple(sorted({capability for p in parents for capability in p.requires})),
        "source": tuple(dict.fromkeys(source for p in parents for source in p.source)),
        "as_of": min(p.as_of for p in parents),
        "evidence": max((p.evidence for p in parents), key=ORDER.index),
        "derived": how,
        "workload": asked.workload.name,
        "parents": tuple(dict.fromkeys(name for p in parents for name in (getattr(p, "parents", ()) or (p.name,)))),
        "file": "",
        "line": 0,
        **fields,
    }
    return DerivedPoint.model_validate(given)
