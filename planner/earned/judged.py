"""What simulated requests say of a plan's tightest blocks: whether the targets hold, and which headroom would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from planner.earned.tightest import Tight
from planner.scenario import Scenario
from planner.simulation.pools import Block, ServedPool
from planner.simulation.requests import Traffic, length_s, sources
from planner.traffic.headroom import headroom_held
from planner.traffic.outcome import Outcome
from planner.traffic.requests import Source
from planner.traffic.simulate import Pool, simulate

# A headroom at which nothing holds.
NONE_HOLDS = 1.0


@dataclass(frozen=True)
class Served:
    """A pool in a block, as it was simulated."""

    pool: ServedPool
    source: Source
    replicas: Pool
    outcome: Outcome

    def held(self) -> float:
        """The least headroom with which it would hold the targets; ``NONE_HOLDS`` where none does."""
        pool = self.pool
        rate, saturated = pool.requests_per_s / pool.replicas, pool.saturated_requests_per_s
        found = headroom_held(self.source, self.replicas, rate * pool.sample, saturated * pool.sample)
        return NONE_HOLDS if found is None else found


@dataclass(frozen=True)
class Verdict:
    """A block of a workload, and what came of its requests, all pools together."""

    workload: int
    block: Block
    served: tuple[Served, ...]

    @property
    def outcome(self) -> Outcome:
        """The outcome of all pools, each for the replicas that it is a sample of."""
        return reduce(Outcome.plus, (one.outcome.times(one.pool.replicas / one.pool.sample) for one in self.served))


def judge(scenario: Scenario, tight: Sequence[Tight], traffic: Traffic) -> list[Verdict]:
    """The verdict on each block, by the requests of ``traffic``."""
    return [_judged(scenario, one, traffic) for one in tight]


def _judged(scenario: Scenario, tight: Tight, traffic: Traffic) -> Verdict:
    block, tokens = tight.block, scenario.workloads[tight.workload].tokens
    assert tokens is not None
    warm_up_s, _ = length_s(block, traffic)
    served = []
    for pool, source in zip(block.pools, sources(block, tokens, traffic, tight.workload), strict=True):
        replicas = Pool(pool.sample, pool.curve, block.targets, warm_up_s=warm_up_s, seed=traffic.seed)
        served.append(Served(pool, source, replicas, simulate(source, replicas)))
    return Verdict(tight.workload, block, tuple(served))


def raised(verdicts: Sequence[Verdict]) -> dict[tuple[int, str], float]:
    """What would hold, by workload and configuration, of each pool that missed in a block that did."""
    found: dict[tuple[int, str], float] = {}
    for verdict in verdicts:
        if verdict.outcome.holds:
            continue
        for one in verdict.served:
            if not one.outcome.holds:
                key = (verdict.workload, one.pool.point)
                found[key] = max(found.get(key, 0.0), one.held())
    return found
