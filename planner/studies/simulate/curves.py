"""What a simulation draws: shares of the requests by latency, and the queue through the busiest hour."""

from __future__ import annotations

from typing import Any

from planner.traffic.outcome import MINUTE_S, Outcome
from planner.units import ms_from_s

# Shares of the requests whose latency is told, in per cent, and parts of the busiest hour whose queue is.
SHARES = (1.0, 2.5, *(float(share) for share in range(5, 100, 5)), 97.5, 99.0, 99.5, 99.9)
PARTS = 60
QUEUE_COLUMNS = ("workload", "minute", "waiting_requests")


def latency_rows(workload: str, found: Outcome) -> list[dict[str, Any]]:
    """A row for each share: the time within which it has its first token, and each further one."""
    return [
        {
            "workload": workload,
            "share": share / 100,
            "ttft_s": found.ttft.percentile(share),
            "tpot_ms": ms_from_s(found.tpot.percentile(share)),
        }
        for share in SHARES
    ]


def queue_rows(workload: str, found: Outcome) -> list[dict[str, Any]]:
    """A row for each part of the busiest hour: the minute in which it ends, and the requests that wait on average."""
    from_s, to_s = found.busiest_hour
    if to_s <= from_s:
        return []
    waiting = found.waiting.requests(from_s, to_s, PARTS)
    length = (to_s - from_s) / MINUTE_S / PARTS
    return [
        dict(zip(QUEUE_COLUMNS, (workload, (part + 1) * length, requests), strict=True))
        for part, requests in enumerate(waiting.tolist())
    ]
