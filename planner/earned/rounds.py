"""Solve, simulate, raise the headroom of what missed its targets, and solve again, until all of them hold.

Headroom belongs to a workload's configuration and never to a number of replicas, and until all hold it is only raised,
so the rounds come to an end. It is found with more of a margin than it is judged by, and what fresh requests miss again
and again is raised by ever more, so they come to it soon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from planner.catalog import Catalog
from planner.earned.judged import NONE_HOLDS, Headroom, Key, Verdict, judge, needed, raised
from planner.earned.margin import FOUND, JUDGED, Margin
from planner.earned.tightest import every_block, tightest_blocks
from planner.earned.told import headroom_rows, to_relax, verdict_rows
from planner.errors import InfeasiblePlan
from planner.plan.audited import Audited, served_rows
from planner.plan.simulated import Simulated, with_headroom
from planner.scenario import Scenario, scenario_digest
from planner.scenario.parts import in_parts, is_whole
from planner.simulation.requests import Traffic, counted_once, traffic_of, words_of_all

# A plan of a scenario, audited.
Solves = Callable[[Scenario], Audited]

# Of the grid that headroom is looked for on.
STEP = 0.01
# From one stream of requests to the next.
STREAM = 1_000


def earned(scenario: Scenario, catalog: Catalog, solve: Solves) -> Audited:
    """The plan of a scenario whose headroom is simulated, with what its rounds found.

    Where replicas are whole the first rounds are in parts of them, which takes a fraction of the time. Raises
    InfeasiblePlan where the targets hold in no plan, with what they would have to allow.
    """
    run = _Rounds(scenario, catalog, solve)
    if is_whole(scenario):
        run.until_held(in_parts(scenario))
    return run.lowered(run.finished())


class _Rounds:
    def __init__(self, scenario: Scenario, catalog: Catalog, solve: Solves) -> None:
        self._scenario, self._catalog, self._solve = scenario, catalog, solve
        self._traffic = self._fresh = {
            workload.name: counted_once(scenario, workload.name, traffic_of(scenario, workload.name))
            for workload in scenario.workloads
            if workload.simulated
        }
        self._headroom: Headroom = {}
        # How often each configuration missed with fresh requests.
        self._missed_afresh: Counter[Key] = Counter()
        self._rounds = 0
        # What the latest plan missed.
        self._missed: list[Verdict] = []

    def until_held(self, scenario: Scenario) -> tuple[Audited, list[Verdict]]:
        """A plan whose targets hold with the requests that headroom is found with."""
        while True:
            plan, verdicts = self._round(scenario, self._headroom)
            if not self._raise(verdicts, raised(verdicts)):
                return plan, verdicts

    def finished(self) -> tuple[Audited, list[Verdict]]:
        """A plan whose targets hold with fresh requests too; where they do not, its headroom is raised further."""
        while True:
            plan, verdicts = self.until_held(self._scenario)
            judged = self._judge_afresh(plan)
            more = raised(judged, JUDGED)
            if not self._raise(judged, more):
                return replace(plan, simulated=self._told(plan, judged)), verdicts
            self._missed_afresh.update(more.keys())

    def lowered(self, found: tuple[Audited, list[Verdict]]) -> Audited:
        """The plan with the headroom lowered that its own pools do not need, where that one holds and costs less."""
        plan, verdicts = found
        before, least = dict(self._headroom), needed(verdicts)
        # What fresh requests asked for is not taken back: it would be tried until a draw lets it pass.
        lower = {key: min(share, before[key]) for key, share in least.items() if not self._missed_afresh[key]}
        self._headroom |= lower
        if self._headroom == before:
            return plan
        other, verdicts = self._round(self._scenario, self._headroom)
        cheaper = other.totals.objective_usd < plan.totals.objective_usd
        if cheaper and _hold(verdicts, FOUND) and _hold(judged := self._judge_afresh(other), JUDGED):
            return replace(other, simulated=self._told(other, judged))
        assert plan.simulated is not None
        return replace(plan, simulated=replace(plan.simulated, rounds=self._rounds))

    def _round(self, scenario: Scenario, headroom: Mapping[tuple[str, str], float]) -> tuple[Audited, list[Verdict]]:
        try:
            plan = self._solve(with_headroom(scenario, headroom))
        except InfeasiblePlan as error:
            relaxations = to_relax(self._scenario, self._missed)
            if not relaxations:
                raise
            raise InfeasiblePlan(relaxations, proven=False, stopped=error.stopped, notes=error.notes) from None
        self._rounds += 1
        return plan, self._verdicts(plan)

    def _judge_afresh(self, plan: Audited) -> list[Verdict]:
        self._fresh = {name: replace(one, seed=one.seed + STREAM) for name, one in self._fresh.items()}
        return judge(plan.scenario, every_block(plan.scenario, self._catalog, served_rows(plan)), self._fresh, JUDGED)

    def _verdicts(self, plan: Audited) -> list[Verdict]:
        tight = tightest_blocks(plan.scenario, self._catalog, served_rows(plan))
        for one in tight:
            for pool in one.block.pools:
                self._headroom.setdefault((one.block.workload, pool.point), pool.headroom)
        return judge(plan.scenario, tight, self._traffic)

    def _raise(self, verdicts: Sequence[Verdict], more: Headroom) -> bool:
        """Whether anything missed its targets; its headroom is higher then.

        By one step at least, and by twice as many each time that fresh requests missed before: so it is not judged more
        often than steps can be doubled.
        """
        for key, share in more.items():
            least = min(round(self._headroom[key] + STEP * 2 ** self._missed_afresh[key], 2), NONE_HOLDS)
            self._headroom[key] = max(least, share)
        self._missed = list(verdicts) if more else []
        return bool(more)

    def _told(self, plan: Audited, verdicts: Sequence[Verdict]) -> Simulated:
        serving = served_rows(plan)
        rows = verdict_rows(self._scenario, verdicts, serving)
        simulated = rows.take(rows["held_by"] == "simulation")
        rates, within = (simulated[name].astype(float) for name in ("requests_per_s", "within_share"))
        return Simulated(
            rounds=self._rounds,
            seed=_seed(self._traffic),
            fresh_seed=_seed(self._fresh),
            requests=words_of_all(self._traffic),
            within_share=float((within * rates).sum() / rates.sum()),
            digest=scenario_digest(self._scenario),
            headroom=headroom_rows(self._scenario, self._catalog, self._headroom, serving),
            verdicts=rows,
        )


def _hold(verdicts: Sequence[Verdict], margin: Margin) -> bool:
    return all(verdict.holds(margin) for verdict in verdicts)


def _seed(traffic: Mapping[str, Traffic]) -> int:
    """The seed of the first workload's requests, and of those of all others that state none of their own."""
    return next(iter(traffic.values())).seed
