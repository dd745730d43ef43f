"""Buy, reserve, rent or call an API: screening curves, and the prices at which the plan itself changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from planner._version import __version__
from planner.catalog import Catalog
from planner.frozen import dataclass
from planner.pipeline import catalog_of
from planner.plan.plan import _plain
from planner.scenario import Scenario, scenario_digest
from planner.scenario.models import Workload
from planner.studies.breakeven.api_price import api_threshold, input_share
from planner.studies.breakeven.defaults import largest_workload, systems_of_the_plan, systems_that_fit
from planner.studies.breakeven.screening import Screening, screen
from planner.studies.breakeven.sourcing import PriceOverrides
from planner.studies.breakeven.threshold import KINDS, Kind, Threshold, threshold
from planner.studies.command import Progress
from planner.studies.pool import each
from planner.studies.result import IN_PARTS, Result, compared, compared_in_parts

# Every step of a bisection is a solve: a wider gap than a plan's own saves most of their time and widens the interval.
GAP = 0.003


@dataclass(frozen=True)
class Ways:
    """One system: ``curves`` of the ways to get it, ``thresholds`` of the plan by kind, None where there is none."""

    curves: Screening
    thresholds: dict[Kind, Threshold | None]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The thresholds that there are, as plain values."""
        known = [item for item in self.thresholds.values() if item is not None]
        return [asdict(item) | {"drawn_on": item.drawn_on} for item in known]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            **self.said,
            "crossings": self.curves.crossings.to_dict(orient="records"),
            "break_even": self.rows,
        }

    @property
    def said(self) -> dict[str, Any]:
        """What the curves are of."""
        names = ("system", "workload", "months", "utilisation", "point", "mtok_per_gpu_hour")
        notes = {way.name: way.note for way in self.curves.ways}
        return {name: getattr(self.curves, name) for name in names} | {"ways": notes}


@dataclass(frozen=True)
class Breakeven(Result):
    """``curves`` of the ways side by side; ``thresholds`` of the plan by kind, None where it cannot be had so.

    Without solves there are no ``thresholds``. ``in_parts`` where they are of plans in parts of replicas and of hourly
    lots, though the scenario's own is in whole ones. ``others`` are further systems of the plan, where none was asked
    for; ``api`` is the price of output tokens at which the plan would call a token API that meets the workload's
    targets and sells input at ``api_input_share`` of it. ``remarks`` say what was taken and left out.
    """

    scenario: str
    scenario_digest: str
    catalog_digest: str
    curves: Screening
    thresholds: dict[Kind, Threshold | None]
    in_parts: bool = False
    others: tuple[Ways, ...] = ()
    api: Threshold | None = None
    api_input_share: float = 1.0
    remarks: tuple[str, ...] = ()

    @property
    def systems(self) -> tuple[Ways, ...]:
        """Every system there are curves of."""
        return (Ways(self.curves, self.thresholds), *self.others)

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
        return self.systems[0].said

    @property
    def stopped(self) -> tuple[str, ...]:
        """What the clock stopped the search for."""
        late = [
            f"the break-even price to {kind} {ways.curves.system}" if self.others else f"the break-even price to {kind}"
            for ways in self.systems
            for kind, item in ways.thresholds.items()
            if item is not None and item.stopped
        ]
        return (*late, *(["the break-even price of tokens"] if self.api is not None and self.api.stopped else []))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The thresholds that there are, as plain values."""
        return self.systems[0].rows

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
                "crossings": self.curves.crossings.to_dict(orient="records"),
                "break_even": self.rows,
                "token_api": None
                if self.api is None
                else asdict(self.api) | {"drawn_on": self.api.drawn_on, "input_share": self.api_input_share},
                **({"other_systems": [ways.to_dict() for ways in self.others]} if self.others else {}),
                **({"remarks": list(self.remarks)} if self.remarks else {}),
            }
        )
        assert isinstance(made, dict)
        return made


@dataclass(frozen=True)
class _Search:
    """One break-even price: of a system by its kind, or of the tokens of ``workload``."""

    scenario: Scenario
    catalog: Catalog
    system: str
    kind: Kind
    workload: Workload
    gap: float
    time_limit_s: float | None


def breakeven(
    scenario: Scenario,
    system: str | None = None,
    workload: str | None = None,
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

    Without a ``workload`` it is the one with the most tokens; without a ``system`` those of the plan, or where nothing
    is solved all that serve the workload. Raises InputError where one of them is unknown, does not fit, or no way of
    getting the system has a price.
    """
    original, scenario = scenario, compared(scenario)
    in_parts = scenario is not original
    if catalog is None:
        catalog = catalog_of(scenario)
    if gap is None:
        gap = GAP if in_parts else max(scenario.solve.gap, GAP)
    task = workload if workload is not None else largest_workload(scenario, catalog)
    systems: tuple[str, ...] = () if system is None else (system,)
    remarks: tuple[str, ...] = ()
    if system is None and solve:
        progress("the plan")
        systems, remarks = systems_of_the_plan(scenario, catalog, task, gap, time_limit_s)
    elif system is None:
        systems = systems_that_fit(scenario, catalog, task)
    curves = [
        screen(scenario, catalog, name, task, site=site, months=months, utilisation=utilisation, given=prices)
        for name in systems
    ]
    chosen = next(item for item in scenario.workloads if item.name == task)
    api: Threshold | None = None
    found: list[dict[Kind, Threshold | None]] = [{} for _ in systems]
    if solve:
        of_api = _Search(scenario, catalog, "", "api", chosen, gap, time_limit_s)
        found, api = _thresholds(of_api, systems, workers, progress)
    ways = [Ways(*both) for both in zip(curves, found, strict=True)]
    return Breakeven(
        scenario.name,
        scenario_digest(original),
        catalog.digest,
        ways[0].curves,
        ways[0].thresholds,
        in_parts=solve and in_parts,
        others=tuple(ways[1:]),
        api=api,
        api_input_share=input_share(scenario, catalog, chosen),
        remarks=remarks,
    )


def _thresholds(
    of_api: _Search, systems: Sequence[str], workers: int, progress: Progress
) -> tuple[list[dict[Kind, Threshold | None]], Threshold | None]:
    """The prices of each system by kind, and that of an API, which is searched as ``of_api`` says."""
    searches = [replace(of_api, system=name, kind=kind) for name in systems for kind in KINDS]
    *replies, api = each(_threshold, [*searches, of_api], workers=workers, progress=progress, done="break-even prices")
    by_system = (replies[at : at + len(KINDS)] for at in range(0, len(replies), len(KINDS)))
    return [dict(zip(KINDS, prices, strict=True)) for prices in by_system], api


def _threshold(search: _Search) -> Threshold | None:
    gap, limit = search.gap, search.time_limit_s
    if search.kind == "api":
        return api_threshold(search.scenario, search.catalog, search.workload, gap=gap, time_limit_s=limit)
    return threshold(search.scenario, search.catalog, search.system, search.kind, gap=gap, time_limit_s=limit)
