"""What simulated requests say of a plan's tightest blocks: whether the targets hold, and which headroom would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import cached_property, reduce

from planner.earned.tightest import Tight
from planner.frozen import dataclass
from planner.scenario import Scenario
from planner.scenario.workload import LEAST_SIMULATED
from planner.simulation.pools import Block, ServedPool
from planner.simulation.requests import Traffic, length_s, sources
from planner.traffic.fewest import between, stretched
from planner.traffic.headroom import MOST, STEPS
from planner.traffic.outcome import Outcome
from planner.traffic.requests import Source
from planner.traffic.simulate import Pool, simulate

# A headroom at which nothing holds.
NONE_HOLDS = 1.0
# By the names of workload and configuration.
Headroom = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Served:
    """A pool in a block, as it was simulated; ``known`` are the outcomes at other loads, by steps of headroom."""

    pool: ServedPool
    source: Source
    replicas: Pool
    outcome: Outcome
    known: dict[int, Outcome] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """The headroom that the plan counts with, in steps."""
        return round(self.pool.headroom * STEPS)

    @property
    def load(self) -> float:
        """The share of saturation at which the plan runs it."""
        return self.pool.requests_per_s / (self.pool.saturated_requests_per_s * self.pool.replicas)

    def at(self, steps: int) -> Outcome:
        """With that much headroom: its requests closer together or further apart, bursts and all."""
        if steps not in self.known:
            self.known[steps] = stretched(self.source, self.replicas, self.load / (1 - steps / STEPS))
        return self.known[steps]

    def holds(self, steps: int) -> bool:
        """Whether it holds the targets with that much headroom."""
        return self.at(steps).holds

    def as_raised(self, steps: int) -> Outcome:
        """With that much headroom, where its own was raised."""
        return self.at(steps) if self.pool.headroom > LEAST_SIMULATED else self.outcome

    def at_least(self, steps: int) -> Outcome:
        """With no less headroom than that; as it is where the plan leaves more of it free."""
        return self.outcome if self.load <= 1 - steps / STEPS else self.at(steps)


@dataclass(frozen=True)
class Verdict:
    """A block of a workload, and what came of its requests, all pools together."""

    block: Block
    served: tuple[Served, ...]

    @cached_property
    def outcome(self) -> Outcome:
        """The outcome of all pools, each for the replicas that it is a sample of."""
        return self.together(lambda one: one.outcome)

    def together(self, outcome: Callable[[Served], Outcome]) -> Outcome:
        """The same of other outcomes of the pools."""
        return reduce(Outcome.plus, (outcome(one).times(one.pool.replicas / one.pool.sample) for one in self.served))

    def least(self, outcome: Callable[[Served, int], Outcome], short: int) -> int:
        """The least headroom above ``short`` of its pools with which the workload holds its targets; see ``_least``."""

        def holds(steps: int) -> bool:
            return self.together(lambda one: outcome(one, steps)).holds

        return _least(holds, short, MOST)


def _least(holds: Callable[[int], bool], short: int, most: int) -> int:
    """The least above ``short``, up to ``most``, that holds, and one more where none does: what is near comes first."""
    step = 1
    while short + step < most and not holds(short + step):
        short, step = short + step, 2 * step
    enough = min(short + step, most)
    if enough == most and not holds(most):
        return most + 1
    return between(holds, short, enough)


def judge(scenario: Scenario, tight: Sequence[Tight], traffic: Mapping[str, Traffic]) -> list[Verdict]:
    """The verdict on each block, by its workload's requests in ``traffic``."""
    return [_judged(scenario, one, traffic[one.block.workload]) for one in tight]


def _judged(scenario: Scenario, tight: Tight, traffic: Traffic) -> Verdict:
    block, tokens = tight.block, scenario.workloads[tight.workload].tokens
    assert tokens is not None
    warm_up_s, _ = length_s(block, traffic)
    served = []
    for pool, source in zip(block.pools, sources(block, tokens, traffic, tight.workload), strict=True):
        replicas = Pool(pool.sample, pool.curve, block.targets, warm_up_s=warm_up_s, seed=traffic.seed)
        served.append(Served(pool, source, replicas, simulate(source, replicas)))
    return Verdict(block, tuple(served))


def raised(verdicts: Sequence[Verdict]) -> Headroom:
    """What would hold, by workload and configuration, of each pool that missed in a block that did.

    That is the least with which all of the workload's requests there would be in time together; where none is enough,
    what each pool needs by itself.
    """
    found: Headroom = {}
    for verdict in verdicts:
        if verdict.outcome.holds:
            continue
        missed = [one for one in verdict.served if not one.outcome.holds]
        enough = verdict.least(Served.at_least, min(one.steps for one in missed))
        for one in missed:
            steps = enough if enough <= MOST else _least(one.holds, one.steps, MOST)
            _take(found, verdict, one, steps)
    return found


def needed(verdicts: Sequence[Verdict]) -> Headroom:
    """What each workload and configuration whose headroom was raised needs in these blocks."""
    found: Headroom = {}
    for verdict in verdicts:
        mine = [one for one in verdict.served if one.pool.headroom > LEAST_SIMULATED]
        if mine:
            enough = verdict.least(Served.as_raised, 0)
            for one in mine:
                _take(found, verdict, one, enough)
    return found


def _take(found: Headroom, verdict: Verdict, one: Served, steps: int) -> None:
    """Add what a pool needs, ``NONE_HOLDS`` where none of those that are tried is enough."""
    key = (verdict.block.workload, one.pool.point)
    found[key] = max(found.get(key, 0.0), steps / STEPS if steps <= MOST else NONE_HOLDS)
