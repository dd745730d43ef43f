"""Offers: contracts, quotes, GPUs by the hour, and what is signed already."""

from __future__ import annotations

import itertools
import math

from planner.catalog.models import Offer
from tests.oracle.calendar import lead
from tests.oracle.writer import COMMITMENTS, OPEX, Futures, Supplied, Writer


class Offers(Writer):
    """GPUs of providers, for a term or by the hour."""

    def reserved_offers(self) -> list[tuple[Offer, float | None, bool]]:
        """Offer, its own lead weeks and whether it is a quote; a quote stands in for the row of its name."""
        listed = [offer for offer in self.catalog.offers.values() if offer.kind == "reserved"]
        found: dict[str, tuple[Offer, float | None, bool]] = {offer.name: (offer, None, False) for offer in listed}
        for quote in self.scenario.quotes:
            fields = quote.model_dump(exclude={"expires", "lead_weeks", "tags"})
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
                        hosts = self.hosts_of_lot(offer, offer.lot_gpus)
                        pool = self.pool_of(offer, hosts, dict.fromkeys(self.blocks, usable))
                        for block in self.blocks:
                            self.supply(pool, f, later, block, variable, hosts, usable)
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
        calendar = self.calendar
        if not self.provider_allowed(offer.provider) or not self.system_allowed(offer.system):
            return
        kinds = [False]
        if any(w.whole_replicas and w.kind != "interactive" for w in self.scenario.workloads):
            kinds = [False, True]
        for t, f in itertools.product(self.times, self.futures):
            if not calendar.until(t, offer.available_from, offer.available_until):
                continue
            rate = offer.usd_per_gpu_hour * offer.lot_gpus * self.factor("rent", calendar.first(t).year)
            if self.scenario.futures:
                rate *= calendar.mean(self.scenario.futures[f].rent_price, t)
            for block, share in self.blocks.items():
                if share == 0:
                    continue
                usd = rate * calendar.hours(t) * share
                running = [self.lots(offer, f, t, block, usd, by_job=by_job) for by_job in kinds]
                key = (offer.provider, offer.system, f, t, block)
                there = self.running.setdefault(key, Supplied())
                there.gpus.extend((v, offer.lot_gpus) for v in running)
                there.jobs.extend((v, offer.lot_gpus) for v in running[1:])
                if offer.max_lots is None:
                    self.by_hour.setdefault(key, []).extend((v, offer.lot_gpus) for v in running)
                if offer.max_lots is not None:
                    self.p.row([(variable, 1.0) for variable in running], high=float(offer.max_lots))

    def lots(self, offer: Offer, f: int, t: int, block: str, usd: float, *, by_job: bool) -> int:
        """Lots of a block, and the variable of those that run at once: of lots by the job another than is paid for."""
        calendar, whole_lots = self.calendar, self.scenario.procurement.whole_on_demand_lots
        most = math.inf if offer.max_lots is None else float(offer.max_lots)
        most = min(most, self.enough) if whole_lots else most
        paid = self.add(frozenset([f]), most, whole=whole_lots and not by_job)
        self.pay(paid, OPEX, t, usd, calendar.at_middle(t))
        usable = {name: offer.lot_gpus * self.share_of(offer, name) for name in self.blocks}
        hosts, spot = self.hosts_of_lot(offer, offer.lot_gpus), offer.kind == "spot"
        pool = self.pool_of(offer, hosts, usable, preemptible=spot, by_job=by_job)
        self.supply(pool, f, t, block, paid, hosts, usable[block])
        rented = self.rented.setdefault((offer.provider, f, t), Supplied())
        rented.gpus.append((paid, offer.lot_gpus * self.blocks[block]))
        if not by_job:
            return paid
        running = self.add(frozenset([f]), most, whole=whole_lots)
        self.p.row([(paid, 1.0), (running, -1.0)], high=0.0)
        there = self.pools[pool, f, t, block]
        there.at_once.append((running, hosts.gpus))
        there.lots.add(hosts)
        return running

    def share_of(self, offer: Offer, block: str) -> float:
        """The share of an hourly lot's GPUs that may serve in a block: on spot, what is not taken away."""
        share = self.usable_share(offer)
        if offer.kind == "spot":
            share *= 1.0 if offer.availability is None else offer.availability
            share *= self.scenario.procurement.spot_availability.get(block, 1.0)
        return share

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
                    usable, hosts = (
                        contract.gpus * self.usable_share(contract),
                        self.hosts_of_lot(contract, contract.gpus),
                    )
                    key = self.pool_of(contract, hosts, dict.fromkeys(self.blocks, usable))
                    for block in self.blocks:
                        pool = self.pools.setdefault((key, f, t, block), Supplied())
                        pool.fixed_room += hosts.gpus if self.whole else usable
                        pool.fixed_domains += hosts.domains
                        runs = (contract.provider, contract.system, f, t, block)
                        self.running.setdefault(runs, Supplied()).fixed_gpus += contract.gpus
