"""The floors of a request: what its arithmetic, its memory traffic and its decode steps take of the hardware at least.

A configuration runs at shares of those floors that its measured points tell. [Work model](docs/work-model.md) has the
formulas with their reasons, and how far they are off.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.catalog.models import ModelSize, ServingPoint, System
from planner.catalog.physics import BYTES, peak_pflops
from planner.frozen import dataclass
from planner.rules.attention import read_bytes, reading_flop, writing_flop
from planner.rules.families import gpu_seconds, shape_of
from planner.rules.stages import Split
from planner.rules.work import Lengths, least_squares

Floats = NDArray[np.float64]

FLOP_PER_PFLOP, BYTES_PER_TB, BYTES_PER_GB, PARAMS_PER_BILLION = 1e15, 1e12, 1e9, 1e9
# A decode step's overhead is counted in these.
STEP_S = 1e-3
# No arithmetic and no memory runs above its peak. Drafts hand out several tokens a step, which the model does not
# know of: up to so many times the peak bandwidth would then be needed.
MOST_TOKENS_PER_READ = 4.0
# Twice as many points as coefficients, and lengths that differ: fewer leave arithmetic and memory in each other's
# place, and a share of the peak that nobody saw is then taken for the whole of it.
FEWEST_POINTS, FEWEST_SHAPES = 6, 2
# Beyond so many input tokens nobody has tested the formulas: how attention grows decides there.
TESTED_INPUT_TOKENS = 32_768


class Floors(NamedTuple):
    """GPU-seconds of one request at the hardware's peaks, and its decode steps at 1 ms each."""

    compute: float
    memory: float
    steps: float


class Stages(NamedTuple):
    """Floors of a request's input and of its output."""

    reading: Floors
    writing: Floors


@dataclass(frozen=True)
class Setup:
    """What of an operating point decides its floors: model, system, precision, GPUs and requests of a replica."""

    size: ModelSize
    system: System
    point: ServingPoint

    def floors(self, lengths: Lengths, hits: float = 0.0, attention: float = 1.0) -> Floors:
        """Those of a request of ``lengths`` with ``hits`` of its input in the prefix cache.

        ``attention`` weighs the arithmetic of attention: 1 as counted.
        """
        given, made = lengths
        point, system, size = self.point, self.system, self.size
        dense = peak_pflops(point, system) * FLOP_PER_PFLOP
        # Attention runs in 16 bits, at half the peak of 8.
        half = system.fp8_dense_pflops_per_gpu / 2 * FLOP_PER_PFLOP
        weights = 2 * size.active_params_billion * PARAMS_PER_BILLION * (given * (1 - hits) + made) / dense
        attended = reading_flop(size, given * hits, given) + writing_flop(size, given, given + made)
        read = made * self.read_bytes() / point.concurrency + read_bytes(point, size, lengths)
        return Floors(
            weights + attention * attended / half,
            read / (system.memory_tb_per_s_per_gpu * BYTES_PER_TB),
            made * point.replica_gpus / point.concurrency * STEP_S,
        )

    def stages(self, lengths: Lengths, split: Split, hits: float, attention: float) -> Stages:
        """The floors of reading and of writing, each as GPU-seconds of the replica whose other part waits meanwhile."""
        whole = self.floors(lengths, hits, attention)
        reading = self.floors((lengths[0], 0.0), hits, attention).compute
        gpus = self.point.replica_gpus
        of_all = gpus / split.decode.gpus
        writing = Floors((whole.compute - reading) * of_all, whole.memory * of_all, whole.steps)
        return Stages(Floors(reading * gpus / split.prefill.gpus, 0.0, 0.0), writing)

    def prefill_seconds(self, lengths: Lengths, hits: float) -> float:
        """GPU-seconds at peak of the input alone: what comes before the first token."""
        return self.floors((lengths[0], 0.0), hits).compute

    def read_bytes(self) -> float:
        """Bytes of weights that a decode step reads: every dense one, and of the experts those that a request needs."""
        size, point = self.size, self.point
        routed, share = routed_params(size)
        used = 1.0 if not routed else 1 - float(bits.power(1 - share, point.concurrency))
        dense = size.total_params_billion - routed
        return BYTES[point.precision] * PARAMS_PER_BILLION * (dense + routed * used)


@dataclass(frozen=True)
class Efficiency:
    """How far a configuration is above its floors: factors on arithmetic and memory, ms of overhead of a step."""

    compute: float
    memory: float
    step_ms: float

    def gpu_seconds(self, floors: Floors) -> float:
        """The work of a request with these floors."""
        return self.compute * floors.compute + self.memory * floors.memory + self.step_ms * floors.steps


def routed_params(size: ModelSize) -> tuple[float, float]:
    """Billion parameters in routed experts, and the share of them that one token goes through."""
    if size.experts is None or size.experts_per_token is None or size.experts == size.experts_per_token:
        return 0.0, 1.0
    share = size.experts_per_token / size.experts
    return (size.total_params_billion - size.active_params_billion) / (1 - share), share


def efficiency_of(setups: Sequence[Setup]) -> Efficiency | None:
    """What measured points tell of their configuration; None where they are too few.

    Least squares of relative errors, so that all count alike; nothing runs above its peak, no step takes less than
    nothing. Exact: of the fits in which some coefficients rest on their bounds, the best that is within all of them.
    """
    if len(setups) < FEWEST_POINTS or len({shape_of(setup.point) for setup in setups}) < FEWEST_SHAPES:
        return None
    work = np.array([gpu_seconds(setup.point) for setup in setups])
    rows = np.array([setup.floors(shape_of(setup.point)) for setup in setups]) / work[:, None]
    drafts = any(setup.point.spec_decode != "none" for setup in setups)
    least = np.array([1.0, 1 / MOST_TOKENS_PER_READ if drafts else 1.0, 0.0])
    left = 1 - bits.dot(rows, least)
    best, best_miss = least, float((left**2).sum())
    for chosen in product((True, False), repeat=len(least)):
        active = tuple(index for index, free in enumerate(chosen) if free)
        above = least_squares(rows, active, left) if active else None
        if above is None:
            continue
        miss = float(((bits.dot(rows, above) - left) ** 2).sum())
        if miss < best_miss:
            best, best_miss = least + above, miss
    return Efficiency(*(float(value) for value in best))
