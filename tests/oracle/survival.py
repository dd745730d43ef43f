"""Survival: an interactive workload is still served with the largest one of what serves it gone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from planner.scenario.models import Workload
from tests.oracle.demand import Demand
from tests.oracle.writer import Pool


@dataclass(frozen=True)
class Standing:
    """Replicas of one kind in one pool: their variable, how many at most, and what each makes.

    ``gone`` are those that go with one replica, or with one system.
    """

    count: int
    most: float
    rate: float
    gone: int
    provider: str


class Survival(Demand):
    """What has to go on being served."""

    @cached_property
    def standing(self) -> dict[tuple[str, int, int, str], list[Standing]]:
        """Replicas by workload, future, period and block."""
        return {}

    def survives(self, workload: Workload) -> bool:
        named = self.scenario.service.survive != "none"
        return named and workload.whole_replicas and workload.kind == "interactive"

    def gone(self, workload: Workload, size: float, pool: Pool) -> int:
        """Replicas that go with one replica or system; one over several systems shares its last, unless it fills it."""
        survive = self.scenario.service.survive
        if not self.survives(workload) or survive == "provider":
            return 0
        if survive == "replica":
            return 1
        hosts, count = self.hosts_of_system(self.catalog.systems[pool.system]).gpus, 0
        while (count + 1) * size <= hosts + 1e-9:
            count += 1
        if count:
            return count
        filled = hosts
        while filled < size - 1e-9:
            filled += hosts
        return 1 if filled <= size + 1e-9 else 2

    def survive(self, workload: Workload, f: int, t: int, block: str, rate: float, answered: list[int]) -> None:
        """All replicas at their full rate, APIs and what is left unserved, without whichever may be gone."""
        if not self.survives(workload) or rate <= 0:
            return
        standing = self.standing.get((workload.name, f, t, block), [])
        if self.scenario.service.survive == "provider":
            self.without_a_provider(standing, answered, rate)
            return
        served = [(one.count, one.rate) for one in standing] + [(v, 1.0) for v in answered]
        self.p.row(served, low=rate)
        for one in standing:
            runs = self.add(frozenset([f]), 1.0, whole=True)
            self.p.row([(one.count, 1.0), (runs, -one.most)], high=0.0)
            self.p.row([*served, (runs, -one.gone * one.rate)], low=rate)

    def without_a_provider(self, standing: list[Standing], answered: list[int], rate: float) -> None:
        """Sites are nobody's, and what is left unserved goes to nobody."""
        named = {one.provider for one in standing} | {self.senders.get(v, "") for v in answered}
        for provider in named - {""}:
            served = [(one.count, one.rate) for one in standing if one.provider != provider]
            served += [(v, 1.0) for v in answered if self.senders.get(v) != provider]
            self.p.row(served, low=rate)
