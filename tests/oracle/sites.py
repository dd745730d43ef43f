"""Sites: systems bought and kept at the sites, what they cost, and what a site can carry."""

from __future__ import annotations

import datetime as dt
import itertools
import math

from planner.catalog.models import System
from planner.scenario.models import Existing, Site
from planner.schedule import add_months
from tests.oracle.calendar import lead
from tests.oracle.writer import CAPEX, OPEX, Futures, Pool, Writer


class Sites(Writer):
    """Sites with their systems, bought and kept."""

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
                credit = self.resale(system, price, calendar.first(t), calendar.first(calendar.periods))
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

    def resale(self, system: System, paid: float, since: dt.date, day: dt.date) -> float:
        """What one system, in service since a day and bought at a price, is sold for on another day."""
        finance = self.scenario.finance
        age = max((day - since).days / 365.25, 0.0)
        if finance.residual_of == "price_paid":
            return paid * self.residual(system, age) * finance.residual_haircut
        new = system.price_usd * self.factor("hardware", day.year)
        return min(paid, new * self.residual(system, age)) * finance.residual_haircut

    def sell(self, group: Existing, first: int, kept: dict[tuple[int, int], int]) -> None:
        """What is there from period ``first`` on and not kept, ``kept`` by future and period, is sold at once."""
        calendar, system = self.calendar, self.catalog.systems[group.system]
        paid = group.price_usd if group.price_usd is not None else system.price_usd
        for t in range(first, calendar.periods + 1):
            usd = self.resale(system, paid, group.in_service, calendar.first(t)) * calendar.at_start(t)
            for f in self.futures:
                if t == first:
                    self.p.constant -= group.count * usd * self.probability[f]
                elif (f, t - 1) in kept:
                    self.p.cost[kept[f, t - 1]] -= usd * self.probability[f]
                if (f, t) in kept:
                    self.p.cost[kept[f, t]] += usd * self.probability[f]

    def keep(self, site: Site, group: Existing) -> None:
        calendar = self.calendar
        system = self.catalog.systems[group.system]
        until = group.until or add_months(group.in_service, round(12 * system.life_years))
        there = [t for t in self.times if calendar.within(t, group.in_service, until)]
        ever: dict[tuple[int, int], int] = {}
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
                ever |= {(f, t): variable for f in node}
            for f in self.futures:
                if f in last:
                    self.p.row([(kept[f], 1.0), (last[f], -1.0)], high=0.0)
            last = kept
        if self.scenario.finance.resell_existing and there:
            self.sell(group, there[0], ever)

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
            hosts, usable = self.hosts_of_system(system), system.gpus * system.usable_share
            by_block = dict.fromkeys(self.blocks, usable)
            up, room = self.shares_up(hosts, by_block), self.room(hosts, by_block)
            pool = Pool(site.name, system.system, hosts.domain, up, room, True, False, True, None)
            for block in self.blocks:
                self.supply(pool, f, t, block, variable, hosts, usable)
            self.in_service("", system.system, f, t, variable, system.gpus)

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
