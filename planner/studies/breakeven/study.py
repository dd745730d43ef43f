"""Buy, reserve, rent or call an API: screening curves, and the prices at which the plan itself changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from planner._version import __version__
from planner.catalog import Catalog
from planner.pipeline import catalog_of
from planner.plan.plan import _plain
from planner.scenario import Scenario, scenario_digest
from planner.studies.breakeven.screening import Screening, screen
from planner.studies.breakeven.sourcing import PriceOverrides
from planner.studies.breakeven.threshold import KINDS, Kind, Threshold, threshold
from planner.studies.command import Progress
from planner.studies.pool import each
from planner.studies.result import IN_PARTS, Result, compared, compared_in_parts

# Every step of a bisection is a solve: a wider gap than a plan's own saves most of their time and widens the interval.
GAP = 0.003


@dataclass(frozen=True)
class Breakeven(Result):
    """``curves`` of the ways side by side; ``thresholds`` of the plan by kind, None where it cannot be had so.

    Without solves there are no ``thresholds``. ``in_parts`` where they are of plans in parts of replicas and of hourly
    lots, though the scenario's own is in whole ones.
    """

    scenario: str
    scenario_digest: str
    catalog_digest: str
    curves: Screening
    thresholds: dict[Kind, Threshold | None]
    in_parts: bool = False

    @property
    def sentences(self) -> tuple[str, ...]:
        """What holds of every threshold."""
        return (IN_PARTS,) if self.in_parts else ()

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The curves and where they cross."""
        return {name: getattr(self.curves, name) for name in ("by_utilisation", "by_months", "crossovers")}

    @property
    def said(self) -> dict[str, Any]:
        """What the curves are of."""
        names = ("system", "workload", "months", "utilisation", "point", "mtok_per_gpu_hour")
        notes = {way.name: way.note for way in self.curves.ways}
        return {name: getattr(self.curves, name) for name in names} | {"ways": notes}

    @property
    def stopped(self) -> tuple[str, ...]:
        """What the clock stopped the search for."""
        late = [kind for kind, item in self.thresholds.items() if item is not None and item.stopped]
        return tuple(f"the break-even price to {kind}" for kind in late)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The thresholds that there are, as plain values."""
        known = [item for item in self.thresholds.values() if item is not None]
        return [asdict(item) | {"drawn_on": item.drawn_on} for item in known]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, null for what is not known."""
        made = _plain(
            {
                "version": 1,
                "planner": __version__,
                "scenario": self.scenario,
                "scenario_digest": self.scenario_digest,
                "catalog_digest": self.catalog_digest,
                **self.said,
                **{name: frame.to_dict(orient="records") for name, frame in self.tables.items()},
                **compared_in_parts(self.in_parts),
                **({"sentences": list(self.sentences)} if self.sentences else {}),
                "break_even": self.rows,
            }
        )
        assert isinstance(made, dict)
        return made


@dataclass(frozen=True)
class _Search:
    scenario: Scenario
    catalog: Catalog
    system: str
    kind: Kind
    gap: float
    time_limit_s: float | None


def breakeven(
    scenario: Scenario,
    system: str,
    workload: str,
    catalog: Catalog | None = None,
    *,
    site: str | None = None,
    months: int = 36,
    utilisation: float = 1.0,
    prices: PriceOverrides | None = None,
    solve: bool = True,
    gap: float | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    progress: Progress = lambda words: None,
) -> Breakeven:
    """Screening curves of ``system`` for ``workload``, and unless ``solve`` is False the plan's break-even prices.

    Raises InputError where one of them is unknown, does not fit, or no way of getting the system has a price.
    """
    original, scenario = scenario, compared(scenario)
    if catalog is None:
        catalog = catalog_of(scenario)
    curves = screen(
        scenario, catalog, system, workload, site=site, months=months, utilisation=utilisation, given=prices
    )
    found: dict[Kind, Threshold | None] = {}
    if solve:
        gap = gap if gap is not None else max(scenario.solve.gap, GAP)
        searches = [_Search(scenario, catalog, system, kind, gap, time_limit_s) for kind in KINDS]
        heard = "break-even prices"
        found = dict(
            zip(KINDS, each(_threshold, searches, workers=workers, progress=progress, done=heard), strict=True)
        )
    digests = (scenario_digest(original), catalog.digest)
    return Breakeven(scenario.name, *digests, curves, found, in_parts=solve and scenario is not original)


def _threshold(search: _Search) -> Threshold | None:
    return threshold(
        search.scenario, search.catalog, search.system, search.kind, gap=search.gap, time_limit_s=search.time_limit_s
    )
