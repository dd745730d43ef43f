"""Which of a row's latencies a target at a percentile is held against."""

from __future__ import annotations

from typing import Literal

import numpy as np

from planner.catalog.models import ServingPoint, Statistic, TokenApi
from planner.scenario.models import TailRatio

Metric = Literal["ttft", "tpot"]


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
    return percentile != 50 and central and _own_latency_ms(row, metric, percentile) is None


def _own_latency_ms(row: ServingPoint | TokenApi, metric: Metric, percentile: int) -> float | None:
    statistic: Statistic | None = getattr(row, f"{metric}_statistic")
    stated: float | None = getattr(row, f"{metric}_ms")
    p99: float | None = getattr(row, f"{metric}_p99_ms", None)
    if percentile == 50:
        return stated if statistic in ("p50", "mean") else None
    return stated if statistic in (f"p{percentile}", "p99") else p99
