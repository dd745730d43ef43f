"""Limits that span the whole fleet: budgets, shares of providers, quotas, what they have by the hour."""

from __future__ import annotations

import itertools

from tests.oracle.writer import CAPEX, COMMITMENTS, OPEX, Writer


class Limits(Writer):
    """Limits of money and provider."""

    def budgets(self) -> None:
        year_of = {t: self.calendar.fiscal_year(t, self.scenario.budget.fiscal_year_start) for t in self.times}
        for limit, kinds in (
            (self.scenario.budget.capex_usd, {CAPEX}),
            (self.scenario.budget.opex_usd, {OPEX}),
            (self.scenario.budget.total_usd, {CAPEX, OPEX}),
            (self.scenario.budget.commitments_usd, {COMMITMENTS}),
        ):
            if isinstance(limit, dict):
                for year in sorted(set(year_of.values())):
                    named = [known for known in sorted(limit) if known <= year]
                    if named:
                        counted = [t for t in self.times if year_of[t] == year]
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
        if self.scenario.procurement.providers.max_share_of == "gpus_peak":
            self.shares_of_every_block(share)
            return
        for f, t in itertools.product(self.futures, self.times):
            fleet = {p: found for (p, g, u), found in self.rented.items() if (g, u) == (f, t)}
            total = [term for found in fleet.values() for term in found.gpus]
            fixed = sum(found.fixed_gpus for found in fleet.values())
            for provider, found in fleet.items():
                if provider:
                    terms = found.gpus + [(v, -share * n) for v, n in total]
                    self.p.row(terms, high=share * fixed - found.fixed_gpus)

    def shares_of_every_block(self, share: float) -> None:
        """Of what runs by the job nobody knows when: only a provider's own is surely there when it is."""
        for f, t, block in itertools.product(self.futures, self.times, self.blocks):
            if self.blocks[block] == 0:
                continue
            total: list[tuple[int, float]] = []
            own: dict[str, list[tuple[int, float]]] = {}
            jobs: dict[str, list[tuple[int, float]]] = {}
            fixed: dict[str, float] = {}
            for (provider, _, future, period, at), found in self.running.items():
                if (future, period, at) == (f, t, block):
                    by_job = {v for v, _ in found.jobs}
                    total += [(v, n) for v, n in found.gpus if v not in by_job]
                    own.setdefault(provider, []).extend(found.gpus)
                    jobs.setdefault(provider, []).extend(found.jobs)
                    fixed[provider] = fixed.get(provider, 0.0) + found.fixed_gpus
            for provider, terms in own.items():
                if provider:
                    rest = [(v, -share * n) for v, n in total + jobs[provider]]
                    self.p.row(terms + rest, high=share * sum(fixed.values()) - fixed[provider])

    def depths(self) -> None:
        depth = self.scenario.procurement.hourly_depth_gpus
        for (provider, _, _, _, block), gpus in self.by_hour.items():
            gpus_there = depth.get(provider, 512.0) if isinstance(depth, dict) else depth
            if gpus_there is not None and self.blocks[block]:
                self.p.row(gpus, high=gpus_there)

    def quotas(self) -> None:
        for quota in self.scenario.procurement.quotas:
            for (provider, system, _, _, block), found in self.running.items():
                if provider and system == quota.system and quota.provider in (None, provider) and self.blocks[block]:
                    self.p.row(found.gpus, high=quota.gpus - found.fixed_gpus)
