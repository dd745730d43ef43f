"""Inputs: what a plan is held against, as named axes over Scenario and Catalog."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner.accounts.terms import ContractTerms, contract_terms
from planner.catalog.models import Catalog, System, TokenApi
from planner.decisions import COLUMNS, Decided
from planner.frozen import dataclass
from planner.rules.dates import lies_within, life_periods, order_days, service_days, system_lead_weeks
from planner.rules.tariffs import price_factors
from planner.scenario.models import Contract, Existing, Future, Scenario, Site, Workload
from planner.schedule import Schedule
from planner.table import Table
from planner.timeline import Timeline, scenario_timeline

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Names = NDArray[np.object_]
ONLY_FUTURE = "base"


@dataclass(frozen=True)
class SiteGroup:
    """An existing group: ``site`` is the site's index in the scenario, ``index`` the group's own at the site."""

    site: int
    index: int
    existing: Existing


@dataclass(frozen=True, eq=False)
class Inputs:
    """Scenario and Catalog with one order for everything that is counted.

    Arrays elsewhere use these axes: F futures, S sites, K systems, G existing groups, O offers and quotes, C signed
    contracts, W workloads, J token APIs, T periods (lookahead included), B load blocks.
    """

    scenario: Scenario
    catalog: Catalog
    timeline: Timeline
    futures: tuple[Future, ...]

    @cached_property
    def systems(self) -> tuple[System, ...]:
        """All systems of the catalog (K)."""
        return tuple(self.catalog.systems.values())

    @cached_property
    def contract_terms(self) -> tuple[ContractTerms, ...]:
        """All offers and quotes, allowed or not (O)."""
        return tuple(contract_terms(self.scenario, self.catalog, self.timeline.blocks).values())

    @cached_property
    def apis(self) -> tuple[TokenApi, ...]:
        """All token APIs, allowed or not (J)."""
        return tuple(self.catalog.token_apis.values())

    @cached_property
    def groups(self) -> tuple[SiteGroup, ...]:
        """Existing groups of all sites, in order (G)."""
        return tuple(
            SiteGroup(index, position, existing)
            for index, site in enumerate(self.scenario.sites)
            for position, existing in enumerate(site.existing)
        )

    @property
    def sites(self) -> tuple[Site, ...]:
        """Sites (S)."""
        return self.scenario.sites

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """Workloads (W)."""
        return self.scenario.workloads

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """Contracts already signed (C)."""
        return self.scenario.contracts

    @cached_property
    def system_index(self) -> dict[str, int]:
        """Place of each system."""
        return {system.system: index for index, system in enumerate(self.systems)}

    @cached_property
    def probability(self) -> Floats:
        """Probability of each future, (F,)."""
        return np.array([future.probability for future in self.futures])

    @cached_property
    def revealed(self) -> dt.date:
        """Day from which futures may be told apart."""
        return self.scenario.revealed or self.timeline.end

    @cached_property
    def names(self) -> dict[str, Names]:
        """The names that tables may use, by column."""
        return {
            "future": np.array([future.name for future in self.futures], dtype=object),
            "site": np.array([site.name for site in self.sites], dtype=object),
            "system": np.array(list(self.system_index), dtype=object),
            "offer": np.array([terms.name for terms in self.contract_terms], dtype=object),
            "workload": np.array([workload.name for workload in self.workloads], dtype=object),
            "api": np.array([api.name for api in self.apis], dtype=object),
            "block": np.array(list(self.timeline.blocks), dtype=object),
        }

    def when(self, future: int, period: int, block: int | None = None) -> str:
        """``2027-Q1 (surge) in future boom``, as far as there are several blocks and futures."""
        words = self.timeline.names[period]
        if block is not None and len(self.timeline.blocks) > 1:
            words += f" ({self.timeline.blocks[block]})"
        return words + self.where_several(future)

    def where_several(self, future: int) -> str:
        """`` in future boom``, '' where there is only one."""
        return f" in future {self.futures[future].name}" if len(self.futures) > 1 else ""

    @cached_property
    def _places(self) -> dict[str, dict[str, int]]:
        return {column: places_of(names) for column, names in self.names.items()}

    def codes(self, rows: Table, column: str, places: Mapping[str, int] | None = None) -> NDArray[np.intp]:
        """The index of each row's name on its axis, or in ``places``; -1 where there is none such."""
        known = self._places[column] if places is None else places
        return np.array([known.get(name, -1) for name in rows[column].tolist()], dtype=np.intp)

    def purchase_lead_weeks(self, system: System) -> float:
        """Weeks from order to service of a bought system."""
        return system_lead_weeks(self.scenario.procurement, system)

    def order_days(self, weeks: float) -> list[dt.date]:
        """Order day of what starts with each period, (T,)."""
        return order_days(self.timeline, weeks)

    def life_periods(self, system: System) -> int:
        """Periods that a bought system is in service."""
        return life_periods(system, self.timeline.months_per_period)

    def group_window(self, group: SiteGroup) -> Bools:
        """Periods on all of whose days an existing group can be there, (T,)."""
        existing = group.existing
        return self.covered(*service_days(existing, self.catalog.systems[existing.system]))

    def covered(self, first: dt.date, after: dt.date) -> Bools:
        """Periods that lie wholly in ``[first, after)``, (T,)."""
        return lies_within(self.timeline, first, after)

    def path_factor(self, kind: Literal["hardware", "rent", "api"], years: Iterable[int]) -> Floats:
        """Factor of the scenario's price path in each of ``years``."""
        return price_factors(self.scenario, self.catalog, kind, np.array(list(years), dtype=np.int64))

    @cached_property
    def rent_path(self) -> Floats:
        """Factor of the price path on rent in each period, (T,)."""
        return self.path_factor("rent", self.timeline.years)

    def by_period(self, read: Callable[[dt.date, dt.date], float]) -> Floats:
        """A schedule's value in each period, (T,)."""
        return np.array([read(first, after) for first, after in self.timeline.spans])

    def limit(self, schedule: Schedule | None) -> Floats:
        """A limit in each period: its least value in it, infinite where there is none, (T,)."""
        if schedule is None:
            return np.full(self.timeline.periods, np.inf)
        return self.by_period(schedule.step_min)

    def price(self, schedule: Schedule) -> Floats:
        """A price or factor in each period: its mean over the days, (T,)."""
        if schedule.anchors[0][0] == dt.date.min and len(schedule.anchors) == 1:
            return np.full(self.timeline.periods, schedule.anchors[0][1])
        return self.by_period(schedule.step_mean)


def places_of(names: Iterable[str]) -> dict[str, int]:
    """The index of each name."""
    return {name: place for place, name in enumerate(names)}


def build_inputs(scenario: Scenario, catalog: Catalog, decided: Decided) -> Inputs:
    """The inputs of a plan. Without futures there is one, of whatever name the tables use."""
    futures = scenario.futures or (Future.model_construct(name=_only_future(decided), probability=1.0),)
    return Inputs(scenario, catalog, scenario_timeline(scenario, catalog), futures)


def _only_future(decided: Decided) -> str:
    for name, columns in COLUMNS.items():
        rows: Table = getattr(decided, name)
        if "future" in columns and len(rows):
            return str(rows["future"][0])
    return ONLY_FUTURE
