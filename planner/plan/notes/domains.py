"""Notes on NVLink domains: serving points that fit a workload and that a supply's domains are too small for."""

from __future__ import annotations

from collections.abc import Iterator

from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved, listed
from planner.render.figures import count
from planner.rules.eligibility import unfit
from planner.rules.latency import SLACK


def domain_notes(solved: Solved) -> Iterator[Note]:
    """Of each workload and each domain smaller than its system's: how many points it shuts out, and where."""
    problem = solved.problem
    small: dict[tuple[str, int], list[str]] = {}
    for pool in problem.pools.pools:
        if pool.domain_gpus < pool.system.nvlink_domain_usable_gpus and not pool.by_job:
            small.setdefault((pool.system.system, pool.domain_gpus), []).append(pool.name)
    served = dict.fromkeys(problem.demand.names, False)
    for assigned in problem.assignments.candidates:
        served[problem.demand.names[assigned.workload]] |= assigned.sla_excess <= SLACK
    for (system, domain), pools in sorted(small.items()):
        points = [point for point in solved.catalog.serving.values() if point.system == system]
        for workload in solved.scenario.workloads:
            if workload.kind == "gpu_hours":
                continue
            fitting = [point for point in points if next(unfit(point, workload, solved.catalog), None) is None]
            shut_out = [point for point in fitting if point.largest_worker_gpus > domain]
            if shut_out:
                # Whatever else serves the workload, nothing changes; where nothing does, this is why.
                most = NOTHING if served[workload.name] else ANYTHING
                number = "all" if len(shut_out) == len(fitting) else count(len(shut_out))
                least = min(point.largest_worker_gpus for point in shut_out)
                gpus = "1 GPU" if domain == 1 else f"{domain} GPUs"
                yield Note(
                    "domain",
                    f"{workload.name}: {number} of {count(len(fitting))} points that fit on {system} "
                    f"have workers of {least} GPUs or more, which no NVLink domain of {listed(pools)} holds: {gpus} "
                    "(lot_gpus, domain_gpus).",
                    most,
                )
