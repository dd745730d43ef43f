"""A catalog held against physics, against itself and against the calendar: what a row cannot or should not say."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from statistics import median

from planner.catalog.models import Catalog, Row, ServingPoint
from planner.catalog.physics import beyond_physics
from planner.catalog.precedence import configuration, rank
from planner.errors import Fault

# A note that says why the row stands although it looks wrong: then nothing of it is a finding.
MARKER = re.compile(r"(?:^|;\s*)checked:\s*\S", re.IGNORECASE)
MAX_AGE_DAYS = 1095
LITTLE = 0.25
PEERS = 10.0
SAME = 0.05
FASTEST_TPOT_MS, SLOWEST_TPOT_MS = 0.1, 5_000.0
FASTEST_TTFT_MS, SLOWEST_TTFT_MS = 1.0, 3_600_000.0


@dataclass(frozen=True)
class Checked:
    """What was found, in file order, how many rows were looked at, and the models
    without parameters, whose points could not be held against physics."""

    findings: tuple[Fault, ...]
    rows: int
    today: dt.date
    unchecked: tuple[str, ...]


def check(catalog: Catalog, today: dt.date | None = None, max_age_days: int = MAX_AGE_DAYS) -> Checked:
    """Every finding of a catalog. ``today`` is the newest day of its rows unless given: nothing changes by itself."""
    rows = rows_of(catalog)
    day = today or max((row.as_of for row in rows), default=dt.date(1970, 1, 1))
    points = [point for point in catalog.serving.values() if not _explained(point)]
    superseded = [point for point in catalog.superseded.values() if not _explained(point)]
    found = chain(
        _physics(catalog, points),
        chain.from_iterable(map(_latencies, points)),
        chain.from_iterable(map(_little, points)),
        _api_prices(catalog),
        _prices(catalog),
        _contradictions([*points, *superseded]),
        _stale(rows, day, max_age_days),
    )
    unchecked = sorted({point.model for point in catalog.serving.values()} - set(catalog.models))
    return Checked(tuple(sorted(set(found))), len(rows), day, tuple(unchecked))


def rows_of(catalog: Catalog) -> list[Row]:
    """All rows of a catalog."""
    kinds: tuple[Iterable[Row], ...] = (
        catalog.systems.values(),
        catalog.offers.values(),
        catalog.token_apis.values(),
        catalog.serving.values(),
        catalog.load_shapes.values(),
        catalog.energy.values(),
        catalog.price_paths.values(),
        catalog.models.values(),
    )
    return list(chain.from_iterable(kinds))


def _explained(row: Row) -> bool:
    return MARKER.search(row.note) is not None


def _fault(row: Row, field: str, message: str) -> Fault:
    return Fault(row.file, row.line, field, message)


def _physics(catalog: Catalog, points: Iterable[ServingPoint]) -> Iterator[Fault]:
    for point in points:
        size = catalog.models.get(point.model)
        if size is not None:
            yield from beyond_physics(point, catalog.systems[point.system], size)


def _latencies(point: ServingPoint) -> Iterator[Fault]:
    for field, fastest, slowest in (
        ("ttft_ms", FASTEST_TTFT_MS, SLOWEST_TTFT_MS),
        ("tpot_ms", FASTEST_TPOT_MS, SLOWEST_TPOT_MS),
    ):
        value: float = getattr(point, field)
        if not fastest <= value <= slowest:
            yield _fault(point, field, f"{value:g} ms is outside {fastest:g} to {slowest:,.0f} ms; is the unit right?")
        tail: float | None = getattr(point, field.replace("_ms", "_p99_ms"))
        if tail is not None and tail < value and getattr(point, field.replace("_ms", "_statistic")) != "mean":
            yield _fault(point, field.replace("_ms", "_p99_ms"), f"{tail:g} ms is below {field}, {value:g} ms")


def _little(point: ServingPoint) -> Iterator[Fault]:
    requests = point.output_tok_s_per_gpu * point.gpus_per_replica / point.output_tokens_mean
    seconds = (point.ttft_ms + (point.output_tokens_mean - 1) * point.tpot_ms) / 1000
    held = requests * seconds
    if abs(held / point.concurrency - 1) > LITTLE:
        yield _fault(
            point,
            "concurrency",
            f"{point.concurrency:g} in flight; {requests:.3g} requests/s of {seconds:.3g} s each (TTFT and TPOT) hold "
            f"{held:.3g}. Rates per decode or per prefill GPU, or a replica of another size?",
        )


def _api_prices(catalog: Catalog) -> Iterator[Fault]:
    for api in catalog.token_apis.values():
        cached = api.cached_input_usd_per_mtok
        if cached is not None and cached > api.input_usd_per_mtok and not _explained(api):
            yield _fault(
                api, "cached_input_usd_per_mtok", f"{cached:g} is above the {api.input_usd_per_mtok:g} of input"
            )


def _prices(catalog: Catalog) -> Iterator[Fault]:
    peers: dict[tuple[str, str], list[tuple[Row, str, float]]] = {}
    for offer in catalog.offers.values():
        group = peers.setdefault((offer.system, f"{offer.kind} offers"), [])
        group.append((offer, "usd_per_gpu_hour", offer.usd_per_gpu_hour))
    for api in catalog.token_apis.values():
        for field in ("input_usd_per_mtok", "output_usd_per_mtok"):
            peers.setdefault((api.model, f"APIs' {field}"), []).append((api, field, getattr(api, field)))
    for (subject, kind), group in peers.items():
        for row, field, price in group:
            others = [other for peer, _, other in group if peer is not row]
            if len(others) < 2 or _explained(row):
                continue
            middle = median(others)
            if not 1 / PEERS <= price / middle <= PEERS:
                message = f"{price:g}; the median of the other {len(others)} {kind} of {subject} is {middle:g}"
                yield _fault(row, field, message)


def _contradictions(points: Iterable[ServingPoint]) -> Iterator[Fault]:
    """Rows of the same configuration at the same concurrency whose rates differ; the better one stays."""
    same: dict[tuple[object, ...], list[ServingPoint]] = {}
    for point in points:
        key = (configuration(point), point.engine_version, point.tpot_statistic)
        same.setdefault(key, []).append(point)
    for group in same.values():
        best, *others = sorted(group, key=lambda point: (*rank(point), point.file, point.line))
        for other in others:
            field = next((name for name in ("output_tok_s_per_gpu", "tpot_ms") if _differ(best, other, name)), None)
            if field:
                yield _fault(
                    other,
                    field,
                    f"{getattr(other, field):g}; {best.file}:{best.line} has {getattr(best, field):g} for the same "
                    f"configuration and goes before it ({best.evidence}, {best.as_of})",
                )


def _differ(one: ServingPoint, other: ServingPoint, field: str) -> bool:
    first, second = getattr(one, field), getattr(other, field)
    return bool(abs(first - second) > SAME * first)


def _stale(rows: Iterable[Row], today: dt.date, max_age_days: int) -> Iterator[Fault]:
    for row in rows:
        age = (today - row.as_of).days
        if age > max_age_days and not _explained(row):
            yield _fault(row, "as_of", f"{row.as_of} is {age:,} days before {today}; at most {max_age_days:,}")
