"""Service: what a plan's GPUs and token APIs serve, and how much of every pool that takes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.accounts.holdings import spread
from planner.accounts.inputs import Floats, Inputs, Names, places_of
from planner.accounts.supply import GpuSupply
from planner.catalog.models import ServingPoint
from planner.decisions import Decided
from planner.frozen import dataclass
from planner.rules.demand import demand_rates
from planner.rules.hosting import crowds, domains_taken, hosts_whole, lots_taken, workers
from planner.rules.rates import capped_with, gpu_hours_rate, point_rate, proven_by_shape
from planner.rules.survival import Survive, replicas_lost
from planner.table import Table, coded

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Use:
    """A workload served at a point: ``point`` is None where the catalog has none of that name.

    ``replica_gpus`` are GPUs of one replica (1 for gpu_hours), in ``workers`` of at most ``worker_gpus``.
    """

    workload: int
    name: str
    point: ServingPoint | None
    replica_gpus: float
    workers: float
    worker_gpus: int


@dataclass(frozen=True)
class Rows:
    """The serving table as indices on the axes, one entry per row; ``use`` is that among the uses."""

    future: Indices
    workload: Indices
    pool: Indices
    use: Indices
    period: Indices
    block: Indices
    gpus: Floats
    replicas: Floats


@dataclass(frozen=True)
class Service:
    """Rates are requests/s, weighted GPUs for gpu_hours workloads; ``row_rates`` those that each row serves.

    ``demand``, ``by_gpus`` and ``unserved`` (F, W, T, B); ``to_api`` (F, W, J, T, B). ``occupied`` are the GPUs each
    row takes of its pool: whole replicas where the workload asks for them, of lots by the job for as long as they run.
    ``up`` is the share of a row's GPUs that is up: 1 in parts of replicas, where what is down takes no part.
    ``by_job`` marks rows on such lots. ``per_gpu`` is the rate of one that is up. ``pool_systems`` (Q) are indices of
    systems.
    """

    inputs: Inputs
    pools: Names
    uses: tuple[Use, ...]
    rows: Rows
    row_rates: Floats
    by_job: NDArray[np.bool_]
    occupied: Floats
    at_once: Floats
    up: Floats
    per_gpu: Floats
    pool_systems: tuple[int, ...]
    demand: Floats
    by_gpus: Floats
    to_api: Floats
    unserved: Floats

    @cached_property
    def served(self) -> Floats:
        """Rate served by GPUs and token APIs, (F, W, T, B)."""
        return np.asarray(self.by_gpus + self.to_api.sum(axis=2))

    @cached_property
    def pool_occupied(self) -> Floats:
        """GPUs taken of each pool, (F, Q, T, B)."""
        return self._by_pool(self.occupied)

    @cached_property
    def pool_running(self) -> Floats:
        """GPUs of each pool that are taken and up, (F, Q, T, B): at most those that are usable."""
        return self._by_pool(self.occupied * self.up)

    @cached_property
    def pool_busy(self) -> Floats:
        """GPUs of each pool that draw serving power, (F, Q, T, B)."""
        return self._by_pool(self.rows.gpus * self.up)

    @cached_property
    def pool_at_once(self) -> Floats:
        """GPUs of lots by the job taken at once, (F, Q, T, B)."""
        return self._by_pool(self.at_once)

    def pool_domains(self, domain_gpus: Indices, by_job: Indices) -> Floats:
        """NVLink domains taken of each pool, whose domains have ``domain_gpus`` (Q,), (F, Q, T, B).

        A worker larger than its domain, which is a fault of its own, takes one.
        """
        pairs, at = np.unique(np.stack([self.rows.use, self.rows.pool]), axis=1, return_inverse=True)
        taken = [
            min(domains_taken(use.workers, use.worker_gpus, int(domain_gpus[pool])), use.workers) / use.replica_gpus
            if crowds(use.worker_gpus, int(domain_gpus[pool])) and not by_job[pool]
            else 0.0
            for use, pool in ((self.uses[index], pool) for index, pool in pairs.T)
        ]
        return self._by_pool(self.occupied * np.array([*taken, 0.0])[at.reshape(-1)])

    @cached_property
    def replicas(self) -> Floats:
        """Replicas that run throughout a block of workloads with whole replicas, 0 for the others, (F, W, T, B)."""
        whole = np.array([workload.whole_replicas for workload in self.inputs.workloads])
        rows = self.rows
        return spread(
            self.demand.shape,
            (rows.future, rows.workload, rows.period, rows.block),
            np.where(whole[rows.workload] & ~self.by_job, np.nan_to_num(rows.replicas), 0.0),
        )

    def replica_rates(self, survive: Survive) -> tuple[Floats, Floats]:
        """Rate of each row's replicas at full use, and of those of them that are gone with one, (rows,) each."""
        rows = self.rows
        sizes = np.array([use.replica_gpus for use in self.uses], dtype=float)[rows.use]
        each = self.per_gpu * self.up * sizes
        systems = [self.inputs.systems[self.pool_systems[pool]] for pool in rows.pool]
        lost = [replicas_lost(survive, float(size), system) for size, system in zip(sizes, systems, strict=True)]
        replicas = np.nan_to_num(rows.replicas)
        return replicas * each, np.where(replicas > 0, np.array(lost, dtype=float) * each, 0.0)

    def by_workload(self, rates: Floats) -> Floats:
        """Rates of rows summed by workload, (F, W, T, B)."""
        return spread(self.demand.shape, self._at, rates)

    def largest(self, rates: Floats) -> Floats:
        """The largest rate among the rows of a workload, (F, W, T, B)."""
        found = np.zeros(self.demand.shape)
        np.maximum.at(found, self._at, rates)
        return found

    @property
    def _at(self) -> tuple[Indices, ...]:
        rows = self.rows
        return rows.future, rows.workload, rows.period, rows.block

    def _by_pool(self, values: Floats) -> Floats:
        rows, shape = self.rows, self.demand.shape
        pooled = (shape[0], len(self.pools), *shape[2:])
        return spread(pooled, (rows.future, rows.pool, rows.period, rows.block), values)


def service(inputs: Inputs, decided: Decided, flow: GpuSupply) -> Service:
    """The service that the tables say; every name in them but points must be known."""
    pools = flow.pools
    rows, uses = _rows(inputs, decided.serving, pools)
    whole = np.array([workload.whole_replicas for workload in inputs.workloads])
    sizes = np.array([use.replica_gpus for use in uses], dtype=float)
    in_replicas = np.nan_to_num(rows.replicas) * sizes[rows.use]
    by_job = np.array([found[0].by_job for found in flow.pool_sources], dtype=bool)[rows.pool]
    crowding = _crowding(rows, uses, flow) if by_job.any() else np.ones(len(by_job))
    standing = np.where(whole[rows.workload], in_replicas, rows.gpus)
    up = flow.pool_up[rows.pool, rows.block] if hosts_whole(inputs.scenario) else np.ones(len(rows.gpus))
    demand = demand_rates(inputs.scenario, inputs.catalog, inputs.timeline).swapaxes(0, 1)
    rates = np.stack([*_rates(inputs, uses), np.zeros(inputs.timeline.periods)])
    per_gpu = rates[rows.use, rows.period]
    row_rates = rows.gpus * up * per_gpu
    return Service(
        inputs=inputs,
        pools=pools,
        uses=uses,
        rows=rows,
        row_rates=row_rates,
        by_job=by_job,
        occupied=np.where(by_job, rows.gpus * crowding, standing),
        at_once=np.where(by_job, in_replicas * crowding, 0.0),
        up=up,
        per_gpu=per_gpu,
        pool_systems=tuple(found[0].system for found in flow.pool_sources),
        demand=demand,
        by_gpus=spread(
            demand.shape,
            (rows.future, rows.workload, rows.period, rows.block),
            row_rates,
        ),
        to_api=_hourly(inputs, decided.api, ("workload", "api")),
        unserved=_hourly(inputs, decided.unserved, ("workload",)),
    )


def _crowding(rows: Rows, uses: tuple[Use, ...], flow: GpuSupply) -> Floats:
    """GPUs of lots by the job that one GPU of each row's replica takes, by the least favourable lot of its pool."""
    pairs, at = np.unique(np.stack([rows.use, rows.pool]), axis=1, return_inverse=True)
    taken = []
    for use, pool in ((uses[index], pool) for index, pool in pairs.T):
        lots = {source.hosting for source in flow.pool_sources[pool]}
        most = (lots_taken(use.replica_gpus, use.workers, use.worker_gpus, lot) * lot.gpus for lot in lots)
        taken.append(max(most) / use.replica_gpus)
    return np.array(taken)[at.reshape(-1)]


def served_rates(found: Service) -> Table:
    """Columns future, workload, period, block, demand, by_gpus, by_api, unserved: requests/s (or weighted GPUs)."""
    rates = {
        "demand": found.demand,
        "by_gpus": found.by_gpus,
        "by_api": found.to_api.sum(axis=2),
        "unserved": found.unserved,
    }
    return labelled(found.inputs, "workload", found.inputs.names["workload"], rates)


def pool_use(found: Service, flow: GpuSupply) -> Table:
    """Columns future, pool, period, block, gpus_used, gpus_usable, gpus_in_service."""
    gpus = {
        "gpus_used": found.pool_occupied,
        "gpus_usable": flow.pool_usable,
        "gpus_in_service": flow.pool_gpus,
    }
    return labelled(found.inputs, "pool", found.pools, gpus)


def labelled(inputs: Inputs, axis: str, labels: Names, values: dict[str, Floats]) -> Table:
    """Arrays (F, n, T, B) as columns beside future, ``axis``, period and block; rows at zero throughout left out."""
    future, item, period, block = np.nonzero(np.logical_or.reduce([array != 0 for array in values.values()]))
    return Table(
        {
            "future": inputs.names["future"].take(future),
            axis: labels.take(item),
            "period": period,
            "block": inputs.names["block"].take(block),
        }
        | {name: array[future, item, period, block] for name, array in values.items()}
    )


def _rows(inputs: Inputs, table: Table, pools: Names) -> tuple[Rows, tuple[Use, ...]]:
    workload = inputs.codes(table, "workload")
    names, used = coded(table["point"].tolist())
    pairs, unique = coded((workload * max(1, len(used)) + names).tolist())
    uses = []
    for index, name in (divmod(pair, max(1, len(used))) for pair in unique):
        stream, word = inputs.workloads[index], str(used[name])
        point = None
        if stream.kind != "gpu_hours":
            named = inputs.catalog.named.get(word, [None])
            point = inputs.catalog.point(stream.model, word) or named[-1]
        if point is None:
            uses.append(Use(index, word, None, 1, 1, 1))
        else:
            size, most = point.replica_gpus, point.largest_worker_gpus
            uses.append(Use(index, word, point, size, workers(point), most))
    rows = Rows(
        future=inputs.codes(table, "future"),
        workload=workload,
        pool=inputs.codes(table, "pool", places_of(pools)),
        use=pairs,
        period=table["period"].astype(np.intp),
        block=inputs.codes(table, "block"),
        gpus=table["gpus"].astype(float),
        replicas=table["replicas"].astype(float),
    )
    return rows, tuple(uses)


def _rates(inputs: Inputs, uses: Iterable[Use]) -> list[Floats]:
    """Rate per GPU of each use, (T,); 0 where the point is unknown."""
    scenario, timeline = inputs.scenario, inputs.timeline
    rivals = proven_by_shape(inputs.catalog.serving.values())
    rates = []
    for use in uses:
        workload = inputs.workloads[use.workload]
        if workload.kind == "gpu_hours":
            rates.append(gpu_hours_rate(workload, use.name, timeline))
        elif use.point is None:
            rates.append(np.zeros(timeline.periods))
        else:
            near = rivals.get(capped_with(use.point), ())
            rates.append(point_rate(scenario, timeline, workload, use.point, near))
    return rates


def _hourly(inputs: Inputs, rows: Table, axes: tuple[str, ...]) -> Floats:
    """A table of requests/s as an array (F, *axes, T, B)."""
    columns = ("future", *axes)
    shape = (
        *(len(inputs.names[column]) for column in columns),
        inputs.timeline.periods,
        len(inputs.timeline.blocks),
    )
    indices = (
        *(inputs.codes(rows, column) for column in columns),
        rows["period"].astype(np.intp),
        inputs.codes(rows, "block"),
    )
    return spread(shape, indices, rows["requests_per_s"].astype(float))
