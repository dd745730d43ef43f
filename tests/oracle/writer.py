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
    """What serving cannot tell apart: one owner's GPUs of one system, in the same domains, that run the same stack.

    ``room`` is the GPUs to put replicas on in each of its domains, by block: domains half empty lend none to full ones.
    Where replicas are whole, ``up`` is the share of what hosts them that is up, by block, and an owner is a site, or a
    provider in a region. Lots ``by_job`` run as long as batch work runs on them.
    """

    owner: str
    system: str
    domain: int
    up: tuple[tuple[str, float], ...]
    room: tuple[float, ...]
    owned: bool
    preemptible: bool
    rdma: bool
    capabilities: frozenset[str] | None
    by_job: bool = False
    provider: str = ""

    def up_in(self, block: str) -> float:
        return dict(self.up).get(block, 1.0)


@dataclass(frozen=True)
class Hosts:
    """What a system, a lot or a contract puts replicas on: GPUs, the GPUs of a domain, and domains."""

    gpus: float
    domain: int
    domains: float


@dataclass
class Supplied:
    """GPUs in a pool in one future, period and block: a constant and Σ value·x.

    ``gpus`` are those in service, ``room`` those that may serve (in parts of replicas) or that host whole ones;
    ``at_once`` is the room of lots by the job that run at the same time, ``lots`` what kinds of those there are;
    ``jobs`` are their GPUs where ``gpus`` are those that run at once.
    """

    gpus: list[tuple[int, float]] = field(default_factory=list)
    jobs: list[tuple[int, float]] = field(default_factory=list)
    room: list[tuple[int, float]] = field(default_factory=list)
    domains: list[tuple[int, float]] = field(default_factory=list)
    at_once: list[tuple[int, float]] = field(default_factory=list)
    lots: set[Hosts] = field(default_factory=set)
    fixed_gpus: float = 0.0
    fixed_room: float = 0.0
    fixed_domains: float = 0.0


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
        # Whose token API the requests of a variable go to.
        self.senders: dict[int, str] = {}
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

    @property
    def whole(self) -> bool:
        """Whether any workload runs whole replicas: then all GPUs of a system that is up host them."""
        return any(workload.whole_replicas for workload in self.scenario.workloads)

    def supply(self, pool: Pool, f: int, t: int, block: str, variable: int, hosts: Hosts, usable: float) -> None:
        found = self.pools.setdefault((pool, f, t, block), Supplied())
        found.room.append((variable, hosts.gpus if self.whole else usable))
        found.domains.append((variable, hosts.domains))

    def hosts_of_system(self, system: System) -> Hosts:
        """One system: all GPUs of its domains, or what the catalog says is usable where that is more."""
        domain = min(system.nvlink_domain_usable_gpus, system.gpus)
        count = 0
        while (count + 1) * domain <= system.gpus:
            count += 1
        return Hosts(max(count * domain, math.floor(system.gpus * system.usable_share + 1e-9)), domain, count)

    def hosts_of_lot(self, row: Any, gpus: int) -> Hosts:
        """A lot: in domains of its own size, else system by system; one smaller than a system is one domain."""
        system = self.catalog.systems[row.system]
        each = self.hosts_of_system(system)
        promised = math.floor(gpus * self.usable_share(row) + 1e-9)
        if row.domain_gpus is not None:
            domain = min(row.domain_gpus, system.gpus)
            if gpus <= domain:
                return Hosts(max(gpus, promised), domain, gpus / domain)
            return Hosts(max(gpus - gpus % domain, promised), domain, gpus // domain)
        if gpus < system.gpus:
            domain = min(gpus, each.domain)
            return Hosts(max(domain, promised), domain, 1.0)
        found, domains, left = 0, 0.0, gpus
        while left >= system.gpus:
            found += round(each.domains) * each.domain
            domains += each.domains
            left -= system.gpus
        return Hosts(max(found + min(left, each.domain), promised), each.domain, domains + left / system.gpus)

    def in_service(self, provider: str, system: str, f: int, t: int, variable: int, gpus: float) -> None:
        """GPUs throughout a period."""
        self.rented.setdefault((provider, f, t), Supplied()).gpus.append((variable, gpus))
        for block in self.blocks:
            self.running.setdefault((provider, system, f, t, block), Supplied()).gpus.append((variable, gpus))

    def shares_up(self, hosts: Hosts, usable: dict[str, float]) -> tuple[tuple[str, float], ...]:
        """Of the GPUs that host, those that are up, by block; in parts of replicas what is down is left out."""
        return tuple((block, min(1.0, gpus / hosts.gpus)) for block, gpus in usable.items()) if self.whole else ()

    def room(self, hosts: Hosts, usable: dict[str, float]) -> tuple[float, ...]:
        """GPUs in each domain that whole replicas are put on, or that may serve in parts of replicas, by block."""
        return tuple(round((hosts.gpus if self.whole else gpus) / hosts.domains, 9) for gpus in usable.values())

    def pool_of(self, row: Any, hosts: Hosts, usable: dict[str, float], **kind: bool) -> Pool:
        """The pool of a row of offers or contracts, of whose lots so many GPUs may serve in each block."""
        stack = None if row.service == "bare_metal" else frozenset(row.capabilities)
        owner = f"{row.provider} in {row.region}" if self.whole else row.provider
        up, preemptible = self.shares_up(hosts, usable), kind.get("preemptible", False)
        rdma, by_job = row.interconnect == "rdma", kind.get("by_job", False)
        provider = row.provider if self.whole else ""
        room = self.room(hosts, usable)
        return Pool(owner, row.system, hosts.domain, up, room, False, preemptible, rdma, stack, by_job, provider)

    def usable_share(self, row: Any) -> float:
        own: float | None = row.usable_share
        return self.catalog.systems[row.system].usable_share if own is None else own
