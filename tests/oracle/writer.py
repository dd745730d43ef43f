"""What the parts of the model share: its variables with their cash and their futures, its pools of GPUs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from planner.catalog.models import Catalog, ServingPoint, System
from planner.scenario.models import Scenario, Site
from tests.oracle.calendar import Calendar, lead
from tests.oracle.programme import Program

MONTHS = {"month": 1, "quarter": 3, "year": 12}
CAPEX, OPEX, COMMITMENTS = "capex", "opex", "commitments"
Futures = frozenset[int]
Made = Mapping[str, Sequence[ServingPoint]]


@dataclass(frozen=True)
class Pool:
    """What serving cannot tell apart: one owner's GPUs of one system that run the same stack."""

    owner: str
    system: str
    owned: bool
    preemptible: bool
    rdma: bool
    capabilities: frozenset[str] | None


@dataclass
class Supplied:
    """GPUs in a pool in one future, period and block: a constant and Σ value·x, in service and usable."""

    gpus: list[tuple[int, float]] = field(default_factory=list)
    usable: list[tuple[int, float]] = field(default_factory=list)
    fixed_gpus: float = 0.0
    fixed_usable: float = 0.0


class Writer:
    """What every part of the model writes into: variables, what they cost, and the GPUs that they bring."""

    def __init__(self, scenario: Scenario, catalog: Catalog, fitted: Made, between: Made) -> None:
        horizon = scenario.horizon
        self.scenario, self.catalog = scenario, catalog
        self.fitted, self.between = fitted, between
        self.calendar = Calendar(
            horizon.start,
            MONTHS[horizon.period],
            horizon.periods,
            horizon.periods + horizon.lookahead,
            scenario.finance.discount_rate,
        )
        self.blocks = scenario.blocks if scenario.blocks is not None else catalog.blocks
        self.probability = [future.probability for future in scenario.futures] or [1.0]
        self.p = Program()
        # Cash of a variable: (kind, period, USD); and cash that is due anyway.
        self.cash: dict[int, list[tuple[str, int, float]]] = {}
        self.due: list[tuple[str, int, float]] = []
        self.owners: dict[int, Futures] = {}
        self.pools: dict[tuple[Pool, int, int, str], Supplied] = {}
        # GPUs in service by provider ('' where owned), future and period: (terms, constant), weighted by blocks.
        self.rented: dict[tuple[str, int, int], Supplied] = {}
        self.running: dict[tuple[str, str, int, int, str], Supplied] = {}
        # GPUs by the hour of offers that state no limit of their own.
        self.by_hour: dict[tuple[str, str, int, int, str], list[tuple[int, float]]] = {}
        self.installed: dict[tuple[str, int, int], list[tuple[System, int]]] = {}

    @property
    def futures(self) -> range:
        return range(len(self.probability))

    @property
    def times(self) -> range:
        return range(self.calendar.periods)

    def factor(self, kind: Literal["hardware", "rent", "api"], year: int) -> float:
        """The price path's factor."""
        path = self.catalog.price_paths.get(self.scenario.finance.price_path)
        return 1.0 if path is None else path.factor(kind, year)

    def add(self, futures: Futures, high: float = math.inf, *, whole: bool = False) -> int:
        """A variable of some futures."""
        variable = self.p.var(high, whole=whole)
        self.owners[variable] = futures
        self.cash[variable] = []
        return variable

    def pay(self, variable: int, kind: str, t: int, usd: float, discount: float) -> None:
        """USD of one unit, in cash in period ``t`` and discounted into the objective."""
        self.cash[variable].append((kind, t, usd))
        self.p.cost[variable] += usd * discount * sum(self.probability[f] for f in self.owners[variable])

    def nodes(self, t: int, weeks: float) -> list[Futures]:
        """The futures that decide together on what is ordered ``weeks`` before period ``t``."""
        revealed = self.scenario.revealed or self.calendar.first(self.calendar.periods)
        if self.calendar.first(t) - lead(weeks) < revealed:
            return [frozenset(self.futures)]
        return [frozenset([f]) for f in self.futures]

    def system_allowed(self, name: str) -> bool:
        rule = self.scenario.procurement.systems
        if name in rule.deny or (rule.allow is not None and name not in rule.allow):
            return False
        return not self.catalog.systems[name].announced or name in rule.include

    def provider_allowed(self, name: str) -> bool:
        rule = self.scenario.procurement.providers
        return name not in rule.deny and (rule.allow is None or name in rule.allow)

    def electricity(self, site: Site, t: int) -> float:
        if site.electricity_usd_per_mwh is not None:
            return self.calendar.mean(site.electricity_usd_per_mwh, t)
        price = self.catalog.energy[site.region].usd_per_mwh
        assert price is not None
        return price

    def supply(self, pool: Pool, f: int, t: int, block: str, variable: int, gpus: float, usable: float) -> None:
        found = self.pools.setdefault((pool, f, t, block), Supplied())
        found.gpus.append((variable, gpus))
        found.usable.append((variable, usable))

    def in_service(self, provider: str, system: str, f: int, t: int, variable: int, gpus: float) -> None:
        """GPUs throughout a period."""
        self.rented.setdefault((provider, f, t), Supplied()).gpus.append((variable, gpus))
        for block in self.blocks:
            self.running.setdefault((provider, system, f, t, block), Supplied()).gpus.append((variable, gpus))

    def pool_of(self, row: Any, *, preemptible: bool = False) -> Pool:
        stack = None if row.service == "bare_metal" else frozenset(row.capabilities)
        return Pool(row.provider, row.system, False, preemptible, row.interconnect == "rdma", stack)

    def usable_share(self, row: Any) -> float:
        own: float | None = row.usable_share
        return self.catalog.systems[row.system].usable_share if own is None else own
