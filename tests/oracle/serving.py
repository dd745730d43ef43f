"""Serving: what fits into the pools of GPUs, at which rate, and what is left unserved."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from planner.catalog.models import Accuracy, ServingPoint, System
from planner.scenario.models import Workload
from tests.oracle.requests import meets
from tests.oracle.survival import Standing, Survival
from tests.oracle.writer import OPEX, Hosts, Pool

Place = tuple[Pool, int, int, str]


@dataclass(frozen=True)
class Choice:
    """A way to serve: rate per GPU that is up, GPUs of a replica and of its largest worker, energy of a GPU-hour.

    ``shared`` replicas share one GPU.
    """

    rate: float
    gpus: int
    worker: int
    usd_per_hour: float
    shared: int = 1

    @property
    def size(self) -> float:
        return self.gpus / self.shared

    def domains(self, domain: int) -> float:
        """Domains that a replica takes: as many workers as are as large as the largest, whole ones in each domain."""
        return self.gpus // self.worker / self.shared / (domain // self.worker)


def alone(choice: Choice, lot: Hosts) -> float:
    """Lots that a replica takes by itself: a share of one that hosts several side by side, or as many as it needs."""
    side_by_side, needs = 0, choice.domains(lot.domain)
    while (side_by_side + 1) * choice.size <= lot.gpus + 1e-9 and (side_by_side + 1) * needs <= lot.domains + 1e-9:
        side_by_side += 1
    if side_by_side:
        return 1 / side_by_side
    lots = 1
    while lots * lot.gpus < choice.size or lots * lot.domains < needs - 1e-9:
        lots += 1
    return float(lots)


class Serving(Survival):
    """Demand met by GPUs and APIs or left unserved."""

    def serve(self, sent: dict[tuple[str, int, int, str], list[int]]) -> None:
        """Demand met by GPUs and APIs or left unserved; what serves fits into the pools."""
        taken: dict[Place, list[tuple[int, float]]] = {}
        domains: dict[Place, list[tuple[int, float]]] = {}
        at_once: dict[Place, list[tuple[int, float]]] = {}
        served: dict[tuple[str, int, int, str], list[tuple[int, float]]] = {}
        replicas: dict[tuple[str, int, int, str], list[int]] = {}
        for key, supplied in self.pools.items():
            pool, f, t, block = key
            for workload in self.scenario.workloads:
                if pool.preemptible and not workload.spot_allowed:
                    continue
                if pool.by_job and (workload.kind == "interactive" or not workload.whole_replicas):
                    continue
                for choice in self.choices(workload, pool, t):
                    size, up = choice.size, pool.up_in(block)
                    gpus = self.add(frozenset([f]))
                    hours = self.calendar.hours(t) * self.blocks[block]
                    self.pay(gpus, OPEX, t, choice.usd_per_hour * up * hours, self.calendar.at_middle(t))
                    served.setdefault((workload.name, f, t, block), []).append((gpus, choice.rate * up))
                    count = gpus
                    if workload.whole_replicas:
                        gone = self.gone(workload, size, pool)
                        most = self.most_replicas(workload, choice, f, t, block, up) + gone
                        count = self.add(frozenset([f]), most, whole=True)
                        kind = Standing(count, most, choice.rate * up * size, gone, pool.provider)
                        self.standing.setdefault((workload.name, f, t, block), []).append(kind)
                        self.p.row([(gpus, 1.0), (count, -size)], high=0.0)
                    if pool.by_job:
                        most = max(alone(choice, lot) * lot.gpus for lot in supplied.lots)
                        taken.setdefault(key, []).append((gpus, most / size))
                        at_once.setdefault(key, []).append((count, most))
                        continue
                    if workload.whole_replicas:
                        replicas.setdefault((workload.name, f, t, block), []).append(count)
                    else:
                        size = 1.0
                    taken.setdefault(key, []).append((count, size))
                    if pool.domain % choice.worker:
                        part = choice.domains(pool.domain) / choice.size
                        domains.setdefault(key, []).append((count, size * part))
        for key, supplied in self.pools.items():
            self.p.row(taken.get(key, []) + [(v, -n) for v, n in supplied.room], high=supplied.fixed_room)
            if key in domains:
                self.p.row(domains[key] + [(v, -n) for v, n in supplied.domains], high=supplied.fixed_domains)
            if key in at_once:
                self.p.row(at_once[key] + [(v, -n) for v, n in supplied.at_once], high=0.0)
        for workload in self.scenario.workloads:
            for f, t in itertools.product(self.futures, self.times):
                self.demand_rows(workload, f, t, served, sent)
                for block, share in self.blocks.items():
                    if workload.min_replicas and share > 0:
                        standing = replicas.get((workload.name, f, t, block), [])
                        self.p.row([(v, 1.0) for v in standing], low=float(workload.min_replicas))

    def most_replicas(self, workload: Workload, choice: Choice, f: int, t: int, block: str, up: float) -> float:
        """More replicas than serve all that is asked for in a block, or in a period where it may all be in one."""
        levels = {name: self.level(workload, name) for name in self.blocks}
        share = self.blocks[block]
        asked = self.demand(workload, f, t) * levels[block]
        if workload.kind != "interactive" and share > 0:
            asked = self.demand(workload, f, t) * sum(levels[name] * part for name, part in self.blocks.items()) / share
        each = choice.rate * up * choice.size
        return workload.min_replicas + (math.ceil(asked / each) if each > 0 else 0.0)

    def demand_rows(
        self,
        workload: Workload,
        f: int,
        t: int,
        served: dict[tuple[str, int, int, str], list[tuple[int, float]]],
        sent: dict[tuple[str, int, int, str], list[int]],
    ) -> None:
        asked = self.demand(workload, f, t)
        floor = self.floor(workload)
        over_period: list[tuple[int, float]] = []
        left: list[tuple[int, float]] = []
        total = 0.0
        for block, share in self.blocks.items():
            rate = asked * self.level(workload, block)
            total += rate * share
            terms = list(served.get((workload.name, f, t, block), []))
            terms += [(v, 1.0) for v in sent.get((workload.name, f, t, block), [])]
            answered = sent.get((workload.name, f, t, block), [])
            if floor < 1 and share > 0:
                unserved = self.add(frozenset([f]), rate)
                self.lose(unserved, workload, f, t, share)
                self.miss(unserved, workload, t, share)
                terms.append((unserved, 1.0))
                left.append((unserved, share))
                answered = [*answered, unserved]
            over_period += [(v, a * share) for v, a in terms]
            if workload.kind == "interactive" and share > 0:
                self.p.row(terms, rate, rate)
                self.survive(workload, f, t, block, rate, answered)
            self.earn(workload, f, t, rate * share)
        if workload.kind != "interactive":
            self.p.row(over_period, total, total)
        self.p.row(left, high=(1 - floor) * total)

    def floor(self, workload: Workload) -> float:
        if workload.min_served is not None:
            return workload.min_served
        priced = workload.unserved_usd_per_mtok is not None or workload.unserved_usd_per_gpu_hour is not None
        return 0.0 if priced else self.scenario.service.min_served

    def choices(self, workload: Workload, pool: Pool, t: int) -> Iterator[Choice]:
        """The ways in which a workload may use a pool."""
        system = self.catalog.systems[pool.system]
        usd = 0.0
        if pool.owned:
            site = next(site for site in self.scenario.sites if site.name == pool.owner)
            overhead = site.pue[system.cooling].annual * (1 + system.network_kw_share)
            kw = (system.busy_it_kw - system.idle_it_kw) / system.gpus
            usd = kw / 1000 * overhead * self.electricity(site, t)
        if workload.kind == "gpu_hours":
            if pool.system in workload.gpu_hours_weight:
                used = 1 - self.unused(workload, pool.system)
                yield Choice(workload.gpu_hours_weight[pool.system] * used, 1, 1, usd)
            return
        gain = self.scenario.procurement.software_gain_per_year.get(pool.system, 0.0)
        for point in (*self.points(workload), *self.between.get(workload.name, ())):
            years = self.calendar.years_to_middle(t)
            if self.scenario.procurement.software_gain_from == "measured":
                years = max(0.0, years + (self.scenario.horizon.start - point.as_of).days / 365.25)
            growth = (1 + gain) ** years
            if point.system != pool.system or not self.point_fits(workload, point, system):
                continue
            if point.largest_worker_gpus > pool.domain:
                continue
            if point.gpus_per_replica > pool.domain and not pool.rdma:
                continue
            if self.unused(workload, point.name) == 1:
                continue
            if pool.capabilities is not None and not set(point.requires) <= pool.capabilities:
                continue
            rate = self.rate(workload, point) * growth * (1 - self.unused(workload, point.name))
            yield Choice(rate, point.gpus_per_replica, point.largest_worker_gpus, usd, point.replicas_per_gpu)

    def unused(self, workload: Workload, name: str) -> float:
        """What of a configuration stays free: its own share, else what all have, a hundredth where simulated."""
        for point, share in (workload.headroom_by_point or {}).items():
            if point == name:
                return share
        return 0.01 if workload.headroom == "simulated" else float(workload.headroom)

    def points(self, workload: Workload) -> list[ServingPoint]:
        """What was measured and what is fitted: all that may cap a prediction."""
        return [*self.catalog.serving.values(), *self.fitted.get(workload.name, ())]

    def point_fits(self, workload: Workload, point: ServingPoint, system: System) -> bool:
        assert workload.tokens is not None
        if point.model != workload.model or point.precision not in workload.precisions:
            return False
        if workload.engines and point.engine not in workload.engines:
            return False
        if workload.accuracy is not None:
            rows = [
                r for r in self.catalog.accuracy.values() if (r.model, r.precision) == (point.model, point.precision)
            ]
            rows = [r for r in rows if r.evaluation == workload.accuracy.evaluation]
            if not self.accurate(workload, point, rows):
                return False
        for mean, asked in (
            (point.input_tokens_mean, workload.tokens.input),
            (point.output_tokens_mean, workload.tokens.output),
        ):
            if abs(mean - asked) > 0.1 * asked + 1e-9 * asked:
                return False
        return point.largest_worker_gpus <= system.nvlink_domain_usable_gpus and meets(
            workload.sla, point, self.scenario.tail_ratio, simulated=workload.headroom == "simulated"
        )

    def accurate(self, workload: Workload, point: ServingPoint, rows: list[Accuracy]) -> bool:
        """Whether one of ``rows``, those of the point's precision and the floor's evaluation, keeps the floor."""
        floor = workload.accuracy
        assert floor is not None
        if floor.max_loss_points is None:
            return any(row.score_share >= floor.min_score_share for row in rows)
        size = self.catalog.models.get(point.model)
        if size is not None and size.native_precision == point.precision:
            return True
        for row in rows:
            if row.native_score_share is not None:
                # In thousandths of a point: what two shares differ by is not theirs to the last bit.
                lost = round(1e5 * row.native_score_share) - round(1e5 * row.score_share)
                if lost <= 1e3 * floor.max_loss_points:
                    return True
        return False

    def rate(self, workload: Workload, point: ServingPoint) -> float:
        """Requests/s per GPU after trust; a predicted one no more than the best proven one that is no slower."""
        rate = self.trusted(workload, point)
        if point.evidence != "predicted":
            return rate
        proven = [
            self.trusted(workload, other)
            for other in self.points(workload)
            if other.evidence in ("independent", "measured")
            and (other.model, other.system) == (point.model, point.system)
            and other.input_tokens_nominal == point.input_tokens_nominal
            and other.output_tokens_nominal == point.output_tokens_nominal
            and (point.ttft_ms is None or (other.ttft_ms is not None and other.ttft_ms <= point.ttft_ms))
            and other.tpot_ms <= point.tpot_ms
        ]
        return min(rate, max(proven)) if proven else rate

    def trusted(self, workload: Workload, point: ServingPoint) -> float:
        assert workload.tokens is not None
        by_input = point.input_tok_s_per_gpu / workload.tokens.input
        by_output = point.output_tok_s_per_gpu / workload.tokens.output
        return min(by_input, by_output) * float(getattr(self.scenario.trust, point.evidence))
