"""Measured points of a workload's model, and the rows of a derived catalog that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from planner.catalog.models import DerivedPoint, ServingPoint, Statistic
from planner.catalog.row import LEAST, MOST_AMOUNT
from planner.frozen import dataclass
from planner.kinds.evidence import ORDER
from planner.rules.latency import Metric, converts, latency_ms, row_sla
from planner.rules.rates import capped_with, foremost, proven_by_shape
from planner.rules.work import Lengths, near
from planner.scenario.models import Scenario
from planner.scenario.workload import Workload
from planner.units import ms_from_s

METRICS: tuple[Metric, ...] = ("ttft", "tpot")
PERCENTILES: dict[int, Statistic] = {50: "p50", 90: "p90", 95: "p95", 99: "p99"}


@dataclass(frozen=True)
class MeasuredPoints:
    """A workload, and the measured points of its model."""

    scenario: Scenario
    workload: Workload
    points: list[ServingPoint]

    @property
    def lengths(self) -> Lengths:
        """The lengths of its requests."""
        assert self.workload.tokens is not None
        return self.workload.tokens.input, self.workload.tokens.output

    def nominal(self, system: str) -> Lengths:
        """The nominal lengths of its points on a system: its own, or where that was measured close, those meant there.

        A cap compares nominal lengths.
        """
        alike = self._close.get(system)
        return self.lengths if alike is None else (alike.input_tokens_nominal, alike.output_tokens_nominal)

    @cached_property
    def _close(self) -> dict[str, ServingPoint]:
        """Of each system with points measured close to the lengths of the workload, the one of the lowest name."""
        found: dict[str, ServingPoint] = {}
        for point in self.points:
            if near((point.input_tokens_mean, point.output_tokens_mean), self.lengths):
                first = found.setdefault(point.system, point)
                found[point.system] = min(first, point, key=lambda one: one.name)
        return found

    def rivals(self, point: ServingPoint) -> Sequence[ServingPoint]:
        """The proven points that may cap ``point``, without those that cap nothing that another does not."""
        return self._rivals.get(capped_with(point), ())

    @cached_property
    def _rivals(self) -> dict[tuple[object, ...], list[ServingPoint]]:
        found = {}
        for shape, points in proven_by_shape(self.points).items():
            trusted = [(point, self.scenario.trust.of(point.evidence)) for point in points]
            figures = [
                (-trust * one.input_tok_s_per_gpu, -trust * one.output_tok_s_per_gpu, one.known_ttft_ms, one.tpot_ms)
                for one, trust in trusted
            ]
            found[shape] = [points[position] for position in foremost(figures)]
        return found

    def target(self, metric: Metric) -> tuple[float | None, int]:
        """The limit in ms, None where there is none, and its percentile."""
        sla = row_sla(self.workload)
        if metric == "tpot":
            return sla.tpot_ms, sla.tpot_percentile
        return None if sla.ttft_s is None else ms_from_s(sla.ttft_s), sla.ttft_percentile

    def known(self, point: ServingPoint, metric: Metric) -> float:
        """The latency at the target's percentile; inf where it is unknown."""
        return latency_ms(point, metric, self.target(metric)[1], self.scenario.tail_ratio)

    def latency(self, point: ServingPoint, metric: Metric) -> float:
        """The same, but the figure stated where no limit asks for another."""
        known = self.known(point, metric)
        stated: float | None = getattr(point, f"{metric}_ms")
        return stated if stated is not None and self.target(metric)[0] is None and not np.isfinite(known) else known


def stated(measured: MeasuredPoints, parents: Sequence[ServingPoint], latencies: dict[Metric, float]) -> dict[str, Any]:
    """The latency fields of a derived point: figures at the percentiles of the workload's targets."""
    fields: dict[str, Any] = {"ttft_p99_ms": None, "tpot_p99_ms": None}
    converted = []
    for metric, latency in latencies.items():
        limit, percentile = measured.target(metric)
        unknown = [point for point in parents if not np.isfinite(measured.known(point, metric))]
        statistic: Statistic = getattr(unknown[0], f"{metric}_statistic") if unknown else PERCENTILES[percentile]
        fields |= {f"{metric}_ms": latency, f"{metric}_statistic": statistic}
        if limit is not None and any(converts(point, metric, percentile) for point in parents):
            converted.append(metric)
    return fields | {"converted": "+".join(converted)}


def derived_point(
    how: Literal["interpolated", "fitted", "extrapolated"],
    measured: MeasuredPoints,
    parents: Sequence[ServingPoint],
    **fields: Any,
) -> DerivedPoint | None:
    """A row like its first parent with other ``fields``, resting on what all its parents rest on.

    None where one of them is beyond what a row may say: lengths that no request has, on hardware that nobody makes.
    """
    if not all(LEAST <= value <= MOST_AMOUNT for value in fields.values() if isinstance(value, float)):
        return None
    given = {
        **dict(parents[0]),
        "engine_version": "; ".join(dict.fromkeys(p.engine_version for p in parents if p.engine_version)),
        "requires": tuple(sorted({capability for p in parents for capability in p.requires})),
        "source": tuple(dict.fromkeys(source for p in parents for source in p.source)),
        "as_of": min(p.as_of for p in parents),
        "evidence": max((p.evidence for p in parents), key=ORDER.index),
        "derived": how,
        "workload": measured.workload.name,
        "parents": tuple(dict.fromkeys(name for p in parents for name in (getattr(p, "parents", ()) or (p.name,)))),
        "file": "",
        "line": 0,
        **fields,
    }
    return DerivedPoint.model_validate(given)
