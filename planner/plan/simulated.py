"""What simulated requests earned a plan: the headroom of its configurations, and how many requests are in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from planner.framed import Framed
from planner.frozen import dataclass
from planner.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def with_headroom(scenario: Scenario, headroom: Mapping[tuple[str, str], float]) -> Scenario:
    """The scenario with what configurations were seen to need, by workload and point, where that is simulated."""
    workloads = []
    for workload in scenario.workloads:
        own = {point: share for (name, point), share in sorted(headroom.items()) if name == workload.name}
        workloads.append(workload.model_copy(update={"headroom_by_point": own}) if workload.simulated else workload)
    found = scenario.model_copy(update={"workloads": tuple(workloads)})
    found._origin = scenario.origin
    return found


def as_earned(scenario: Scenario, rows: Iterable[Mapping[str, Any]]) -> Scenario:
    """``with_headroom`` of the rows of a result; a scenario whose headroom is to be simulated no more."""
    return with_headroom(scenario, {(row["workload"], row["point"]): row["headroom_share"] for row in rows})


@dataclass(frozen=True, eq=False)
class Simulated(Framed):
    """The rounds that a plan with ``headroom: simulated`` took, and the last verdict on it.

    ``seed`` is that of the requests that the headroom was found with, ``fresh_seed`` of those that it was judged by in
    the end. ``within_share`` of their requests met all targets in the worst block of each workload. ``digest`` is that
    of the scenario as it was asked. ``headroom`` has a row for each workload and configuration that was in any of the
    plans, ``verdicts`` one for each workload with targets.
    """

    rounds: int
    seed: int
    fresh_seed: int
    requests: str
    within_share: float
    digest: str
    headroom: pd.DataFrame
    verdicts: pd.DataFrame

    def settled(self, scenario: Scenario) -> Scenario:
        """The scenario with the headroom that was found, so that nothing more is simulated for it."""
        return as_earned(scenario, self.table("headroom").records())

    def to_dict(self, several_futures: bool) -> dict[str, Any]:
        """As plain values of a result."""
        verdicts = self.table("verdicts").records()
        shown = [
            {
                name: None if value != value else value
                for name, value in row.items()
                if several_futures or name != "future"
            }
            for row in verdicts
        ]
        return {
            "rounds": self.rounds,
            "seed": self.seed,
            "fresh_seed": self.fresh_seed,
            "requests": self.requests,
            "within_share": self.within_share,
            "headroom": self.table("headroom").records(),
            "workloads": shown,
        }
