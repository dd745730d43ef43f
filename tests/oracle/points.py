"""A second derivation of operating points, from docs/model.md alone: no pruning, SciPy's NNLS and a linear programme.

``fitted`` holds, by workload, points between measured shapes and beyond them, and points with hits in the prefix cache;
``interpolated`` those at exactly the targets. What some other point makes superfluous stays in.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import linprog, nnls

from planner.catalog.models import Catalog, ServingPoint
from planner.scenario.models import Scenario, Workload
from tests.oracle.floors import Configuration
from tests.oracle.requests import known_ms, percentile_of

Shape = tuple[float, float]
STRENGTH = ("measured", "independent", "vendor", "predicted", "estimate")


def shape(point: ServingPoint) -> Shape:
    """Mean input and output tokens."""
    return point.input_tokens_mean, point.output_tokens_mean


def seconds(point: ServingPoint) -> float:
    """GPU-seconds of one measured request."""
    i, o = shape(point)
    return 1 / min(point.input_tok_s_per_gpu / i, point.output_tok_s_per_gpu / o)


class Plane:
    """a·in + b·out + c on one point of each shape, least squares of relative errors, nothing negative."""

    def __init__(self, points: Sequence[ServingPoint]) -> None:
        self.shapes = [shape(point) for point in points]
        rows = np.array([[i / seconds(p), o / seconds(p), 1 / seconds(p)] for p in points for i, o in [shape(p)]])
        scale = rows.max(axis=0)
        self.coefficients = nnls(rows / scale, np.ones(len(rows)))[0] / scale
        self.ratios = rows @ self.coefficients

    def at(self, lengths: Shape) -> float:
        """GPU-seconds of a request."""
        return float(np.dot(self.coefficients, [*lengths, 1.0]))

    def spared(self, lengths: Shape, hits: float, work: float) -> float:
        """GPU-seconds that hits spare a request of ``work``; none where the shapes are no triangle."""
        corners = np.array([[*s, 1.0] for s in self.shapes])
        if np.linalg.matrix_rank(corners / corners.max(axis=0), tol=0.01) < 3:
            return 0.0
        prefill = self.coefficients[0] * lengths[0]
        prefill = min(prefill, work * prefill / self.at(lengths))
        return float(hits * prefill * (1 - max(abs(ratio - 1) for ratio in self.ratios)))


def close(point: ServingPoint, lengths: Shape) -> bool:
    """Whether both lengths are within a tenth."""
    return all(abs(a - b) <= 0.1 * b * (1 + 1e-9) for a, b in zip(shape(point), lengths, strict=True))


def inside(shapes: Iterable[Shape], lengths: Shape) -> bool:
    """Whether some mixture of the shapes is within a tenth of the lengths."""
    corners = list(shapes)
    columns = np.array(corners, dtype=float).T
    found = linprog(
        np.zeros(len(corners)),
        A_ub=np.vstack([columns, -columns]),
        b_ub=[*(1.1 * x * (1 + 1e-9) for x in lengths), *(-0.9 * x * (1 - 1e-9) for x in lengths)],
        A_eq=[[1.0] * len(corners)],
        b_eq=[1.0],
    )
    return bool(found.status == 0)


def cheapest(points: Iterable[ServingPoint]) -> list[ServingPoint]:
    """The point of least work of each shape."""
    best: dict[Shape, ServingPoint] = {}
    for point in points:
        if shape(point) not in best or seconds(point) < seconds(best[shape(point)]):
            best[shape(point)] = point
    return list(best.values())


def latency(scenario: Scenario, workload: Workload, point: ServingPoint, what: str) -> float:
    """At the target's percentile; as stated where no target is set and no tail is known."""
    limit = workload.sla.ttft_s if what == "ttft" else workload.sla.tpot_ms
    known = known_ms(point, what, percentile_of(workload, what), getattr(scenario.tail_ratio, what))
    stated = getattr(point, f"{what}_ms")
    return float(stated) if limit is None and math.isinf(known) and stated is not None else known


def configurations(workload: Workload, catalog: Catalog) -> list[list[ServingPoint]]:
    """The points of the workload's model, by all that sets the work of a token apart."""
    found: dict[tuple[str, ...], list[ServingPoint]] = {}
    for p in catalog.serving.values():
        if p.model == workload.model and p.largest_worker_gpus <= catalog.systems[p.system].nvlink_domain_usable_gpus:
            proven = "proven" if p.evidence in ("measured", "independent") else p.evidence
            kv = "offload" * ("kv_offload" in p.requires) + "routing" * ("kv_routing" in p.requires)
            found.setdefault((p.system, p.engine, p.precision, p.mode, p.spec_decode, kv, proven), []).append(p)
    return list(found.values())


def fitted(scenario: Scenario, catalog: Catalog) -> dict[str, list[ServingPoint]]:
    """Points between measured shapes and beyond them, and measured ones with their hits credited."""
    found: dict[str, list[ServingPoint]] = {}
    for workload in scenario.workloads:
        mine = found.setdefault(workload.name, [])
        groups = configurations(workload, catalog) if workload.tokens else []
        for group in groups:
            assert workload.tokens is not None
            lengths = (workload.tokens.input, workload.tokens.output)
            near = [p for p in group if close(p, lengths)]
            plane = Plane(cheapest(group))
            known = Configuration(group, [p for g in groups for p in g if pool(p) == pool(group[0])], catalog)
            if near:
                mine += _credited(workload, near, plane, known)
            elif inside([shape(p) for p in group], lengths):
                mine += _between(scenario, workload, group, plane, known, list(catalog.serving.values()))
            elif beyond(workload, groups, catalog):
                mine += _beyond(scenario, workload, known, list(catalog.serving.values()))
    return found


def pool(point: ServingPoint) -> tuple[object, ...]:
    """What points share that tell of each other's distance from the peaks."""
    proven = "proven" if point.evidence in ("measured", "independent") else point.evidence
    return point.precision, point.mode, point.spec_decode != "none", proven


def beyond(workload: Workload, groups: list[list[ServingPoint]], catalog: Catalog) -> bool:
    """Whether points may be carried to lengths that nobody measured."""
    assert workload.tokens is not None
    lengths = (workload.tokens.input, workload.tokens.output)
    if workload.extrapolate != "needed":
        return workload.extrapolate == "always"
    if any(p.model == workload.model and close(p, lengths) for p in catalog.serving.values()):
        return False
    return not any(inside([shape(p) for p in group], lengths) for group in groups)


def _spared(
    workload: Workload, plane: Plane, known: Configuration, parents: Sequence[ServingPoint], work: float, lengths: Shape
) -> float:
    if workload.extrapolate == "never" or not all(known.tells(p) for p in parents):
        return plane.spared(lengths, workload.prefix_cache_hit_share, work)
    return work * (1 - max(known.left(p, lengths, workload.prefix_cache_hit_share) for p in parents))


def _credited(workload: Workload, near: list[ServingPoint], plane: Plane, known: Configuration) -> list[ServingPoint]:
    made = []
    for point in near:
        work = seconds(point)
        left = work - _spared(workload, plane, known, [point], work, shape(point))
        faster = {f"{side}_tok_s_per_gpu": getattr(point, f"{side}_tok_s_per_gpu") * work / left for side in SIDES}
        made.append(point.model_copy(update=faster))
    return made


def _beyond(
    scenario: Scenario, workload: Workload, known: Configuration, rivals: list[ServingPoint]
) -> list[ServingPoint]:
    """A configuration carried to the workload's lengths."""
    assert workload.tokens is not None
    times = {
        p.name: (latency(scenario, workload, p, "ttft"), latency(scenario, workload, p, "tpot")) for p in known.group
    }
    made = []
    lengths = (workload.tokens.input, workload.tokens.output)
    for parents, work, wait in known.carried(lengths, workload.prefix_cache_hit_share, times):
        capped = work / min(left_by_cap(scenario, rivals, p) for p in parents)
        made.append(_at(workload, parents, capped, wait).model_copy(update={"concurrency": parents[0].concurrency}))
    return made


SIDES = ("input", "output")


def _between(
    scenario: Scenario,
    workload: Workload,
    group: list[ServingPoint],
    plane: Plane,
    known: Configuration,
    rivals: list[ServingPoint],
) -> list[ServingPoint]:
    """Every pair and triple of shapes, and all of them, at every pair of latencies."""
    assert workload.tokens is not None
    lengths = (workload.tokens.input, workload.tokens.output)
    times = {p.name: tuple(latency(scenario, workload, p, what) for what in ("ttft", "tpot")) for p in group}
    made = []
    for ttft, tpot in itertools.product(*({pair[side] for pair in times.values()} for side in (0, 1))):
        level = cheapest(p for p in group if times[p.name][0] <= ttft and times[p.name][1] <= tpot)
        for size in {2, 3, len(level)}:
            for parents in itertools.combinations(level, size):
                if not inside([shape(p) for p in parents], lengths):
                    continue
                own = Plane(parents)
                work = own.at(lengths) * max(1.0, *(1 / ratio for ratio in own.ratios))
                work -= _spared(workload, plane, known, parents, work, lengths)
                work /= min(left_by_cap(scenario, rivals, p) for p in parents)
                made.append(_at(workload, parents, work, (ttft, tpot)))
    return made


def left_by_cap(scenario: Scenario, rivals: Iterable[ServingPoint], point: ServingPoint) -> float:
    """The share of a predicted point's rate that proven ones of its shape, no slower, leave it."""
    if point.evidence != "predicted":
        return 1.0

    def rate(row: ServingPoint) -> float:
        per_s = min(row.input_tok_s_per_gpu / shape(point)[0], row.output_tok_s_per_gpu / shape(point)[1])
        return per_s * float(getattr(scenario.trust, row.evidence))

    proven = [
        rate(row)
        for row in rivals
        if row.evidence in ("measured", "independent")
        and (row.model, row.system) == (point.model, point.system)
        and row.input_tokens_nominal == point.input_tokens_nominal
        and row.output_tokens_nominal == point.output_tokens_nominal
        and (point.ttft_ms is None or (row.ttft_ms is not None and row.ttft_ms <= point.ttft_ms))
        and row.tpot_ms <= point.tpot_ms
    ]
    return min(1.0, max(proven) / rate(point)) if proven else 1.0


def _at(workload: Workload, parents: Sequence[ServingPoint], work: float, times: tuple[float, float]) -> ServingPoint:
    """The largest replica and worker, all capabilities, the weakest evidence, the oldest date, the slowest times."""
    assert workload.tokens is not None
    changes = {
        "gpus_per_replica": max(p.gpus_per_replica for p in parents),
        "largest_worker_gpus": max(p.largest_worker_gpus for p in parents),
        "requires": tuple({word for p in parents for word in p.requires}),
        "evidence": max((p.evidence for p in parents), key=STRENGTH.index),
        "as_of": min(p.as_of for p in parents),
    }
    for side in SIDES:
        tokens = getattr(workload.tokens, side)
        changes |= {f"{side}_tokens_mean": tokens, f"{side}_tokens_nominal": tokens}
        changes |= {f"{side}_tok_s_per_gpu": tokens / work}
    return parents[0].model_copy(update=changes | _times(workload, times))


def _times(workload: Workload, times: tuple[float, float]) -> dict[str, object]:
    """Latencies as figures at the percentiles of the workload's targets."""
    said: dict[str, object] = {}
    for what, ms in zip(("ttft", "tpot"), times, strict=True):
        percentile = percentile_of(workload, what)
        said |= {f"{what}_ms": ms, f"{what}_statistic": f"p{percentile}", f"{what}_p99_ms": None}
    return said


def interpolated(
    scenario: Scenario, catalog: Catalog, credited: dict[str, list[ServingPoint]]
) -> dict[str, list[ServingPoint]]:
    """Where a series crosses the targets between neighbours of one replica, all figures linear in between."""
    found: dict[str, list[ServingPoint]] = {}
    for workload in scenario.workloads:
        mine = found.setdefault(workload.name, [])
        for group in configurations(workload, catalog) if workload.interpolate else ():
            assert workload.tokens is not None
            near = [p for p in group if close(p, (workload.tokens.input, workload.tokens.output))]
            better = {p.key: p for p in credited.get(workload.name, ())}
            series: dict[tuple[object, ...], list[ServingPoint]] = {}
            for point in near:
                key = (point.series, point.gpus_per_replica, point.largest_worker_gpus, shape(point))
                if point.evidence != "predicted":
                    series.setdefault(key, []).append(better.get(point.key, point))
            for sweep in series.values():
                sweep.sort(key=lambda point: point.concurrency)
                for pair in itertools.pairwise(sweep):
                    mine += _crossing(scenario, workload, *pair)
    return found


def _crossing(scenario: Scenario, workload: Workload, *pair: ServingPoint) -> list[ServingPoint]:
    sla = workload.sla
    limits = (math.inf if sla.ttft_s is None else 1000 * sla.ttft_s, sla.tpot_ms or math.inf)
    times = [[latency(scenario, workload, point, what) for what in ("ttft", "tpot")] for point in pair]
    met = [all(ms <= limit for ms, limit in zip(row, limits, strict=True)) for row in times]
    if met[0] == met[1] or not np.isfinite(times).all():
        return []
    inner, outer = (0, 1) if met[0] else (1, 0)
    if seconds(pair[outer]) >= seconds(pair[inner]):
        return []
    steps = [(m - a) / (b - a) for a, b, m in zip(times[inner], times[outer], limits, strict=True) if b > m]
    step = min(steps)
    rates = {}
    for side in SIDES:
        a, b = (getattr(pair[end], f"{side}_tok_s_per_gpu") for end in (inner, outer))
        rates[f"{side}_tok_s_per_gpu"] = a + step * (b - a)
    reached = [min(a + step * (b - a), m) for a, b, m in zip(times[inner], times[outer], limits, strict=True)]
    return [pair[inner].model_copy(update=rates | _times(workload, (reached[0], reached[1])))]
