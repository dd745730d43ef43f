"""Operating points that nobody measured: between shapes, between concurrencies, and with hits in the prefix cache.

They are rows of a derived catalog, each made for one workload and marked, so that everything that reads a catalog sees
the same points. What is made never depends on a target but for interpolation, which is at exactly the target: so a
looser target only ever lets in more points. Nothing is made where a scenario asks for nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, ServingPoint
from planner.rules.families import families, fit_of, gpu_seconds, least_work, shape_of
from planner.rules.fitted import between_shapes, described
from planner.rules.interpolated import between_concurrencies
from planner.rules.measured import MeasuredPoints, derived_point
from planner.rules.work import Work, near
from planner.scenario.models import Scenario


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
    for group in families(measured.points, catalog).values():
        close = [point for point in group if near(shape_of(point), measured.lengths)]
        if not close:
            yield from between_shapes(measured, group)
            continue
        best = {point.key: point for point in close}
        if workload.prefix_cache_hit_share:
            saving = fit_of(tuple(least_work(group).values()))
            for point in close:
                if (credited := _credited(measured, point, saving)) is not None:
                    best[point.key] = credited
                    yield credited
        if workload.interpolate:
            yield from between_concurrencies(measured, list(best.values()))


def _credited(measured: MeasuredPoints, point: ServingPoint, saving: Work) -> DerivedPoint | None:
    """A measured point with the prefill that hits spare it; None where the fit does not tell what input costs."""
    before = gpu_seconds(point)
    hits = measured.workload.prefix_cache_hit_share
    saved = saving.saved_by_hits(shape_of(point), hits, before)
    if saved <= 0:
        return None
    faster = before / (before - saved)
    return derived_point(
        "fitted",
        measured,
        [point],
        series=f"{point.series}+{measured.workload.name}",
        input_tok_s_per_gpu=point.input_tok_s_per_gpu * faster,
        output_tok_s_per_gpu=point.output_tok_s_per_gpu * faster,
        note=f"{point.name} with {hits:g} of its input in the prefix cache: "
        f"{faster:.3g} times the rate, {described(saving)}",
    )
