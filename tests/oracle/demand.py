"""Demand: what workloads ask for, what a request is worth, and what token APIs answer."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from planner.catalog.models import TokenApi
from planner.scenario.models import TokenQuote, Workload
from tests.oracle.requests import api_price, meets, most_mtok
from tests.oracle.writer import OPEX, Writer


class Demand(Writer):
    """Requests by workload, and those sent to token APIs."""

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
        seen = workload.demand.seen
        if workload.load == "trace" and seen is not None:
            return self.level_of_trace(seen.levels, block)
        return 1.0 if workload.load == "flat" else self.catalog.load_shapes[workload.load].level[block]

    def level_of_trace(self, levels: Sequence[float], block: str) -> float:
        """By summing what each part of the trace's hours has within the block's."""
        before = 0.0
        for name, share in self.blocks.items():
            if name == block:
                break
            before += share
        parts = len(levels)
        inside = [
            level * max(0.0, min(before + share, (at + 1) / parts) - max(before, at / parts))
            for at, level in enumerate(levels)
        ]
        return math.fsum(inside) / share / (math.fsum(levels) / parts)

    def apis(self) -> dict[tuple[str, int, int, str], list[int]]:
        """Requests/s sent to token APIs, by workload, future, period and block."""
        calendar = self.calendar
        sent: dict[tuple[str, int, int, str], list[int]] = {}
        if not self.scenario.procurement.token_api:
            return sent
        quoted = {(quote.provider, quote.model) for quote in self.scenario.token_quotes}
        listed = [api for api in self.catalog.token_apis.values() if (api.provider, api.model) not in quoted]
        asked: list[TokenApi | TokenQuote] = [*listed, *self.scenario.token_quotes]
        for api in asked:
            path = 0 if isinstance(api, TokenQuote) else 1
            for f, t, (block, share) in itertools.product(self.futures, self.times, self.blocks.items()):
                answered = []
                for workload in self.scenario.workloads:
                    if not calendar.until(t, None, api.available_until) or not self.api_fits(workload, api):
                        continue
                    assert workload.tokens is not None
                    variable = self.add(frozenset([f]))
                    self.senders[variable] = api.provider
                    price = api_price(workload, api) * self.factor("api", calendar.first(t).year) ** path
                    usd = price * 3600 * calendar.hours(t) * share
                    self.pay(variable, OPEX, t, usd, calendar.at_middle(t))
                    sent.setdefault((workload.name, f, t, block), []).append(variable)
                    mtok = (workload.tokens.input + workload.tokens.output) / 1e6
                    answered.append((variable, mtok * 86_400))
                if (most := most_mtok(api)) is not None:
                    self.p.row(answered, high=most)
        return sent

    def api_fits(self, workload: Workload, api: TokenApi | TokenQuote) -> bool:
        if not workload.token_api or workload.kind == "gpu_hours" or api.model != workload.model:
            return False
        if not self.provider_allowed(api.provider):
            return False
        return workload.kind != "interactive" or meets(workload.sla, api, self.scenario.tail_ratio)

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

    def miss(self, variable: int, workload: Workload, t: int, share: float) -> None:
        """What a unit left unserved is worth: in the objective, in no cash."""
        calendar, usd = self.calendar, 0.0
        if workload.unserved_usd_per_mtok is not None and workload.tokens is not None:
            usd = calendar.mean(workload.unserved_usd_per_mtok, t) * workload.tokens.output / 1e6 * 3600
        if workload.unserved_usd_per_gpu_hour is not None:
            usd = calendar.mean(workload.unserved_usd_per_gpu_hour, t)
        chance = sum(self.probability[f] for f in self.owners[variable])
        self.p.cost[variable] += usd * calendar.hours(t) * share * calendar.at_middle(t) * chance

    def earn(self, workload: Workload, f: int, t: int, rate: float) -> None:
        mtok, usd = self.per_request(workload, t)
        requests = rate * 3600 * self.calendar.hours(t) * self.probability[f]
        self.p.mtok += mtok * requests * self.calendar.at_middle(t)
        self.p.mtok_flat += mtok * requests
        self.p.revenue += usd * requests * self.calendar.at_middle(t)
