"""Notes on prefix caches: hits that a workload states and its plan gives no credit for."""

from __future__ import annotations

from collections.abc import Iterator

from planner.plan.notes.note import Note, Solved
from planner.problem.serving import NO_CREDIT
from planner.render.figures import percent


def cache_notes(solved: Solved) -> Iterator[Note]:
    """Where hits count for nothing: on which share of a workload's requests, and what would give them credit."""
    timeline, serving = solved.problem.timeline, solved.tables["serving"]
    if not len(serving):
        return
    period = [timeline.names.index(name) for name in serving["period"]]
    block = [timeline.blocks.index(name) for name in serving["block"]]
    made = serving["requests_per_s"] * timeline.block_hours[period, block]
    for workload in solved.scenario.workloads:
        mine = serving["workload"] == workload.name
        all_made = float(made[mine].sum())
        if not workload.prefix_cache_hit_share or not all_made:
            continue
        idle = mine & (serving["note"] == NO_CREDIT)
        share = float(made[idle].sum()) / all_made
        if not share:
            continue
        part = "all" if share > 0.9995 else percent(share) if share >= 0.005 else "less than 1 %"
        systems = " and ".join(dict.fromkeys(serving["system"][idle]))
        yield Note(
            "cache",
            f"{workload.name}: prefix_cache_hit_share {workload.prefix_cache_hit_share:g} has no effect on "
            f"{part} of what {systems} serve: their points were measured at too few lengths to tell what "
            "input costs. Three lengths of one configuration, in a catalog of your own, would tell.",
            share * workload.prefix_cache_hit_share * solved.cost_usd,
        )
