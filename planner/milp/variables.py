"""The decisions of model.md as blocks of columns; a column that cannot be is absent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner import bits
from planner.frozen import dataclass
from planner.milp.matrix import ABSENT, Axis, Builder
from planner.problem import Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Variables:
    """Column ids by index; axes as in ``Supply``, ``Assignments`` (L), ``ApiAssignments`` (J), workloads W and sites S.

    Decisions common to several futures have the same id in each. Lots ``under_contract`` are ``held`` in the equations.
    Of lots by the job ``rent`` is the mean of a block and ``at_once`` how many run at once.
    """

    buy: Ints
    own: Ints
    keep: Ints
    convert: Ints
    sign: Ints
    signed: Ints
    under_contract: Ints
    rent: Ints
    at_once: Ints
    gpus: Ints
    replicas: Ints
    api: Ints
    unserved: Ints

    @property
    def lots_at_once(self) -> Ints:
        """Lots by the hour that run at once, (O, F, T, B)."""
        return np.where(self.at_once != ABSENT, self.at_once, self.rent)


def own_node(problem: Problem, here_and_now_until: Ints) -> Bools:
    """Where a decision is one of its own, (N, F, T): the first future stands for all until they part."""
    futures, periods, _ = problem.shape
    parted = np.arange(periods) >= here_and_now_until[:, None]
    return np.asarray((np.arange(futures) == 0)[None, :, None] | parted[:, None, :])


def _shared(ids: Ints, node: Bools) -> Ints:
    return np.where(node, ids, ids[:, :1, :])


def stacked(rows: Sequence[NDArray[Any]], *shape: int) -> Floats:
    """An array of ``rows`` with ``shape`` behind the first axis, also where there are none."""
    return np.array(rows, dtype=float).reshape(len(rows), *shape)


def add_variables(builder: Builder, problem: Problem) -> Variables:
    """All columns, with bounds that hold in some optimal plan."""
    buy, own = _purchases(builder, problem)
    keep = _groups(builder, problem)
    convert = _conversions(builder, problem)
    sign, under_contract, signed = _contracts(builder, problem)
    rent, at_once = _hourly(builder, problem)
    most_served = _most_served(problem)
    gpus, replicas = _assignments(builder, problem, most_served)
    api, unserved = _answers(builder, problem, most_served)
    return Variables(
        buy=buy,
        own=own,
        keep=keep,
        convert=convert,
        sign=sign,
        signed=signed,
        under_contract=under_contract,
        rent=rent,
        at_once=at_once,
        gpus=gpus,
        replicas=replicas,
        api=api,
        unserved=unserved,
    )


def _by_period(problem: Problem, axis: Axis) -> tuple[Axis, Axis, Axis]:
    return axis, problem.futures, problem.timeline.names


def _by_block(problem: Problem, axis: Axis) -> tuple[Axis, Axis, Axis, Axis]:
    return axis, problem.futures, problem.timeline.names, problem.timeline.blocks


def _purchases(builder: Builder, problem: Problem) -> tuple[Ints, Ints]:
    """Systems bought, and in service of them, (A, F, T)."""
    purchases, periods = problem.supply.purchases, problem.timeline.periods
    assets = [item.asset for item in purchases]
    axes = _by_period(problem, [f"{problem.limits.sites[a.site].name},{a.system.system}" for a in assets])
    node = own_node(problem, np.array([item.here_and_now_until for item in purchases], dtype=np.int64))
    exists = stacked([item.exists for item in purchases], periods).astype(bool)
    upper = _asset_bounds(problem)[:, None, :]
    buy = builder.variables("buy", axes, upper, integer=True, exists=exists[:, None, :] & node)
    in_service = np.maximum.accumulate(exists, axis=1)[:, None, :]
    # A running total of whole numbers is whole by itself, but it has to be declared so: engines that find it out on
    # their own (implied integers, in SCIP 10 and in HiGHS) have cut off optima of such models.
    own = builder.variables("own", axes, upper, integer=True, guided=True, exists=in_service & node)
    return _shared(buy, node), _shared(own, node)


def _groups(builder: Builder, problem: Problem) -> Ints:
    """Systems of existing groups still in service, (G, F, T)."""
    groups = problem.supply.groups
    axes = _by_period(problem, [group.asset.supply for group in groups])
    node = own_node(problem, np.full(len(groups), problem.revealed_period))
    exists = stacked([group.exists for group in groups], problem.timeline.periods).astype(bool)
    count = np.array([group.count for group in groups], dtype=float)[:, None, None]
    keep = builder.variables("keep", axes, count, integer=True, guided=True, exists=exists[:, None, :] & node)
    return _shared(keep, node)


def _conversions(builder: Builder, problem: Problem) -> Ints:
    """Halls converted, (S, F, T)."""
    sites = problem.limits.sites
    axes = _by_period(problem, [site.name for site in sites])
    node = own_node(problem, np.array([site.conversion_here_and_now_until for site in sites], dtype=np.int64))
    exists = stacked([site.conversion_exists for site in sites], problem.timeline.periods).astype(bool)
    convert = builder.variables("convert", axes, 1.0, integer=True, exists=exists[:, None, :] & node)
    return _shared(convert, node)


def _contracts(builder: Builder, problem: Problem) -> tuple[Ints, Ints, Ints]:
    """Lots signed, lots under contract, and whether any are signed, (R, F, T)."""
    reservations = problem.supply.reservations
    offers = [item.offer for item in reservations]
    axes = _by_period(problem, [offer.name for offer in offers])
    node = own_node(problem, np.array([item.here_and_now_until for item in reservations], dtype=np.int64))
    exists = stacked([item.exists for item in reservations], problem.timeline.periods).astype(bool)
    most = [_most_lots(problem, offer.lot_gpus, offer.max_lots, offer.min_lots) for offer in offers]
    upper = np.array(most, dtype=float)[:, None, None]
    signing = exists[:, None, :] & node
    sign = builder.variables("sign", axes, upper, integer=True, exists=signing)
    running = np.maximum.accumulate(exists, axis=1)[:, None, :]
    under_contract = builder.variables("held", axes, upper, integer=True, guided=True, exists=running & node)
    least = np.array([(offer.min_lots or 1) > 1 for offer in offers], dtype=bool)[:, None, None]
    signed = builder.variables("signed", axes, 1.0, integer=True, exists=signing & least)
    return _shared(sign, node), _shared(under_contract, node), _shared(signed, node)


def _hourly(builder: Builder, problem: Problem) -> tuple[Ints, Ints]:
    """Lots rented by the hour, and of those by the job how many at once, (O, F, T, B)."""
    hourly, timeline = problem.supply.hourly, problem.timeline
    offers = [item.offer for item in hourly]
    exists = stacked([item.exists for item in hourly], timeline.periods).astype(bool)[:, None, :, None]
    most = [_most_lots(problem, offer.lot_gpus, offer.max_lots, None) for offer in offers]
    by_job = np.array([item.by_job for item in hourly], dtype=bool)[:, None, None, None]
    axes = _by_block(problem, [item.supply.removeprefix("offer:") for item in hourly])
    upper = np.array(most, dtype=float)[:, None, None, None]
    exists = exists & (timeline.block_share > 0)
    whole = problem.whole_on_demand_lots
    rent = builder.variables("rent", axes, upper, integer=whole & ~by_job, guided=whole & ~by_job, exists=exists)
    return rent, builder.variables("at_once", axes, upper, integer=whole, guided=whole, exists=exists & by_job)


def _assignments(builder: Builder, problem: Problem, most_served: Floats) -> tuple[Ints, Ints]:
    """GPUs that serve, and whole replicas where they are asked for, (L, F, T, B)."""
    assignments, timeline, demand = problem.assignments, problem.timeline, problem.demand
    axes = _by_block(
        problem,
        [
            f"{demand.names[c.workload]},{problem.pools.pools[q].name},{c.name}"
            for c, q in zip(assignments.candidates, assignments.pool, strict=True)
        ],
    )
    available = stacked([pool.available for pool in problem.pools.pools], timeline.periods).astype(bool)
    there = available[assignments.pool][:, None, :, None]
    # With whole replicas capacity counts replicas, and what they could serve may exceed the demand.
    upper = _gpus_for(problem, most_served)
    there = there & (upper >= 0)
    gpus = builder.variables("gpus", axes, upper, exists=there & (most_served[assignments.workload] > 0))
    whole = demand.whole_replicas[assignments.workload][:, None, None, None]
    replicas = builder.variables(
        "replicas",
        axes,
        most_replicas(problem),
        integer=True,
        guided=True,
        exists=whole & there & (timeline.block_share > 0),
    )
    return gpus, replicas


def _gpus_for(problem: Problem, served: Floats) -> Floats:
    """GPUs of each assignment, (L, F, T, B), that serve so much, (W, F, T, B); −1 in blocks in which none is up."""
    assignments = problem.assignments
    rate = (assignments.rate[:, :, None] * assignments.up[:, None, :])[:, None]
    mine = served[assignments.workload]
    found = np.full(np.broadcast_shapes(mine.shape, rate.shape), -1.0)
    np.divide(mine, rate, out=found, where=rate > 0)
    return found


def most_replicas(problem: Problem) -> Floats:
    """Replicas of each assignment that an optimal plan can have, (L, F, T, B)."""
    assignments, demand = problem.assignments, problem.demand
    size = assignments.gpus_per_replica[:, None, None, None]
    enough = np.maximum(np.ceil(_gpus_for(problem, _most_served(problem)) / size), 0.0)
    spare = np.where(demand.has_to_survive[assignments.workload], assignments.replicas_lost, 0)
    return np.asarray(enough + (demand.min_replicas[assignments.workload] + spare)[:, None, None, None])


def _answers(builder: Builder, problem: Problem, most_served: Floats) -> tuple[Ints, Ints]:
    """Requests/s sent to token APIs, (J, F, T, B), and left unserved, (W, F, T, B)."""
    api, demand = problem.api, problem.demand
    names = [f"{demand.names[w]},{api.names[a]}" for w, a in zip(api.workload, api.api, strict=True)]
    upper = most_served[api.workload]
    sent = builder.variables("api", _by_block(problem, names), upper, exists=api.exists[:, None, :, None] & (upper > 0))
    asked = demand.requests_per_s
    may_fail = (demand.min_served < 1)[:, None, None, None] | problem.elastic
    unserved = builder.variables("unserved", _by_block(problem, demand.names), asked, exists=may_fail & (asked > 0))
    return sent, unserved


def _asset_bounds(problem: Problem) -> Floats:
    """Systems of each asset that its site can ever feed and that can ever be needed, (A, T)."""
    rows = []
    for item in problem.supply.purchases:
        asset = item.asset
        needed = np.ceil(problem.gpus_ever_needed / asset.system.gpus)
        bound = np.full(problem.timeline.periods, needed)
        if not problem.elastic:
            site = problem.limits.sites[asset.site]
            fed = np.minimum(site.cap_kw / asset.cap_kw, site.lease_it_kw / asset.it_kw)
            bound = np.minimum(bound, np.floor(fed * (1 + 1e-9) + 1e-9))
        rows.append(bound)
    return stacked(rows, problem.timeline.periods)


def _most_lots(problem: Problem, lot_gpus: int, max_lots: int | None, min_lots: int | None) -> float:
    most = float(np.ceil(problem.gpus_ever_needed / lot_gpus))
    most = max(most, float(min_lots or 1))
    return min(most, float(max_lots)) if max_lots is not None else most


def _most_served(problem: Problem) -> Floats:
    """Requests/s that a workload's block can be served at most, (W, F, T, B): fungible demand all in one block."""
    demand, share = problem.demand.requests_per_s, problem.timeline.block_share
    with np.errstate(divide="ignore", invalid="ignore"):
        all_in_one = np.where(share > 0, bits.dot(demand, share)[..., None] / share, 0.0)
    served = np.where(problem.demand.fungible[:, None, None, None], all_in_one, demand)
    return np.where(share > 0, served, 0.0)
