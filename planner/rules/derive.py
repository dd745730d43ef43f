"""Operating points that nobody measured: between shapes and beyond them, between concurrencies, with hits in the cache.

They are rows of a derived catalog, each made for one workload and marked, so that everything that reads a catalog sees
the same points. What is made never depends on a target but for interpolation, which is at exactly the target: so a
looser target only ever lets in more points. Nothing is made where a scenario asks for nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, ServingPoint
from planner.rules.extrapolated import Extrapolator, wanted
from planner.rules.families import gpu_seconds, shape_of
from planner.rules.fitted import between_shapes, described
from planner.rules.hits import Hits
from planner.rules.interpolated import between_concurrencies
from planner.rules.measured import MeasuredPoints, derived_point
from planner.rules.work import near
from planner.scenario.models import Scenario


def derived_by(scenario: Scenario) -> tuple[object, ...]:
    """All of a scenario that decides which points are made, and how: where that is the same, so are they."""
    workloads = [vars(workload) | {"demand": None} for workload in scenario.workloads]
    return workloads, scenario.trust, scenario.tail_ratio


def derive_points(scenario: Scenario, catalog: Catalog) -> Catalog:
    """``catalog`` with the points that the workloads of ``scenario`` may run at beyond the measured ones."""
    own = [point for point in catalog.serving.values() if not isinstance(point, DerivedPoint)]
    made: list[DerivedPoint] = []
    for workload in scenario.workloads:
        if workload.tokens is not None:
            measured = MeasuredPoints(scenario, workload, [point for point in own if point.model == workload.model])
            made += _made(measured, catalog)
    if not made and len(own) == len(catalog.serving):
        return catalog
    return replace(catalog, serving={point.key: point for point in [*own, *made]})


def _made(measured: MeasuredPoints, catalog: Catalog) -> Iterator[DerivedPoint]:
    """Every point made for a workload."""
    workload = measured.workload
    beyond = wanted(workload, measured.points, catalog)
    extrapolator = Extrapolator(measured.points, catalog)
    for group in extrapolator.groups.values():
        close = [point for point in group if near(shape_of(point), measured.lengths)]
        hits = Hits(measured, extrapolator, group)
        if not close:
            fitted = list(between_shapes(measured, group, hits.spared))
            yield from fitted
            if beyond and not fitted:
                yield from extrapolator.points(measured, group)
            continue
        best = {point.key: point for point in close}
        if workload.prefix_cache_hit_share:
            for point in close:
                if (credited := _credited(measured, point, hits)) is not None:
                    best[point.key] = credited
                    yield credited
        if workload.interpolate:
            yield from between_concurrencies(measured, list(best.values()))


def _credited(measured: MeasuredPoints, point: ServingPoint, hits: Hits) -> DerivedPoint | None:
    """A measured point with the prefill that hits spare it; None where nothing tells what input costs."""
    before, shape = gpu_seconds(point), shape_of(point)
    saved = hits.spared([point], shape, before)
    if saved <= 0:
        return None
    faster = before / (before - saved)
    how = hits.how([point], shape)
    told = described(hits.plane) if how == "fitted" else "by the hardware's floors, which no measured hit has verified"
    return derived_point(
        how,
        measured,
        [point],
        series=f"{point.series}+{measured.workload.name}",
        input_tok_s_per_gpu=point.input_tok_s_per_gpu * faster,
        output_tok_s_per_gpu=point.output_tok_s_per_gpu * faster,
        note=f"{point.name} with {hits.share:g} of its input in the prefix cache: {faster:.3g} times the rate, {told}",
    )
