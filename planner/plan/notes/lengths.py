"""Notes on lengths that nobody measured: what of a plan rests on extrapolation, and which points were not carried."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from planner.catalog.models import DerivedPoint
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved
from planner.render.figures import digits, percent
from planner.rules.extrapolated import Extrapolator, in_words, wanted
from planner.rules.families import gpu_seconds, shape_of
from planner.rules.roofline import TESTED_INPUT_TOKENS
from planner.rules.work import near
from planner.scenario.models import Workload


def length_notes(solved: Solved) -> Iterator[Note]:
    """Of each workload: its share on extrapolated points with their range, and how many points it could not have."""
    for workload in solved.scenario.workloads:
        if workload.tokens is not None:
            yield from _extrapolated(solved, workload)
            yield from refusal_notes(solved, workload)


def _extrapolated(solved: Solved, workload: Workload) -> Iterator[Note]:
    assert workload.tokens is not None
    timeline, serving = solved.problem.timeline, solved.tables["serving"]
    of_model = partial(solved.catalog.point, workload.model)
    lengths = workload.tokens.input, workload.tokens.output
    carried, credited, whole = [], 0.0, 0.0
    for row in serving.take(serving["workload"] == workload.name).rows("period", "block", "requests_per_s", "point"):
        hours = timeline.block_hours[timeline.names.index(row.period), timeline.blocks.index(row.block)]
        made, point = float(row.requests_per_s * hours), of_model(row.point)
        whole += made
        if not isinstance(point, DerivedPoint) or point.derived != "extrapolated":
            continue
        parent = of_model(point.parents[0])
        if parent is not None and near(shape_of(parent), lengths):
            credited += made
        else:
            carried.append((made, gpu_seconds(point), point.least_share))
    if carried:
        yield Note("lengths", _sentence(workload, np.array(carried), whole), ANYTHING)
    if credited:
        share = credited / whole
        yield Note(
            "lengths",
            f"{workload.name}: {percent(share)} of its requests count on prefix-cache hits by the hardware's floors; "
            "nobody has measured such hits.",
            share * workload.prefix_cache_hit_share * solved.cost_usd,
        )


def _sentence(workload: Workload, carried: np.ndarray[tuple[int, int], np.dtype[np.float64]], whole: float) -> str:
    """Of requests, GPU-seconds and least shares of the points carried: what a request takes, and how sure that is."""
    assert workload.tokens is not None
    made, work, least = carried.T
    high, low = (float((made * each).sum() / made.sum()) for each in (work, work * least))
    said = (
        f"{workload.name}: {percent(float(made.sum()) / whole)} of its requests run on points extrapolated to "
        f"{workload.tokens.input:,.0f} input and {workload.tokens.output:,.0f} output tokens, which nobody measured"
    )
    if low == high:
        return f"{said}: measure that first."
    return (
        f"{said}: measure that first. Beyond {TESTED_INPUT_TOKENS:,} input tokens how attention grows is untested: "
        f"a request takes {digits(low)} to {digits(high)} GPU-seconds, and the plan counts on {digits(high)}."
    )


def refusal_notes(solved: Solved, workload: Workload) -> Iterator[Note]:
    """The points that were not carried to a workload's lengths, counted by reason."""
    assert workload.tokens is not None
    points = [p for p in solved.catalog.serving.values() if p.model == workload.model and not p.derivation]
    if not points or not wanted(workload, points, solved.catalog):
        return
    refused = Extrapolator(points, solved.catalog).refusals((workload.tokens.input, workload.tokens.output))
    if any(count for why, count in refused.items() if why):
        yield Note("lengths", f"{workload.name}: not extrapolated to its lengths: {in_words(refused)}.", NOTHING)
