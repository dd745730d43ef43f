"""A second derivation of extrapolated points and of cache hits, from docs/model.md alone: SciPy's bounded fit.

What arithmetic, memory and steps take at the hardware's peaks, times factors that measured points tell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import lsq_linear

from planner.catalog.models import Catalog, ModelSize, ServingPoint
from tests.oracle.attention import bytes_kept, bytes_read, flop

Shape = tuple[float, float]
BITS = {"bf16": 16, "fp8": 8, "fp4": 4, "mxfp4": 4, "int4": 4}


def seconds(point: ServingPoint) -> float:
    """GPU-seconds of one measured request."""
    return max(
        point.input_tokens_mean / point.input_tok_s_per_gpu, point.output_tokens_mean / point.output_tok_s_per_gpu
    )


class Configuration:
    """The points of one configuration with what they, or those of its pool, tell of its distance from the peaks."""

    def __init__(self, group: Sequence[ServingPoint], pool: Sequence[ServingPoint], catalog: Catalog) -> None:
        self.catalog, self.group = catalog, list(group)
        size = catalog.models.get(group[0].model)
        self.size = size
        self.factors: list[float] | None = None
        if size is None or size.attention_layers is None:
            return
        for points in (group, pool):
            shapes = {(p.input_tokens_mean, p.output_tokens_mean) for p in points}
            if self.factors is None and len(points) >= 6 and len(shapes) >= 2:
                self.factors = self._fit(points)

    def _fit(self, points: Sequence[ServingPoint]) -> list[float]:
        rows = []
        for point in points:
            floors = self.floors(point, (point.input_tokens_mean, point.output_tokens_mean), 0.0)
            rows.append([floor / seconds(point) for floor in floors])
        drafts = any(point.spec_decode != "none" for point in points)
        scale = np.array(rows).max(axis=0)
        least = np.array([1.0, 0.25 if drafts else 1.0, 0.0]) * scale
        found = lsq_linear(np.array(rows) / scale, np.ones(len(rows)), (least, np.inf), method="bvls", tol=1e-14)
        return [float(x) for x in found.x / scale]

    def floors(self, point: ServingPoint, lengths: Shape, hits: float) -> tuple[float, float, float]:
        """Seconds of arithmetic and of memory at their peaks, and steps at a millisecond each."""
        size, system = self.size, self.catalog.systems[point.system]
        assert size is not None
        given, made = lengths
        peak = system.fp8_dense_pflops_per_gpu
        if point.precision == "bf16":
            peak /= 2
        if BITS[point.precision] == 4 and system.fp4_dense_pflops_per_gpu:
            peak = system.fp4_dense_pflops_per_gpu
        arithmetic = 2e9 * size.active_params_billion * (given - given * hits + made) / (peak * 1e15)
        arithmetic += flop(size, given, made, hits) / (system.fp8_dense_pflops_per_gpu / 2 * 1e15)
        memory = made * weights_read(point, size) / point.concurrency + bytes_read(point, size, given, made)
        gpus = point.gpus_per_replica / point.replicas_per_gpu
        return arithmetic, memory / (system.memory_tb_per_s_per_gpu * 1e12), made * gpus / point.concurrency / 1000

    def tells(self, point: ServingPoint) -> bool:
        """Whether anything is known of what other lengths take: of two parts, only where their GPUs are."""
        return self.factors is not None and (point.mode == "agg" or parts(point) is not None)

    def work(self, point: ServingPoint, lengths: Shape, hits: float = 0.0) -> float:
        """What the floors and their factors make of a request; of the slower of two parts, the other waiting."""
        if parts(point) is not None:
            return max(self.reading(point, lengths, hits), self.writing(point, lengths))
        assert self.factors is not None
        return sum(a * b for a, b in zip(self.factors, self.floors(point, lengths, hits), strict=True))

    def reading(self, point: ServingPoint, lengths: Shape, hits: float) -> float:
        """GPU-seconds of all GPUs while those of the input read it."""
        found = parts(point)
        assert self.factors is not None
        assert found is not None
        arithmetic = self.floors(point, (lengths[0], 0.0), hits)[0]
        return self.factors[0] * arithmetic * point.gpus_per_replica / found["p"].gpus

    def writing(self, point: ServingPoint, lengths: Shape) -> float:
        """The same while those of the output write it."""
        found = parts(point)
        assert self.factors is not None
        assert found is not None
        a, b, s = self.factors
        whole = self.floors(point, lengths, 0.0)
        arithmetic = whole[0] - self.floors(point, (lengths[0], 0.0), 0.0)[0]
        of_all = point.gpus_per_replica / found["d"].gpus
        return of_all * (a * arithmetic + b * whole[1]) + s * whole[2]

    def left(self, point: ServingPoint, lengths: Shape, hits: float) -> float:
        """The share of a request's work that hits leave, what they spare derated."""
        careful = 1.3 if point.mode == "agg" else 1.7
        return 1 - (1 - self.work(point, lengths, hits) / self.work(point, lengths)) / careful

    def holds(self, point: ServingPoint, lengths: Shape) -> bool:
        """Whether nine tenths of memory hold the weights and the caches of all requests in flight."""
        size, system = self.size, self.catalog.systems[point.system]
        assert size is not None
        assert size.kv_heads is not None
        bytes_each = {16: 2.0, 8: 1.0, 4: 0.6}[BITS[point.precision]]
        weights = size.total_params_billion * bytes_each

        def needed(tokens: Shape, requests: float, gpus: int, spread: bool) -> float:
            same = 1.0 if spread else max(1.0, gpus / (size.kv_heads or 1))
            one = same * bytes_kept(point, size, *tokens) + 4.0 * size.state_layers * (size.state_size or 0)
            return weights + requests * one / 1e9

        each = 0.9 * system.memory_gb_per_gpu
        found = parts(point)
        if found is None:
            whole = needed(lengths, point.concurrency, point.largest_worker_gpus, "-dpattn" in point.series)
            return whole <= each * point.gpus_per_replica / point.replicas_per_gpu
        p, d = found["p"], found["d"]
        reads = needed((lengths[0], 0.0), 1.0, p.each, p.spread) <= each * p.each
        return reads and needed(lengths, point.concurrency / d.workers, d.each, d.spread) <= each * d.each

    def carried(
        self, lengths: Shape, hits: float, times: dict[str, tuple[float, float]]
    ) -> list[tuple[list[ServingPoint], float, tuple[float, float]]]:
        """Parents, GPU-seconds and latencies of a request of ``lengths`` at every replica and concurrency."""
        if self.factors is None:
            return []
        alike: dict[tuple[object, ...], dict[Shape, ServingPoint]] = {}
        for point in sorted(self.group, key=lambda p: (seconds(p), p.name)):
            if self.tells(point) and self.holds(point, lengths) and all(map(math.isfinite, times[point.name])):
                apart = "-dpattn" in point.series
                key = (point.gpus_per_replica, point.replicas_per_gpu, point.largest_worker_gpus, apart)
                shapes = alike.setdefault((*key, point.concurrency, str(parts(point))), {})
                shapes.setdefault((point.input_tokens_mean, point.output_tokens_mean), point)
        return [self._one(list(parents.values()), lengths, hits, times) for parents in alike.values()]

    def _one(
        self, parents: list[ServingPoint], lengths: Shape, hits: float, times: dict[str, tuple[float, float]]
    ) -> tuple[list[ServingPoint], float, tuple[float, float]]:
        assert self.factors is not None
        work, ttft, tpot = 1.0, 1.0, 1.0
        for point in parents:
            own = (point.input_tokens_mean, point.output_tokens_mean)
            grown = self.work(point, lengths, hits) / self.work(point, own)
            slower = grown if parts(point) is None else self.writing(point, lengths) / self.writing(point, own)
            root = 1 / len(parents)
            work *= (seconds(point) * grown) ** root
            ttft *= (times[point.name][0] * (lengths[0] / own[0]) ** 0.5) ** root
            tpot *= (times[point.name][1] * slower * own[1] / lengths[1]) ** root
        first = parents[0]
        found = parts(first)
        gpus = max(1.0, first.gpus_per_replica / first.replicas_per_gpu) if found is None else found["p"].each
        ttft = max(ttft, 1000 * self.factors[0] * self.floors(first, (lengths[0], 0.0), hits)[0] / gpus)
        if found is not None:
            if self.reading(first, lengths, hits) > self.writing(first, lengths):
                # What is in flight is in the replica for so long, and most of it waits to be read.
                ttft = max(ttft, 1000 * first.concurrency * work / first.gpus_per_replica - lengths[1] * tpot)
            return parents, work * 1.7, (3.0 * ttft, 1.3 * tpot)
        factor = 1.3
        if first.spec_decode != "none" and first.concurrency * first.replicas_per_gpu > 8 * first.gpus_per_replica:
            factor = 1.5
        if lengths[1] < 500:
            factor = 1.7
        return parents, work * factor, (1.9 * ttft, (1.2 if first.spec_decode == "none" else 1.3) * tpot)


class Part(NamedTuple):
    """GPUs of a replica that read input, or write output: of so many workers, with attention spread over requests."""

    workers: int
    each: int
    spread: bool

    @property
    def gpus(self) -> int:
        """All of them."""
        return self.workers * self.each


def parts(point: ServingPoint) -> dict[str, Part] | None:
    """Both parts by the words of a series, as in ``p2x4ep4-d1x16-dpattn-d``; None where they are not all GPUs."""
    words = point.series.split("-")
    spread = ""
    if "dpattn" in words:
        after = words[words.index("dpattn") + 1 :]
        spread = after[0] if after and after[0] in ("p", "d", "pd") else "pd"
    found = {}
    for word in words:
        workers, _, layout = word[1:].partition("x")
        if word[:1] in ("p", "d") and workers.isdigit() and layout[:1].isdigit():
            each = 1
            for kind, size in re.findall(r"([a-z]*)(\d+)", layout):
                # Copies add GPUs, but where attention is spread over those of one.
                if kind in ("", "pp") or (kind == "dp" and word[0] not in spread):
                    each *= int(size)
            found[word[0]] = Part(int(workers), each, word[0] in spread)
    if point.mode != "disagg" or found.keys() != {"p", "d"}:
        return None
    return found if sum(part.gpus for part in found.values()) == point.gpus_per_replica else None


def weights_read(point: ServingPoint, size: ModelSize) -> float:
    """Bytes of a decode step: the experts that none of the requests in flight is sent to are not read."""
    each = BITS[point.precision] / 8 * 1e9
    if size.experts is None or size.experts_per_token is None:
        return each * size.total_params_billion
    missed = 1.0
    for _ in range(int(point.concurrency)):
        missed *= 1 - size.experts_per_token / size.experts
    routed = (size.total_params_billion - size.active_params_billion) / (1 - size.experts_per_token / size.experts)
    return each * (size.total_params_billion - routed * missed)
