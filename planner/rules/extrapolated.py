"""Extrapolated points: a configuration at lengths beyond all that were measured, by the hardware's floors.

The floors of a request tell how its work grows with its lengths, measured points at how far above them a configuration
runs. What comes out is derated once, by what the formulas were off at measured shapes that they had not seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from planner import bits
from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, ServingPoint
from planner.kinds.evidence import PROVEN
from planner.rules.attention import has_attention
from planner.rules.families import Family, families, family, gpu_seconds, least_work, reachable, shape_of, switched_on
from planner.rules.fitted import left_by_caps
from planner.rules.measured import METRICS, MeasuredPoints, derived_point, stated
from planner.rules.memory import copies, fits
from planner.rules.roofline import TESTED_INPUT_TOKENS, Efficiency, Setup, efficiency_of
from planner.rules.stages import Split, split_of
from planner.rules.work import Lengths
from planner.scenario.workload import Workload
from planner.units import ms_from_s

# What the formulas have been off, with which every extrapolated figure is multiplied: docs/work-model.md has the
# errors, and a test holds the shipped rows against these.
WORK, WORK_WITH_DRAFTS, WORK_OF_SHORT_OUTPUT, WORK_APART = 1.3, 1.5, 1.7, 1.7
TPOT, TPOT_WITH_DRAFTS, TPOT_APART = 1.2, 1.3, 1.3
TTFT, TTFT_APART = 1.9, 3.0
# Where drafts stop paying: requests in flight per GPU.
MANY_PER_GPU = 8.0
# Below so many output tokens, other work than decoding decides; three bursts were 16 to 42 % dearer than told.
SHORT_OUTPUT_TOKENS = 500.0
# Attention at half its weight: the least that it may be found to count beyond the tested lengths.
HALF = 0.5

Refusal = Literal["", "disagg", "attention", "points", "memory"]
WHY: dict[Refusal, str] = {
    "disagg": "nothing says how their GPUs are split into prefill and decode workers",
    "attention": "models.yaml lacks the dimensions of their model's attention",
    "points": "fewer than six at two lengths tell how far they run above the hardware's floors",
    "memory": "weights and the caches of their requests in flight would not fit the memory",
}


class Anchored(NamedTuple):
    """A workload's requests at a replica and a concurrency: GPU-seconds before the derating, latencies in ms."""

    gpu_seconds: float
    least_share: float
    ttft_ms: float
    tpot_ms: float


class Extrapolator:
    """The points of one model, and what they tell of their configurations."""

    def __init__(self, points: Sequence[ServingPoint], catalog: Catalog) -> None:
        self._catalog = catalog
        self.groups = families(points, catalog)
        self._found: dict[Family, Efficiency | None] = {}
        self._of_pools: dict[tuple[object, ...], Efficiency | None] = {}

    def refusal(self, point: ServingPoint, lengths: Lengths) -> Refusal:
        """Why ``point`` is not carried to ``lengths``, '' where it is."""
        if point.mode == "disagg" and split_of(point) is None:
            return "disagg"
        size = self._catalog.models.get(point.model)
        if size is None or not has_attention(size):
            return "attention"
        if self.efficiency(point) is None:
            return "points"
        return "" if fits(point, size, self._catalog.systems[point.system], lengths) else "memory"

    def refusals(self, lengths: Lengths) -> Counter[Refusal]:
        """How many points fall to each refusal, those that are carried counted under ''."""
        return Counter(self.refusal(point, lengths) for group in self.groups.values() for point in group)

    def efficiency(self, point: ServingPoint) -> Efficiency | None:
        """How far the configuration of ``point`` runs above its floors: by its own points, else by those of its pool.

        A pool is the model in a precision, with drafts or without, in a class of evidence, on any system.
        """
        own = family(point)
        if own not in self._found:
            self._found[own] = efficiency_of(self._setups(self.groups.get(own, []))) or self._of_pool(_pool(point))
        return self._found[own]

    def _of_pool(self, pool: tuple[object, ...]) -> Efficiency | None:
        if pool not in self._of_pools:
            points = [point for group in self.groups.values() for point in group if _pool(point) == pool]
            self._of_pools[pool] = efficiency_of(self._setups(points))
        return self._of_pools[pool]

    def work(self, point: ServingPoint, lengths: Lengths, hits: float = 0.0, attention: float = 1.0) -> float:
        """GPU-seconds of a request by the floors of the configuration alone; of the slower part where it has two."""
        split = split_of(point)
        if split is not None:
            return max(self.stages(point, lengths, split, hits, attention))
        return self._known(point).gpu_seconds(self._setup(point).floors(lengths, hits, attention))

    def stages(
        self, point: ServingPoint, lengths: Lengths, split: Split, hits: float = 0.0, attention: float = 1.0
    ) -> tuple[float, float]:
        """What reading its input and writing its output would take, if the replica waited for that alone."""
        floors = self._setup(point).stages(lengths, split, hits, attention)
        known = self._known(point)
        return known.gpu_seconds(floors.reading), known.gpu_seconds(floors.writing)

    def _known(self, point: ServingPoint) -> Efficiency:
        efficiency = self.efficiency(point)
        assert efficiency is not None
        return efficiency

    def left_by_hits(self, point: ServingPoint, lengths: Lengths, hits: float) -> float | None:
        """The share of a request's work that is left with ``hits``; None where nothing tells.

        What is spared is derated, so that hits never do more than the formulas were right for.
        """
        if self.refusal(point, lengths) not in ("", "memory"):
            return None
        left = self.work(point, lengths, hits) / self.work(point, lengths)
        return 1 - (1 - left) / (WORK if point.mode == "agg" else WORK_APART)

    def points(self, measured: MeasuredPoints, group: list[ServingPoint]) -> Iterator[DerivedPoint]:
        """A configuration at the lengths of the workload, at every replica and concurrency that it was measured at."""
        known = [point for point in group if np.isfinite([measured.latency(point, metric) for metric in METRICS]).all()]
        able = [point for point in known if not self.refusal(point, measured.lengths)]
        nominal = measured.nominal(group[0].system)
        for position, (_, parents) in enumerate(sorted(self.alike(able).items())):
            if (point := self._point(measured, f"{position}", parents, nominal)) is not None:
                yield point

    def alike(self, points: Sequence[ServingPoint]) -> dict[tuple[float, ...], tuple[ServingPoint, ...]]:
        """The points of a configuration that anchor one extrapolated point: the least work of each length there."""
        found: dict[tuple[float, ...], list[ServingPoint]] = defaultdict(list)
        for point in points:
            found[self.replica(point)].append(point)
        return {replica: tuple(least_work(group).values()) for replica, group in found.items()}

    def replica(self, point: ServingPoint) -> tuple[float, ...]:
        """What those points share, their configuration apart: GPUs, copies of a cache, requests in flight."""
        size = self._catalog.models[point.model]
        each = (point.gpus_per_replica, point.replicas_per_gpu, point.largest_worker_gpus)
        split = split_of(point)
        parts = () if split is None else (*split.prefill, *split.decode)
        return (*each, copies(point, size), point.concurrency, *parts)

    def _point(
        self, measured: MeasuredPoints, position: str, parents: tuple[ServingPoint, ...], nominal: Lengths
    ) -> DerivedPoint | None:
        given, made = measured.lengths
        first, hits = parents[0], measured.workload.prefix_cache_hit_share
        latencies = [tuple(measured.latency(parent, metric) for metric in METRICS) for parent in parents]
        found = self.anchored(parents, measured.lengths, hits, latencies)
        factor = derating(first, measured.lengths)
        caps = [left_by_caps(measured, parent) for parent in parents]
        work = found.gpu_seconds * factor / min(caps)
        drafts = "nospec" if first.spec_decode == "none" else first.spec_decode
        words = (first.engine, first.precision, first.mode, f"tp{first.largest_worker_gpus}", drafts)
        return derived_point(
            "extrapolated",
            measured,
            parents,
            series="-".join(("extrapolated", *words, *switched_on(first), f"{position}+{measured.workload.name}")),
            input_tokens_nominal=nominal[0],
            output_tokens_nominal=nominal[1],
            input_tokens_mean=given,
            output_tokens_mean=made,
            input_tok_s_per_gpu=given / work,
            output_tok_s_per_gpu=made / work,
            least_share=found.least_share,
            note=_note(found, factor, parents),
            **stated(
                measured,
                parents,
                {"ttft": ttft_derating(first) * found.ttft_ms, "tpot": tpot_derating(first) * found.tpot_ms},
            ),
        )

    def anchored(
        self, parents: Sequence[ServingPoint], lengths: Lengths, hits: float, latencies: Sequence[Sequence[float]]
    ) -> Anchored:
        """The geometric mean of what each parent's own figures come to at ``lengths``.

        ``latencies`` are the TTFT and the TPOT of each, in ms.
        """
        ratios = np.array([self.work(p, lengths, hits) / self.work(p, shape_of(p)) for p in parents])
        work = _mean(np.array([gpu_seconds(p) for p in parents]) * ratios)
        ttft, tpot = np.array(latencies).T
        least = 1.0
        if lengths[0] > TESTED_INPUT_TOKENS:
            half = [self.work(p, lengths, hits, HALF) / self.work(p, shape_of(p), 0.0, HALF) for p in parents]
            least = min(1.0, _mean(np.array(half) / ratios))
        tpot_ms = _mean(tpot * np.array([self._slower(p, lengths, hits) for p in parents]))
        waited = _mean(ttft * np.sqrt([lengths[0] / p.input_tokens_mean for p in parents]))
        own, queued = (
            self._prefill_ms(parents[0], lengths, hits),
            self._queue_ms(parents[0], lengths, hits, work, tpot_ms),
        )
        return Anchored(work, least, max(waited, own, queued), tpot_ms)

    def _slower(self, point: ServingPoint, lengths: Lengths, hits: float) -> float:
        """How many times as long a token of the output takes as where the point was measured."""
        split = split_of(point)
        if split is None:
            grown = self.work(point, lengths, hits) / self.work(point, shape_of(point))
        else:
            own = self.stages(point, shape_of(point), split)[1]
            grown = self.stages(point, lengths, split, hits)[1] / own
        return grown * point.output_tokens_mean / lengths[1]

    def _prefill_ms(self, point: ServingPoint, lengths: Lengths, hits: float) -> float:
        """How long the GPUs that read the input of one request take, all of a replica's or a worker's: no first token
        comes before."""
        split = split_of(point)
        gpus = max(point.replica_gpus, 1.0) if split is None else split.prefill.gpus_each
        return ms_from_s(self._known(point).compute * self._setup(point).prefill_seconds(lengths, hits) / gpus)

    def _queue_ms(self, point: ServingPoint, lengths: Lengths, hits: float, work: float, tpot_ms: float) -> float:
        """Where reading is the slower part: of a request's time in a replica, by Little's law, what writing leaves."""
        split = split_of(point)
        if split is None:
            return 0.0
        reading, writing = self.stages(point, lengths, split, hits)
        if reading <= writing:
            return 0.0
        return ms_from_s(point.concurrency * work / point.replica_gpus) - lengths[1] * tpot_ms

    def _setup(self, point: ServingPoint) -> Setup:
        return Setup(self._catalog.models[point.model], self._catalog.systems[point.system], point)

    def _setups(self, points: Sequence[ServingPoint]) -> list[Setup]:
        return [self._setup(point) for point in points]


def derating(point: ServingPoint, lengths: Lengths) -> float:
    """The factor on the work of what is carried from ``point`` to ``lengths``: the largest that applies, once."""
    factors = [WORK]
    if point.spec_decode != "none" and point.concurrency / point.replica_gpus > MANY_PER_GPU:
        factors.append(WORK_WITH_DRAFTS)
    if lengths[1] < SHORT_OUTPUT_TOKENS:
        factors.append(WORK_OF_SHORT_OUTPUT)
    if point.mode == "disagg":
        factors.append(WORK_APART)
    return max(factors)


def tpot_derating(point: ServingPoint) -> float:
    """The factor on TPOT: how many tokens drafts hand out a step is less sure at other lengths."""
    if point.mode == "disagg":
        return TPOT_APART
    return TPOT if point.spec_decode == "none" else TPOT_WITH_DRAFTS


def ttft_derating(point: ServingPoint) -> float:
    """The factor on TTFT: where input has GPUs of its own, how long it waits for them."""
    return TTFT if point.mode == "agg" else TTFT_APART


def in_words(refused: Counter[Refusal]) -> str:
    """What keeps points from being carried to a workload's lengths, and how many of them each."""
    told = sorted(((count, why) for why, count in refused.items() if why), key=lambda entry: (-entry[0], entry[1]))
    return "; ".join(f"{count} point{'s' if count > 1 else ''}, as {WHY[why]}" for count, why in told)


def wanted(workload: Workload, points: Sequence[ServingPoint], catalog: Catalog) -> bool:
    """Whether points of a workload are extrapolated: as it says, else where its lengths were not measured at all."""
    if workload.extrapolate == "needed":
        return not reachable(workload, points, catalog)
    return workload.extrapolate == "always"


def _pool(point: ServingPoint) -> tuple[object, ...]:
    """What configurations share that may stand in for one of too few points."""
    evidence = "proven" if point.evidence in PROVEN else point.evidence
    return point.model, point.precision, point.mode, point.spec_decode != "none", evidence


def _mean(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """The geometric mean: factors too high and too low by as much cancel. One value stays as it is."""
    return float(values[0]) if len(values) == 1 else float(bits.exp(bits.log(values).mean()))


def _note(found: Anchored, factor: float, parents: Sequence[ServingPoint]) -> str:
    names = ", ".join(parent.name for parent in parents)
    beyond = ""
    if found.least_share < 1:
        low = found.gpu_seconds * factor * found.least_share
        beyond = (
            f"; beyond {TESTED_INPUT_TOKENS:,} input tokens nothing was tested: {low:.3g} GPU-seconds where attention "
            "counts half"
        )
    return (
        f"extrapolated to {found.gpu_seconds * factor:.3g} GPU-seconds a request, {factor:g} times what the hardware's "
        f"floors make of {names}{beyond}"
    )
