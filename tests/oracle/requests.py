"""Requests at a row's prices and latencies: what one costs, and whether it is answered in time."""

from __future__ import annotations

import math
from typing import Any

from planner.catalog.models import TokenApi
from planner.scenario.models import Sla, TailRatio, TokenQuote, Workload


def most_mtok(api: TokenApi | TokenQuote) -> float | None:
    """Mtok that an API takes on a day, for a quote at a concurrency by Little's law."""
    if not isinstance(api, TokenQuote) or api.concurrency is None:
        return api.max_mtok_per_day
    assert api.tokens is not None
    assert api.ttft_ms is not None
    assert api.tpot_ms is not None
    seconds = (api.ttft_ms + api.tpot_ms * (api.tokens.output - 1)) / 1000
    return api.concurrency / seconds * 86_400 * (api.tokens.input + api.tokens.output) / 1e6


def api_price(workload: Workload, api: TokenApi | TokenQuote) -> float:
    """USD of one request."""
    assert workload.tokens is not None
    cached = api.cached_input_usd_per_mtok
    cached = api.input_usd_per_mtok if cached is None else cached
    share = workload.cached_input_share
    share = workload.prefix_cache_hit_share if share is None else share
    input_price = (1 - share) * api.input_usd_per_mtok + share * cached
    return (workload.tokens.input * input_price + workload.tokens.output * api.output_usd_per_mtok) / 1e6


def meets(sla: Sla, row: Any, tail: TailRatio, *, simulated: bool = False) -> bool:
    """Whether a point or a token API meets both targets, each at its own percentile.

    Where tails are ``simulated`` the median has to.
    """
    at_ttft, at_tpot = (50, 50) if simulated else (sla.ttft_percentile, sla.tpot_percentile)
    ttft = sla.ttft_s is None or known_ms(row, "ttft", at_ttft, tail.ttft) <= sla.ttft_s * 1000 * (1 + 1e-9)
    tpot = sla.tpot_ms is None or known_ms(row, "tpot", at_tpot, tail.tpot) <= sla.tpot_ms * (1 + 1e-9)
    return ttft and tpot


def percentile_of(workload: Workload, what: str) -> int:
    """The percentile at which a row of a catalog has to meet a target: the median where tails are simulated."""
    return 50 if workload.headroom == "simulated" else int(getattr(workload.sla, f"{what}_percentile"))


def known_ms(row: Any, what: str, percentile: int, tail: float | None) -> float:
    """The latency to hold against a target at ``percentile``, infinite where there is none."""
    statistic, stated = getattr(row, f"{what}_statistic"), getattr(row, f"{what}_ms")
    if percentile == 50:
        return float(stated) if statistic in ("p50", "mean") else math.inf
    if statistic in (f"p{percentile}", "p99"):
        return float(stated)
    p99 = getattr(row, f"{what}_p99_ms", None)
    if p99 is not None:
        return float(p99)
    return float(stated) * tail if tail is not None and statistic in ("p50", "mean") else math.inf
