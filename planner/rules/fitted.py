"""Fitted points: a family at lengths that nobody measured, between the shapes that somebody did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations, groupby
from operator import itemgetter

import numpy as np

from planner.catalog.models import DerivedPoint, ServingPoint
from planner.frozen import dataclass
from planner.kinds.evidence import ORDER
from planner.rules.families import fit_of, gpu_seconds, shape_of, switched_on
from planner.rules.measured import METRICS, MeasuredPoints, derived_point, stated
from planner.rules.rates import no_slower
from planner.rules.thinned import Entry, thinned
from planner.rules.work import Lengths, Work, covered
from planner.units import MS_PER_S

# A fit on a pair or triple of shapes reaches wherever one on more of them does.
SIMPLEX = (2, 3)


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
            max(parent.replica_gpus for parent in self.parents),
            max(parent.largest_worker_gpus for parent in self.parents),
            max(ORDER.index(parent.evidence) for parent in self.parents),
            frozenset(capability for parent in self.parents for capability in parent.requires),
        )


def between_shapes(
    measured: MeasuredPoints,
    group: list[ServingPoint],
    spared: Callable[[Sequence[ServingPoint], Lengths, float], float],
) -> Iterator[DerivedPoint]:
    """A family's points at the lengths of the workload, at every pair of latencies where that is of use.

    At every pair of latencies that some point has, the least work of each shape no slower than that; fitted on all
    shapes there and on each pair and triple that has the workload between them. The parents' caps hold. ``spared`` says
    how much of a request's work hits take off.
    """
    wanted = measured.lengths
    between = cache(lambda shapes: covered(shapes, wanted))
    if not between(tuple(sorted({shape_of(point) for point in group}))):
        return
    shapes = [shape_of(point) for point in group]
    sets = dict.fromkeys(
        parents
        for level in _levels(measured, group)
        for size in sorted({*SIMPLEX, len(level)})
        for parents in combinations(level, size)
        if between(tuple(shapes[position] for position in parents))
    )
    found: list[_Fit] = []
    for positions in sets:
        parents = [group[position] for position in positions]
        work = fit_of(parents)
        claimed = work.claimed_gpu_seconds(*wanted)
        claimed -= spared(parents, wanted, claimed)
        claimed /= min(left_by_caps(measured, parent) for parent in parents)
        ttft, tpot = (max(measured.latency(parent, metric) for parent in parents) for metric in METRICS)
        found.append(_Fit(ttft, tpot, claimed, tuple(parents), work))
    for position, kept in enumerate(_undominated(found)):
        if (point := _fitted(measured, position, kept)) is not None:
            yield point


def _levels(measured: MeasuredPoints, group: list[ServingPoint]) -> list[tuple[int, ...]]:
    """Positions in ``group`` of the points of least work, one per shape, no slower than each pair of latencies."""
    entries = [
        Entry(gpu_seconds(point), position, shape_of(point), *(measured.latency(point, metric) for metric in METRICS))
        for position, point in enumerate(group)
    ]
    known = [entry for entry in entries if np.isfinite([entry.ttft_ms, entry.tpot_ms]).all()]
    kept = [(kind, entry) for kind, own in thinned(known, measured.lengths).items() for entry in own]
    found: dict[tuple[int, ...], None] = {}
    for ttft_ms in {entry.ttft_ms for _, entry in kept}:
        quick = [(entry.tpot_ms, kind, entry) for kind, entry in kept if entry.ttft_ms <= ttft_ms]
        best: dict[Lengths, Entry] = {}
        for _, same in groupby(sorted(quick), key=itemgetter(0)):
            for _, kind, entry in same:
                best[kind] = min(entry, best.get(kind, entry))
            found[tuple(entry.position for _, entry in sorted(best.items()))] = None
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


def _fitted(measured: MeasuredPoints, position: int, fit: _Fit) -> DerivedPoint | None:
    (input_tokens, output_tokens), parents = measured.lengths, fit.parents
    first, name = parents[0], measured.workload.name
    gpus = max(parent.gpus_per_replica for parent in parents)
    nominal = measured.nominal(first.system)
    seconds = (fit.ttft_ms + fit.tpot_ms * max(output_tokens - 1, 0)) / MS_PER_S
    drafts = "nospec" if first.spec_decode == "none" else first.spec_decode
    words = (first.engine, first.precision, first.mode, drafts, *switched_on(first))
    return derived_point(
        "fitted",
        measured,
        parents,
        series="-".join(("fitted", *words, f"{position}+{name}")),
        gpus_per_replica=gpus,
        replicas_per_gpu=min(parent.replicas_per_gpu for parent in parents) if gpus == 1 else 1,
        largest_worker_gpus=max(parent.largest_worker_gpus for parent in parents),
        input_tokens_nominal=nominal[0],
        output_tokens_nominal=nominal[1],
        input_tokens_mean=input_tokens,
        output_tokens_mean=output_tokens,
        concurrency=max(parent.replica_gpus for parent in parents) / fit.gpu_seconds * seconds,
        input_tok_s_per_gpu=input_tokens / fit.gpu_seconds,
        output_tok_s_per_gpu=output_tokens / fit.gpu_seconds,
        note=f"{described(fit.work)}: {', '.join(parent.name for parent in parents)}",
        **stated(measured, parents, {"ttft": fit.ttft_ms, "tpot": fit.tpot_ms}),
    )


def described(work: Work) -> str:
    """How many shapes a fit rests on and how far it is off at most, in words."""
    return f"fitted on {len(work.shapes)} shapes with an error of at most {100 * work.worst_error:.0f} %"


def left_by_caps(measured: MeasuredPoints, point: ServingPoint) -> float:
    """The share of a predicted point's rate that the proven points of its own shape leave it; 1 for any other."""
    if point.evidence != "predicted":
        return 1.0

    def rate(row: ServingPoint) -> float:
        input_rate = row.input_tok_s_per_gpu / point.input_tokens_mean
        return min(input_rate, row.output_tok_s_per_gpu / point.output_tokens_mean) * measured.scenario.trust.of(
            row.evidence
        )

    rates = [rate(rival) for rival in measured.rivals(point) if no_slower(rival, point)]
    return min(1.0, max(rates) / rate(point)) if rates else 1.0
