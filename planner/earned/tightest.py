"""The blocks of a plan in which its requests are most likely to miss their targets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.scenario import Scenario
from planner.scenario.parts import is_whole
from planner.simulation.pools import Block, Row, ServedPool, all_blocks

# Blocks in which most requests have to wait; of plans in whole replicas more, since single ones are left over there.
MOST_WAITING, MOST_WAITING_WHOLE = 2, 6


@dataclass(frozen=True)
class Tight:
    """A block to simulate; ``workload`` is the place of its workload in the scenario."""

    workload: int
    block: Block


def spare(pool: ServedPool) -> float:
    """Places that are free on average, in standard deviations of how many are taken: the fewer, the more requests wait.

    What is taken varies about its mean by the square root of it, so large pools can be fuller than small ones.
    """
    load = pool.requests_per_s / (pool.saturated_requests_per_s * pool.replicas)
    return (1 - load) * math.sqrt(pool.replicas * pool.curve.limit)


def waiting(block: Block) -> float:
    """About the share of its requests that has to wait, by what each pool has to spare."""
    return sum(pool.share * math.exp(-spare(pool)) for pool in block.pools)


def every_block(scenario: Scenario, catalog: Catalog, serving: Sequence[Row]) -> list[Tight]:
    """Every block in which a workload whose headroom is simulated is served."""
    return [
        Tight(at, block)
        for at, workload in enumerate(scenario.workloads)
        if workload.simulated
        for block in all_blocks(scenario, catalog, workload, serving)
    ]


def tightest_blocks(scenario: Scenario, catalog: Catalog, serving: Sequence[Row]) -> list[Tight]:
    """Of each workload: its busiest block, those in which most requests have to wait, and of each configuration that
    of its tightest pool.

    The others have the same configurations with more to spare.
    """
    every = every_block(scenario, catalog, serving)
    most = MOST_WAITING_WHOLE if is_whole(scenario) else MOST_WAITING
    return [
        one for at in range(len(scenario.workloads)) for one in _tightest([x for x in every if x.workload == at], most)
    ]


def _tightest(of_workload: Sequence[Tight], most_waiting: int) -> list[Tight]:
    if not of_workload:
        return []
    blocks = [one.block for one in of_workload]
    chosen = {max(range(len(blocks)), key=lambda index: blocks[index].requests_per_s)}
    chosen |= set(sorted(range(len(blocks)), key=lambda index: -waiting(blocks[index]))[:most_waiting])
    tightest: dict[str, tuple[float, int]] = {}
    for index, block in enumerate(blocks):
        for pool in block.pools:
            mine = (spare(pool), index)
            tightest[pool.point] = min(tightest.get(pool.point, mine), mine)
    chosen |= {index for _, index in tightest.values()}
    return [of_workload[index] for index in sorted(chosen)]
