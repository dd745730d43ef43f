"""Families: measured points that differ in parallelism and load alone, and the work that they tell of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from planner.catalog import Catalog
from planner.catalog.models import ServingPoint
from planner.catalog.serving import SWITCHES
from planner.kinds.evidence import PROVEN
from planner.rules.work import Lengths, Work, covered, fit_work, near
from planner.scenario.workload import Workload

Family = tuple[str, ...]


def family(point: ServingPoint) -> Family:
    """What the points of one work model share: all that sets the work of a token apart, but not the parallelism.

    Proven points stand together, others by class of evidence: a prediction never fills a gap between measurements.
    """
    group = "proven" if point.evidence in PROVEN else point.evidence
    drafts, switched = point.spec_decode, "+".join(switched_on(point))
    return point.model, point.system, point.engine, point.precision, point.mode, drafts, switched, group


def switched_on(point: ServingPoint) -> tuple[str, ...]:
    """What of KV offload and KV-aware routing is on; what no source says counts as off, as it did without columns."""
    return tuple(name for name in SWITCHES if point.switch(name) == "on")


def shape_of(point: ServingPoint) -> Lengths:
    """Mean input and output tokens of the requests that were measured."""
    return point.input_tokens_mean, point.output_tokens_mean


def gpu_seconds(point: ServingPoint) -> float:
    """GPU-seconds of one request of the lengths that were measured."""
    return 1 / min(
        point.input_tok_s_per_gpu / point.input_tokens_mean, point.output_tok_s_per_gpu / point.output_tokens_mean
    )


def least_work(points: Sequence[ServingPoint]) -> dict[Lengths, ServingPoint]:
    """The point of least work at each shape."""
    best: dict[Lengths, ServingPoint] = {}
    for point in sorted(points, key=lambda point: (gpu_seconds(point), point.name)):
        best.setdefault(shape_of(point), point)
    return best


def fit_of(points: Sequence[ServingPoint]) -> Work:
    """The work model on one point of each shape."""
    return fit_work([shape_of(point) for point in points], [gpu_seconds(point) for point in points])


def families(points: Sequence[ServingPoint], catalog: Catalog) -> dict[Family, list[ServingPoint]]:
    """The points of each configuration that a domain of their system can hold, in order of their names."""
    found: dict[Family, list[ServingPoint]] = defaultdict(list)
    for point in sorted(points, key=lambda point: point.name):
        if point.largest_worker_gpus <= catalog.systems[point.system].nvlink_domain_usable_gpus:
            found[family(point)].append(point)
    return found


def reachable(workload: Workload, points: Sequence[ServingPoint], catalog: Catalog) -> bool:
    """Whether ``points`` of its model were measured close to the lengths of ``workload``, or lie around them."""
    assert workload.tokens is not None
    wanted = (workload.tokens.input, workload.tokens.output)
    own = [point for point in points if not point.derivation]
    if any(near(shape_of(point), wanted) for point in own):
        return True
    groups = families(own, catalog).values()
    return any(covered([shape_of(point) for point in group], wanted) for group in groups)
