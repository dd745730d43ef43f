"""Service: what a plan's GPUs and token APIs serve, and how much of every pool that takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from planner.accounts.demand import demand_rates
from planner.accounts.eligibility import capped_by, gpu_rate, large_workers, point_rate
from planner.accounts.holdings import spread
from planner.accounts.inputs import Floats, Premises
from planner.accounts.supply import Supply
from planner.catalog.models import ServingPoint
from planner.decisions import Decisions
from planner.kinds.evidence import PROVEN

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Use:
    """A workload served at a point: ``point`` is None where the catalog has none of that name.

    ``replica_gpus`` are GPUs of one replica (1 for gpu_hours), ``large`` its workers that fill a domain.
    """

    workload: int
    name: str
    point: ServingPoint | None
    replica_gpus: int
    large: int


@dataclass(frozen=True)
class Rows:
    """The serving table as places on the axes, one entry per row; ``use`` is the place among the uses."""

    future: Places
    workload: Places
    pool: Places
    use: Places
    period: Places
    block: Places
    gpus: Floats
    replicas: Floats


@dataclass(frozen=True)
class Service:
    """Rates are requests/s, weighted GPUs for gpu_hours workloads; ``row_rates`` those that each row serves.

    ``demand``, ``by_gpus`` and ``unserved`` (F, W, T, B); ``to_api`` (F, W, J, T, B). ``occupied`` are the GPUs each
    row takes of its pool: whole replicas where the workload asks for them.
    """

    premises: Premises
    pools: pd.Index[str]
    uses: tuple[Use, ...]
    rows: Rows
    row_rates: Floats
    occupied: Floats
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
    def pool_busy(self) -> Floats:
        """GPUs of each pool that draw serving power, (F, Q, T, B)."""
        return self._by_pool(self.rows.gpus)

    @cached_property
    def pool_large(self) -> Floats:
        """Workers in each pool that fill a domain, (F, Q, T, B)."""
        per_gpu = np.array([use.large / use.replica_gpus for use in self.uses])
        return self._by_pool(self.occupied * per_gpu[self.rows.use])

    @cached_property
    def replicas(self) -> Floats:
        """Replicas of workloads with whole replicas, 0 for the others, (F, W, T, B)."""
        whole = np.array([workload.whole_replicas for workload in self.premises.workloads])
        rows = self.rows
        return spread(
            self.demand.shape,
            (rows.future, rows.workload, rows.period, rows.block),
            np.where(whole[rows.workload], np.nan_to_num(rows.replicas), 0.0),
        )

    def _by_pool(self, values: Floats) -> Floats:
        rows, shape = self.rows, self.demand.shape
        pooled = (shape[0], len(self.pools), *shape[2:])
        return spread(pooled, (rows.future, rows.pool, rows.period, rows.block), values)


def service(premises: Premises, decisions: Decisions, pools: pd.Index[str]) -> Service:
    """The service that the tables say; every name in them but points must be known."""
    rows, uses = _rows(premises, decisions.serving, pools)
    whole = np.array([workload.whole_replicas for workload in premises.workloads])
    sizes = np.array([use.replica_gpus for use in uses], dtype=float)
    in_replicas = np.nan_to_num(rows.replicas) * sizes[rows.use]
    demand = demand_rates(premises)
    rates = np.stack([*_rates(premises, uses), np.zeros(premises.timeline.periods)])
    row_rates = rows.gpus * rates[rows.use, rows.period]
    return Service(
        premises=premises,
        pools=pools,
        uses=uses,
        rows=rows,
        row_rates=row_rates,
        occupied=np.where(whole[rows.workload], in_replicas, rows.gpus),
        demand=demand,
        by_gpus=spread(
            demand.shape,
            (rows.future, rows.workload, rows.period, rows.block),
            row_rates,
        ),
        to_api=_hourly(premises, decisions.api, ("workload", "api")),
        unserved=_hourly(premises, decisions.unserved, ("workload",)),
    )


def served_rates(found: Service) -> pd.DataFrame:
    """Columns future, workload, period, block, demand, by_gpus, by_api, unserved: requests/s (or weighted GPUs)."""
    rates = {
        "demand": found.demand,
        "by_gpus": found.by_gpus,
        "by_api": found.to_api.sum(axis=2),
        "unserved": found.unserved,
    }
    return labelled(found.premises, "workload", found.premises.names["workload"], rates)


def pool_use(found: Service, flow: Supply) -> pd.DataFrame:
    """Columns future, pool, period, block, gpus_used, gpus_usable, gpus_in_service."""
    gpus = {
        "gpus_used": found.pool_occupied,
        "gpus_usable": flow.pool_usable,
        "gpus_in_service": flow.pool_gpus,
    }
    return labelled(found.premises, "pool", found.pools, gpus)


def labelled(premises: Premises, axis: str, labels: pd.Index[str], values: dict[str, Floats]) -> pd.DataFrame:
    """Arrays (F, n, T, B) as columns beside future, ``axis``, period and block; rows at zero throughout left out."""
    future, item, period, block = np.nonzero(np.logical_or.reduce([array != 0 for array in values.values()]))
    return pd.DataFrame(
        {
            "future": premises.names["future"].take(future),
            axis: labels.take(item),
            "period": period,
            "block": premises.names["block"].take(block),
        }
        | {name: array[future, item, period, block] for name, array in values.items()}
    )


def _rows(premises: Premises, frame: pd.DataFrame, pools: pd.Index[str]) -> tuple[Rows, tuple[Use, ...]]:
    workload = premises.codes(frame, "workload")
    names, used = pd.factorize(frame["point"].to_numpy(dtype=object))
    pairs, unique = pd.factorize(workload * max(1, len(used)) + names)
    points = {(point.model, point.name): point for point in premises.catalog.serving.values()}
    any_model = {point.name: point for point in premises.catalog.serving.values()}
    uses = []
    for place, name in zip(*np.divmod(unique, max(1, len(used))), strict=True):
        stream, word = premises.workloads[place], str(used[name])
        point = None
        if stream.kind != "gpu_hours":
            point = points.get((stream.model or "", word), any_model.get(word))
        size, large = (1, 0) if point is None else (point.gpus_per_replica, large_workers(premises, point))
        uses.append(Use(int(place), word, point, size, large))
    rows = Rows(
        future=premises.codes(frame, "future"),
        workload=workload,
        pool=premises.codes(frame, "pool", pools),
        use=pairs.astype(np.intp),
        period=frame["period"].to_numpy(dtype=np.intp),
        block=premises.codes(frame, "block"),
        gpus=frame["gpus"].to_numpy(dtype=float),
        replicas=frame["replicas"].to_numpy(dtype=float),
    )
    return rows, tuple(uses)


def _rates(premises: Premises, uses: Iterable[Use]) -> list[Floats]:
    """Rate per GPU of each use, (T,); 0 where the point is unknown."""
    rivals: dict[tuple[object, ...], list[ServingPoint]] = defaultdict(list)
    for point in premises.catalog.serving.values():
        if point.evidence in PROVEN:
            rivals[capped_by(point)].append(point)
    rates = []
    for use in uses:
        workload = premises.workloads[use.workload]
        if workload.kind == "gpu_hours":
            rates.append(gpu_rate(premises, workload, use.name))
        elif use.point is None:
            rates.append(np.zeros(premises.timeline.periods))
        else:
            rates.append(point_rate(premises, workload, use.point, rivals[capped_by(use.point)]))
    return rates


def _hourly(premises: Premises, frame: pd.DataFrame, axes: tuple[str, ...]) -> Floats:
    """A table of requests/s as an array (F, *axes, T, B)."""
    columns = ("future", *axes)
    shape = (
        *(len(premises.names[column]) for column in columns),
        premises.timeline.periods,
        len(premises.timeline.blocks),
    )
    places = (
        *(premises.codes(frame, column) for column in columns),
        frame["period"].to_numpy(dtype=np.intp),
        premises.codes(frame, "block"),
    )
    return spread(shape, places, frame["requests_per_s"].to_numpy(dtype=float))
