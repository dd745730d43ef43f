"""Solve, simulate, raise the headroom of what missed its targets, and solve again, until all of them hold.

Headroom belongs to a workload's configuration and never to a number of replicas, and until all hold it is only raised,
so the rounds come to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from planner.catalog import Catalog
from planner.earned.judged import NONE_HOLDS, Verdict, judge, raised
from planner.earned.tightest import tightest_blocks
from planner.earned.told import headroom_rows, verdict_rows
from planner.plan.audited import Audited, served_rows
from planner.plan.simulated import Simulated
from planner.scenario import Scenario, scenario_digest
from planner.scenario.parts import in_parts, is_whole
from planner.simulation.requests import Traffic, words_of

# By workload and configuration.
Headroom = dict[tuple[int, str], float]
# A plan of a scenario, audited.
Solves = Callable[[Scenario], Audited]

# Of the 1 % grid that headroom is looked for on.
STEP = 0.01
# From one stream of requests to the next.
STREAM = 1_000


def with_headroom(scenario: Scenario, headroom: Mapping[tuple[int, str], float]) -> Scenario:
    """The scenario with what its configurations were seen to need."""
    workloads = []
    for at, workload in enumerate(scenario.workloads):
        own = {point: share for (index, point), share in headroom.items() if index == at}
        workloads.append(workload.model_copy(update={"headroom_by_point": own}) if workload.simulated else workload)
    found = scenario.model_copy(update={"workloads": tuple(workloads)})
    found._origin = scenario.origin
    return found


def earned(scenario: Scenario, catalog: Catalog, solve: Solves) -> Audited:
    """The plan of a scenario whose headroom is simulated, with what its rounds found.

    Where replicas are whole the first rounds are in parts of them, which takes a fraction of the time.
    """
    run = _Rounds(scenario, catalog, solve)
    if is_whole(scenario):
        run.until_held(in_parts(scenario))
    return run.finished()


class _Rounds:
    def __init__(self, scenario: Scenario, catalog: Catalog, solve: Solves) -> None:
        self._scenario, self._catalog, self._solve = scenario, catalog, solve
        self._traffic = Traffic()
        self._headroom: Headroom = {}
        self._rounds = 0

    def until_held(self, scenario: Scenario) -> Audited:
        """A plan whose targets hold with the requests that headroom is found with."""
        while True:
            plan = self._solve(with_headroom(scenario, self._headroom))
            self._rounds += 1
            more = raised(self._verdicts(plan, self._traffic))
            if not self._raise(more):
                return plan

    def finished(self) -> Audited:
        """A plan whose targets hold with fresh requests too; where they do not, its headroom is raised further."""
        fresh = self._traffic
        while True:
            plan = self.until_held(self._scenario)
            fresh = replace(fresh, seed=fresh.seed + STREAM)
            verdicts = self._verdicts(plan, fresh)
            if not self._raise(raised(verdicts)):
                return replace(plan, simulated=self._told(plan, fresh, verdicts))

    def _verdicts(self, plan: Audited, traffic: Traffic) -> list[Verdict]:
        tight = tightest_blocks(plan.scenario, self._catalog, served_rows(plan))
        for one in tight:
            for pool in one.block.pools:
                self._headroom.setdefault((one.workload, pool.point), pool.headroom)
        return judge(plan.scenario, tight, traffic)

    def _raise(self, more: Headroom) -> bool:
        """Whether anything missed its targets; its headroom is higher then."""
        for key, share in more.items():
            least = min(round(self._headroom[key] + STEP, 2), NONE_HOLDS)
            self._headroom[key] = max(least, share)
        return bool(more)

    def _told(self, plan: Audited, fresh: Traffic, verdicts: Sequence[Verdict]) -> Simulated:
        rows = verdict_rows(self._scenario, verdicts, served_rows(plan))
        rates = rows["requests_per_s"]
        return Simulated(
            rounds=self._rounds,
            seed=self._traffic.seed,
            fresh_seed=fresh.seed,
            requests=words_of(fresh),
            within_share=float((rows["within_share"] * rates).sum() / rates.sum()),
            digest=scenario_digest(self._scenario),
            headroom=headroom_rows(plan.scenario, verdicts),
            verdicts=rows,
        )
