"""A second model of a plan's cost, written from the conventions alone, in plain loops and without one reduction.

It shares the scenario's and catalog's models with the planner and nothing else: it has its own calendar, its own
matrix (a row at a time) and other engines (SciPy's). ``Program.optimum`` solves it as it stands; ``Program.enumerated``
tries every combination of its whole numbers and solves the linear programme that is left of each.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from planner.catalog.models import Catalog, Offer, ServingPoint, System, TokenApi
from planner.scenario.models import Existing, Scenario, Site, Sla, TailRatio, Workload
from planner.schedule import Schedule, add_months

MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAY = dt.timedelta(days=1)
CAPEX, OPEX, COMMITMENTS = "capex", "opex", "commitments"
Futures = frozenset[int]


# --- a programme of variables and rows ---


@dataclass
class Program:
    """min cost·x + constant with bounds, rows and whole numbers, put together one variable and one row at a time.

    ``lost_mtok`` (discounted) and ``lost_mtok_flat`` are the Mtok that a unit of a variable leaves unserved,
    ``lost_revenue`` what they would have earned; ``mtok``, ``mtok_flat`` and ``revenue`` are those of all demand.
    """

    cost: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    lost_mtok: list[float] = field(default_factory=list)
    lost_mtok_flat: list[float] = field(default_factory=list)
    lost_revenue: list[float] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)
    constant: float = 0.0
    mtok: float = 0.0
    mtok_flat: float = 0.0
    revenue: float = 0.0

    def var(self, high: float = math.inf, *, whole: bool = False) -> int:
        """A new variable from 0 to ``high``."""
        for column in (self.cost, self.low, self.lost_mtok, self.lost_mtok_flat, self.lost_revenue):
            column.append(0.0)
        self.high.append(high)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, terms: Sequence[tuple[int, float]], low: float = -math.inf, high: float = math.inf) -> None:
        """low ≤ Σ value·x ≤ high."""
        added: dict[int, float] = {}
        for variable, value in terms:
            added[variable] = added.get(variable, 0.0) + value
        self.rows.append((added, low, high))

    def matrix(self) -> tuple[Any, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """The rows as a sparse matrix and their two sides."""
        entries = [(r, v, a) for r, (terms, _, _) in enumerate(self.rows) for v, a in terms.items()]
        data = ([a for _, _, a in entries], ([r for r, _, _ in entries], [v for _, v, _ in entries]))
        shape = (len(self.rows), len(self.cost))
        low, high = (np.array([row[side] for row in self.rows], dtype=float) for side in (1, 2))
        return sparse.csr_matrix(data, shape=shape), low, high

    def optimum(self, cost: Sequence[float] | None = None, constant: float | None = None) -> tuple[float, float]:
        """The interval in which the least ``cost``·x + ``constant`` lies; infinite where there is no plan."""
        wanted = np.array(self.cost if cost is None else cost, dtype=float)
        added = self.constant if constant is None else constant
        scale = 10.0 ** -math.floor(math.log10(max(np.abs(wanted).max(initial=0.0), 1e-9)) - 3)
        matrix, low, high = self.matrix()
        found = milp(
            wanted * scale,
            integrality=np.array(self.whole, dtype=int),
            bounds=Bounds(np.array(self.low), np.array(self.high)),
            constraints=LinearConstraint(matrix, low, high) if len(self.rows) else (),
            options={"mip_rel_gap": 1e-7, "time_limit": 30},
        )
        if found.status == 2:
            return math.inf, math.inf
        assert found.x is not None, found.message
        bound = found.fun if found.mip_dual_bound is None else min(found.mip_dual_bound, found.fun)
        return bound / scale + added, found.fun / scale + added

    def enumerated(self) -> float:
        """The least cost over every combination of whole numbers, infinite where none is feasible."""
        places = [v for v, whole in enumerate(self.whole) if whole]
        ranges = [range(int(self.high[v]) + 1) for v in places]
        best = math.inf
        matrix, low, high = self.matrix()
        sides = _Sides(matrix, low, high)
        order = sorted(itertools.product(*ranges), key=lambda chosen: self._paid(places, chosen))
        for chosen in order:
            # Costs are not negative, so what the whole numbers cost alone is a bound.
            if self._paid(places, chosen) + self.constant >= best:
                break
            best = min(best, self._rest(sides, dict(zip(places, chosen, strict=True))))
        return best

    def _paid(self, places: list[int], chosen: tuple[int, ...]) -> float:
        return sum(self.cost[v] * n for v, n in zip(places, chosen, strict=True))

    def _rest(self, sides: _Sides, chosen: dict[int, int]) -> float:
        bounds = [(chosen[v], chosen[v]) if v in chosen else (self.low[v], self.high[v]) for v in range(len(self.cost))]
        found = linprog(
            self.cost, A_ub=sides.upper, b_ub=sides.upper_at, A_eq=sides.equal, b_eq=sides.equal_at, bounds=bounds
        )
        return found.fun + self.constant if found.status == 0 else math.inf


class _Sides:
    """Rows as linprog wants them."""

    def __init__(self, matrix: Any, low: Any, high: Any) -> None:
        equal = low == high
        above, below = np.isfinite(high) & ~equal, np.isfinite(low) & ~equal
        self.upper = sparse.vstack([matrix[above], -matrix[below]]) if above.any() or below.any() else None
        self.upper_at = np.concatenate([high[above], -low[below]]) if self.upper is not None else None
        self.equal = matrix[equal] if equal.any() else None
        self.equal_at = low[equal] if equal.any() else None


# --- the calendar ---


@dataclass(frozen=True)
class Calendar:
    """Periods of a scenario, lookahead included, and any that follow."""

    start: dt.date
    months: int
    reported: int
    periods: int
    rate: float

    def first(self, t: int) -> dt.date:
        """First day of period ``t``."""
        return add_months(self.start, t * self.months)

    def days(self, t: int) -> Iterator[dt.date]:
        """Every day of a period."""
        day = self.first(t)
        while day < self.first(t + 1):
            yield day
            day += DAY

    def length(self, t: int) -> int:
        """Days of a period."""
        return (self.first(t + 1) - self.first(t)).days

    def hours(self, t: int) -> float:
        """Hours of a period."""
        return 24.0 * self.length(t)

    def factor(self, day: float) -> float:
        """Discount factor ``day`` days after the start."""
        return float((1 + self.rate) ** (-day / 365.25))

    def at_start(self, t: int) -> float:
        """Discount factor of a period's first day."""
        return self.factor((self.first(t) - self.start).days)

    def at_middle(self, t: int) -> float:
        """Discount factor of a period's middle."""
        return self.factor((self.first(t) - self.start).days + self.length(t) / 2)

    def years_to_middle(self, t: int) -> float:
        """Years from the start to a period's middle."""
        return ((self.first(t) - self.start).days + self.length(t) / 2) / 365.25

    @property
    def at_end(self) -> float:
        """Discount factor of the horizon's end."""
        return self.at_start(self.periods)

    def of_day(self, day: dt.date) -> int:
        """The period that a day lies in; the first for days before."""
        return max([0, *(t for t in range(self.periods) if self.first(t) <= day)])

    def within(self, t: int, first: dt.date | None, after: dt.date | None) -> bool:
        """Whether all days of a period lie in [first, after)."""
        return (first is None or first <= self.first(t)) and (after is None or self.first(t + 1) <= after)

    # values by date

    def on(self, schedule: Schedule, day: dt.date, before: float) -> float:
        """The value in force on a day."""
        known = [value for first, value in schedule.anchors if first <= day]
        return known[-1] if known else before

    def least(self, schedule: Schedule | None, t: int) -> float:
        """A limit in a period."""
        if schedule is None:
            return math.inf
        return min(self.on(schedule, day, 0.0) for day in self.days(t))

    def mean(self, schedule: Schedule, t: int, before: float | None = None) -> float:
        """A price in a period."""
        ahead = schedule.anchors[0][1] if before is None else before
        return sum(self.on(schedule, day, ahead) for day in self.days(t)) / self.length(t)

    def grown(self, schedule: Schedule, t: int) -> float:
        """A forecast in a period."""
        return sum(self._forecast(schedule, day) for day in self.days(t)) / self.length(t)

    def _forecast(self, schedule: Schedule, day: dt.date) -> float:
        anchors = schedule.anchors
        if day < anchors[0][0]:
            return 0.0
        for (first, value), (second, other) in itertools.pairwise(anchors):
            if first <= day < second:
                part = (day - first).days / (second - first).days
                if value > 0 and other > 0:
                    return float(value * (other / value) ** part)
                return value + (other - value) * part
        return anchors[-1][1]


def lead(weeks: float) -> dt.timedelta:
    """A lead time in whole days."""
    return dt.timedelta(days=math.ceil(weeks * 7 - 1e-9))


# --- the model ---


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


def program(scenario: Scenario, catalog: Catalog) -> Program:
    """The whole problem of a scenario."""
    return _Writer(scenario, catalog).write()


class _Writer:
    def __init__(self, scenario: Scenario, catalog: Catalog) -> None:
        horizon = scenario.horizon
        self.scenario, self.catalog = scenario, catalog
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

    def write(self) -> Program:
        """Everything."""
        for site in self.scenario.sites:
            self.site(site)
        for offer, own_lead, quoted in self.reserved_offers():
            self.reserved(offer, own_lead, quoted)
        for offer in self.catalog.offers.values():
            if offer.kind != "reserved" and offer.kind in self.scenario.procurement.rent:
                self.hourly(offer)
        self.signed()
        sent = self.apis()
        self.serve(sent)
        self.budgets()
        self.shares()
        self.quotas()
        return self.p

    # what may be chosen

    def system_allowed(self, name: str) -> bool:
        rule = self.scenario.procurement.systems
        if name in rule.deny or (rule.allow is not None and name not in rule.allow):
            return False
        return not self.catalog.systems[name].announced or name in rule.include

    def provider_allowed(self, name: str) -> bool:
        rule = self.scenario.procurement.providers
        return name not in rule.deny and (rule.allow is None or name in rule.allow)

    # owning

    def site(self, site: Site) -> None:
        calendar = self.calendar
        converts = self.conversions(site)
        for name, system in sorted(self.catalog.systems.items()):
            self.buy(site, name, system, bool(converts))
        for group in site.existing:
            self.keep(site, group)
        for f in self.futures:
            for t in self.times:
                there = self.installed.get((site.name, f, t), [])
                self.site_limits(site, f, t, there, converts)
        if site.lease is not None:
            for t in self.times:
                years = t * calendar.months // 12
                rate = site.lease.usd_per_kw_month * (1 + site.lease.escalator_per_year) ** years
                kw = calendar.mean(site.lease.it_kw, t, before=0.0)
                usd = kw * rate * calendar.hours(t) / 730.5
                self.due.append((OPEX, t, usd))
                self.p.constant += usd * calendar.at_middle(t)

    def conversions(self, site: Site) -> dict[tuple[int, int], int]:
        """A variable by future and period in which the hall may be converted."""
        found: dict[tuple[int, int], int] = {}
        conversion = site.conversion
        if conversion is None:
            return found
        for t in self.times:
            if self.calendar.first(t) - lead(conversion.lead_weeks) < self.scenario.horizon.decided_on:
                continue
            for node in self.nodes(t, conversion.lead_weeks):
                variable = self.add(node, 1.0, whole=True)
                self.pay(variable, CAPEX, t, conversion.cost_usd, self.calendar.at_start(t))
                found |= {(f, t): variable for f in node}
        for f in self.futures:
            self.p.row([(found[f, t], 1.0) for t in self.times if (f, t) in found], high=1.0)
        return found

    def kw(self, system: System) -> float:
        return system.nameplate_it_kw * (1 + system.network_kw_share)

    def per_position(self, site: Site, system: System) -> float:
        """Systems of a kind that share a rack position, 0 where one does not fit."""
        assert site.kw_per_rack_position is not None
        if self.kw(system) > site.kw_per_rack_position * (1 + 1e-9):
            return 0
        return 1 if system.gpus > 8 else math.floor(site.kw_per_rack_position / self.kw(system) + 1e-9)

    def buy(self, site: Site, name: str, system: System, convertible: bool) -> None:
        calendar, rules = self.calendar, self.scenario.procurement
        weeks = rules.lead_weeks.get(name, system.lead_weeks)
        fits = system.cooling in site.cooling or (system.cooling == "liquid" and site.conversion is not None)
        if not rules.buy or not self.system_allowed(name) or not fits:
            return
        if site.kw_per_rack_position is not None and not self.per_position(site, system):
            return
        life = max(1, round(system.life_years * 12 / calendar.months))
        for t in self.times:
            ordered = calendar.first(t) - lead(weeks)
            if ordered < self.scenario.horizon.decided_on or calendar.first(t) < system.available_from:
                continue
            price = system.price_usd * self.factor("hardware", ordered.year)
            capex = price * (1 + system.network_capex_share + system.installation_capex_share)
            for node in self.nodes(t, weeks):
                variable = self.add(node, self.most(site, system), whole=True)
                deposit, at_order = capex * system.deposit_share, calendar.of_day(ordered)
                self.pay(variable, CAPEX, at_order, deposit, calendar.at_start(at_order))
                self.pay(variable, CAPEX, t, capex - deposit, calendar.at_start(t))
                age = (calendar.first(calendar.periods) - calendar.first(t)).days / 365.25
                credit = price * self.residual(system, age) * self.scenario.finance.residual_haircut
                self.p.cost[variable] -= credit * calendar.at_end * sum(self.probability[f] for f in node)
                for later in range(t, min(t + life, calendar.periods)):
                    self.own(site, system, variable, node, later, price)

    def most(self, site: Site, system: System) -> float:
        """More systems than a site can feed in any period."""
        caps = [self.calendar.least(site.power_mw, t) for t in self.times]
        return math.floor(max(caps) * 1000 / self.kw(system)) + 1

    def residual(self, system: System, age: float) -> float:
        curve = {a: s for a, s in system.residual_share_by_age_years.items() if 0 < a < system.life_years}
        ages = [0.0, *sorted(curve), system.life_years]
        shares = [1.0, *(curve[a] for a in sorted(curve)), 0.0]
        for (a, x), (b, y) in itertools.pairwise(zip(ages, shares, strict=True)):
            if a <= age <= b:
                return x + (y - x) * (age - a) / (b - a)
        return 0.0

    def keep(self, site: Site, group: Existing) -> None:
        calendar = self.calendar
        system = self.catalog.systems[group.system]
        until = group.until or add_months(group.in_service, round(12 * system.life_years))
        last: dict[int, int] = {}
        for t in self.times:
            if not calendar.within(t, group.in_service, until):
                last = {}
                continue
            kept: dict[int, int] = {}
            for node in self.nodes(t, 0.0):
                variable = self.add(node, float(group.count), whole=True)
                price = group.price_usd if group.price_usd is not None else system.price_usd
                self.own(site, system, variable, node, t, price)
                kept |= dict.fromkeys(node, variable)
            for f in self.futures:
                if f in last:
                    self.p.row([(kept[f], 1.0), (last[f], -1.0)], high=0.0)
            last = kept

    def own(self, site: Site, system: System, variable: int, node: Futures, t: int, price: float) -> None:
        """One system in service in a period: what it costs, and the GPUs that it brings."""
        calendar = self.calendar
        hours = calendar.hours(t)
        overhead = site.pue[system.cooling].annual * (1 + system.network_kw_share)
        yearly = price * system.support_share_per_year + system.licence_usd_per_gpu_year * system.gpus
        yearly += site.staff_usd_per_mw_year * self.kw(system) / 1000
        usd = yearly * hours / 8766 + site.colocation_usd_per_kw_month * self.kw(system) * hours / 730.5
        usd += system.idle_it_kw / 1000 * hours * overhead * self.electricity(site, t)
        self.pay(variable, OPEX, t, usd, calendar.at_middle(t))
        for f in node:
            self.installed.setdefault((site.name, f, t), []).append((system, variable))
            pool = Pool(site.name, system.system, True, False, True, None)
            for block in self.blocks:
                self.supply(pool, f, t, block, variable, system.gpus, system.gpus * system.usable_share)
            self.in_service("", system.system, f, t, variable, system.gpus)

    def electricity(self, site: Site, t: int) -> float:
        if site.electricity_usd_per_mwh is not None:
            return self.calendar.mean(site.electricity_usd_per_mwh, t)
        price = self.catalog.energy[site.region].usd_per_mwh
        assert price is not None
        return price

    def site_limits(
        self, site: Site, f: int, t: int, there: list[tuple[System, int]], converts: dict[tuple[int, int], int]
    ) -> None:
        calendar = self.calendar

        def side(system: System) -> float:
            return site.pue[system.cooling].design if site.cap_at == "utility" else 1.0

        power = calendar.least(site.power_mw, t) * 1000 * site.usable_share
        self.p.row([(v, self.kw(s) * side(s)) for s, v in there], high=power)
        if site.lease is not None:
            self.p.row([(v, self.kw(s)) for s, v in there], high=calendar.least(site.lease.it_kw, t))
        for cooling, limit in (("liquid", site.liquid_it_kw), ("air", site.air_it_kw)):
            cooled = [(v, self.kw(s)) for s, v in there if s.cooling == cooling]
            self.p.row(cooled, high=calendar.least(limit, t))
            if cooling not in site.cooling and cooling == "liquid" and site.conversion is not None:
                # Ten thousand kW stand for a hall without a limit of its own.
                most = site.conversion.liquid_it_kw or 10_000.0
                done = [(converts[f, u], -most) for u in range(t + 1) if (f, u) in converts]
                self.p.row(cooled + done, high=0.0)
            elif cooling not in site.cooling:
                self.p.row(cooled, high=0.0)
        if site.rack_positions is not None:
            taken = [(v, 1 / max(1, self.per_position(site, s))) for s, v in there]
            self.p.row(taken, high=calendar.least(site.rack_positions, t))

    # renting

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

    def reserved_offers(self) -> list[tuple[Offer, float | None, bool]]:
        """Offer, its own lead weeks and whether it is a quote; a quote stands in for the row of its name."""
        listed = [offer for offer in self.catalog.offers.values() if offer.kind == "reserved"]
        found: dict[str, tuple[Offer, float | None, bool]] = {offer.name: (offer, None, False) for offer in listed}
        for quote in self.scenario.quotes:
            fields = quote.model_dump(exclude={"expires", "lead_weeks"})
            row = {"source": ("quote",), "as_of": "2026-01", "evidence": "vendor", "available_until": quote.expires}
            offer = Offer.model_validate(fields | row)
            own = quote.lead_weeks
            if own is None:
                own = self.named_lead(offer)
            found[offer.name] = (offer, 0.0 if own is None else own, True)
        return [found[name] for name in sorted(found)]

    def named_lead(self, offer: Offer) -> float | None:
        named, months = self.scenario.procurement.lead_weeks, offer.term_months or 0
        if f"reserved_{months}m" in named:
            return named[f"reserved_{months}m"]
        return named.get(f"reserved_{months // 12}y") if months % 12 == 0 else None

    def reserved(self, offer: Offer, own_lead: float | None, quoted: bool) -> None:
        calendar, months = self.calendar, offer.term_months or 0
        allowed = "reserved" in self.scenario.procurement.rent and self.provider_allowed(offer.provider)
        rule = self.scenario.procurement.systems
        named = quoted and offer.system not in rule.deny and (rule.allow is None or offer.system in rule.allow)
        if not allowed or not (named or self.system_allowed(offer.system)) or months % calendar.months:
            return
        term = months // calendar.months
        weeks = own_lead
        if weeks is None:
            weeks = self.named_lead(offer)
        weeks = offer.lead_weeks if weeks is None else weeks
        held: dict[tuple[int, int], list[int]] = {}
        for t in self.times:
            first = calendar.first(t)
            signing = first - lead(weeks)
            late = offer.available_until is not None and signing > offer.available_until
            early = offer.available_from is not None and first < offer.available_from
            if signing < self.scenario.horizon.decided_on or late or early:
                continue
            for node in self.nodes(t, weeks):
                variable = self.contract(offer, quoted, node, t, term)
                for later in range(t, min(t + term, calendar.periods)):
                    for f in node:
                        held.setdefault((f, later), []).append(variable)
                        usable = offer.lot_gpus * self.usable_share(offer)
                        for block in self.blocks:
                            self.supply(self.pool_of(offer), f, later, block, variable, offer.lot_gpus, usable)
                        self.in_service(offer.provider, offer.system, f, later, variable, offer.lot_gpus)
        if offer.max_lots is not None:
            for lots in held.values():
                self.p.row([(v, 1.0) for v in lots], high=float(offer.max_lots))

    def contract(self, offer: Offer, quoted: bool, node: Futures, t: int, term: int) -> int:
        """Lots signed for period ``t``: their payments, their tail, their minimum."""
        calendar, finance = self.calendar, self.scenario.finance
        most = float(offer.max_lots or max(self.enough / offer.lot_gpus, offer.min_lots or 1))
        variable = self.add(node, math.ceil(most), whole=True)
        path = 1.0 if quoted else self.factor("rent", calendar.first(t).year)
        usd_per_hour = offer.usd_per_gpu_hour * offer.lot_gpus * path
        covered = range(t, t + term)
        value = usd_per_hour * sum(calendar.hours(u) for u in covered)
        upfront = value * offer.upfront_share
        self.pay(variable, OPEX, t, upfront, calendar.at_start(t))
        weight = sum(self.probability[f] for f in node)
        for u in covered:
            monthly = usd_per_hour * calendar.hours(u) * (1 - offer.upfront_share)
            if u < calendar.periods:
                self.pay(variable, OPEX, u, monthly, calendar.at_middle(u))
            else:
                self.p.cost[variable] += weight * finance.contract_tail_share * monthly * calendar.at_middle(u)
        unexpired = sum(calendar.hours(u) for u in covered if u >= calendar.periods) * usd_per_hour
        credit = unexpired * offer.upfront_share * (1 - finance.contract_tail_share)
        self.p.cost[variable] -= weight * credit * calendar.at_end
        self.cash[variable].append((COMMITMENTS, t, value))
        if offer.min_lots and offer.min_lots > 1:
            chosen = self.add(node, 1.0, whole=True)
            self.p.row([(variable, 1.0), (chosen, -float(offer.min_lots))], low=0.0)
            self.p.row([(variable, 1.0), (chosen, -math.ceil(most))], high=0.0)
        return variable

    @property
    def enough(self) -> float:
        """GPUs that are more than any plan needs: for the upper ends of whole numbers."""
        return 4000.0

    def hourly(self, offer: Offer) -> None:
        calendar, rules = self.calendar, self.scenario.procurement
        if not self.provider_allowed(offer.provider) or not self.system_allowed(offer.system):
            return
        until = None if offer.available_until is None else offer.available_until + DAY
        spot = offer.kind == "spot"
        for t, f in itertools.product(self.times, self.futures):
            if not calendar.within(t, offer.available_from, until):
                continue
            rate = offer.usd_per_gpu_hour * offer.lot_gpus * self.factor("rent", calendar.first(t).year)
            if self.scenario.futures:
                rate *= calendar.mean(self.scenario.futures[f].rent_price, t)
            for block, share in self.blocks.items():
                if share == 0:
                    continue
                most = math.inf if offer.max_lots is None else float(offer.max_lots)
                if rules.whole_on_demand_lots:
                    most = min(most, self.enough)
                variable = self.add(frozenset([f]), most, whole=rules.whole_on_demand_lots)
                self.pay(variable, OPEX, t, rate * calendar.hours(t) * share, calendar.at_middle(t))
                usable = offer.lot_gpus * self.usable_share(offer)
                if spot:
                    usable *= 1.0 if offer.availability is None else offer.availability
                    usable *= rules.spot_availability.get(block, 1.0)
                pool = self.pool_of(offer, preemptible=spot)
                self.supply(pool, f, t, block, variable, offer.lot_gpus, usable)
                rented = self.rented.setdefault((offer.provider, f, t), Supplied())
                rented.gpus.append((variable, offer.lot_gpus * share))
                key = (offer.provider, offer.system, f, t, block)
                self.running.setdefault(key, Supplied()).gpus.append((variable, offer.lot_gpus))

    def signed(self) -> None:
        calendar = self.calendar
        for contract in self.scenario.contracts:
            for t in self.times:
                days = sum(contract.start <= day < contract.end for day in calendar.days(t))
                usd = contract.gpus * contract.usd_per_gpu_hour * 24 * days
                self.due.append((OPEX, t, usd))
                self.p.constant += usd * calendar.at_middle(t)
                if not calendar.within(t, contract.start, contract.end):
                    continue
                for f in self.futures:
                    self.rented.setdefault((contract.provider, f, t), Supplied()).fixed_gpus += contract.gpus
                    for block in self.blocks:
                        pool = self.pools.setdefault((self.pool_of(contract), f, t, block), Supplied())
                        pool.fixed_gpus += contract.gpus
                        pool.fixed_usable += contract.gpus * self.usable_share(contract)
                        key = (contract.provider, contract.system, f, t, block)
                        self.running.setdefault(key, Supplied()).fixed_gpus += contract.gpus

    # serving

    def demand(self, workload: Workload, f: int, t: int) -> float:
        """Mean requests/s (weighted GPUs for GPU-hours) of a period; lookahead as the last reported one."""
        calendar, asked = self.calendar, workload.demand
        t = min(t, calendar.reported - 1)
        if asked.requests_per_s is not None:
            rate = calendar.grown(asked.requests_per_s, t)
        elif asked.gpu_hours_per_day is not None:
            rate = calendar.grown(asked.gpu_hours_per_day, t) / 24
        else:
            assert asked.output_mtok_per_day is not None
            assert workload.tokens is not None
            rate = calendar.grown(asked.output_mtok_per_day, t) * 1e6 / 86_400 / workload.tokens.output
        if self.scenario.futures:
            future = self.scenario.futures[f]
            rate *= calendar.mean(future.demand, t)
            own = future.demand_by_workload.get(workload.name)
            rate *= 1.0 if own is None else calendar.mean(own, t)
        return rate

    def level(self, workload: Workload, block: str) -> float:
        if workload.load in self.scenario.load_shapes:
            return self.scenario.load_shapes[workload.load][block]
        return 1.0 if workload.load == "flat" else self.catalog.load_shapes[workload.load].level[block]

    def apis(self) -> dict[tuple[str, int, int, str], list[int]]:
        """Requests/s sent to token APIs, by workload, future, period and block."""
        calendar = self.calendar
        sent: dict[tuple[str, int, int, str], list[int]] = {}
        if not self.scenario.procurement.token_api:
            return sent
        for api in self.catalog.token_apis.values():
            until = None if api.available_until is None else api.available_until + DAY
            for f, t, (block, share) in itertools.product(self.futures, self.times, self.blocks.items()):
                answered = []
                for workload in self.scenario.workloads:
                    if not calendar.within(t, None, until) or not self.api_fits(workload, api):
                        continue
                    assert workload.tokens is not None
                    variable = self.add(frozenset([f]))
                    price = api_price(workload, api) * self.factor("api", calendar.first(t).year)
                    usd = price * 3600 * calendar.hours(t) * share
                    self.pay(variable, OPEX, t, usd, calendar.at_middle(t))
                    sent.setdefault((workload.name, f, t, block), []).append(variable)
                    mtok = (workload.tokens.input + workload.tokens.output) / 1e6
                    answered.append((variable, mtok * 86_400))
                if api.max_mtok_per_day is not None:
                    self.p.row(answered, high=api.max_mtok_per_day)
        return sent

    def api_fits(self, workload: Workload, api: TokenApi) -> bool:
        if not workload.token_api or workload.kind == "gpu_hours" or api.model != workload.model:
            return False
        if not self.provider_allowed(api.provider):
            return False
        return workload.kind != "interactive" or meets(workload.sla, api, self.scenario.tail_ratio)

    def serve(self, sent: dict[tuple[str, int, int, str], list[int]]) -> None:
        """Demand met by GPUs and APIs or left unserved; what serves fits into the pools."""
        used: dict[tuple[Pool, int, int, str], list[tuple[int, float]]] = {}
        large: dict[tuple[Pool, int, int, str], list[tuple[int, float]]] = {}
        served: dict[tuple[str, int, int, str], list[tuple[int, float]]] = {}
        replicas: dict[tuple[str, int, int, str], list[int]] = {}
        for key in self.pools:
            pool, f, t, block = key
            for workload in self.scenario.workloads:
                if pool.preemptible and not workload.spot_allowed:
                    continue
                for rate, size, workers, usd_per_hour in self.choices(workload, pool, t):
                    gpus = self.add(frozenset([f]))
                    hours = self.calendar.hours(t) * self.blocks[block]
                    self.pay(gpus, OPEX, t, usd_per_hour * hours, self.calendar.at_middle(t))
                    served.setdefault((workload.name, f, t, block), []).append((gpus, rate))
                    if workload.whole_replicas:
                        count = self.add(frozenset([f]), 1000.0, whole=True)
                        self.p.row([(gpus, 1.0), (count, -float(size))], high=0.0)
                        replicas.setdefault((workload.name, f, t, block), []).append(count)
                        used.setdefault(key, []).append((count, float(size)))
                        large.setdefault(key, []).append((count, float(workers)))
                    else:
                        used.setdefault(key, []).append((gpus, 1.0))
                        large.setdefault(key, []).append((gpus, workers / size))
        for key, supplied in self.pools.items():
            gpus_of = self.catalog.systems[key[0].system].gpus
            there = [(v, -n) for v, n in supplied.usable]
            self.p.row(used.get(key, []) + there, high=supplied.fixed_usable)
            domains = [(v, -n / gpus_of) for v, n in supplied.gpus]
            self.p.row(large.get(key, []) + domains, high=supplied.fixed_gpus / gpus_of)
        for workload in self.scenario.workloads:
            for f, t in itertools.product(self.futures, self.times):
                self.demand_rows(workload, f, t, served, sent)
                for block, share in self.blocks.items():
                    if workload.min_replicas and share > 0:
                        standing = replicas.get((workload.name, f, t, block), [])
                        self.p.row([(v, 1.0) for v in standing], low=float(workload.min_replicas))

    def demand_rows(
        self,
        workload: Workload,
        f: int,
        t: int,
        served: dict[tuple[str, int, int, str], list[tuple[int, float]]],
        sent: dict[tuple[str, int, int, str], list[int]],
    ) -> None:
        asked = self.demand(workload, f, t)
        floor = self.scenario.service.min_served if workload.min_served is None else workload.min_served
        over_period: list[tuple[int, float]] = []
        left: list[tuple[int, float]] = []
        total = 0.0
        for block, share in self.blocks.items():
            rate = asked * self.level(workload, block)
            total += rate * share
            terms = list(served.get((workload.name, f, t, block), []))
            terms += [(v, 1.0) for v in sent.get((workload.name, f, t, block), [])]
            if floor < 1 and share > 0:
                unserved = self.add(frozenset([f]), rate)
                self.lose(unserved, workload, f, t, share)
                terms.append((unserved, 1.0))
                left.append((unserved, share))
            over_period += [(v, a * share) for v, a in terms]
            if workload.kind == "interactive" and share > 0:
                self.p.row(terms, rate, rate)
            self.earn(workload, f, t, rate * share)
        if workload.kind != "interactive":
            self.p.row(over_period, total, total)
        self.p.row(left, high=(1 - floor) * total)

    def per_request(self, workload: Workload, t: int) -> tuple[float, float]:
        """Mtok on the headline's basis, and revenue, of one request."""
        if workload.tokens is None:
            return 0.0, 0.0
        both = workload.tokens.input + workload.tokens.output
        tokens = workload.tokens.output if self.scenario.finance.token_basis == "output" else both
        usd = 0.0
        if workload.price_usd_per_mtok is not None:
            price = workload.price_usd_per_mtok
            usd = workload.tokens.input * self.calendar.mean(price.input, t)
            usd += workload.tokens.output * self.calendar.mean(price.output, t)
        return tokens / 1e6, usd / 1e6

    def lose(self, variable: int, workload: Workload, f: int, t: int, share: float) -> None:
        mtok, usd = self.per_request(workload, t)
        requests = 3600 * self.calendar.hours(t) * share * self.probability[f]
        self.p.lost_mtok[variable] = mtok * requests * self.calendar.at_middle(t)
        self.p.lost_mtok_flat[variable] = mtok * requests
        self.p.lost_revenue[variable] = usd * requests * self.calendar.at_middle(t)

    def earn(self, workload: Workload, f: int, t: int, rate: float) -> None:
        mtok, usd = self.per_request(workload, t)
        requests = rate * 3600 * self.calendar.hours(t) * self.probability[f]
        self.p.mtok += mtok * requests * self.calendar.at_middle(t)
        self.p.mtok_flat += mtok * requests
        self.p.revenue += usd * requests * self.calendar.at_middle(t)

    def choices(self, workload: Workload, pool: Pool, t: int) -> Iterator[tuple[float, int, int, float]]:
        """Rate per GPU, GPUs and large workers of a replica, and energy of a serving GPU-hour."""
        system = self.catalog.systems[pool.system]
        usd = 0.0
        if pool.owned:
            site = next(site for site in self.scenario.sites if site.name == pool.owner)
            overhead = site.pue[system.cooling].annual * (1 + system.network_kw_share)
            kw = (system.busy_it_kw - system.idle_it_kw) / system.gpus
            usd = kw / 1000 * overhead * self.electricity(site, t)
        if workload.kind == "gpu_hours":
            if pool.system in workload.gpu_hours_weight:
                yield workload.gpu_hours_weight[pool.system] * (1 - workload.headroom), 1, 0, usd
            return
        gain = self.scenario.procurement.software_gain_per_year.get(pool.system, 0.0)
        for point in self.catalog.serving.values():
            years = self.calendar.years_to_middle(t)
            if self.scenario.procurement.software_gain_from == "measured":
                years = max(0.0, years + (self.scenario.horizon.start - point.as_of).days / 365.25)
            growth = (1 + gain) ** years
            if point.system != pool.system or not self.point_fits(workload, point, system):
                continue
            if point.gpus_per_replica > system.nvlink_domain_usable_gpus and not pool.rdma:
                continue
            if pool.capabilities is not None and not set(point.requires) <= pool.capabilities:
                continue
            workers = 0
            if point.largest_worker_gpus > system.nvlink_domain_usable_gpus / 2:
                workers = point.gpus_per_replica // point.largest_worker_gpus
            rate = self.rate(workload, point) * growth * (1 - workload.headroom)
            yield rate, point.gpus_per_replica, workers, usd

    def point_fits(self, workload: Workload, point: ServingPoint, system: System) -> bool:
        assert workload.tokens is not None
        if point.model != workload.model or point.precision not in workload.precisions:
            return False
        if workload.accuracy is not None:
            rows = [
                r for r in self.catalog.accuracy.values() if (r.model, r.precision) == (point.model, point.precision)
            ]
            scores = [r.score_share for r in rows if r.evaluation == workload.accuracy.evaluation]
            if max(scores, default=-1.0) < workload.accuracy.min_score_share:
                return False
        for mean, asked in (
            (point.input_tokens_mean, workload.tokens.input),
            (point.output_tokens_mean, workload.tokens.output),
        ):
            if abs(mean - asked) > 0.1 * asked + 1e-9 * asked:
                return False
        return point.largest_worker_gpus <= system.nvlink_domain_usable_gpus and meets(
            workload.sla, point, self.scenario.tail_ratio
        )

    def rate(self, workload: Workload, point: ServingPoint) -> float:
        """Requests/s per GPU after trust; a predicted one no more than the best proven one that is no slower."""
        rate = self.trusted(workload, point)
        if point.evidence != "predicted":
            return rate
        proven = [
            self.trusted(workload, other)
            for other in self.catalog.serving.values()
            if other.evidence in ("independent", "measured")
            and (other.model, other.system) == (point.model, point.system)
            and other.input_tokens_nominal == point.input_tokens_nominal
            and other.output_tokens_nominal == point.output_tokens_nominal
            and other.ttft_ms <= point.ttft_ms
            and other.tpot_ms <= point.tpot_ms
        ]
        return min(rate, max(proven)) if proven else rate

    def trusted(self, workload: Workload, point: ServingPoint) -> float:
        assert workload.tokens is not None
        by_input = point.input_tok_s_per_gpu / workload.tokens.input
        by_output = point.output_tok_s_per_gpu / workload.tokens.output
        return min(by_input, by_output) * float(getattr(self.scenario.trust, point.evidence))

    # limits of money and provider

    def budgets(self) -> None:
        years = sorted({self.calendar.first(t).year for t in self.times})
        for limit, kinds in (
            (self.scenario.budget.capex_usd, {CAPEX}),
            (self.scenario.budget.opex_usd, {OPEX}),
            (self.scenario.budget.total_usd, {CAPEX, OPEX}),
            (self.scenario.budget.commitments_usd, {COMMITMENTS}),
        ):
            if isinstance(limit, dict):
                for year in years:
                    named = [known for known in sorted(limit) if known <= year]
                    if named:
                        counted = [t for t in self.times if self.calendar.first(t).year == year]
                        self.budget(limit[named[-1]], kinds, counted)
            elif limit is not None:
                self.budget(limit, kinds, list(range(self.calendar.reported)))

    def budget(self, usd: float, kinds: set[str], counted: list[int]) -> None:
        due = sum(amount for kind, t, amount in self.due if kind in kinds and t in counted)
        for f in self.futures:
            terms = [
                (v, amount / 1e5)
                for v, paid in self.cash.items()
                if f in self.owners[v]
                for kind, t, amount in paid
                if kind in kinds and t in counted
            ]
            self.p.row(terms, high=(usd - due) / 1e5)

    def shares(self) -> None:
        share = self.scenario.procurement.providers.max_share
        if share is None:
            return
        for f, t in itertools.product(self.futures, self.times):
            fleet = {p: found for (p, g, u), found in self.rented.items() if (g, u) == (f, t)}
            total = [term for found in fleet.values() for term in found.gpus]
            fixed = sum(found.fixed_gpus for found in fleet.values())
            for provider, found in fleet.items():
                if provider:
                    terms = found.gpus + [(v, -share * n) for v, n in total]
                    self.p.row(terms, high=share * fixed - found.fixed_gpus)

    def quotas(self) -> None:
        for quota in self.scenario.procurement.quotas:
            for (provider, system, _, _, block), found in self.running.items():
                if provider and system == quota.system and quota.provider in (None, provider) and self.blocks[block]:
                    self.p.row(found.gpus, high=quota.gpus - found.fixed_gpus)


def api_price(workload: Workload, api: TokenApi) -> float:
    """USD of one request."""
    assert workload.tokens is not None
    cached = api.cached_input_usd_per_mtok
    cached = api.input_usd_per_mtok if cached is None else cached
    share = workload.cached_input_share
    share = workload.prefix_cache_hit_share if share is None else share
    input_price = (1 - share) * api.input_usd_per_mtok + share * cached
    return (workload.tokens.input * input_price + workload.tokens.output * api.output_usd_per_mtok) / 1e6


def meets(sla: Sla, row: Any, tail: TailRatio) -> bool:
    """Whether a point or a token API meets both targets, each at its own percentile."""
    ttft = sla.ttft_s is None or known_ms(row, "ttft", sla.ttft_percentile, tail.ttft) <= sla.ttft_s * 1000 * (1 + 1e-9)
    tpot = sla.tpot_ms is None or known_ms(row, "tpot", sla.tpot_percentile, tail.tpot) <= sla.tpot_ms * (1 + 1e-9)
    return ttft and tpot


def known_ms(row: Any, what: str, percentile: int, tail: float | None) -> float:
    """The latency to hold against a target at ``percentile``, infinite where there is none."""
    statistic, stated = getattr(row, f"{what}_statistic"), getattr(row, f"{what}_ms")
    if percentile == 50:
        return float(stated) if statistic in ("p50", "mean") else math.inf
    if statistic in (f"p{percentile}", "p99"):
        return float(stated)
    p99 = getattr(row, f"{what}_p99_ms", None)
    if p99 is not None:
        return float(p99)
    return float(stated) * tail if tail is not None and statistic in ("p50", "mean") else math.inf


# --- other aims over the same programme ---


def least_cost(scenario: Scenario, catalog: Catalog) -> tuple[float, float]:
    """The interval of the least expected NPV cost."""
    return program(scenario, catalog).optimum()


def most_tokens(p: Program) -> tuple[float, float]:
    """The interval of the most Mtok that any plan serves."""
    lost = p.optimum(p.lost_mtok_flat, 0.0)
    return p.mtok_flat - lost[1], p.mtok_flat - lost[0]


def most_profit(p: Program) -> tuple[float, float]:
    """The interval of the most revenue less cost."""
    aim = [cost + lost for cost, lost in zip(p.cost, p.lost_revenue, strict=True)]
    low, high = p.optimum(aim)
    return p.revenue - high, p.revenue - low


def cost_with(p: Program, lost: Sequence[float], at_most: float) -> tuple[float, float]:
    """The interval of the least cost of the plans that lose no more than ``at_most`` of ``lost``."""
    size = max(max(lost, default=0.0), 1e-12)
    terms = {v: value / size for v, value in enumerate(lost) if value}
    return replace(p, rows=[*p.rows, (terms, -math.inf, at_most / size)]).optimum()


def priced_cost(p: Program, usd_per_mtok: float) -> tuple[float, float]:
    """The interval of the least C − θ·N: 0 lies in it where θ is the least cost per token."""
    aim = [cost + usd_per_mtok * lost for cost, lost in zip(p.cost, p.lost_mtok, strict=True)]
    return p.optimum(aim, p.constant - usd_per_mtok * p.mtok)
