"""Notes on workloads that nothing runs, of what could be bought or rented: no limit stands in their way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.plan.exclusion import nearest_miss, of_system
from planner.plan.notes.note import ANYTHING, MOST_NAMED, Note, Solved


def nothing_notes(solved: Solved) -> Iterator[Note]:
    """Of each workload that no supply could serve, however slowly, what is nearest and what it lacks."""
    scenario, catalog, problem = solved.scenario, solved.catalog, solved.problem
    runs = {assigned.workload for assigned in problem.assignments.candidates}
    asked = (problem.demand.requests_per_s > 0).sum(axis=(1, 2, 3))
    for index, workload in enumerate(scenario.workloads):
        if index in runs or not asked[index]:
            continue
        if workload.kind == "gpu_hours":
            named = list(workload.gpu_hours_weight)[:MOST_NAMED]
            reasons = {name: of_system(scenario, catalog, problem, catalog.systems[name]) for name in named}
            why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items() if reason)
        else:
            why = nearest_miss(scenario, catalog, problem, workload)
        by_api = "; only a token API can serve it" if np.any(problem.api.workload == index) else ""
        sentence = f"{workload.name}: nothing that could be bought or rented runs it"
        yield Note("nothing", f"{sentence}; {why}{by_api}." if why else f"{sentence}{by_api}.", ANYTHING)
