"""A replica that works in iterations with always as many requests in it: a point of a concurrency curve."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from planner.traffic.iterations import Iterations, StepReplica
from planner.traffic.replica import Job
from planner.traffic.requests import Floats

# Rounds of all places that are counted, and requests at least; before them rounds that warm up.
_ROUNDS, _LEAST, _WARM_UP = 20, 1_000, 3


class Steady(NamedTuple):
    """Requests in the replica, their latency in seconds, medians but for the whole one, and what it finishes."""

    requests: int
    ttft_s: float
    tpot_s: float
    mean_whole_s: float
    requests_per_s: float


def steady(model: Iterations, input_tokens: Floats, output_tokens: Floats, seed: int = 1) -> Steady:
    """What ``model.limit`` requests in the replica see: whenever one has its last token, another comes.

    Lengths are those of the pairs given, all as often.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    warm_up = _WARM_UP * model.limit
    counted = max(_ROUNDS * model.limit, _LEAST)
    rounds = -(-(warm_up + counted + model.limit) // len(input_tokens))
    order = np.concatenate([draw.permutation(len(input_tokens)) for _ in range(rounds)])
    lengths = iter(zip(input_tokens[order].tolist(), output_tokens[order].tolist(), strict=True))
    ended: list[tuple[Job, float]] = []
    replica = StepReplica(model, lambda job, now: ended.append((job, now)))

    def comes(number: int, now: float) -> None:
        given, written = next(lengths)
        replica.arrive(Job(number, now, given, 0.0, written), now)

    for number in range(model.limit):
        comes(number, 0.0)
    came = model.limit
    while len(ended) < warm_up + counted:
        now, before = replica.next_s, len(ended)
        replica.step(now)
        for _ in ended[before:]:
            comes(came, now)
            came += 1
    since = ended[warm_up - 1][1]
    kept = ended[warm_up:]
    whole = np.array([end_s - job.came_s for job, end_s in kept])
    first = np.array([job.first_s - job.came_s for job, _ in kept])
    steps = np.array([job.steps for job, _ in kept])
    tpot = ((whole - first) / np.maximum(steps, 1))[steps > 0]
    per_s = len(kept) / (kept[-1][1] - since)
    return Steady(
        model.limit, float(np.median(first)), float(np.median(tpot)) if len(tpot) else math.nan, float(whole.mean()),
        per_s,
    )  # fmt: skip
