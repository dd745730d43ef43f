"""How far a serving point that nobody measured may be off: what it may turn out to make, as shares of what it claims.

Each kind of point has the errors that the project knows of its kind: a prediction those of the catalog's predictions
beside measurements of the same thing, a fitted or extrapolated point those of shapes that were left out, an
interpolated one its two neighbours, one with hits in the cache what it would make without them. Of errors the range
from the tenth to the ninetieth percentile counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, ServingPoint
from planner.frozen import dataclass
from planner.kinds.evidence import WEAK
from planner.rules.extrapolated import WORK, derating
from planner.rules.families import gpu_seconds, shape_of
from planner.rules.floor_errors import carried
from planner.rules.predictions import requests_per_s, shares_measured
from planner.rules.work import near
from planner.rules.work_errors import left_out
from planner.scenario.models import Trust

# Of errors that are known, the share at each end that the interval leaves out.
TAIL = 0.1
# Fewer errors of a kind tell nothing of its tenth percentile.
FEWEST_ERRORS = 10
# However much more hits might spare, some work is left.
LEAST_LEFT = 0.05


@dataclass(frozen=True)
class Interval:
    """What a point may turn out to make, from ``low`` to ``high``, as shares of its claim before trust; ``why``."""

    low: float
    high: float
    why: str


def unmeasured(point: ServingPoint) -> bool:
    """Whether nobody measured what a point makes: predicted, estimated, or made of measured ones."""
    return point.evidence in WEAK or bool(point.derivation)


class Uncertainty:
    """The intervals of a catalog's points, with the errors of each kind that its rows tell."""

    def __init__(self, catalog: Catalog, models: Iterable[str], trust: Trust) -> None:
        wanted = set(models)
        own = {key: row for key, row in catalog.serving.items() if row.model in wanted and not row.derivation}
        self._rows = list(own.values())
        self._catalog = replace(catalog, serving=own)
        self._trust = trust
        self._by_name = {(row.model, row.name): row for row in own.values()}
        self._every = catalog

    def interval(self, point: ServingPoint) -> Interval | None:
        """The interval of a point; None of one that was measured."""
        if not unmeasured(point):
            return None
        found = self._derived(point) if isinstance(point, DerivedPoint) else None
        if point.evidence not in WEAK:
            return found
        claim = self._claim(point)
        if found is None:
            return claim
        return Interval(found.low * claim.low, found.high * claim.high, f"{found.why}; {claim.why}")

    def _claim(self, point: ServingPoint) -> Interval:
        """Of what nobody measured: as predictions were off, else as far below trust as the claim is above it."""
        shares = self._shares
        if point.evidence == "predicted" and len(shares) >= FEWEST_ERRORS:
            return _spread(shares, f"{len(shares)} predictions")
        trust = self._trust.of(point.evidence)
        why = f"no error of {point.evidence} rows is known: from trust {trust:g} taken twice to the whole claim"
        return Interval(trust**2, 1.0, why)

    @cached_property
    def _shares(self) -> list[float]:
        """Of every prediction beside a measurement, of any model: what was measured as a share of it."""
        return [share for _, share in shares_measured(self._every)]

    def credited(self, point: ServingPoint) -> bool:
        """Whether a point is one of a catalog but for the hits that its workload has in the prefix cache."""
        parents = self._parents(point)
        return len(parents) == 1 and near(shape_of(parents[0]), shape_of(point))

    def _parents(self, point: ServingPoint) -> list[ServingPoint]:
        names = point.parents if isinstance(point, DerivedPoint) else ()
        return [row for name in names if (row := self._by_name.get((point.model, name))) is not None]

    def _derived(self, point: DerivedPoint) -> Interval:
        parents = self._parents(point)
        if point.derived == "interpolated" and len(parents) == 2:
            return _between(point, *parents)
        if self.credited(point):
            return _with_hits(point, parents[0])
        if point.derived == "extrapolated":
            return self._extrapolated(point)
        return self._fitted(point)

    def _extrapolated(self, point: DerivedPoint) -> Interval:
        drafts = point.spec_decode != "none"
        mine = [row for row in self._carried if row[0] == (point.model, drafts)]
        alike = mine if len(mine) >= FEWEST_ERRORS else self._carried
        whose = point.model if alike is mine else "any model"
        enough = len(alike) >= FEWEST_ERRORS
        found = _spread([each for _, each in alike], f"{len(alike)} left-out lengths of {whose}") if enough else None
        found = found or self._reasoned()
        if point.least_share == 1:
            return found
        why = f"{found.why}; up to half of attention may not count"
        return Interval(found.low, found.high / point.least_share, why)

    @cached_property
    def _carried(self) -> list[tuple[tuple[str, bool], float]]:
        """Of every length left out: its model, whether with drafts, and what was measured as a share of the claim."""
        return [
            (
                (row.point.model, row.point.spec_decode != "none"),
                (1 + row.work_error) * derating(row.point, shape_of(row.point)),
            )
            for row in carried(self._catalog)
        ]

    def _fitted(self, point: DerivedPoint) -> Interval:
        mine = [share for model, share in self._left_out if model == point.model]
        shares = mine if len(mine) >= FEWEST_ERRORS else [share for _, share in self._left_out]
        if len(shares) < FEWEST_ERRORS:
            return self._reasoned()
        return _spread(shares, f"{len(shares)} left-out shapes of {point.model if shares is mine else 'any model'}")

    @cached_property
    def _left_out(self) -> list[tuple[str, float]]:
        return [(row.family[0], 1 + row.error) for row in left_out(self._catalog)]

    def _reasoned(self) -> Interval:
        """Of a catalog too small to tell how far off its fits are: as of what is reasoned from other rows."""
        trust = self._trust.estimate
        return Interval(trust, 1 / trust, f"too few errors are known: trust in estimates, {trust:g}, down and up")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _spread(shares: Sequence[float], what: str) -> Interval:
    low, high = np.quantile(np.asarray(shares), [TAIL, 1 - TAIL])
    ends = f"{_percent(low)} to {_percent(high)}"
    return Interval(float(low), float(high), f"{what} were measured at {ends} of the claim")


def _between(point: DerivedPoint, one: ServingPoint, other: ServingPoint) -> Interval:
    """No less than the slower of two neighbours in a sweep, no more than the faster."""
    step = (point.concurrency - one.concurrency) / (other.concurrency - one.concurrency)
    rates = requests_per_s(one), requests_per_s(other)
    chord = rates[0] + step * (rates[1] - rates[0])
    return Interval(min(rates) / chord, max(rates) / chord, "between its two neighbours in the sweep")


def _with_hits(point: DerivedPoint, parent: ServingPoint) -> Interval:
    """What it makes without any hit, and what it would where hits spared all that the floors say."""
    none = gpu_seconds(point) / gpu_seconds(parent)
    left = max(1 - (1 - none) * WORK, LEAST_LEFT)
    return Interval(none, none / left, "from no hits at all to hits without the derating")
