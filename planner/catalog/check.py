"""A catalog held against physics, against itself and against the calendar: what a row cannot or should not say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import chain

from planner.catalog.findings import Finding, findings
from planner.catalog.models import Catalog, Offer, PricePath, Row, ServingPoint, System, TokenApi
from planner.catalog.peers import contradictions, prices
from planner.catalog.physics import physics
from planner.errors import Fault
from planner.frozen import dataclass

# Days after which a row is stale. Prices move by the month and benchmarks with the software; statistics of energy and
# the like come out years late.
PRICES_AGE_DAYS = 365
POINTS_AGE_DAYS = 730
OTHERS_AGE_DAYS = 1095
_AGES: dict[type[Row], int] = {
    System: PRICES_AGE_DAYS,
    Offer: PRICES_AGE_DAYS,
    TokenApi: PRICES_AGE_DAYS,
    PricePath: PRICES_AGE_DAYS,
    ServingPoint: POINTS_AGE_DAYS,
}


@dataclass(frozen=True)
class Checked:
    """What was found, in file order, how many rows were looked at, and the models
    without parameters, whose points could not be held against physics."""

    findings: tuple[Fault, ...]
    rows: int
    today: dt.date
    unchecked: tuple[str, ...]


def check(catalog: Catalog, today: dt.date | None = None, max_age_days: int | None = None) -> Checked:
    """Every finding of a catalog.

    ``today`` is the newest day of its rows unless given: nothing changes by itself. ``max_age_days`` holds for rows of
    every kind; without it each kind has its own.
    """
    rows = rows_of(catalog)
    points = [row for row in rows if isinstance(row, ServingPoint)]
    day = today or max((row.as_of for row in rows), default=dt.date(1970, 1, 1))
    held = chain(
        physics(catalog, points),
        prices(catalog),
        contradictions(points),
        _stale(rows, day, max_age_days),
    )
    unchecked = sorted({point.model for point in points} - set(catalog.models))
    return Checked(findings(held, rows), len(rows), day, tuple(unchecked))


def rows_of(catalog: Catalog) -> list[Row]:
    """All rows of a catalog, those included that another row stands in for."""
    kinds: tuple[Iterable[Row], ...] = (
        catalog.systems.values(),
        catalog.offers.values(),
        catalog.token_apis.values(),
        catalog.serving.values(),
        catalog.superseded.values(),
        catalog.load_shapes.values(),
        catalog.energy.values(),
        catalog.price_paths.values(),
        catalog.accuracy.values(),
        catalog.models.values(),
        catalog.gains.values(),
    )
    return list(chain.from_iterable(kinds))


def _stale(rows: Iterable[Row], today: dt.date, max_age_days: int | None) -> Iterator[Finding]:
    for row in rows:
        limit = _AGES.get(type(row), OTHERS_AGE_DAYS) if max_age_days is None else max_age_days
        age = (today - row.as_of).days
        if age > limit:
            yield Finding("age", row, "as_of", f"{row.as_of} is {age:,} days before {today}; at most {limit:,}")
