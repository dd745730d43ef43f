"""Rows held against each other: prices far from those of their peers, and two rows for one configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

from planner.catalog.findings import Finding
from planner.catalog.models import Catalog, Row, ServingPoint
from planner.catalog.precedence import configuration, rank

# A price this many times its peers' median, or less than that part of it, is a slip more often than an offer.
PEERS = 10.0
# Relative difference of two benchmarks of one configuration that their repetition explains.
SAME = 0.05


def prices(catalog: Catalog) -> Iterator[Finding]:
    """Prices an order of magnitude off the median of the others: offers of a system and kind, APIs of a model."""
    peers: dict[tuple[str, str], list[tuple[Row, str, float]]] = {}
    for offer in catalog.offers.values():
        group = peers.setdefault((offer.system, f"{offer.kind} offers"), [])
        group.append((offer, "usd_per_gpu_hour", offer.usd_per_gpu_hour))
    for api in catalog.token_apis.values():
        for field in ("input_usd_per_mtok", "output_usd_per_mtok"):
            peers.setdefault((api.model, f"APIs' {field}"), []).append((api, field, getattr(api, field)))
        cached = api.cached_input_usd_per_mtok
        if cached is not None and cached > api.input_usd_per_mtok:
            message = f"{cached:g} is above the {api.input_usd_per_mtok:g} of input"
            yield Finding("price", api, "cached_input_usd_per_mtok", message)
    for (subject, kind), group in peers.items():
        for row, field, price in group:
            others = [other for peer, _, other in group if peer is not row]
            if len(others) < 2:
                continue
            middle = median(others)
            if not 1 / PEERS <= price / middle <= PEERS:
                message = f"{price:g}; the median of the other {len(others)} {kind} of {subject} is {middle:g}"
                yield Finding("price", row, field, message)


def contradictions(points: Iterable[ServingPoint]) -> Iterator[Finding]:
    """Rows of one configuration at one concurrency whose figures differ.

    Where a later catalog has better evidence or a newer benchmark, it is meant to hold over an earlier one: only rows
    of the same catalog contradict each other, and rows that hold side by side.
    """
    same: dict[tuple[object, ...], list[ServingPoint]] = {}
    for point in points:
        key = (*configuration(point), point.engine_version, point.tpot_statistic)
        same.setdefault(key, []).append(point)
    for group in same.values():
        best, *others = sorted(group, key=lambda point: (rank(point), point.file, point.line))
        for other in others:
            field = next((name for name in ("output_tok_s_per_gpu", "tpot_ms") if _differ(best, other, name)), None)
            if field is None or (rank(best) != rank(other) and _folder(best) != _folder(other)):
                continue
            held = f"goes before it ({best.evidence}, {best.as_of})" if rank(best) != rank(other) else "is as good"
            yield Finding(
                "contradiction",
                other,
                field,
                f"{getattr(other, field):g}; {best.file}:{best.line} has {getattr(best, field):g} for the same "
                f"configuration and {held}",
            )


def _folder(point: ServingPoint) -> str:
    """The catalog that a point comes from."""
    return point.file.rpartition("/serving/")[0]


def _differ(one: ServingPoint, other: ServingPoint, field: str) -> bool:
    first, second = getattr(one, field), getattr(other, field)
    return bool(abs(first - second) > SAME * first)
