"""Predictions held against measurements: where both are known of one model, system, precision and lengths.

``python -m planner.rules.predictions`` prints the table of docs/gaps.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from planner.catalog import Catalog, load_catalog
from planner.catalog.models import ServingPoint
from planner.kinds.evidence import PROVEN
from planner.render.markdown import table
from planner.rules.families import gpu_seconds
from planner.rules.rates import capped_with

# Two TPOTs within this factor are one speed: neighbours of a sweep over concurrency are further apart.
ONE_SPEED = 1.25
# A prediction of more than so many times what was measured at its speed is a reason to ask.
TWICE = 2.0

COLUMNS = ("model", "system", "lengths", "predictions", "least measured", "median", "most")


def requests_per_s(point: ServingPoint) -> float:
    """What one GPU makes of requests of the lengths that were measured, before any trust."""
    return 1 / gpu_seconds(point)


class Measurements:
    """The proven rows of catalogs, by what they share with predictions of the same thing, from fast to slow."""

    def __init__(self, points: Iterable[ServingPoint]) -> None:
        found: dict[tuple[object, ...], list[ServingPoint]] = defaultdict(list)
        for point in points:
            if point.evidence in PROVEN and not point.derivation:
                found[_thing(point)].append(point)
        self._rows = {thing: sorted(rows, key=lambda row: (row.tpot_ms, row.name)) for thing, rows in found.items()}
        self._tpots = {thing: np.array([row.tpot_ms for row in rows]) for thing, rows in self._rows.items()}
        self._rates = {thing: np.array([requests_per_s(row) for row in rows]) for thing, rows in self._rows.items()}

    def share_of(self, point: ServingPoint) -> float | None:
        """The best of what was measured at the speed of a prediction, as a share of it; None where nothing was."""
        best = self._best(point, point.tpot_ms * ONE_SPEED)
        return None if best is None else requests_per_s(best) / requests_per_s(point)

    def beaten_by(self, point: ServingPoint) -> ServingPoint | None:
        """The best measurement, at the speed of a prediction or slower, that it beats by more than twice, if any.

        A slower server makes more of its GPUs. So where none that is as slow, or slower, makes half of what is
        predicted, either the prediction is bold or the sweeps that were measured end early.
        """
        if point.evidence != "predicted" or point.derivation:
            return None
        best = self._best(point, np.inf)
        return best if best is not None and requests_per_s(point) > TWICE * requests_per_s(best) else None

    def _best(self, point: ServingPoint, slowest_ms: float) -> ServingPoint | None:
        """The row that makes most between the speed of ``point`` and a TPOT; of equals the fastest."""
        thing = _thing(point)
        if thing not in self._rows:
            return None
        first = int(np.searchsorted(self._tpots[thing], point.tpot_ms / ONE_SPEED))
        last = int(np.searchsorted(self._tpots[thing], slowest_ms, side="right"))
        return self._rows[thing][first + int(np.argmax(self._rates[thing][first:last]))] if first < last else None


def shares_measured(catalog: Catalog) -> list[tuple[ServingPoint, float]]:
    """Every prediction of a catalog that stands beside a measurement, and what was measured as a share of it."""
    measured = Measurements(catalog.serving.values())
    predicted = [row for row in catalog.serving.values() if row.evidence == "predicted" and not row.derivation]
    found = [(row, measured.share_of(row)) for row in predicted]
    return [(row, share) for row, share in found if share is not None]


def share_table(catalog: Catalog) -> str:
    """The shares by model, system and nominal lengths, as Markdown."""
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row, share in shares_measured(catalog):
        lengths = f"{row.input_tokens_nominal:g} / {row.output_tokens_nominal:g}"
        groups[row.model, row.system, lengths].append(share)
    every = [share for shares in groups.values() for share in shares]
    lines = []
    for group, shares in [*sorted(groups.items()), (("all", "", ""), every)]:
        ends = (min(shares), np.median(shares), max(shares))
        lines.append((*group, str(len(shares)), *(f"{100 * end:.0f} %" for end in ends)))
    return table(COLUMNS, lines)


def _thing(point: ServingPoint) -> tuple[object, ...]:
    return (*capped_with(point), point.precision)


if __name__ == "__main__":
    print(share_table(load_catalog(["builtin"])), end="")
