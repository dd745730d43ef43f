"""What simulated requests say of a plan's blocks: whether the targets hold, and which headroom would."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, reduce

from planner.earned.cores import outcomes
from planner.earned.margin import FOUND, Margin, chance, holds_by
from planner.earned.served import PLANNED, Served
from planner.earned.tightest import Tight
from planner.frozen import dataclass
from planner.scenario import Scenario
from planner.scenario.workload import LEAST_SIMULATED
from planner.simulation.pools import Block
from planner.simulation.requests import Traffic, length_s, sources
from planner.traffic.fewest import between
from planner.traffic.headroom import MOST, STEPS
from planner.traffic.outcome import Outcome
from planner.traffic.simulate import Pool

# A headroom at which nothing holds.
NONE_HOLDS = 1.0
# By the names of workload and configuration.
Key = tuple[str, str]
Headroom = dict[Key, float]


@dataclass(frozen=True)
class Verdict:
    """A block of a workload, and what came of its requests, all pools together."""

    block: Block
    served: tuple[Served, ...]

    @cached_property
    def outcome(self) -> Outcome:
        """The outcome of all pools as they are planned, each for the replicas that it is a sample of."""
        return self.together(lambda one: one.outcome)

    @property
    def share_within(self) -> float:
        """The share of its requests within all targets, without what else is counted of them."""
        counts = [(one.outcome.within * one.weight, one.outcome.requests * one.weight) for one in self.served]
        within, requests = map(sum, zip(*counts, strict=True))
        return within / requests if requests else math.nan

    def together(self, outcome: Callable[[Served], Outcome]) -> Outcome:
        """The same of other outcomes of the pools."""
        return reduce(Outcome.plus, (outcome(one).times(one.weight) for one in self.served))

    def holds(self, margin: Margin) -> bool:
        """Whether all of the workload's requests meet its targets by a margin."""
        return self.holds_if(lambda one: one.by(margin), margin)

    def holds_if(self, outcome: Callable[[Served], Outcome], margin: Margin = FOUND) -> bool:
        """Whether they would, if that came of its pools."""
        return holds_by([(outcome(one), one.weight) for one in self.served], margin)

    @cached_property
    def missed(self) -> list[Served]:
        """The pools that miss the targets by themselves; all of them where they miss only together."""
        return [one for one in self.served if one.missed] or list(self.served)

    def key(self, one: Served) -> Key:
        """Whose headroom that of a pool is."""
        return self.block.workload, one.pool.point


def _least(holds: Callable[[int], bool], short: int, most: int) -> int:
    """The least above ``short``, up to ``most``, that holds, and one more where none does: what is near comes first."""
    if short + 1 >= most or holds(short + 1):
        return short + 1
    if not holds(most):
        return most + 1
    short, step = short + 1, 2
    while short + step < most and not holds(short + step):
        short, step = short + step, 2 * step
    return between(holds, short, min(short + step, most))


def judge(
    scenario: Scenario, tight: Sequence[Tight], traffic: Mapping[str, Traffic], margin: Margin = FOUND
) -> list[Verdict]:
    """The verdict on each block, by its workload's requests in ``traffic``; blocks alike are simulated once.

    What ``margin`` asks of them is simulated along, on as many cores as a plan may take.
    """
    alike = {_alike(one): one for one in reversed(tight)}
    served = {key: tuple(_served(scenario, one, traffic[one.block.workload])) for key, one in alike.items()}
    wanted = [(one, factor) for pools in served.values() for one in pools for factor in {PLANNED, one.factor(margin)}]
    found = outcomes([one.asked(factor) for one, factor in wanted], sum(one.requests for one, _ in wanted))
    for (one, factor), outcome in zip(wanted, found, strict=True):
        one.known[factor] = outcome
    return [Verdict(one.block, served[_alike(one)]) for one in tight]


def _alike(tight: Tight) -> tuple[object, ...]:
    """What the simulation of a block depends on."""
    return tight.workload, tight.block.requests_per_s, tight.block.pools, tight.block.hours


def _served(scenario: Scenario, tight: Tight, traffic: Traffic) -> Iterator[Served]:
    block, tokens = tight.block, scenario.workloads[tight.workload].tokens
    assert tokens is not None
    warm_up_s, seconds = length_s(block, traffic)
    for pool, source in zip(block.pools, sources(block, tokens, traffic, tight.workload), strict=True):
        replicas = Pool(pool.sample, pool.curve, block.targets, warm_up_s=warm_up_s, seed=traffic.seed)
        requests = pool.requests_per_s * seconds
        counted = requests * (1 - warm_up_s / seconds)
        yield Served(pool, source, replicas, requests * pool.sample / pool.replicas, chance(traffic, counted))


def raised(verdicts: Sequence[Verdict], margin: Margin = FOUND) -> Headroom:
    """What would hold, by workload and configuration, of each pool that missed in a block that did.

    That is the least with which all of the workload's requests there would be in time together; where none is enough,
    what each pool needs by itself. Blocks for which it is enough what others ask for ask for no more.
    """
    found: Headroom = {}
    for verdict in sorted((one for one in verdicts if not one.holds(margin)), key=lambda one: one.share_within):
        if _enough(found, verdict):
            continue
        missed = verdict.missed
        enough = _least(_together(verdict, missed), min(one.steps for one in missed), MOST)
        for one in missed:
            _take(found, verdict, one, enough if enough <= MOST else _least(one.holds, one.steps, MOST))
    return found


def _enough(found: Headroom, verdict: Verdict) -> bool:
    """Whether a block holds with what is ``found`` so far; where what missed goes, another plan has to say."""
    if any(found.get(verdict.key(one)) == NONE_HOLDS for one in verdict.missed):
        return True
    steps = {id(one): round(found.get(verdict.key(one), 0.0) * STEPS) for one in verdict.served}
    raised = {of: min(step, MOST) for of, step in steps.items() if step}
    return bool(raised) and verdict.holds_if(
        lambda one: one.at_least(raised[id(one)]) if id(one) in raised else one.by(FOUND)
    )


def _together(verdict: Verdict, raised: Sequence[Served]) -> Callable[[int], bool]:
    """Whether a block holds with at least so much headroom on some of its pools."""
    chosen = {id(one) for one in raised}
    return lambda steps: verdict.holds_if(lambda one: one.at_least(steps) if id(one) in chosen else one.by(FOUND))


def needed(verdicts: Sequence[Verdict]) -> Headroom:
    """What each workload and configuration whose headroom was raised needs in these blocks."""
    found: Headroom = {}
    for verdict in verdicts:
        mine = [one for one in verdict.served if one.pool.headroom > LEAST_SIMULATED]
        if mine:
            enough = _least(_as_raised(verdict), 0, MOST)
            for one in mine:
                _take(found, verdict, one, enough)
    return found


def _as_raised(verdict: Verdict) -> Callable[[int], bool]:
    """Whether a block holds with so much headroom on the pools of which it was raised."""
    return lambda steps: verdict.holds_if(lambda one: one.as_raised(steps))


def _take(found: Headroom, verdict: Verdict, one: Served, steps: int) -> None:
    """Add what a pool needs, ``NONE_HOLDS`` where none of those that are tried is enough."""
    key = verdict.key(one)
    found[key] = max(found.get(key, 0.0), steps / STEPS if steps <= MOST else NONE_HOLDS)
