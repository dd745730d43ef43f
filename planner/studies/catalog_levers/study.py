"""What each lever of serving brings at a speed: the best point with it and the best without, per system."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from planner.catalog.models import Catalog, Gain, ServingPoint
from planner.catalog.optimisations import OPTIMISATIONS, Has
from planner.catalog.points import At, Price, Shape, best_at, points_of, price_of
from planner.catalog.tables import by_maker
from planner.errors import InputError
from planner.frozen import dataclass
from planner.studies.result import Result
from planner.validation import nearest

WIDE = 8
# A best point this much faster than asked hides that nobody measured nearer to the target.
GAP = 0.75

LEVERS: dict[str, Has] = {
    **{one.name: one.has for one in OPTIMISATIONS},
    f"workers over {WIDE} GPUs": lambda point: point.largest_worker_gpus > WIDE,
}


@dataclass(frozen=True)
class Side:
    """The points on one side of a lever: how many there are, the best at the target, and the rows missing near it."""

    rows: int
    best: At | None
    usd_per_mtok: float | None
    missing: tuple[ServingPoint, ServingPoint] | None


@dataclass(frozen=True)
class LeverGain:
    """What a lever brings on a system; ``mute`` counts the rows that do not say whether they have it."""

    maker: str
    system: str
    name: str
    without: Side
    with_it: Side
    mute: int

    @property
    def measured(self) -> bool:
        """Whether there are rows on both sides, predicted ones included."""
        return bool(self.without.rows and self.with_it.rows)

    @property
    def ratio(self) -> float | None:
        """Total tokens per GPU-hour with the lever over those without."""
        if self.without.best is None or self.with_it.best is None:
            return None
        return self.with_it.best.total_tok_s_per_gpu / self.without.best.total_tok_s_per_gpu


@dataclass(frozen=True)
class LeverGains(Result):
    """All levers of all systems with points of the model and shape, the systems by maker.

    ``told`` are gains that somebody tells of those levers of which there are no rows on both sides anywhere.
    """

    model: str
    shape: Shape
    tpot_ms: float
    ttft_ms: float
    prices: dict[str, Price | None]
    found: tuple[LeverGain, ...]
    told: tuple[Gain, ...]

    def to_dict(self) -> dict[str, Any]:
        """The table as plain values."""
        return {
            "model": self.model,
            "shape": str(self.shape),
            "tpot_ms": self.tpot_ms,
            "ttft_ms": None if math.isinf(self.ttft_ms) else self.ttft_ms,
            "usd_per_gpu_hour": {
                system: price and {"value": price.usd_per_gpu_hour, "offer": price.origin, "published": price.published}
                for system, price in self.prices.items()
            },
            "levers": [
                {
                    "maker": lever.maker,
                    "system": lever.system,
                    "lever": lever.name,
                    "measured": lever.measured,
                    "rows_that_do_not_say": lever.mute,
                    "ratio": lever.ratio,
                    "without": _side_dict(lever.without),
                    "with": _side_dict(lever.with_it),
                }
                for lever in self.found
            ],
            "told": [gain.model_dump(mode="json") for gain in self.told],
        }


def lever_gains(
    catalog: Catalog,
    model: str,
    shape: Shape,
    tpot_ms: float,
    ttft_ms: float = math.inf,
    *,
    systems: Sequence[str] = (),
    precision: str | None = None,
    prices: Mapping[str, float] | None = None,
    interpolate: bool = True,
) -> LeverGains:
    """Every lever of every system at ``tpot_ms``. Raises InputError for what the catalog does not know.

    Without ``interpolate`` every figure is that of one row.
    """
    given = dict(prices or {})
    for system in given:
        if system not in catalog.systems:
            raise InputError(f"--usd-per-gpu-hour {system}: no such system{nearest(system, catalog.systems)}")
    points = points_of(catalog, model, shape, systems, precision)
    with_points = {point.system for point in points}
    kept = by_maker(catalog, [row for name, row in catalog.systems.items() if name in (systems or with_points)])
    names = [row.system for row in kept]
    priced = {name: price_of(catalog, name, given) for name in names}
    found = []
    for system in names:
        own = [point for point in points if point.system == system]
        price = priced[system]
        for name, has in LEVERS.items():
            sides = []
            for wanted in (False, True):
                rows = [point for point in own if has(point) is wanted]
                best = best_at(rows, tpot_ms, ttft_ms, interpolate=interpolate)
                sides.append(_side(rows, best, tpot_ms, ttft_ms, price))
            mute = sum(has(point) is None for point in own)
            found.append(LeverGain(catalog.systems[system].maker, system, name, sides[0], sides[1], mute))
    return LeverGains(model, shape, tpot_ms, ttft_ms, priced, tuple(found), _told(catalog, found))


def _told(catalog: Catalog, found: Sequence[LeverGain]) -> tuple[Gain, ...]:
    """The gains of optimisations that are measured on no system."""
    measured = {lever.name for lever in found if lever.measured}
    absent = [one.key for one in OPTIMISATIONS if one.name not in measured]
    return tuple(gain for key in absent for gain in catalog.gains.values() if gain.optimisation == key)


def _side(points: list[ServingPoint], best: At | None, tpot_ms: float, ttft_ms: float, price: Price | None) -> Side:
    usd = best.usd_per_mtok(price.usd_per_gpu_hour) if best and price else None
    return Side(len(points), best, usd, _missing(points, best, tpot_ms, ttft_ms))


def _missing(
    points: list[ServingPoint], best: At | None, tpot_ms: float, ttft_ms: float
) -> tuple[ServingPoint, ServingPoint] | None:
    """The nearest rows on either side of a target that no row is near; None where one is, or none is slower."""
    fits = [point for point in points if point.known_ttft_ms <= ttft_ms]
    fast = max((point for point in fits if point.tpot_ms <= tpot_ms), key=lambda p: p.tpot_ms, default=None)
    slow = min((point for point in fits if point.tpot_ms > tpot_ms), key=lambda p: p.tpot_ms, default=None)
    if best is None or best.interpolated or fast is None or slow is None or fast.tpot_ms >= GAP * tpot_ms:
        return None
    return fast, slow


def _side_dict(side: Side) -> dict[str, Any]:
    best = side.best
    missing = side.missing and {"between_tpot_ms": [point.tpot_ms for point in side.missing]}
    if best is None:
        return {"rows": side.rows, "best": None, "missing": missing}
    rows = [point for point in (best.point, best.slower) if point is not None]
    return {
        "rows": side.rows,
        "best": {
            "points": [{"name": point.name, "file": point.file, "line": point.line} for point in rows],
            "interpolated": best.interpolated,
            "tpot_ms": best.tpot_ms,
            "ttft_ms": None if math.isinf(best.ttft_ms) else best.ttft_ms,
            "total_tok_s_per_gpu": best.total_tok_s_per_gpu,
            "usd_per_mtok_total": side.usd_per_mtok,
        },
        "missing": missing,
    }
