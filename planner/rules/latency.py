"""Latency: which figure of a row a target at a percentile is held against, and how far the row misses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

from planner.catalog.models import ServingPoint, Statistic, TokenApi
from planner.scenario.models import Sla, TailRatio, Workload
from planner.units import ms_from_s

Metric = Literal["ttft", "tpot"]

MEDIAN = 50
# Relative: seconds turned into ms, and ratios of tails, round.
SLACK = 1e-9


class Target(NamedTuple):
    """A latency target that is set: its metric, the limit in ms and the percentile it is meant at."""

    metric: Metric
    limit_ms: float
    percentile: int


def row_sla(workload: Workload) -> Sla:
    """The targets as serving points are held against them: at the median where simulated requests meet the tail."""
    if not workload.simulated:
        return workload.sla
    return workload.sla.model_copy(update={"ttft_percentile": MEDIAN, "tpot_percentile": MEDIAN})


def targets(sla: Sla) -> Iterator[Target]:
    """The targets of ``sla`` that are set."""
    if sla.ttft_s is not None:
        yield Target("ttft", ms_from_s(sla.ttft_s), sla.ttft_percentile)
    if sla.tpot_ms is not None:
        yield Target("tpot", sla.tpot_ms, sla.tpot_percentile)


def latency_ms(row: ServingPoint | TokenApi, metric: Metric, percentile: int, tail: TailRatio) -> float:
    """The latency of ``row`` that a target at ``percentile`` is held against; inf where it is unknown.

    At 50 the p50, or the mean, which is the stricter; at 90, 95 and 99 that percentile, or the p99, or else the p50 or
    mean times the scenario's ``tail`` ratio.
    """
    ratio = tail.of(metric)
    if ratio is not None and converts(row, metric, percentile):
        stated: float = getattr(row, f"{metric}_ms")
        return stated * ratio
    known = _own_latency_ms(row, metric, percentile)
    return np.inf if known is None else known


def converts(row: ServingPoint | TokenApi, metric: Metric, percentile: int) -> bool:
    """Whether a tail target meets a row that states a mean or median and no tail."""
    central = getattr(row, f"{metric}_statistic") in ("p50", "mean")
    return percentile != MEDIAN and central and _own_latency_ms(row, metric, percentile) is None


def sla_excess(row: ServingPoint | TokenApi, sla: Sla, tail: TailRatio) -> float:
    """How far ``row`` misses the targets of ``sla``: the largest latency ÷ limit − 1, at least 0, inf where unknown."""
    misses = [latency_ms(row, metric, percentile, tail) / limit - 1 for metric, limit, percentile in targets(sla)]
    return max([0.0, *misses])


def api_excess(workload: Workload, api: TokenApi, tail: TailRatio) -> float:
    """``sla_excess`` of a token API that answers ``workload``: 0 for batch, which has no one waiting."""
    return 0.0 if workload.kind == "batch" else sla_excess(api, workload.sla, tail)


def _own_latency_ms(row: ServingPoint | TokenApi, metric: Metric, percentile: int) -> float | None:
    statistic: Statistic | None = getattr(row, f"{metric}_statistic")
    stated: float | None = getattr(row, f"{metric}_ms")
    p99: float | None = getattr(row, f"{metric}_p99_ms", None)
    if percentile == MEDIAN:
        return stated if statistic in ("p50", "mean") else None
    return stated if statistic in (f"p{percentile}", "p99") else p99
