"""Demand refused for its size: so small that no engine tells it from nothing, or for more GPUs than there are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.errors import Fault, ScenarioError
from planner.problem.assignments import Assignments
from planner.problem.demand import Demand
from planner.scenario.models import Scenario

# Columns this small are counted in units of their own; below, doubles hold no row of them beside those of a fleet.
LEAST = 2e-10
# More than there are in the world; beside them the limits of a fleet are lost in the tolerances of the engines.
MOST_GPUS = 1e8


def check_visible(scenario: Scenario, demand: Demand, assignments: Assignments, whole: bool) -> None:
    """Raises ScenarioError for every workload that somewhere takes less than ``LEAST`` of a replica, or of a GPU.

    So it does where one takes more than ``MOST_GPUS``.
    """
    faults = list(_faults(scenario, demand, assignments, whole))
    if faults:
        raise ScenarioError(faults)


def _faults(scenario: Scenario, demand: Demand, assignments: Assignments, whole: bool) -> Iterator[Fault]:
    for index in range(len(scenario.workloads)):
        mine = assignments.workload == index
        asked = demand.requests_per_s[index]
        if not mine.any() or not (asked > 0).any():
            continue
        most_taken = float(asked.max()) / float(assignments.rate[mine].max())
        if most_taken > MOST_GPUS:
            yield scenario.origin.fault(
                ("workloads", index, "demand"),
                f"at its most, in any future, this takes {most_taken:.2g} GPUs; no plan is made for more than "
                f"{MOST_GPUS:,.0f}",
            )
        in_replicas = whole and bool(demand.whole_replicas[index])
        size = assignments.gpus_per_replica[mine] if in_replicas else np.ones(int(mine.sum()))
        made = assignments.rate[mine] * size[:, None]
        taken = float(asked[asked > 0].min()) / float(made.max())
        if taken >= LEAST:
            continue
        what = "replica" if in_replicas else "GPU"
        most = f"{LEAST / taken:.3g}"
        yield scenario.origin.fault(
            ("workloads", index, "demand"),
            f"at its least this takes {taken:.2g} of a {what}, which no engine tells from nothing; ask for {most} "
            "times as much, or leave it out",
        )
